"""Texts that are one Text: entries of collections, and what one value is compared with."""

from __future__ import annotations

from functools import partial

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import both, either, equal, field, found, no


def within(items, kind):
    read = {"FIELD": {"path": "a__c", **({"returnType": "BYTES"} if kind == "BYTES" else {})}}
    return {"CONTAINS": {"arg": {"SET": {"itemType": kind, "items": items}}, "search": read}}


@pytest.mark.parametrize(
    ("items", "kind", "expected"),
    [
        (["on", "On"], "TEXT", ["'on' and 'On' are the same Text: every spelling of it matches"]),
        (["on", "On"], "BYTES", []),
        (["on", "on"], "TEXT", []),
    ],
)
def test_spellings_of_one_text_are_flagged(tmp_path, items, kind, expected):
    assert expected == [each.message for each in found(tmp_path, "A316", logic(within(items, kind)))]


A_IS = partial(equal, field("a__c"))


@pytest.mark.parametrize(
    ("check", "flagged"),
    [
        (either(A_IS("on"), A_IS("off"), A_IS("ON")), True),
        (both({"NOT_EQUAL": A_IS("on")["IS_EQUAL"]}, {"NOT_EQUAL": A_IS(" on")["IS_EQUAL"]}), True),
        (either(A_IS("on"), A_IS("off")), False),
        (either(A_IS("on"), equal(field("b__c"), "On")), False),
        (either(A_IS("on"), no(A_IS("On"))), False),
    ],
)
def test_spellings_that_one_value_is_compared_with_are_flagged(tmp_path, check, flagged):
    assert flagged is bool(found(tmp_path, "A316", logic(check)))
