"""Tallies in, the objects of one status out: by policy and message, each message once, with what to do next."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perpend.report.accounts import account_of
from perpend.report.explanation import STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.config.configuration import Account
    from perpend.ir.estate import EstateObject
    from perpend.ir.status import Status
    from perpend.report.page import TerminalPage
    from perpend.report.verdicts.tally import Group, PolicyTally


def print_findings(tallies: Sequence[PolicyTally], status: Status, page: TerminalPage, accounts: Mapping[str, Account]) -> None:
    """Print the groups of a status, nothing where there is none. ``accounts`` are those that names are known of."""
    total = sum(tally.counts[status] for tally in tallies)
    if not total:
        return
    page.blank()
    page.line((f"{page.symbol(status)} {status.value} ({total:,})", STYLES[status]))
    for tally in tallies:
        groups = [group for group in tally.groups if group.status is status]
        if groups:
            page.blank()
            page.line((page.prose(tally.policy.contextual_name), "bold"))
            page.line((page.name(tally.policy.id), "dim"))
        for number, group in enumerate(groups):
            if number:
                page.blank()
            _print_group(group, page, accounts)


def _print_group(group: Group, page: TerminalPage, accounts: Mapping[str, Account]) -> None:
    page.line(page.prose(group.message), first="  ")
    if group.remediation:
        page.line(page.prose(group.remediation), first=f"  {page.arrow} ", style="cyan")
    repeated = Counter(_name(judged, page, accounts) for judged, _ in group.shown)
    for judged, error in group.shown:
        name = _name(judged, page, accounts)
        parts: list[str | tuple[str, str]] = [name[0], (name[1], "dim")]
        if repeated[name] > 1:
            parts.append((f" {page.name(judged.id)}", "dim"))
        if error:
            parts.append((f": {page.prose(error)}", "dim"))
        page.line(*parts, first=f"    {page.symbol(group.status)} ", style=STYLES[group.status])
    rest = group.objects - len(group.shown)
    if rest:
        page.line((f"{page.ellipsis} and {rest:,} more (use --format json or csv for all)", "dim"), first="    ")


def _name(judged: EstateObject, page: TerminalPage, accounts: Mapping[str, Account]) -> tuple[str, str]:
    found = account_of(judged, accounts)
    owner = [judged.master.name if judged.master else "", (found[1].name or "") if found else ""]
    shown = " ".join(page.name(text) for text in owner if text)
    return page.name(judged.name or judged.id), f" ({shown})" if shown or judged.master else ""
