"""What goes into a site: our own code, wherever it is installed, and nothing of the library."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.reports.site import inputs

pytestmark = pytest.mark.medium


def test_our_own_code_counts_wherever_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "library" / "perpend"
    monkeypatch.setattr(inputs, "_PACKAGE", package)
    found = []
    for path in ("site/page.html", "site/page.py", "version.py", "library/types/x.py"):
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text("x")
        found.append(inputs.engine_digest.__wrapped__())
    assert 3 == len(set(found)), "what the library holds is an input and no code"
    assert found[2] == found[3]
