"""The preview of a site in a browser: it searches titles, and reloads after a change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import opened
from tests.previews import ServedPreview
from tests.repositories import write
from tests.sites import POLICY, files, leave_out_operations

pytestmark = pytest.mark.slow


@pytest.fixture
def preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedPreview]:
    leave_out_operations(monkeypatch)
    preview = ServedPreview(write(tmp_path / "repository", files()))
    yield preview
    preview.close()


def test_the_search_knows_titles_ids_and_names_of_rules(browser: Any, preview: ServedPreview) -> None:
    with opened(browser, f"http://127.0.0.1:{preview.port}/search/") as visit:
        found = {words: visit.search(words) for words in ("thing is open", "store/thing", "dec-x-1")}
    assert {} == {words: first for words, first in found.items() if not any(POLICY in address for address, _ in first)}


def test_an_open_page_shows_a_change(browser: Any, preview: ServedPreview) -> None:
    with opened(browser, f"http://127.0.0.1:{preview.port}{POLICY}/") as visit:
        (preview.root / POLICY[1:] / "description.md").write_text("Another text.\n")
        preview.preview.show(preview.read())
        visit.page.get_by_text("Another text.").wait_for()
