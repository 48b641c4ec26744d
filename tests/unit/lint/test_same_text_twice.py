"""Entries of collections that are one Text, and policies that are one policy."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.lint.linted import equal, field, found


def within(items, kind):
    read = {"FIELD": {"path": "a__c", **({"returnType": "BYTES"} if kind == "BYTES" else {})}}
    return {"CONTAINS": {"arg": {"SET": {"itemType": kind, "items": items}}, "search": read}}


@pytest.mark.parametrize(
    ("items", "kind", "expected"),
    [
        (["on", "On"], "TEXT", ["'on' and 'On' are the same Text: every spelling of it passes"]),
        (["on ", "on"], "TEXT", ["'on ' and 'on' are the same Text: every spelling of it passes"]),
        (["on", "On"], "BYTES", []),
        (["on", "off"], "TEXT", []),
        (["on", "on"], "TEXT", []),
    ],
)
def test_spellings_of_one_text_are_flagged(tmp_path, items, kind, expected):
    assert expected == [each.message for each in found(tmp_path, "A316", logic(within(items, kind)))]


def test_a_policy_that_judges_like_another_one_is_flagged(tmp_path):
    other = {"ce/second/policy.yaml": {"names": {"full": "B", "contextual": "B"}, "description": "d"}}
    same, different = logic(equal(field("a__c"), "x")), logic(equal(field("a__c"), "y"))
    same["conditions"][0]["currentStateMessage"] = "in other words"
    (flag,) = found(tmp_path / "same", "A319", logic(equal(field("a__c"), "x")), {**other, "ce/second/prod.logic.yaml": same})
    assert ("ce/second/prod.logic.yaml", "this logic judges exactly like that of `/ce/policy`") == (
        flag.span.path,
        flag.message,
    )
    files = {**other, "ce/second/prod.logic.yaml": different, "ce/policy/wip.logic.yaml": same}
    assert [] == found(tmp_path / "different", "A319", logic(equal(field("a__c"), "x")), files)
