"""Programs become codes: guards in the order of evaluation, each child evaluated once, no unreachable exits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perpend.core.schema.tables import CONTRADICTED, Column, Form, Join, Table, Tables
from perpend.evaluation.planner.build import Plan, _Planner, plan_of
from perpend.evaluation.planner.scalar import Kind, Scalar
from perpend.evaluation.planner.stage import UNREAD
from tests.repositories import analyzer_of, logic, policy_files, program_of

TYPE, PART = "CA10__CaThing__c", "CA10__CaPart__c"
GONE = "CA10__disappearanceTime__c"
TEXT = Column("text", Form.TEXT)
PARTS = Join("Parts__r", PART, "Id", "thing__c")
LIST = ("conditions", "otherwise", "relatedLists")
RECORD_TYPE = Table("RecordType", "", {"DeveloperName": Column("DeveloperName", Form.TEXT)})


def tables(*columns: Column, complete: bool = True, parts: bool = True, **more: Any) -> Tables:
    thing = Table(TYPE, TYPE, {one.name: one for one in columns}, children={"Parts__r": PARTS}, **more)
    part = Table(PART, PART, {"text": TEXT, "thing__c": Column("thing__c", Form.TEXT)})
    return Tables({TYPE: thing, **({PART: part} if parts else {})}, complete)


def plan(root: Path, known: Tables, *documents: dict[str, Any], time: int = 0) -> Plan:
    analyzers = [analyzer_of(root / str(number), policy_files(one)) for number, one in enumerate(documents)]
    return plan_of([program_of(one) for one in analyzers], known, time)


def is_empty(path: str, **checks: str) -> dict[str, Any]:
    field = {"path": path, **({"undeterminedIf": checks} if checks else {})}
    return {"IS_EMPTY": {"arg": {"FIELD": field}}}


def chain(code: Scalar) -> list[Any]:
    """Return the codes of an output in order, the last one that of ``otherwise``."""
    found = []
    while code.primitive == "if":
        found.append(code.arguments[1].constants[0])
        code = code.arguments[2]
    return [*found, code.constants[0]]


def test_conditions_behind_one_that_holds_are_not_planned_and_those_that_never_hold_neither(tmp_path: Path) -> None:
    document = logic({"BOOLEAN": False}, is_empty("text"), is_empty("text"), {"BOOLEAN": True}, is_empty("other"))
    assert [299, 499] == chain(plan(tmp_path, tables(TEXT), document).stage.outputs["v0"])


def test_what_keeps_an_object_from_being_judged_comes_first(tmp_path: Path) -> None:
    record_type = {"RecordType": Join("RecordType", "RecordType", "RecordTypeId", "Id")}
    known = tables(TEXT, Column(GONE, Form.TEXT), contradicted=True, lookups=record_type)
    document = logic(is_empty("text", isEmpty="m"), recordTypes=["A"])
    found = plan(tmp_path, Tables({**known.by_name, "RecordType": RECORD_TYPE}, complete=True), document)
    code = found.stage.outputs["v0"]
    assert [-1, -1, 99, -2, 98, 101, 200] == chain(code)
    assert (None, "RecordType.DeveloperName is missing") == found.reasons
    assert ("t", CONTRADICTED) == code.arguments[0].arguments[0].arguments[0].constants


def has(status: str) -> dict[str, Any]:
    return {"RELATED_LIST_HAS": {"status": status, "relationshipName": "Parts__r"}}


def with_parts(check: Any, *checks: Any) -> dict[str, Any]:
    below = logic(*checks, statuses=["COMPLIANT"])
    block = {"relationshipName": "Parts__r", "conditions": below["conditions"], "otherwise": below["otherwise"]}
    return logic(check, relatedLists=[block])


def test_children_are_judged_once_whatever_is_asked_of_them(tmp_path: Path) -> None:
    part = is_empty("text", isEmpty="m")
    found = plan(tmp_path, tables(), with_parts(has("COMPLIANT"), part), with_parts(has("UNDETERMINED"), part))
    (counts,) = found.stage.counts
    assert (["c0"], ("t", PARTS)) == (list(counts.stage.outputs), (counts.above, counts.join))
    assert {"c0_compliant": ("c0", (199, 200)), "c0_undetermined": ("c0", (UNREAD, 101))} == counts.counts
    assert {"c0_doubt": "c0"} == counts.doubts, "children that are not read make no answer but how many they are"


def test_an_extract_is_planned_once_for_all_that_refer_to_it(tmp_path: Path) -> None:
    value = {"FIELD": {"path": "text", "undeterminedIf": {"isEmpty": "m"}}}
    files = {"types/CA10__CaThing__c/e.extracts.yaml": {"extracts": [{"name": "e", "value": value}]}}
    imports = [{"file": "/types/CA10__CaThing__c/e.extracts.yaml"}]
    checks = [{"IS_EQUAL": {"left": {"EXTRACT": "e"}, "right": {"TEXT": text}}} for text in ("a", "b")]
    program = program_of(analyzer_of(tmp_path, policy_files(logic(*checks, importExtracts=imports), **files)))
    found = plan_of([program], tables(TEXT), 0)
    assert [101, 199, 299, 300] == chain(found.stage.outputs["v0"]), "its check speaks once, in the condition that asks first"
    assert Kind.WHOLE is found.stage.outputs["v0"].kind


def test_a_list_is_planned_once_however_often_lists_within_lists_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[str] = []
    code = _Planner.code
    monkeypatch.setattr(_Planner, "code", lambda self, place, block: planned.append(place.path) or code(self, place, block))
    asked = [
        {"RELATED_LIST_HAS": {"status": status, "relationshipName": "Parts__r"}} for status in ("COMPLIANT", "INCOMPLIANT")
    ]
    block = logic(is_empty("text"))
    for _ in range(4):
        block = logic(
            *asked, relatedLists=[{"relationshipName": "Parts__r"} | {name: block[name] for name in LIST if name in block}]
        )
    part = Table(PART, PART, {"text": TEXT}, children={"Parts__r": PARTS})
    known = tables()
    plan(tmp_path, replace(known, by_name={**known.by_name, PART: part}), block)
    assert ["Parts__r[]." * depth for depth in range(5)] == planned
