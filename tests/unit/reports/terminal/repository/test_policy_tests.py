"""What is printed of tests that failed comes from the run: nothing is judged again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from perpend.authoring.testing.run import FailedTest, run_policy_tests
from perpend.authoring.testing.run import TestReport as Report
from perpend.language.interpreter.interpreter import Interpreter
from perpend.reports.terminal.repository.policy_tests import print_test_report
from tests.repositories import LOGIC, analyzer_of, logic, policy_files

FLAG = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "unset"}}}


def test_the_steps_shown_are_those_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {"status": "COMPLIANT", "conditionIndex": "200", "conditionText": "otherwise", "runtimeError": None}
    entry = {"Id": "a", "expectedResult": expected, "context": {"snapshotTime": "2026-01-10T18:00:00Z"}}
    files = {**policy_files(logic(FLAG, testData=[{"file": "test-data.json"}])), "ce/policy/test-data.json": [entry]}
    analyzer = analyzer_of(tmp_path, files)
    report = run_policy_tests(analyzer, [LOGIC])
    assert [(LOGIC, "a")] == list(report.steps)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("judged again")

    monkeypatch.setattr(Interpreter, "__init__", refuse)
    stream = io.StringIO()
    print_test_report(report, analyzer, Console(file=stream, width=120))
    assert "101 stopped" in " ".join(stream.getvalue().split())
    assert "check fired: flag.isEmpty()" in stream.getvalue()


def test_what_would_help_is_one_line_however_narrow_the_terminal(tmp_path: Path) -> None:
    entry = {
        "Id": "a",
        "expectedResult": {"status": "SOUND", "conditionIndex": "200", "conditionText": "x", "runtimeError": None},
    }
    files = {**policy_files(logic(FLAG, testData=[{"file": "test-data.json"}])), "ce/policy/test-data.json": [entry]}
    analyzer = analyzer_of(tmp_path, files)
    stream = io.StringIO()
    print_test_report(run_policy_tests(analyzer, [LOGIC]), analyzer, Console(file=stream, width=40))
    assert "one of COMPLIANT, INCOMPLIANT, INAPPLICABLE, UNDETERMINED, DISAPPEARED\n" in stream.getvalue()


@pytest.mark.parametrize(
    ("number", "told"), [(5, "5 logic files: 0, 1, 2, 3, 4\n"), (7, "7 logic files: 0, 1, 2, 3, 4 and 2 more (")]
)
def test_of_many_logic_files_without_tests_some_are_named_and_the_rest_counted(tmp_path: Path, number: int, told: str) -> None:
    report = Report(untested=[str(one) for one in range(number)])
    stream = io.StringIO()
    print_test_report(report, analyzer_of(tmp_path, policy_files(logic())), Console(file=stream, width=120))
    assert told in stream.getvalue()


@pytest.mark.parametrize(("report", "colour"), [(Report(), 31), (Report(executions=1), 32)])
def test_nothing_run_is_no_success(tmp_path: Path, report: Report, colour: int) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=120, force_terminal=True, color_system="standard")
    print_test_report(report, analyzer_of(tmp_path, policy_files(logic())), console)
    assert stream.getvalue().startswith(f"\x1b[1;{colour}m{report.executions} execution")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_of_two_long_texts_the_first_difference_is_marked(tmp_path: Path, is_terminal: bool) -> None:
    text = f"flag.isEmpty() and {'a' * 100} == 'x'"
    rows = [
        FailedTest(LOGIC, "a", "conditionIndex", "101", "100"),
        FailedTest(LOGIC, "a", "conditionText", text, text.replace("'x'", "'y' and more than fits into a line")),
    ]
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=is_terminal, color_system=None)
    print_test_report(Report(executions=1, failures=rows), analyzer_of(tmp_path, policy_files(logic())), console)
    lines = stream.getvalue().splitlines()
    (wanted,) = (line for line in lines if line.startswith("  - expected  "))
    (actual,) = (line for line in lines if line.startswith("  + actual    "))
    (mark,) = (line for line in lines if "^ first difference" in line)
    assert ("x", "y") == (wanted[mark.index("^")], actual[mark.index("^")])
    assert wanted[: mark.index("^")].replace("- expected", "") == actual[: mark.index("^")].replace("+ actual  ", "")
    assert is_terminal is (max(map(len, lines)) <= 80)
    assert is_terminal is not (text in stream.getvalue())
    assert 1 == sum(line.split() == ["conditionIndex", "101", "100"] for line in lines)
