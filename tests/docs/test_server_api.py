"""The page of the server's API is up to date."""

from __future__ import annotations

from pathlib import Path

from tests.docs.server_api_reference import page

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/server-api.md").read_text("utf-8") == page(), "run `make reference`"
