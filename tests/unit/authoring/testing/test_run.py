"""The runner of policies' tests: what it compares, what it refuses, and that it can fail."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from perpend.authoring.testing import run as policy_tests
from perpend.authoring.testing.run import FIELDS, TestReport, run_policy_tests
from perpend.language.compiler.analyzer import Analyzer
from tests.repositories import LOGIC, analyzer_of, logic, policy_files, write

FLAG = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "unset"}}}
DOCUMENT = {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "not JSON"}}}


def entry(name: str, status: str, index: int | str, text: str, error: str | None = None, **fields: Any) -> dict[str, Any]:
    expected = {"status": status, "conditionIndex": index, "conditionText": text, "runtimeError": error}
    return {"expectedResult": expected, "context": {"snapshotTime": "2026-01-10T18:00:00Z"}, "Id": name, **fields}


FLAG_TESTS = [
    entry("yes", "INCOMPLIANT", "199", "flag.asBoolean()", flag="true"),
    entry("no", "COMPLIANT", 200, "otherwise", flag="false"),
    entry("unset", "UNDETERMINED", "101", "flag.isEmpty()"),
    entry("gone", "DISAPPEARED", "99", "isDisappeared(CA10__disappearanceTime__c)", CA10__disappearanceTime__c="2026-01-01"),
]


def analyzer_with(root: Path, entries: Any, *checks: Any, **more: Any) -> Analyzer:
    document = logic(*(checks or (FLAG,)), testData=[{"file": "test-data.json"}], **more)
    return analyzer_of(root, policy_files(document, **{"ce/policy/test-data.json": json.dumps(entries)}))


def run(analyzer: Analyzer, **more: Any) -> TestReport:
    return run_policy_tests(analyzer, analyzer.repository.logic_ids, **more)


def test_all_is_well_where_every_field_is_as_expected(tmp_path: Path) -> None:
    report = run(analyzer_with(tmp_path, FLAG_TESTS))
    assert (4, 4, 0, []) == (report.executions, report.passed, report.failed, report.failures)
    assert dict.fromkeys(FIELDS, 4) == dict(report.matches)
    assert [(LOGIC, name) for name in ("yes", "no", "unset", "gone")] == report.cases


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("status", "INAPPLICABLE"), ("conditionIndex", "201"), ("conditionText", "Otherwise"), ("runtimeError", "boom")],
)
@pytest.mark.parametrize("place", range(4))
def test_one_flipped_expectation_is_one_failure(tmp_path: Path, place: int, field: str, wrong: str) -> None:
    entries = deepcopy(FLAG_TESTS)
    right = entries[place]["expectedResult"][field]
    entries[place]["expectedResult"][field] = wrong
    report = run(analyzer_with(tmp_path, entries))
    assert (4, 3, 1) == (report.executions, report.passed, report.failed)
    expected = (LOGIC, entries[place]["Id"], field, wrong, None if right is None else str(right))
    assert [expected] == [(one.logic_id, one.object_id, one.field, one.expected, one.actual) for one in report.failures]
    assert {**dict.fromkeys(FIELDS, 4), field: 3} == dict(report.matches)


def test_a_wholly_wrong_expectation_is_a_failure_per_field(tmp_path: Path) -> None:
    report = run(analyzer_with(tmp_path, [entry("a", "COMPLIANT", "100", "otherwise", flag="true")]))
    assert (1, ["status", "conditionIndex", "conditionText"]) == (report.failed, [one.field for one in report.failures])


def test_wording_of_parser_errors_counts_only_when_strict(tmp_path: Path) -> None:
    check = {"IS_EMPTY": {"arg": DOCUMENT}}
    analyzer = analyzer_with(
        tmp_path, [entry("a", "UNDETERMINED", "101", "doc.asJson().isInvalid()", "other words", doc="{x")], check
    )
    assert run(analyzer).failed == 0
    strict = run(analyzer, strict_errors=True)
    assert ["runtimeError"] == [one.field for one in strict.failures]
    assert strict.failures[0].actual is not None


def test_an_error_that_is_expected_or_not_counts_always(tmp_path: Path) -> None:
    check = {"IS_EMPTY": {"arg": DOCUMENT}}
    entries = [
        entry("none", "UNDETERMINED", "101", "doc.asJson().isInvalid()", None, doc="{x"),
        entry("some", "INCOMPLIANT", "199", "doc.asJson().isEmpty()", "boom", doc="{}"),
    ]
    report = run(analyzer_with(tmp_path, entries, check))
    assert [("none", None), ("some", "boom")] == [(one.object_id, one.expected) for one in report.failures]


def test_the_authors_own_error_is_compared_word_for_word(tmp_path: Path) -> None:
    check = {"UNIT_TEST_RUNTIME_ERROR": {"returnType": "BOOLEAN", "message": "boom"}}
    text = "error('boom').throw()"
    entries = [entry(name, "UNDETERMINED", "101", text, name) for name in ("boom", "Boom")]
    report = run(analyzer_with(tmp_path, entries, check))
    assert [("Boom", "runtimeError", "boom")] == [(one.object_id, one.field, one.actual) for one in report.failures]


def test_the_snapshot_time_is_that_of_the_test(tmp_path: Path) -> None:
    check = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "seen"}}}}
    text = "seen.beforeToday()"
    entries = [
        entry("a", "INCOMPLIANT", "199", text, seen="2026-01-09"),
        entry("b", "COMPLIANT", "200", "otherwise", seen="2026-01-10"),
    ]
    without = entry("c", "INCOMPLIANT", "199", text, seen="2026-01-09")
    del without["context"]
    assert run(analyzer_with(tmp_path, [*entries, without], check)).failures == []


def test_expectations_beside_unit_tests_need_no_data(tmp_path: Path) -> None:
    fails = {"UNIT_TEST_RUNTIME_ERROR": {"returnType": "BOOLEAN", "message": "boom"}}
    before = {"IS_BEFORE_TODAY": {"arg": {"DATE_TIME": "2026-01-09"}}}

    def test(number: int, arg: Any, *, time: str | None = None, **expected: Any) -> dict[str, Any]:
        more = {"snapshotTime": time} if time else {}
        return {"UNIT_TEST": {"id": f"Test-{number}", "arg": arg, "expected": expected, **more}}

    checks = [
        test(1, {"BOOLEAN": True}, text="unitTest(Test-1): true"),
        test(2, fails, status="UNDETERMINED", subIndex=1, text="error('boom').throw()", runtimeError="boom"),
        test(3, before, time="2026-01-10T00:00:00Z", text="unitTest(Test-3): '2026-01-09'.beforeToday()"),
        test(4, {"BOOLEAN": False}, text="unitTest(Test-4): false"),
        {"UNIT_TEST": {"id": "Test-5", "arg": {"BOOLEAN": True}}},
    ]
    report = run(analyzer_of(tmp_path, policy_files(logic(*checks))))
    assert (4, 1) == (report.executions, report.failed)
    found = {one.field: (one.object_id, one.expected, one.actual) for one in report.failures}
    assert {
        "status": ("Test-4", "INCOMPLIANT", "COMPLIANT"),
        "conditionIndex": ("Test-4", "499", "600"),
        "conditionText": ("Test-4", "unitTest(Test-4): false", "otherwise"),
    } == found


def test_an_expectation_of_sub_index_zero_is_kept(tmp_path: Path) -> None:
    check = {"UNIT_TEST": {"id": "a", "arg": {"BOOLEAN": True}, "expected": {"text": "unitTest(a): true", "subIndex": 0}}}
    report = run(analyzer_of(tmp_path, policy_files(logic(check))))
    assert [("conditionIndex", "100", "199")] == [(one.field, one.expected, one.actual) for one in report.failures]


def test_a_logic_with_errors_is_refused_and_does_not_stop_others(tmp_path: Path) -> None:
    write(tmp_path, {"ce/bad/prod.logic.yaml": logic({"EXTRACT": "none"}), "ce/broken/prod.logic.yaml": "conditions: ["})
    report = run(analyzer_with(tmp_path, FLAG_TESTS))
    assert 4 == report.passed
    assert {"/ce/bad/prod.logic.yaml": ["A203"], "/ce/broken/prod.logic.yaml": ["L110"]} == {
        logic_id: [one.code for one in found] for logic_id, found in report.refused.items()
    }


def test_a_logic_whose_extracts_are_faulty_is_refused_with_their_errors(tmp_path: Path) -> None:
    path = "types/CA10__CaThing__c/e.extracts.yaml"
    bad = {"extracts": [{"name": "bad", "value": {"IS_EQUAL": {"left": {"TEXT": "a"}, "right": {"NUMBER": 1}}}}]}
    write(tmp_path, {path: bad})
    related = {
        "relationshipName": "Parts__r",
        "importExtracts": [{"file": f"/{path}"}],
        "conditions": [{"status": "COMPLIANT", "currentStateMessage": "", "check": {"EXTRACT": "bad"}}],
        "otherwise": {"status": "COMPLIANT", "currentStateMessage": ""},
    }
    report = run(analyzer_with(tmp_path, FLAG_TESTS, FLAG, relatedLists=[related]))
    assert (0, ["A202"]) == (report.executions, [one.code for one in report.refused[LOGIC]])


def test_unusable_test_data_are_refused_and_the_rest_runs(tmp_path: Path) -> None:
    report = run(analyzer_with(tmp_path, [*FLAG_TESTS, {"Id": "no expectation"}]))
    assert (4, ["L142"]) == (report.passed, [one.code for one in report.refused[LOGIC]])


def test_a_logic_without_tests_is_named(tmp_path: Path) -> None:
    report = run(analyzer_of(tmp_path, policy_files(logic(FLAG))))
    assert ([LOGIC], 0) == (report.untested, report.executions)
    assert (0, 3) == (report.coverage[0].reached, report.coverage[0].branches)
    assert 0.0 == report.coverage[0].percent


def test_coverage_names_what_no_test_reaches(tmp_path: Path) -> None:
    related = {
        "relationshipName": "Parts__r",
        "conditions": [{"status": "INCOMPLIANT", "currentStateMessage": "", "check": FLAG}],
        "otherwise": {"status": "COMPLIANT", "currentStateMessage": ""},
    }
    has = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "Parts__r"}}
    entries = [entry("a", "INCOMPLIANT", "199", "Parts__r.has(INCOMPLIANT)", Parts__r=[{"flag": "true"}])]
    coverage = run(analyzer_with(tmp_path, entries, has, FLAG, relatedLists=[related])).coverage[0]
    assert [("", 201), ("", 299), ("", 300), ("Parts__r", 101), ("Parts__r", 200)] == [
        (one.relationship, one.index) for one in coverage.missed
    ]
    assert (7, 2, 28.6) == (coverage.branches, coverage.reached, round(coverage.percent, 1))


def test_coverage_asks_for_no_check_that_cannot_fire(tmp_path: Path) -> None:
    coverage = run(analyzer_with(tmp_path, FLAG_TESTS[:3], FLAG, {"NOT": {"arg": FLAG}})).coverage[0]
    assert {"299", "300"} >= {str(one.index) for one in coverage.missed}
    assert 201 not in [one.index for one in coverage.missed]


def test_progress_is_told_by_file(tmp_path: Path) -> None:
    write(tmp_path, {"ce/second/prod.logic.yaml": logic()})
    told: list[int] = []
    run(analyzer_with(tmp_path, FLAG_TESTS), progress=told.append)
    assert [1, 2] == told


def test_many_files_are_spread_over_processes_with_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = logic({"EXTRACT": "none"})
    write(tmp_path, {f"ce/p{number}/prod.logic.yaml": bad if number % 3 == 0 else logic(FLAG) for number in range(9)})
    entries = deepcopy(FLAG_TESTS)
    entries[0]["expectedResult"]["status"] = "COMPLIANT"
    analyzer = analyzer_with(tmp_path, entries)
    alone = run(analyzer)
    monkeypatch.setattr(policy_tests, "_PARALLEL_FROM", 1)
    monkeypatch.setattr(policy_tests, "_CHUNK", 2)
    told: list[int] = []
    together = run(analyzer, progress=told.append)
    assert [2, 4, 6, 8, 10] == told
    assert alone.failures == together.failures
    assert alone.steps
    assert alone == together


def test_a_unit_test_below_another_operation_is_run_too(tmp_path: Path) -> None:
    inner = {"UNIT_TEST": {"id": "T1", "arg": {"BOOLEAN": True}, "expected": {"text": "wrong"}}}
    report = run(analyzer_of(tmp_path, policy_files(logic({"NOT": {"arg": inner}}))))
    assert (1, 1) == (report.executions, report.failed)
    assert "wrong" in {failure.expected for failure in report.failures}
