"""The results of policy tests: text for people, JSON and JUnit XML for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

from rich.table import Table
from rich.text import Text

from perpend.authoring.testing.run import FIELDS, MOST_EXPLAINED, Coverage, FailedTest, TestReport
from perpend.core.diagnostics.escape import encodable, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.text import render_text
from perpend.reports.formats.junit import write_xml, xml_text
from perpend.reports.terminal.explanation import print_steps

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import Console

    from perpend.language.compiler.analyzer import Analyzer

_NAMED: Final = 5


def write_test_json(report: TestReport, stream: TextIO, *, coverage: bool = False) -> None:
    """Write the JSON contract: ``summary``, ``failures``, what was refused and untested, and coverage where asked for."""
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
    stream.write(encodable(json.dumps(document, ensure_ascii=False, indent=2)) + "\n")


def _coverage(entry: Coverage) -> dict[str, Any]:
    missed = [{"relationship": branch.relationship, "index": branch.index, "text": branch.text} for branch in entry.missed]
    return {"logicId": entry.logic_id, "branches": entry.branches, "reached": entry.reached, "missed": missed}


def write_test_junit(report: TestReport, stream: TextIO, *, coverage: bool = False) -> None:
    """Write JUnit XML: a suite for all, a case for each failed execution and refused logic, counts for the rest."""
    failures: dict[tuple[str, str], list[FailedTest]] = {}
    for failure in report.failures:
        failures.setdefault((failure.logic_id, failure.object_id), []).append(failure)
    total, failed, errors = report.executions + len(report.refused), str(report.failed), str(len(report.refused))
    root = ElementTree.Element("testsuites", tests=str(total), failures=failed, errors=errors)
    suite = ElementTree.SubElement(root, "testsuite", name="perpend", tests=str(total), failures=failed, errors=errors)
    for logic_id, object_id in report.cases:
        case = ElementTree.SubElement(suite, "testcase", classname=xml_text(logic_id), name=xml_text(object_id))
        rows = failures.get((logic_id, object_id))
        if rows:
            text = "\n".join(f"{row.field}: expected {row.expected!r}, found {row.actual!r}" for row in rows)
            ElementTree.SubElement(case, "failure", message=xml_text(text.splitlines()[0])).text = xml_text(text)
    for logic_id, problems in report.refused.items():
        case = ElementTree.SubElement(suite, "testcase", classname=xml_text(logic_id), name="can be run")
        reasons = "\n".join(f"{problem.span.path}:{problem.span.line}: {problem.message}" for problem in problems)
        ElementTree.SubElement(case, "error", message="refused").text = xml_text(reasons)
    if coverage:
        properties = ElementTree.SubElement(suite, "properties")
        for entry in report.coverage:
            name = f"coverage:{entry.logic_id}"
            ElementTree.SubElement(properties, "property", name=xml_text(name), value=f"{entry.reached}/{entry.branches}")
    write_xml(root, stream)


def print_test_report(
    report: TestReport, analyzer: Analyzer, console: Console, *, coverage: bool = False, fail_under: float | None = None
) -> None:
    """Print what failed, side by side with what was expected and how the verdict came about, then the totals."""
    failures: dict[tuple[str, str], list[FailedTest]] = {}
    for failure in report.failures:
        failures.setdefault((failure.logic_id, failure.object_id), []).append(failure)
    for (logic_id, object_id), rows in list(failures.items())[:MOST_EXPLAINED]:
        console.print(Text.assemble(("FAILED ", "bold red"), visible(logic_id), "  ", (visible(object_id), "bold")))
        table = Table("", box=None, padding=(0, 2, 0, 2), header_style="dim")
        for heading in ("expected", "actual"):
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(
                row.field, *(Text("null" if value is None else visible(value)) for value in (row.expected, row.actual))
            )
        console.print(table)
        print_steps(report.steps.get((logic_id, object_id), ()), console, everything=True)
        console.print()
    if len(failures) > MOST_EXPLAINED:
        console.print(Text(f"… and {len(failures) - MOST_EXPLAINED} more failed executions (--format json shows all)\n"))
    _print_refused(report, analyzer, console)
    if coverage:
        _print_coverage(report, console, fail_under)
    _print_totals(report, console)


def _print_refused(report: TestReport, analyzer: Analyzer, console: Console) -> None:
    problems = [problem for diagnostics in report.refused.values() for problem in diagnostics]
    if report.refused:
        text = render_text(problems, source_line=analyzer.repository.files.source_line, width=min(console.width, 120))
        console.print(Text(text), soft_wrap=True)
        for logic_id in report.refused:
            console.print(Text.assemble(("REFUSED ", "bold red"), visible(logic_id)))
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
    parts += [f"{counted(len(report.refused), 'logic file')} refused"] if report.refused else []
    console.print(Text(", ".join(parts), style=style))
    if report.failed:
        console.print(Text("matching " + ", ".join(f"{name} {report.matches[name]}" for name in FIELDS), style="dim"))
    if report.untested:
        names = visible(", ".join(report.untested[:_NAMED]))
        further = len(report.untested) - _NAMED
        names += f" and {further:,} more (--format json names all)" if further > 0 else ""
        console.print(Text(f"without tests: {counted(len(report.untested), 'logic file')}: {names}", style="dim"))
