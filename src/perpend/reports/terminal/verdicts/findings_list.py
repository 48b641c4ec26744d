"""Print the objects to act on: incompliant ones by policy and message, undetermined ones by reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import display_width
from perpend.core.objects.status import Status
from perpend.reports.formats.tally import reasons_of
from perpend.reports.terminal.page import STYLES
from perpend.reports.terminal.verdicts.decisions import adjusted_text, rating_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.core.objects.account import Account
    from perpend.core.objects.inventory import CloudObject
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.tally import Group, PolicyTally, Reason
    from perpend.reports.terminal.page import TerminalPage

_MOST_POLICIES: Final = 3
_UNDETERMINED: Final = STYLES[Status.UNDETERMINED]


@dataclass(frozen=True, slots=True)
class ObjectMarks:
    """The marks of printed objects: their severity, and their waivers by policy and Id."""

    rated_evaluation: RatedEvaluation | None = None
    waived: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of(self, policy_id: str, object_id: str) -> str:
        """Return the marks of an object, empty if it has none."""
        marks_of = (adjusted_text(self.rated_evaluation, policy_id, object_id), self.waived.get((policy_id, object_id), ""))
        return ", ".join(filter(None, marks_of))


def print_incompliant(
    tallies: Sequence[PolicyTally],
    page: TerminalPage,
    accounts: Mapping[str, Account],
    marks: ObjectMarks | None = None,
) -> None:
    """Print the incompliant objects by policy and message, with the names of configured accounts, and marks."""
    marks = marks or ObjectMarks()
    if not _print_heading(tallies, Status.INCOMPLIANT, page):
        return
    for tally in tallies:
        groups = [group for group in tally.groups if group.status is Status.INCOMPLIANT]
        if groups:
            page.blank()
            page.line((page.prose(tally.policy.contextual_name), "bold"))
            rating = rating_text(marks.rated_evaluation, tally.policy.id)
            page.line((page.name(tally.policy.id), "dim"), (f"  {page.prose(rating)}" if rating else "", "yellow"))
        for number, group in enumerate(groups):
            if number:
                page.blank()
            marks_of = {object_.id: marks.of(tally.policy.id, object_.id) for object_, _ in group.shown}
            _print_group(group, page, accounts, marks_of)


def print_undetermined(
    tallies: Sequence[PolicyTally], page: TerminalPage, accounts: Mapping[str, Account], *, limit: int
) -> None:
    """Print the reasons of undetermined verdicts, each once, with its policies and at most ``limit`` objects."""
    if not _print_heading(tallies, Status.UNDETERMINED, page):
        return
    for reason in reasons_of(tallies):
        page.blank()
        _print_reason(reason, page, accounts, limit)


def _print_heading(tallies: Sequence[PolicyTally], status: Status, page: TerminalPage) -> int:
    total = sum(tally.counts[status] for tally in tallies)
    if total:
        page.blank()
        page.line((f"{page.symbol(status)} {status.value} ({total:,})", STYLES[status]))
    return total


def _print_reason(reason: Reason, page: TerminalPage, accounts: Mapping[str, Account], limit: int) -> None:
    policies = len(reason.policies)
    objects = len(reason.shown) if reason.whole else reason.verdicts
    counted = f"{objects:,} object{'s'[: objects != 1]}"
    if policies > 1:
        counted = f"{counted if reason.whole else f'{reason.verdicts:,} verdicts'} by {policies:,} policies"
    page.line((f"{counted}: ", "bold"), page.prose(reason.message))
    if reason.remediation:
        page.line(page.prose(reason.remediation), first=f"  {page.arrow} ", style="cyan")
    for policy in reason.policies[:_MOST_POLICIES]:
        page.line(page.prose(policy.contextual_name), (f"  {page.name(policy.id)}", "dim"), first="  ", rest="    ")
    if policies > _MOST_POLICIES:
        page.line((f"{page.ellipsis} and {policies - _MOST_POLICIES:,} more policies", "dim"), first="  ")
    shown = list(reason.shown.values())[:limit]
    together: dict[tuple[str, str | None], list[str]] = {}
    apart: list[tuple[str, str, str, str | None]] = []
    repeated = Counter(_name(object_, page, accounts) for object_, _ in shown)
    for object_, error in shown:
        name, owner = _name(object_, page, accounts)
        if repeated[name, owner] > 1:
            apart.append((name, f"  {page.name(object_.id)}", owner, error))
        else:
            together.setdefault((owner, error), []).append(name)
    width = max((display_width(name) for name, *_ in apart), default=0)
    lines = [(", ".join(names), "", owner, error) for (owner, error), names in together.items()]
    for name, identity, owner, error in apart:
        lines.append((name + " " * (width - display_width(name)), identity, owner, error))
    for names, identity, owner, error in lines:
        parts = [(identity, "dim"), (owner, "dim"), (f": {page.prose(error)}" if error else "", "dim")]
        page.line(names, *parts, first=f"    {page.symbol(Status.UNDETERMINED)} ", style=_UNDETERMINED)
    if rest := max(reason.most, len(reason.shown)) - len(shown):
        least = "at least " if policies > 1 else ""
        page.line((f"{page.ellipsis} and {least}{rest:,} more (use --format json or csv for all)", "dim"), first="    ")


def _print_group(group: Group, page: TerminalPage, accounts: Mapping[str, Account], marks_of: Mapping[str, str]) -> None:
    page.line(page.prose(group.message), first="  ")
    if group.remediation:
        page.line(page.prose(group.remediation), first=f"  {page.arrow} ", style="cyan")
    repeated = Counter(_name(object_, page, accounts) for object_, _ in group.shown)
    for object_, error in group.shown:
        name = _name(object_, page, accounts)
        parts: list[str | tuple[str, str]] = [name[0], (name[1], "dim")]
        if repeated[name] > 1:
            parts.append((f" {page.name(object_.id)}", "dim"))
        if marks_of[object_.id]:
            parts.append((f" {page.prose(marks_of[object_.id])}", "yellow"))
        if error:
            parts.append((f": {page.prose(error)}", "dim"))
        page.line(*parts, first=f"    {page.symbol(group.status)} ", style=STYLES[group.status])
    rest = group.objects - len(group.shown)
    if rest:
        page.line((f"{page.ellipsis} and {rest:,} more (use --format json or csv for all)", "dim"), first="    ")


def _name(object_: CloudObject, page: TerminalPage, accounts: Mapping[str, Account]) -> tuple[str, str]:
    number = object_.account or ""
    owner = [number if object_.name != number else "", accounts[number].name if number in accounts else ""]
    shown = ", ".join(filter(None, (object_.region, " ".join(page.name(text) for text in owner if text))))
    return page.name(object_.name or object_.id), f" ({shown})" if shown else ""
