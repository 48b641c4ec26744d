// Added by `perpend site serve` only: loads the page anew once the site has been built anew.
"use strict";
new EventSource("/.perpend/changes").addEventListener("change", () => location.reload());
