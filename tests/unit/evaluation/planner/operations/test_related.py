"""Related lists become counts; a child that cannot be read makes the result unknown if it could change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perpend.core.schema.tables import Tables
from tests.repositories import logic
from tests.unit.evaluation.planner.operations.planned import TABLES, TYPE, ends, field


def asked(name: str, status: str, tables: Tables = TABLES) -> Any:
    block = logic({"IS_EMPTY": {"arg": field("text")}})
    related = {"relationshipName": "Parts__r", "conditions": block["conditions"], "otherwise": block["otherwise"]}
    check: Any = {name: {"status": status, "relationshipName": "Parts__r"}}
    if name == "RELATED_LIST_COUNT":
        check = {"GREATER_THAN": {"left": check, "right": {"NUMBER": 1}}}
    return ends(check, relatedLists=[related], tables=tables)


def number(status: str) -> str:
    return f"else(k1.c0_{status}, 0)"


def test_one_child_is_enough_whatever_the_others_are() -> None:
    some = f"less(0, {number('incompliant')})"
    assert [(f"and(not({some}), true(k1.c0_doubt))", -1), (some, 199)] == asked("RELATED_LIST_HAS", "INCOMPLIANT")
    assert [(f"and(not({some}), true(k1.c0_doubt))", -1), (f"not({some})", 199)] == asked("RELATED_LIST_HAS_NO", "INCOMPLIANT")


def test_a_count_is_not_known_with_any_child_that_is_not_read() -> None:
    assert [("true(k1.c0_doubt)", -1), (f"less(1.0, {number('compliant')})", 199)] == asked("RELATED_LIST_COUNT", "COMPLIANT")


@pytest.mark.parametrize("name", ["RELATED_LIST_HAS", "RELATED_LIST_COUNT"])
def test_children_that_are_not_read_are_undetermined_without_a_doubt(name: str) -> None:
    limit = "0" if name == "RELATED_LIST_HAS" else "1.0"
    assert [(f"less({limit}, {number('undetermined')})", 199)] == asked(name, "UNDETERMINED")


def test_a_list_that_no_table_holds_has_no_children() -> None:
    thing = replace(TABLES.by_name[TYPE], children={})
    nothing = replace(TABLES, by_name={TYPE: thing})
    assert [("less(0, 0)", 199)] == asked("RELATED_LIST_HAS", "INCOMPLIANT", nothing)
