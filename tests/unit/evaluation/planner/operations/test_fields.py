"""Fields, lookups and tags: denied access comes before unknown values, and those before empty ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perpend.core.values.partial_object import MISSING
from tests.unit.evaluation.planner.operations.planned import TABLES, condition, ends, field

FOUND = "not(null(l1.perpend_row))"


def test_a_delegate_that_says_something_keeps_the_field_from_being_read() -> None:
    checks: Any = {"isEmpty": "m", "noAccessDelegate": {"path": "variant", "currentStateMessage": "m"}}
    check = {"IS_EQUAL": {"left": {"FIELD": {"path": "some", "undeterminedIf": checks}}, "right": {"TEXT": "a"}}}
    missing = f"or(null(some#unread), same(some#unread, {MISSING!r}))"
    (denied, *known) = ends(check)
    assert ("variant empty(variant)", 101) == denied
    assert [(f"not({missing})", -1), ("is(some, '')", 102), ("is(some, 'a')", 199)] == known


def test_a_field_whose_emptiness_is_told_may_be_missing() -> None:
    tables = replace(TABLES, complete=False)
    assert [("True", -1)] == ends({"IS_EMPTY": {"arg": field("absent")}}, tables=tables)
    assert [("True", 101)] == ends({"IS_EMPTY": {"arg": field("absent", isEmpty="m")}}, tables=tables)


def test_a_delegate_that_is_missing_says_that_nobody_may_read() -> None:
    checks = {"noAccessDelegate": {"path": "absent", "currentStateMessage": "m"}}
    check = {"IS_EMPTY": {"arg": {"FIELD": {"path": "text", "undeterminedIf": checks}}}}
    assert [("True", 101)] == ends(check, tables=replace(TABLES, complete=False))


def test_a_field_of_an_operation_without_checks_may_not_be_missing() -> None:
    check = {"TAG_EXISTS": {"tagsJson": "absent", "name": {"TEXT": "a"}}}
    assert [("True", -1)] == ends(check, tables=replace(TABLES, complete=False))


def test_a_lookup_is_there_where_a_row_with_an_id_is_found() -> None:
    there = f"and({FOUND}, not(is(l1.Id, '')))"
    assert there == condition({"NOT_EMPTY_LOOKUP": "owner__r"})
    assert f"not({there})" == condition({"IS_EMPTY_LOOKUP": "owner__r"})


def test_behind_a_lookup_that_leads_nowhere_there_is_nothing() -> None:
    assert "True" == condition({"IS_EMPTY_LOOKUP": "owner__r.boss__r"})
    assert [] == ends({"NOT_EMPTY_LOOKUP": "boss__r"})


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ({"TAG_EXISTS": {"tagsJson": "text", "name": {"TEXT": "a"}}}, "tag exists('a', text, False)"),
        ({"TAG_EXISTS": {"tagsJson": "variant", "name": {"BYTES": "a"}}}, "tag exists('a', variant document(variant), True)"),
        ({"IS_EMPTY": {"arg": {"TAG_VALUE_TEXT": {"tagsJson": "text", "name": {"TEXT": "a"}}}}}, "tag value('a', text, False)"),
    ],
)
def test_tags_are_asked_of_the_package_and_may_be_unusable(check: Any, found: str) -> None:
    unusable, (planned, _) = ends(check)
    assert (f"same({found}, 'u')", -1) == unusable
    assert f"rest({found})" in planned
