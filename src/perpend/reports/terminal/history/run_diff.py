"""Print the differences between two runs, as text, JSON or Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.markdown import cell, table_head, table_row
from perpend.core.diagnostics.phrases import counted
from perpend.findings.history.model import in_words
from perpend.reports.formats.markdown import write_comment
from perpend.reports.terminal.history.findings import plain
from perpend.reports.terminal.history.object_list import ObjectColumns, by_policy, indent, policy_heading, shared
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TextIO

    from rich.console import Console

    from perpend.core.objects.account import Account
    from perpend.findings.history.queries.findings import HistoryCoverage, Row
    from perpend.findings.run_diff import Difference


def print_difference(
    difference: Difference,
    console: Console,
    *,
    limit: int,
    accounts: Mapping[str, Account],
    title_of: Callable[[str], str],
    name_of: Callable[[str], str],
) -> None:
    """Print the findings that differ, by kind and policy."""
    page = TerminalPage(console)
    for run, coverage in zip((difference.before, difference.after), difference.evaluated, strict=True):
        page.line(f"run {run.number}, {run.time[:10]}: {_covered(coverage)}")
    rated = any(row.get("severity") for row in difference.rows)
    columns = ObjectColumns.of(difference.rows, page, accounts)
    left = indent(rated=rated)
    for what, number in difference.counts.items():
        page.blank()
        page.line((f"{in_words(what)} ({number:,})", "bold"))
        rest = limit
        for policy in by_policy((row for row in difference.rows if row["what"] == what), title_of):
            shown = policy.rows[:rest]
            if not shown:
                break
            rest -= len(shown)
            cause = shared(in_words(row["cause"]) for row in policy.rows)
            about = f"{counted(len(policy.rows), 'object')}{f', {cause}' if cause else ''}"
            policy_heading(page, policy.severity, policy.title, name_of(policy.policy_id), about, rated=rated)
            for row in shown:
                own = "" if cause else f"  {in_words(row['cause'])}"
                page.line(f"{columns.text(row)}{own}{_waived(row)}".rstrip(), first=f"{left}  ")
        if number > limit:
            page.line((f"{page.ellipsis} {number - limit:,} more: --limit shows more", "dim"), first=left)
    if not difference.rows:
        page.blank()
        page.line("no finding changed")


def _covered(coverage: HistoryCoverage) -> str:
    """Return a sentence with the coverage of a run: the policies and objects it evaluated, of all that are known."""
    if coverage.verdicts == coverage.known:
        return f"evaluated all {counted(coverage.policies, 'policy', 'policies')}, {counted(coverage.known, 'verdict')}"
    return (
        f"evaluated {coverage.policies:,} of {counted(coverage.known_policies, 'policy', 'policies')}, "
        f"{coverage.verdicts:,} of {counted(coverage.known, 'verdict')}; the others are those of earlier runs"
    )


def write_difference_json(difference: Difference, stream: TextIO) -> None:
    """Write an object with both runs, the counts, and a row per finding."""
    document: dict[str, Any] = {
        name: {
            "run": run.number,
            "snapshot": run.snapshot,
            "time": run.time,
            "judged": coverage.verdicts,
            "known": coverage.known,
            "policies": coverage.policies,
            "knownPolicies": coverage.known_policies,
        }
        for name, run, coverage in zip(
            ("before", "after"), (difference.before, difference.after), difference.evaluated, strict=True
        )
    }
    document |= {"counts": difference.counts, "findings": [plain(row) for row in difference.rows]}
    json.dump(document, stream, indent=1)
    stream.write("\n")


def write_difference_markdown(
    difference: Difference, stream: TextIO, *, limit: int, accounts: Mapping[str, Account], title_of: Callable[[str], str]
) -> None:
    """Write a comment for a review, of limited length."""
    write_comment(_markdown_lines(difference, limit, accounts, title_of), stream)


def _markdown_lines(
    difference: Difference, limit: int, accounts: Mapping[str, Account], title_of: Callable[[str], str]
) -> Iterator[str]:
    yield f"<!-- perpend:diff -->\n### Findings: run {difference.before.number} to run {difference.after.number}\n\n"
    yield table_head("what", "findings:")
    yield from (table_row(in_words(what), f"{number:,}") for what, number in difference.counts.items())
    if not difference.rows:
        yield table_row("nothing changed", "0")
        return
    yield f"\n{table_head('what', 'severity', 'policy', 'object', 'region', 'account', 'cause')}"
    ordered = [
        (row, policy)
        for what in difference.counts
        for policy in by_policy((row for row in difference.rows if row["what"] == what), title_of)
        for row in policy.rows
    ]
    for row, policy in ordered[:limit]:
        account = accounts.get(row["account"])
        named = row["object_name"] or row["object_id"], row["region"] or "", (account and account.name) or row["account"] or ""
        cause = f"{in_words(row['cause'])}{cell(_waived(row))}"
        yield table_row(in_words(row["what"]), policy.severity or "", cell(policy.title), *map(cell, named), cause)
    if len(difference.rows) > limit:
        yield f"\n{len(difference.rows) - limit:,} more.\n"


def _waived(row: Row) -> str:
    return f", waived by {visible(row['waiver'])}" if row.get("waiver") else ""
