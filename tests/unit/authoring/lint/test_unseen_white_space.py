"""Texts with white space that no comparison sees."""

from __future__ import annotations

from functools import partial

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import equal, field, found

A_IS = partial(equal, field("a__c"))


def among(items, kind):
    read = {"FIELD": {"path": "a__c", **({"returnType": "BYTES"} if kind == "BYTES" else {})}}
    return {"CONTAINS": {"arg": {"SET": {"itemType": kind, "items": items}}, "search": read}}


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (A_IS(" on"), ["' on' is the same Text as 'on'"]),
        (among(["off", "N/A "], "TEXT"), ["'N/A ' is the same Text as 'n/a'"]),
        (equal({"FIELD": {"path": "a__c", "returnType": "BYTES"}}, {"BYTES": " on"}), []),
        (A_IS(" "), []),
    ],
)
def test_white_space_that_no_comparison_sees_is_flagged(tmp_path, check, expected):
    assert expected == [each.message for each in found(tmp_path, "A320", logic(check))]
