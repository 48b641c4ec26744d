"""Print the effect of a change of policies on the findings, as text, JSON or Markdown."""

from __future__ import annotations

import json
from dataclasses import dataclass
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

    from perpend.findings.history.transitions import Moved

_NONE = "no policy"


@dataclass(frozen=True, slots=True)
class PolicyMoved:
    """A policy that gives other verdicts. ``kind`` is added, removed or changed; ``failing`` are newly incompliant objects."""

    policy_id: str
    kind: str
    moved: Moved
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequirementMoved:
    """A requirement whose status changes. None: it does not exist."""

    requirement: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class WaiverMoved:
    """A waiver that covers other verdicts: its state, None if it does not exist, and the number of covered verdicts."""

    id: str
    force_before: str | None
    force_after: str | None
    waives_before: int
    waives_after: int

    @property
    def what(self) -> str:
        """The change, in words."""
        if not self.waives_before:
            return "begins to cover"
        return "ceases to cover" if not self.waives_after else "covers otherwise"


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """The effect of a change of policies between two revisions, evaluated on one snapshot.

    ``policies`` give other verdicts. ``same`` counts unchanged policies, ``untouched`` changed policies with the same verdicts.
    ``refused`` policies cannot be used in the later revision.
    """

    before: str
    after: str
    snapshot: str
    policies: tuple[PolicyMoved, ...]
    same: int
    untouched: int
    refused: tuple[str, ...]
    requirements: tuple[RequirementMoved, ...]
    waivers: tuple[WaiverMoved, ...] = ()

    @property
    def newly_incompliant(self) -> int:
        """The number of newly incompliant verdicts."""
        return sum(policy.moved.newly_incompliant for policy in self.policies)

    @property
    def lost_sight(self) -> int:
        """The number of incompliant verdicts that become undetermined."""
        return sum(policy.moved.between(Status.INCOMPLIANT, Status.UNDETERMINED) for policy in self.policies)

    @property
    def words(self) -> str:
        """The effect, in a sentence."""
        parts = [
            f"{counted(len(self.policies), 'policy', 'policies')} give other verdicts in {self.after} than in {self.before}",
            f"{counted(self.newly_incompliant, 'verdict')} newly incompliant",
            f"{self.lost_sight:,} no longer known",
            f"{counted(self.untouched, 'changed policy', 'changed policies')} with the same verdicts",
            f"{self.same:,} unchanged",
        ]
        return "; ".join(parts)


def print_radius(radius: PolicyDiff, console: Console, *, limit: int) -> None:
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
        for moved in radius.requirements:
            page.line(f"{page.name(moved.requirement)}: {moved.before or '-'} {page.arrow} {moved.after or '-'}", first="  ")
    if radius.waivers:
        page.blank()
        page.line(("waivers that cover other verdicts", "bold"))
        for waiver in radius.waivers:
            page.line(f"{page.name(waiver.id)} {waiver.what}: {f' {page.arrow} '.join(_covers(waiver))}", first="  ")
    for refused in radius.refused:
        page.line(f"cannot be used in {page.name(radius.after)}: {page.name(refused)} (perpend lint)", style="yellow")


def write_radius_json(radius: PolicyDiff, stream: TextIO) -> None:
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
    json.dump(document, stream, ensure_ascii=False, indent=1)
    stream.write("\n")


def write_radius_markdown(radius: PolicyDiff, stream: TextIO, *, limit: int) -> None:
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
    for moved in radius.requirements:
        yield table_row(cell(moved.requirement), moved.before or "–", moved.after or "–")
    if radius.waivers:
        yield f"\n{table_head('waiver', '', 'before', 'after')}"
    for waiver in radius.waivers:
        yield table_row(cell(waiver.id), waiver.what, *_covers(waiver))
    for refused in radius.refused:
        yield f"\nCannot be used in {cell(radius.after)}: {cell(refused)}\n"
    for policy in radius.policies:
        if policy.failing:
            yield f"\nNewly incompliant by {cell(policy.policy_id)}: {', '.join(map(cell, policy.failing[:limit]))}\n"


def _covers(waiver: WaiverMoved) -> tuple[str, str]:
    """Return how many verdicts a waiver covers before and after; with its state if none."""
    before, after = (
        "not there" if force is None else counted(number, "verdict") if number else f"nothing ({force})"
        for force, number in ((waiver.force_before, waiver.waives_before), (waiver.force_after, waiver.waives_after))
    )
    return before, after


def _ways(policy: PolicyMoved, *, none: str | None = _NONE) -> list[tuple[str | None, str | None, int]]:
    """Return the changes of status with their numbers of objects, newly incompliant ones first."""
    ways = [
        (before.value if before else none, after.value if after else none, number)
        for (before, after), number in policy.moved.counts.items()
        if before is not after
    ]
    return sorted(ways, key=lambda way: (way[1] != Status.INCOMPLIANT, -way[2], str(way)))
