"""The pages of the configuration's keys and of field maps say what is declared; the how-to names every key."""

from __future__ import annotations

from pathlib import Path

from perpend.cli.config.settings import ACCOUNTS, SETTINGS
from tests.docs import formats_reference
from tests.docs.config_reference import page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    assert (DOCS / "reference/configuration.md").read_text("utf-8") == page(), "run `make reference`"


def test_the_page_of_field_maps_is_up_to_date() -> None:
    assert (DOCS / "reference/formats.md").read_text("utf-8") == formats_reference.page(), "run `make reference`"


def test_the_how_to_shows_every_table() -> None:
    text = (DOCS / "how-to/configure-a-project.md").read_text("utf-8")
    tables = {name.partition(".")[0] for name in (*(setting.name for setting in SETTINGS), ACCOUNTS)}
    assert set() == {name for name in tables if name not in text}
