"""Print the results of policy tests, as text, JSON or JUnit XML."""

from __future__ import annotations

import json
from posixpath import commonprefix
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from perpend.authoring.testing.run import FIELDS, MOST_EXPLAINED, Coverage, FailedTest, TestReport
from perpend.core.diagnostics.escape import display_width, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.text import render_text
from perpend.reports.formats.junit import ERROR, FAILURE, PASSED, JUnitCase, JUnitSuite, write_suites
from perpend.reports.terminal.explanation import print_steps

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import Console

    from perpend.language.compiler.analyzer import Analyzer

_NAMED: Final = 5
_SHORT: Final = 28
"""The longest text that stands in the table of differences."""

_HEADING: Final = len("expected")
_BEFORE: Final = 30
"""How much of a long text is shown before the first difference."""


def write_test_json(report: TestReport, stream: TextIO, *, coverage: bool = False) -> None:
    """Write JSON: ``summary``, ``failures``, ``refused`` and ``untested`` logic files, and with ``coverage`` their coverage."""
    document: dict[str, Any] = {
        "summary": {
            "executions": report.executions,
            "passed": report.passed,
            "failed": report.failed,
            "fields": {name: report.matches[name] for name in FIELDS},
        },
        "failures": [
            {
                "logicId": failure.logic_id,
                "objectId": failure.object_id,
                "field": failure.field,
                "expected": failure.expected,
                "actual": failure.actual,
            }
            for failure in report.failures
        ],
        "refused": [
            {"logicId": logic_id, "reasons": [f"{fault.span.path}:{fault.span.line}: {fault.message}" for fault in problems]}
            for logic_id, problems in report.refused.items()
        ],
        "untested": report.untested,
    }
    if coverage:
        document["coverage"] = [_coverage(entry) for entry in report.coverage]
    stream.write(json.dumps(document, indent=2) + "\n")


def _coverage(entry: Coverage) -> dict[str, Any]:
    missed = [{"relationship": branch.relationship, "index": branch.index, "text": branch.text} for branch in entry.missed]
    return {"logicId": entry.logic_id, "branches": entry.branches, "reached": entry.reached, "missed": missed}


def write_test_junit(report: TestReport, stream: TextIO, *, coverage: bool = False) -> None:
    """Write JUnit XML: one suite with a case for each execution, and for each logic file that cannot be run."""
    failures = _failures(report)
    cases = []
    for logic_id, object_id in report.cases:
        rows = failures.get((logic_id, object_id), ())
        text = "\n".join(f"{row.field}: expected {row.expected!r}, found {row.actual!r}" for row in rows)
        message, outcome = (text.splitlines()[0], FAILURE) if rows else ("", PASSED)
        cases.append(JUnitCase(logic_id, object_id, outcome, message, text))
    for logic_id, problems in report.refused.items():
        reasons = "\n".join(f"{problem.span.path}:{problem.span.line}: {problem.message}" for problem in problems)
        cases.append(JUnitCase(logic_id, "can be run", ERROR, "refused", reasons))
    counts = {f"coverage:{entry.logic_id}": f"{entry.reached}/{entry.branches}" for entry in report.coverage if coverage}
    write_suites([JUnitSuite("perpend", cases, counts)], stream)


def _failures(report: TestReport) -> dict[tuple[str, str], list[FailedTest]]:
    """Return the fields that are not as expected, by logic file and object."""
    failures: dict[tuple[str, str], list[FailedTest]] = {}
    for failure in report.failures:
        failures.setdefault((failure.logic_id, failure.object_id), []).append(failure)
    return failures


def print_test_report(
    report: TestReport, analyzer: Analyzer, console: Console, *, coverage: bool = False, fail_under: float | None = None
) -> None:
    """Print each failed execution with expected and actual values and its conditions, then the totals."""
    failures = _failures(report)
    for (logic_id, object_id), rows in list(failures.items())[:MOST_EXPLAINED]:
        console.print(Text.assemble(("FAILED ", "bold red"), visible(logic_id), "  ", (visible(object_id), "bold")))
        table = Table("", box=None, padding=(0, 2, 0, 2), header_style="dim")
        for heading in ("expected", "actual"):
            table.add_column(heading, overflow="fold")
        pairs = [(row.field, _shown(row.expected), _shown(row.actual)) for row in rows]
        for field, *texts in pairs:
            if max(map(len, texts)) <= _SHORT:
                table.add_row(field, *map(Text, texts))
        if table.rows:
            console.print(table)
        for field, expected, actual in pairs:
            if max(len(expected), len(actual)) > _SHORT:
                _print_difference(field, expected, actual, console)
        print_steps(report.steps.get((logic_id, object_id), ()), console)
        console.print()
    if len(failures) > MOST_EXPLAINED:
        console.print(Text(f"… and {len(failures) - MOST_EXPLAINED} more failed executions (--format json shows all)\n"))
    _print_refused(report, analyzer, console)
    if coverage:
        _print_coverage(report, console, fail_under)
    _print_totals(report, console)


def _shown(value: str | None) -> str:
    return "null" if value is None else visible(value)


def _print_difference(field: str, expected: str, actual: str, console: Console) -> None:
    """Print two long texts one below the other, with a mark below the first difference.

    A terminal gets the part around the difference, other outputs the whole texts.
    """
    at = len(commonprefix((expected, actual)))
    first = at - _BEFORE if console.is_terminal and at > console.width // 2 else 0
    cut = "…" if first else ""
    console.print(Text(f"  {field}"))
    for mark, heading, style, text in (("-", "expected", "red", expected), ("+", "actual", "green", actual)):
        line = Text.assemble((f"  {mark} {heading:<{_HEADING}}  ", "dim"), (cut + text[first:], style))
        if console.is_terminal:
            console.print(line, no_wrap=True, overflow="ellipsis")
        else:
            console.print(line, soft_wrap=True)
    before = display_width(cut + expected[first:at])
    console.print(Text(" " * (_HEADING + 6 + before) + "^ first difference", style="bold"), soft_wrap=not console.is_terminal)


def _print_refused(report: TestReport, analyzer: Analyzer, console: Console) -> None:
    problems = [problem for diagnostics in report.refused.values() for problem in diagnostics]
    if report.refused:
        text = render_text(problems, source_line=analyzer.repository.files.source_line, width=min(console.width, 120))
        console.print(Text(text), soft_wrap=True)
        for logic_id in report.refused:
            console.print(Text.assemble(("REJECTED ", "bold red"), visible(logic_id)))
        console.print()


def _print_coverage(report: TestReport, console: Console, fail_under: float | None) -> None:
    console.print(Text("branches  reached      %  logic", style="bold"))
    for entry in report.coverage:
        short = entry.percent < (100.0 if fail_under is None else fail_under)
        percent = (f"{int(entry.percent * 10) / 10:7.1f}", "yellow" if short else "green")
        numbers = f"{entry.branches:8,}  {entry.reached:7,}"
        console.print(Text.assemble(numbers, percent, f"  {visible(entry.logic_id)}"), soft_wrap=True)
    for entry in report.coverage:
        for branch in entry.missed:
            where = f" {branch.relationship}" if branch.relationship else ""
            line = Text.assemble(("not reached ", "yellow"), visible(f"{entry.logic_id}{where} {branch.index}  {branch.text}"))
            console.print(line, soft_wrap=True)
    branches, reached = sum(entry.branches for entry in report.coverage), sum(entry.reached for entry in report.coverage)
    console.print(Text(f"{reached} of {branches} conditions and checks are reached by tests\n"))


def _print_totals(report: TestReport, console: Console) -> None:
    style = "bold red" if report.failed or report.refused or not report.executions else "bold green"
    parts = [counted(report.executions, "execution"), f"{report.passed:,} passed", f"{report.failed:,} failed"]
    parts += [f"{counted(len(report.refused), 'logic file')} rejected"] if report.refused else []
    console.print(Text(", ".join(parts), style=style))
    if report.failed:
        console.print(Text("matching " + ", ".join(f"{name} {report.matches[name]}" for name in FIELDS), style="dim"))
    if report.untested:
        names = visible(", ".join(report.untested[:_NAMED]))
        further = len(report.untested) - _NAMED
        names += f" and {further:,} more (--format json names all)" if further > 0 else ""
        console.print(Text(f"without tests: {counted(len(report.untested), 'logic file')}: {names}", style="dim"))
