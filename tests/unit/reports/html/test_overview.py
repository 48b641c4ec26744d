"""The first page of the report has the numbers of the summary on the terminal, and those of the model of both."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from rich.console import Console

from perpend.core.objects.account import Account
from perpend.core.objects.claims import FailedCall
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.findings.filters import Filter
from perpend.findings.severity.active import ActiveSeverities
from perpend.findings.verdict_filter import filter_verdicts
from perpend.findings.waivers.active import ActiveWaivers
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports import overview as module
from perpend.reports.html import overview as first_page
from perpend.reports.html.page import write_html_report
from perpend.reports.overview import FailingPolicy, OpenCounts, Overview
from perpend.reports.overview_texts import level_text, object_texts
from perpend.reports.terminal.verdicts.summary import SummaryFacts, print_summary
from tests.unit.reports.html.packed_columns import EVIL
from tests.unit.reports.summed_run import ACCOUNTS, REGIONS, analyzer, evaluation, overview

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

__all__ = ["analyzer", "evaluation"]

CALLS = (
    FailedCall(ACCOUNTS[0], REGIONS[0] or "", "x", "A", "x:A", "denied", "AccessDenied"),
    FailedCall(ACCOUNTS[1], REGIONS[1] or "", "x", "A", "x:A", "denied", "AccessDenied"),
    FailedCall(ACCOUNTS[1], "", "x", "B", "x:B", "throttled out:", "Throttling"),
)

Numbers = dict[str, Any]


def terminal_text(found: Overview, evaluation: Evaluation) -> str:
    stream = io.StringIO()
    print_summary(found, Console(file=stream, width=400, _environ={}), SummaryFacts(), None, evaluation.day)
    return stream.getvalue()


def of_terminal(text: str) -> Numbers:
    """Return the numbers of the summary that a pipe gets."""
    score = re.search(r"(\d+) failing, (\d+) unknown of (\d+) verdicts?     (.*)\n  (.*)\n", text)
    assert score
    lines = text.splitlines()
    top = next(number for number, line in enumerate(lines) if line.startswith("  Severity"))
    tables: dict[str, dict[str, tuple[str, ...]]] = {"Severity": {}, "Service": {}}
    for line in lines[top + 1 : lines.index("", top)]:
        for name, cells in zip(tables, re.findall(r"(\S+(?: \S+)*) {2,}(\d+) +(\d+)", line), strict=False):
            tables[name][cells[0]] = cells[1:]
    fix = lines.index("Fix first")
    return {
        "score": score.groups(),
        **tables,
        "fix": [tuple(re.split(r" {2,}", line.strip())[1:]) for line in lines[fix + 1 : fix + 6]],
        "unread": [tuple(re.split(r" {2,}", line.strip())) for line in re.findall(r"    (x:.*)", text)],
    }


def cells(text: str) -> list[tuple[str, ...]]:
    rows = [re.findall(r"<td.*?>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]
    return [tuple(html.unescape(re.sub("<[^>]*>", "", cell)) for cell in row) for row in rows if row]


def table(page: str, name: str) -> list[tuple[str, ...]]:
    found = re.search(rf'aria-label="{name}">(.*?)</table>', page)
    return cells(found[1]) if found else []


def of_page(page: str) -> Numbers:
    """Return the numbers of the first page."""
    score = re.search(r'<p class="score"><b>(\d+) failing, (\d+) unknown of (\d+) verdicts?</b> <span>(.*?)</span>', page)
    items = re.search(r'<ul class="totals">(.*?)</ul>', page)
    assert score and items
    parts = " · ".join(re.sub(r"<span.*?</span> ", "", one) for one in re.findall("<li>(.*?)</li>", items[1]))
    return {
        "score": (*score.groups(), parts),
        **{name: {row[0]: row[1:] for row in table(page, name)} for name in ("Severity", "Service")},
        "fix": table(page, "Fix first"),
        "unread": [(label, places, f"{number} verdict{'s'[: number != '1']}") for label, places, number in table(page, "Call")],
    }


def of_model(found: Overview) -> Numbers:
    """Return the numbers of the model."""
    known = found.compliant + found.counts[Status.INCOMPLIANT]
    waived = found.waived.get(Status.INCOMPLIANT, 0)
    return {
        "score": (
            *(str(found.failing), str(found.unknown), str(known + found.unknown)),
            f"{round(100 * found.compliant / known)} % of what is known complies",
            f"{found.compliant} compliant · {found.failing} failing{f' · {waived} waived' if waived else ''} · {found.unknown} unknown",
        ),
        "Severity": {level_text(level): (str(one.failing), str(one.unknown)) for level, one in found.severities},
        "Service": {name: (str(one.failing), str(one.unknown)) for name, one in found.services},
        "fix": [
            (level_text(one.level), str(one.failing), one.title, names[0])
            for one, names in zip(found.to_fix, object_texts(found.to_fix), strict=True)
        ],
        "unread": [
            (
                f"{one.label} ({one.refusal}, {one.code})",
                ", ".join(one.places),
                f"{one.verdicts} verdict{'s'[: one.verdicts != 1]}",
            )
            for one in found.unread
        ],
    }


@pytest.mark.parametrize("wanted", [{}, {"account": ACCOUNTS[:1]}, {"status": ("INCOMPLIANT",)}])
def test_report_terminal_and_model_have_the_same_numbers(
    evaluation: Evaluation, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, tuple[str, ...]]
) -> None:
    needing = {"x:A": frozenset({"/ce/iam/a"}), "x:B": frozenset({"/ce/d"})}
    monkeypatch.setattr(module, "_policies_by_label", lambda evaluation, labels: needing)
    shown = filter_verdicts(evaluation, Filter(wanted), {})
    found, repository = overview(shown, analyzer, calls=CALLS), analyzer.repository
    waivers = ActiveWaivers.here(repository, None, none=False).covered(evaluation)
    rated = ActiveSeverities.here(repository, str(repository.files.root / "ratings")).rated_evaluation(evaluation, waivers)
    stream = io.StringIO(newline="")
    write_html_report(shown, found, stream, rated_evaluation=rated)
    page = stream.getvalue()
    numbers = of_model(found)
    assert numbers["score"] and len(numbers["fix"]) == 5 and len(numbers["unread"]) == 2 and len(numbers["Severity"]) > 2
    assert numbers == of_page(page)
    assert numbers == of_terminal(terminal_text(found, evaluation))
    assert "more do not apply" in page and ("The score counts all." in page) is bool(wanted)
    drawn = {name: float(width) for name, width in re.findall(r'<rect class="(\w+)" x="[^"]*" width="([^"]*)"', page)}
    parts = {
        "compliant": found.compliant,
        "failing": found.failing,
        "waived": found.waived[Status.INCOMPLIANT],
        "unknown": found.unknown,
    }
    assert drawn == pytest.approx({name: 1000 * number / found.applicable for name, number in parts.items()}, abs=0.02)


def test_a_policy_to_fix_leads_to_its_findings(evaluation: Evaluation, analyzer: Analyzer) -> None:
    found = overview(evaluation, analyzer)
    text = first_page.to_fix(found, rated=True)
    chosen = [parse_qs(html.unescape(one)) for one in re.findall('data-show="([^"]*)"', text)]
    assert [
        {"policy": [one.policy_id], "status": ["INCOMPLIANT"], "waived": ["not waived"], "severity": [level_text(one.level)]}
        for one in found.to_fix
    ] == chosen[:5]
    assert {"status": ["INCOMPLIANT"]} == chosen[5] and f"{found.failing_policies - 5} more policies fail" in text
    assert "severity=" not in first_page.to_fix(found, rated=False)


def test_the_head_says_accounts_scope_time_and_version(evaluation: Evaluation, analyzer: Analyzer) -> None:
    found = overview(evaluation, analyzer, accounts={ACCOUNTS[0]: Account("production")})
    text = first_page.facts(
        replace(found, accounts=(EVIL,), frameworks=("CIS <1>",), without_objects=2), ["1 excluded"], assumed=True
    )
    pairs = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert f"account {html.escape(EVIL)}" == pairs["Accounts"]
    assert "all 4 policies, by CIS &lt;1&gt;, 2 more without an object; 120 objects; 1 excluded" == pairs["Scope"]
    assert pairs["Time"].startswith("2026-01-10, the day of the run") and pairs["Made by"].startswith("Perpend ")
    some = first_page.facts(replace(found, policies=3, accounts=tuple("abcd")), [], assumed=False)
    assert "3 of 4 policies; 120 objects" in some and "<summary>4 accounts</summary><ul><li>a</li>" in some
    assert "Accounts" not in first_page.facts(replace(found, accounts=()), [], assumed=False)


def test_services_beyond_the_first_are_summed_and_folded(evaluation: Evaluation, analyzer: Analyzer) -> None:
    services = tuple((f"service {number}", OpenCounts(20 - number, 1)) for number in range(10))
    text = first_page.counts(replace(overview(evaluation, analyzer), services=services), rated=True)
    rows = table(text, "Service")
    assert (8, ("3 more", str(sum(20 - number for number in (7, 8, 9))), "3")) == (len(rows), rows[-1])
    assert [name for name, _ in services[7:]] == [row[0] for row in table(text, "Other service")]


def test_hostile_names_are_text(evaluation: Evaluation, analyzer: Analyzer) -> None:
    found = overview(evaluation, analyzer, calls=CALLS)
    failing = replace(found.to_fix[0].objects[0], region=EVIL)
    failing = replace(failing, object=failing.object._replace(name=EVIL))
    policy = FailingPolicy(f"/ce/{EVIL}\u202e", EVIL, None, 1, (failing,))
    call = replace(found.unread[0], label=EVIL, places=(EVIL,))
    hostile = replace(found, to_fix=(policy,), services=((EVIL, OpenCounts(1, 1)),), unread=(call,))
    text = first_page.to_fix(hostile, rated=True) + first_page.counts(hostile, rated=True) + first_page.unread(hostile, EVIL)
    assert text.count(html.escape(EVIL)) >= 6 and "<img" not in text and "</script" not in text and "\u202e" not in text


def test_nothing_to_say_is_no_block(evaluation: Evaluation, analyzer: Analyzer) -> None:
    empty = replace(overview(evaluation, analyzer), to_fix=(), failing_policies=0, severities=(), services=(), unread=())
    assert "" == first_page.to_fix(empty, rated=True) + first_page.counts(empty, rated=True) + first_page.unread(empty, "")
