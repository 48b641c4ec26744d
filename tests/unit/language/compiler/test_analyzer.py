"""From logic files to programs: names resolved, types inferred, mistakes told at their place with the way to mend them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.authoring.lint.check import lint_repository
from perpend.core.diagnostics.model import Diagnostic
from perpend.core.values.types import ValueType
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Expr
from tests.repositories import LOGIC, analyzer_of, codes, judged, logic, policy_files, program_of, write

THING, OWNER, PART = "CA10__CaThing__c", "CA10__CaOwner__c", "CA10__CaPart__c"
TYPES: dict[str, Any] = {
    f"types/{THING}/type.yaml": {
        "label": "Thing",
        "fields": [
            {"name": "size__c", "type": "number"},
            {"name": "on__c", "type": "checkbox"},
            {"name": "cfg__c", "type": "json"},
        ],
        "lookups": [{"name": "owner__r", "target": OWNER, "key": "owner__c"}],
        "children": [{"name": "Parts__r", "type": PART, "key": "thing__c"}],
    },
    f"types/{OWNER}/type.yaml": {"label": "Owner", "fields": [{"name": "level__c", "type": "number"}]},
    f"types/{PART}/type.yaml": {"label": "Part", "fields": [{"name": "made__c", "type": "date"}]},
}


def field(path: str, **more: Any) -> dict[str, Any]:
    return {"FIELD": {"path": path, **more}}


def equal(left: Any, right: Any) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": left, "right": right}}


def analyzed(root: Path, *checks: Any, files: dict[str, Any] | None = None, **more: Any) -> Analyzer:
    return analyzer_of(root, {**policy_files(logic(*checks, **more)), **TYPES, **(files or {})})


def problems(analyzer: Analyzer) -> list[Diagnostic]:
    return list(analyzer.analyzed(LOGIC).diagnostics)


def expression(analyzer: Analyzer, number: int = 0) -> Expr:
    return program_of(analyzer).block.conditions[number].expression


def test_a_declared_field_has_its_declared_type(tmp_path: Path) -> None:
    found = expression(analyzed(tmp_path, {"IS_EMPTY": {"arg": field("owner__r.level__c")}}))
    assert ValueType.NUMBER is found.arguments["arg"].type


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"NUMBER": 1}, ValueType.NUMBER),
        ({"SET": {"itemType": "TEXT", "items": []}}, ValueType.SET_OF_TEXT),
        (field("nowhere__c"), ValueType.ANY),
    ],
)
def test_an_undeclared_field_takes_the_type_of_its_partner(tmp_path: Path, other: Any, kind: ValueType) -> None:
    analyzer = analyzed(tmp_path, equal(field("open__c"), other), equal(other, field("open__c")))
    assert kind is expression(analyzer).arguments["left"].type
    assert kind is expression(analyzer, 1).arguments["right"].type


@pytest.mark.parametrize(
    ("check", "name", "kind"),
    [
        ({"CONTAINS": {"arg": {"SET": {"itemType": "BYTES", "items": []}}, "search": field("a")}}, "search", ValueType.BYTES),
        ({"CONTAINS_ANY": {"arg": {"TEXT": "x"}, "search": field("a")}}, "search", ValueType.SET_OF_TEXT),
        ({"CONTAINS_ANY": {"arg": field("a"), "search": {"LIST": {"itemType": "BYTES", "items": []}}}}, "arg", ValueType.BYTES),
    ],
)
def test_an_undeclared_field_takes_the_type_that_is_asked_for(tmp_path: Path, check: Any, name: str, kind: ValueType) -> None:
    assert kind is expression(analyzed(tmp_path, check)).arguments[name].type


def test_a_mistake_is_underlined_where_it_stands(tmp_path: Path) -> None:
    text = """
        inputType: CA10__CaThing__c
        conditions:
          - status: COMPLIANT
            currentStateMessage: ok
            check:
              AND:
                args:
                  - IS_EQUAL: {left: {FIELD: {path: size__c}}, right: {TEXT: "1"}}
                  - EXTRACT: sizeIsKnwn
        otherwise: {status: COMPLIANT, currentStateMessage: ok}
        importExtracts: [{file: /types/CA10__CaThing__c/e.extracts.yaml}]
    """
    extracts = {f"types/{THING}/e.extracts.yaml": {"extracts": [{"name": "sizeIsKnown", "value": field("on__c")}]}}
    found = problems(analyzer_of(tmp_path, {**policy_files(text), **TYPES, **extracts}))
    assert [("A202", 8, 13, 21), ("A203", 9, 22, 32)] == [
        (one.code, one.span.line, one.span.column, one.span.end_column) for one in found
    ]
    assert "did you mean `sizeIsKnown`?" == found[1].help
    assert f"object type `{THING}` has no such extract among the imports" == found[1].label


def test_an_extract_of_another_type_is_hinted_at_by_that_type_and_never_by_its_own_name(tmp_path: Path) -> None:
    files = {**extracts_of("CA10__CaVpc__c", ("shared", field("on__c")), ("sharedToo", field("on__c"))), **TYPES}
    document = logic({"EXTRACT": "shared"}, {"EXTRACT": "sharedTo"}, importExtracts=imports("CA10__CaVpc__c"))
    found = problems(analyzer_of(tmp_path, {**policy_files(document), **files}))
    assert ["it is an extract of `CA10__CaVpc__c`", None] == [one.help for one in found]


def test_text_straight_under_an_operation_is_shown_in_its_right_form(tmp_path: Path) -> None:
    found = lint_repository(analyzed(tmp_path, {"IS_EMPTY": {"arg": {"FIELD": "on__c"}}}, {"NOT": True}).repository)
    forms = [one.help for one in found if one.code == "L122"]
    assert ["write `FIELD: {path: on__c}`", "for example `NOT: {arg: {EXTRACT: enabled}}`"] == forms


def test_all_mistakes_of_a_file_are_told_in_one_run(tmp_path: Path) -> None:
    bad = {"AND": {"args": [equal({"TEXT": "a"}, {"NUMBER": 1}), {"EXTRACT": "none"}, {"NOT": {"arg": {"TEXT": "x"}}}]}}
    assert ["A202", "A203", "A201", "A209"] == codes(analyzed(tmp_path, bad, {"NUMBER": 1}))


def extracts_of(type_name: str, *names_and_values: tuple[str, Any], file: str = "e") -> dict[str, Any]:
    entries = [{"name": name, "value": value} for name, value in names_and_values]
    return {f"types/{type_name}/{file}.extracts.yaml": {"extracts": entries}}


def imports(*type_names: str, file: str = "e") -> list[dict[str, str]]:
    return [{"file": f"/types/{name}/{file}.extracts.yaml"} for name in type_names]


def test_an_extract_is_one_expression_wherever_it_is_used(tmp_path: Path) -> None:
    files = extracts_of(THING, ("a", field("on__c")), ("b", {"NOT": {"arg": {"EXTRACT": "a"}}}))
    analyzer = analyzed(tmp_path, {"EXTRACT": "a"}, {"EXTRACT": "b"}, files=files, importExtracts=imports(THING))
    first, second = expression(analyzer).extract, expression(analyzer, 1).extract
    assert first is not None
    assert second is not None
    assert first.body is second.body.operands[0].operands[0]


def test_an_extract_may_use_those_of_other_files_of_its_type(tmp_path: Path) -> None:
    files = extracts_of(THING, ("b", {"EXTRACT": "a"})) | extracts_of(THING, ("a", field("on__c")), file="other")
    assert [] == codes(analyzed(tmp_path, {"EXTRACT": "b"}, files=files, importExtracts=imports(THING)))


def test_an_extract_of_another_type_is_not_found_in_an_extract(tmp_path: Path) -> None:
    files = extracts_of(THING, ("b", {"EXTRACT": "a"})) | extracts_of(OWNER, ("a", field("on__c")))
    analyzer = analyzed(tmp_path, {"EXTRACT": "b"}, files=files, importExtracts=imports(THING, OWNER))
    assert ["A203"] == codes(analyzer)
    assert ["A203"] == [found.code for found in analyzer.extract_diagnostics(f"/types/{THING}/e.extracts.yaml")]


def test_extracts_in_a_circle_are_told_with_the_circle(tmp_path: Path) -> None:
    files = extracts_of(THING, ("a", {"EXTRACT": "b"}), ("b", {"NOT": {"arg": {"EXTRACT": "c"}}}), ("c", {"EXTRACT": "a"}))
    analyzer = analyzed(tmp_path, {"EXTRACT": "a"}, files=files, importExtracts=imports(THING))
    assert analyzer.analyzed(LOGIC).program is None
    found = analyzer.extract_diagnostics(f"/types/{THING}/e.extracts.yaml")
    assert [("A205", "a → b → c → a")] == [(one.code, one.help) for one in found]


def test_the_import_of_the_type_reached_is_taken(tmp_path: Path) -> None:
    files = extracts_of(THING, ("known", field("on__c"))) | extracts_of(
        OWNER, ("known", {"NOT_EMPTY": {"arg": field("level__c")}})
    )
    analyzer = analyzed(tmp_path, {"EXTRACT": "owner__r.known"}, files=files, importExtracts=imports(THING, OWNER))
    assert judged(program_of(analyzer), {"on__c": False, "owner__r": {"level__c": 3}}).index == 199


def test_at_a_type_that_nothing_declares_the_only_import_is_taken(tmp_path: Path) -> None:
    files = extracts_of("CA10__CaAwsVpc__c", ("isOn", field("on")))
    analyzer = analyzed(tmp_path, {"EXTRACT": "x__r.isOn"}, files=files, importExtracts=imports("CA10__CaAwsVpc__c"))
    assert judged(program_of(analyzer), {"x__r": {"on": True}}).index == 199


def test_at_a_type_that_nothing_declares_the_lookups_name_decides(tmp_path: Path) -> None:
    files = extracts_of("CA10__CaAwsVpc__c", ("isOn", field("on"))) | extracts_of("CA10__CaAwsDisk__c", ("isOn", field("off")))
    both = imports("CA10__CaAwsVpc__c", "CA10__CaAwsDisk__c")
    analyzer = analyzed(tmp_path, {"EXTRACT": "CA10__disk__r.isOn"}, files=files, importExtracts=both)
    assert judged(program_of(analyzer), {"CA10__disk__r": {"off": True}}).index == 199
    found = problems(analyzed(tmp_path, {"EXTRACT": "CA10__other__r.isOn"}, files=files, importExtracts=both))
    assert [("A204", "several imports have an extract `isOn`")] == [(one.code, one.message) for one in found]


def test_imports_that_say_the_same_are_not_ambiguous(tmp_path: Path) -> None:
    files = extracts_of("CA10__CaAwsVpc__c", ("isOn", field("on"))) | extracts_of("CA10__CaAwsDisk__c", ("isOn", field("on")))
    both = imports("CA10__CaAwsVpc__c", "CA10__CaAwsDisk__c")
    assert [] == codes(analyzed(tmp_path, {"EXTRACT": "other__r.isOn"}, files=files, importExtracts=both))


def test_a_faulty_extract_breaks_only_what_uses_it(tmp_path: Path) -> None:
    files = extracts_of(THING, ("bad", equal({"TEXT": "a"}, {"NUMBER": 1})), ("good", field("on__c")))
    write(tmp_path, {"ce/second/prod.logic.yaml": logic({"EXTRACT": "good"}, importExtracts=imports(THING))})
    analyzer = analyzed(tmp_path, {"EXTRACT": "bad"}, files=files, importExtracts=imports(THING))
    assert analyzer.analyzed(LOGIC).program is None
    assert [] == problems(analyzer)
    assert analyzer.analyzed("/ce/second/prod.logic.yaml").program is not None


def test_a_logic_file_that_cannot_be_read_has_no_program(tmp_path: Path) -> None:
    analyzer = analyzer_of(tmp_path, policy_files("conditions: ["))
    assert analyzer.analyzed(LOGIC).program is None
    assert analyzer.repository.logic(LOGIC).value is None
    assert ["L110"] == codes(analyzer)


def test_children_are_typed_by_the_declared_relationship(tmp_path: Path) -> None:
    related = {**logic({"IS_BEFORE_TODAY": {"arg": field("made__c")}}), "relationshipName": "Parts__r"}
    del related["inputType"]
    program = program_of(analyzed(tmp_path, relatedLists=[related]))
    assert PART == program.block.related["Parts__r"].type.name
    related["conditions"][0]["check"] = equal(field("made__c"), {"TEXT": "x"})
    assert ["A202"] == codes(analyzed(tmp_path, relatedLists=[related]))


def test_the_verdict_table_lists_every_end_in_order(tmp_path: Path) -> None:
    check = {"NOT_EMPTY": {"arg": field("a", undeterminedIf={"isEmpty": "no a"})}}
    program = program_of(analyzed(tmp_path, check, {"BOOLEAN": True}, recordTypes=["X"]))
    assert [0, 98, 99, 101, 199, 299, 300] == list(program.verdicts)
    assert program.policy_id == "/ce/policy"
    assert THING == program.input_type


def test_reads_name_each_field_once_in_order_of_reading(tmp_path: Path) -> None:
    files = extracts_of(OWNER, ("level", field("level__c", undeterminedIf={"isEmpty": "x"})))
    tags = {"TAG_EXISTS": {"name": {"TEXT": "a"}}}
    policy = {"AWS_POLICY_ALLOWS": {"policyExtField": "p__c", "widestAcceptableAccessLevel": "SAME_ORG", "actions": []}}
    more = {"IS_EMPTY": {"arg": {"EXTRACT": "owner__r.level"}}}
    checks = [field("on__c"), {"IS_EMPTY_LOOKUP": "owner__r"}, more, {"NOT": {"arg": field("on__c")}}, tags, policy]
    program = program_of(analyzed(tmp_path, *checks, files=files, importExtracts=imports(OWNER)))
    assert ["on__c", "owner__r.level__c", "CA10__tagsJson__c", "p__c"] == [read.path for read in program.reads]
