"""Print the effect of a change of policies on the findings, as text, JSON or Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.markdown import cell, table_head, table_row
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.reports.formats.markdown import write_comment
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.console import Console

    from perpend.findings.policy_diff import PolicyChange, PolicyDiff, WaiverChange

_NONE = "no policy"


def print_policy_diff(radius: PolicyDiff, console: Console, *, limit: int) -> None:
    """Print the effect, policy by policy."""
    page = TerminalPage(console)
    page.line(page.prose(radius.words))
    for policy in radius.policies:
        page.blank()
        page.line((page.name(policy.policy_id), "bold"), f" {policy.kind}")
        for before, after, number in _ways(policy):
            page.line(f"{number:>9,}  {before} {page.arrow} {after}", first="  ")
        for name in policy.failing[:limit]:
            page.line(f"{page.symbol(Status.INCOMPLIANT)} {page.name(name)}", first="    ")
    if radius.requirements:
        page.blank()
        page.line(("requirements whose status changes", "bold"))
        for change in radius.requirements:
            page.line(f"{page.name(change.requirement)}: {change.before or '-'} {page.arrow} {change.after or '-'}", first="  ")
    if radius.waivers:
        page.blank()
        page.line(("waivers that cover other verdicts", "bold"))
        for waiver in radius.waivers:
            page.line(f"{page.name(waiver.id)} {waiver.what}: {f' {page.arrow} '.join(_covers(waiver))}", first="  ")
    for refused in radius.refused:
        page.line(f"cannot be used in {page.name(radius.after)}: {page.name(refused)} (perpend lint)", style="yellow")


def write_policy_diff_json(radius: PolicyDiff, stream: TextIO) -> None:
    """Write one object."""
    document: dict[str, Any] = {
        "before": radius.before,
        "after": radius.after,
        "snapshot": radius.snapshot,
        "newlyIncompliant": radius.newly_incompliant,
        "lostSight": radius.lost_sight,
        "unchanged": radius.same,
        "changedButSame": radius.untouched,
        "refused": list(radius.refused),
        "policies": [
            {
                "policy": policy.policy_id,
                "kind": policy.kind,
                "moved": [{"before": old, "after": new, "objects": number} for old, new, number in _ways(policy, none=None)],
                "newlyIncompliant": list(policy.failing),
            }
            for policy in radius.policies
        ],
        "requirements": [
            {"requirement": requirement.requirement, "before": requirement.before, "after": requirement.after}
            for requirement in radius.requirements
        ],
        "waivers": [
            {
                "waiver": waiver.id,
                "what": waiver.what,
                "before": {"force": waiver.force_before, "waives": waiver.waives_before},
                "after": {"force": waiver.force_after, "waives": waiver.waives_after},
            }
            for waiver in radius.waivers
        ],
    }
    json.dump(document, stream, indent=1)
    stream.write("\n")


def write_policy_diff_markdown(radius: PolicyDiff, stream: TextIO, *, limit: int) -> None:
    """Write a comment for a review. Its first line is a mark, so that the next run can find and replace the comment."""
    write_comment(_markdown_lines(radius, limit), stream)


def _markdown_lines(radius: PolicyDiff, limit: int) -> Iterator[str]:
    yield f"<!-- perpend:diff-policies -->\n### Effect of this policy change\n\n{cell(radius.words)}.\n"
    yield f"\nEvaluated on the snapshot {cell(radius.snapshot)}.\n"
    if radius.policies:
        yield f"\n{table_head('policy', '', 'before', 'after', 'objects:')}"
    for policy in radius.policies:
        for before, after, number in _ways(policy):
            yield table_row(cell(policy.policy_id), policy.kind, str(before), str(after), f"{number:,}")
    if radius.requirements:
        yield f"\n{table_head('requirement', 'before', 'after')}"
    for change in radius.requirements:
        yield table_row(cell(change.requirement), change.before or "–", change.after or "–")
    if radius.waivers:
        yield f"\n{table_head('waiver', '', 'before', 'after')}"
    for waiver in radius.waivers:
        yield table_row(cell(waiver.id), waiver.what, *_covers(waiver))
    for refused in radius.refused:
        yield f"\nCannot be used in {cell(radius.after)}: {cell(refused)}\n"
    for policy in radius.policies:
        if policy.failing:
            yield f"\nNewly incompliant by {cell(policy.policy_id)}: {', '.join(map(cell, policy.failing[:limit]))}\n"


def _covers(waiver: WaiverChange) -> tuple[str, str]:
    """Return how many verdicts a waiver covers before and after; with its state if none."""
    before, after = (
        "not there" if force is None else counted(number, "verdict") if number else f"nothing ({force})"
        for force, number in ((waiver.force_before, waiver.waives_before), (waiver.force_after, waiver.waives_after))
    )
    return before, after


def _ways(policy: PolicyChange, *, none: str | None = _NONE) -> list[tuple[str | None, str | None, int]]:
    """Return the changes of status with their numbers of objects, newly incompliant ones first."""
    ways = [
        (before.value if before else none, after.value if after else none, number)
        for (before, after), number in policy.changes.counts.items()
        if before is not after
    ]
    return sorted(ways, key=lambda way: (way[1] != Status.INCOMPLIANT, -way[2], str(way)))
