"""Plans are described as a tree of outputs, shared values, counts, lookups and scans, or as a diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perpend.core.schema.tables import Column, Form, Join, Table, Tables
from perpend.evaluation.planner.build import Plan, plan_of
from perpend.evaluation.planner.describe import plan_lines, plan_mermaid
from tests.repositories import analyzer_of, logic, policy_files, program_of
from tests.unit.evaluation.planner.plans import COLUMNS, TYPE, equal, plan

TEXT = {"FIELD": {"path": "CA10__text__c"}}
OTHER = Table("CA10__CaOther__c", "CA10__CaOther__c", {"Id": Column("Id", Form.TEXT)}, rows=1)
RELATED = Tables(
    {
        TYPE: Table(
            TYPE,
            TYPE,
            COLUMNS,
            lookups={"other__r": Join("other__r", OTHER.name, "CA10__text__c", "Id")},
            children={"others__r": Join("others__r", OTHER.name, "Id", "Id")},
        ),
        OTHER.name: OTHER,
    }
)


def is_empty(path: str) -> dict[str, Any]:
    return {"IS_EMPTY": {"arg": {"FIELD": {"path": path}}}}


def test_a_small_plan_is_a_verdict_over_a_scan(tmp_path: Path) -> None:
    assert [
        "reads",
        "  table CA10__CaThing__c",
        "    field CA10__text__c",
        "verdicts: 1 policy",
        "  v0 /ce/policy",
        "  codes of CA10__CaThing__c",
        "    v0 = if(is(t.CA10__text__c, ''), 199, 200)",
        "    scan CA10__CaThing__c: CA10__text__c",
    ] == plan_lines(plan(tmp_path, is_empty("CA10__text__c")))


def test_several_policies_are_counted(tmp_path: Path) -> None:
    program = program_of(analyzer_of(tmp_path, policy_files(logic({"BOOLEAN": True}))))
    lines = plan_lines(plan_of([program, program], RELATED, 0))
    assert ["verdicts: 2 policies", "  v0 /ce/policy", "  v1 /ce/policy"] == lines[2:5]
    assert "    scan CA10__CaThing__c: no columns" == lines[-1]


def related(root: Path) -> Plan:
    document = logic(
        is_empty("other__r.Id"),
        {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "others__r"}},
        relatedLists=[{"relationshipName": "others__r", **_block(is_empty("Id"))}],
    )
    return plan_of([program_of(analyzer_of(root, policy_files(document)))], RELATED, 0)


def _block(check: Any) -> dict[str, Any]:
    written = logic(check)
    return {"conditions": written["conditions"], "otherwise": written["otherwise"]}


def test_lookups_and_related_lists_stand_below_the_scan(tmp_path: Path) -> None:
    lines = plan_lines(related(tmp_path))
    at = next(place for place, line in enumerate(lines) if line.strip().startswith("scan CA10__CaThing__c"))
    indent = lines[at][: -len(lines[at].lstrip())]
    assert [
        "scan CA10__CaThing__c: no columns",
        "  lookup other__r of t as l1: CA10__CaOther__c by CA10__text__c = Id",
        "  related list others__r as k1 by Id = t.Id: c0_incompliant, c0_doubt",
        "    codes of CA10__CaOther__c",
        "      c0 = if(is(t.Id, ''), 199, 200)",
        "      scan CA10__CaOther__c: Id",
    ] == [line.removeprefix(indent) for line in lines[at:]]


def test_what_is_read_comes_first_with_relations_and_without_what_only_engines_know(tmp_path: Path) -> None:
    lines = plan_lines(related(tmp_path))
    assert [
        "reads",
        "  table CA10__CaThing__c",
        "    lookup other__r: table CA10__CaOther__c by CA10__text__c = Id",
        "      field Id",
        "    related list others__r: table CA10__CaOther__c by Id = Id",
        "      field Id",
    ] == lines[: lines.index("verdicts: 1 policy")]
    of_document = plan_lines(plan(tmp_path / "json", equal("a", "x")))
    assert ["    field CA10__json__c"] == of_document[2 : of_document.index("verdicts: 1 policy")]


def test_what_is_computed_once_is_a_layer_that_is_named_above(tmp_path: Path) -> None:
    lines = [line.strip() for line in plan_lines(plan(tmp_path, equal("a", "x"), equal("a", "y")))]
    second, first = lines.index("layer 2: 1 computed once"), lines.index("layer 1: 2 computed once")
    assert ["m2 = unquoted(m1)"] == lines[second + 1 : first]
    assert ["m0", "m1"] == [line.partition(" = ")[0] for line in lines[first + 1 : first + 3]]
    assert "scan CA10__CaThing__c: CA10__json__c, CA10__json__c#plain" == lines[first + 3]
    assert "is(m2, 'x')" in lines[second - 1]


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    checks = [{"IS_EQUAL": {"left": TEXT, "right": {"TEXT": "x" * 40 + str(number)}}} for number in range(20)]
    (verdict,) = (line.strip() for line in plan_lines(plan(tmp_path, *checks)) if line.strip().startswith("v0 = "))
    assert verdict.endswith("…")
    assert len("v0 = ") + 401 == len(verdict)


def test_a_drawing_has_a_node_for_each_step_and_says_nothing_that_a_drawing_reads(tmp_path: Path) -> None:
    found = plan(tmp_path, {"IS_EQUAL": {"left": TEXT, "right": {"TEXT": '<"`&'}}})
    assert [
        "flowchart BT",
        '  n0["verdicts: 1 policy"]',
        '  n1["v0 /ce/policy"]',
        "  n1 --> n0",
        '  n2["codes of CA10__CaThing__c"]',
        """  n3["v0 = if(is(t.CA10__text__c, '#lt;#quot;#96;#amp;'), 199, 200)"]""",
        "  n3 --> n2",
        '  n4["scan CA10__CaThing__c: CA10__text__c"]',
        "  n4 --> n2",
        "  n2 --> n0",
    ] == plan_mermaid(found)
