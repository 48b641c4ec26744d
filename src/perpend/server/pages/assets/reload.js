// Added by `perpend site serve` only: reloads the page once the site has been built again.
"use strict";
const { version } = document.currentScript.dataset;
setInterval(async () => {
  const answer = await fetch("/.perpend/version").catch(() => null);
  if (answer?.ok && (await answer.text()).trim() !== version) location.reload();
}, 500);
