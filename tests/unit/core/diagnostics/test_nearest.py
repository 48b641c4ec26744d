"""The nearest of some names, and the number of typing mistakes between two."""

from __future__ import annotations

import pytest

from perpend.core.diagnostics.model import mistakes, nearest_name, suggestion

REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "sa-east-1")


@pytest.mark.parametrize(
    ("written", "meant", "number"),
    [
        ("", "ab", 2),
        ("size", "size", 0),
        ("sise", "size", 1),
        ("sizee", "size", 1),
        ("us-esat-1", "us-east-1", 1),
        ("us-esat-1", "us-west-1", 2),
    ],
)
def test_mistakes_are_counted(written, meant, number):
    assert number == mistakes(written, meant)
    assert number == mistakes(meant, written)


@pytest.mark.parametrize(("written", "meant"), [("us-esat-1", "us-east-1"), ("us-wets-2", "us-west-2"), ("somewhere", None)])
def test_letters_in_the_wrong_order_are_one_mistake(written, meant):
    assert meant == nearest_name(written, REGIONS)
    assert (meant and f"did you mean `{meant}`?") == suggestion(written, REGIONS)
