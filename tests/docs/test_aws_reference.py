"""The page of what is collected from AWS."""

from __future__ import annotations

from pathlib import Path

from tests.docs.aws_reference import page

REFERENCE = Path(__file__).parents[2] / "docs/reference/aws.md"


def test_the_page_is_up_to_date() -> None:
    assert REFERENCE.read_text("utf-8") == page(), "run `make reference`"
