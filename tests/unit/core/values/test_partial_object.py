"""Objects of which not everything is known: why a field is not, and why nothing of an object is to be believed."""

from __future__ import annotations

from perpend.core.values.partial_object import (
    MISSING,
    PartialObject,
    doubt_of,
    incomplete_list,
    reason_of,
    reasons_of,
    with_value,
)


def test_fields_are_read_like_any_others() -> None:
    found = PartialObject({"a": 1, "b": None}, {"c": "was denied"})
    assert ({"a": 1, "b": None}, ["a", "b"]) == (found, list(found))
    assert "c" not in found


def test_what_is_not_known_has_a_reason_of_its_own_or_was_not_collected() -> None:
    found = PartialObject({"a": 1}, {"c": "was denied"})
    assert ("was denied", MISSING) == (reason_of(found, "c"), reason_of(found, "d"))
    assert MISSING == reason_of({"c": 1}, "d")
    assert ({"c": "was denied"}, {}) == (reasons_of(found), reasons_of({"c": 1}))


def test_the_reasons_are_those_that_were_given_then() -> None:
    reasons = {"c": "was denied"}
    found = PartialObject({}, reasons)
    reasons["c"] = "is fine"
    assert "was denied" == reason_of(found, "c")


def test_only_an_object_with_a_doubt_is_doubted() -> None:
    assert doubt_of({"a": 1}) is None
    assert doubt_of(PartialObject({"a": 1}, {})) is None
    assert "stands there twice" == doubt_of(PartialObject({"a": 1}, {}, "stands there twice"))


def test_a_changed_copy_keeps_all_that_is_not_known() -> None:
    found = PartialObject({"a": 1}, {"b": "was denied"}, "two sources", {"list": [{"Id": "x"}]})
    changed = with_value(found, "a", 2)
    assert isinstance(changed, PartialObject)
    assert ({"a": 2}, found.reasons, found.doubt, found.incomplete) == (
        changed,
        changed.reasons,
        changed.doubt,
        changed.incomplete,
    )
    assert {"a": 1} == found
    assert [{"Id": "x"}] == incomplete_list(changed, "list")
    assert [None, None] == [incomplete_list(found, "other"), incomplete_list({"list": []}, "list")]
    assert {"a": 3} == with_value({"a": 2}, "a", 3)
