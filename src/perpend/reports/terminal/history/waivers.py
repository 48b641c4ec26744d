"""How waivers stand, and what they cover, in; text for people out."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.phrases import counted
from perpend.findings.waivers.status import Force
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from perpend.findings.waivers.attestations import Attested
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.status import DayAsked


def print_waivers(covering: WaiverMatches, attested: Sequence[Attested], console: Console, *, counts: bool) -> None:
    """Print waivers, those that end first in front, and attestations. ``counts``: with how many findings they cover."""
    page = TerminalPage(console)
    page.line(
        f"{counted(len(covering.standings), 'waiver')}, {counted(len(attested), 'attestation')}, on {_words(covering.day)}"
    )
    for standing in covering.standings:
        waiver = standing.waiver
        until = f"until {waiver.until}" if waiver.until else "for ever"
        of = f", covers {covering.covers.get(waiver.id, 0):,} of at most {waiver.limit:,}" if counts else ""
        style = "" if standing.force is Force.IN_FORCE else "yellow"
        page.line(
            (page.name(waiver.id), "bold"), (f"  {standing.force.value}", style), f", {until}{of}", first="  ", rest="    "
        )
        page.line(f"{waiver.kind}, {page.name(waiver.owner)}: {page.prose(waiver.reason)}", first="    ")
        page.line((f"{page.name(waiver.span.path)}:{waiver.span.line}", "dim"), first="    ")
    for attested_one in attested:
        said = attested_one.attestation
        held = f"does not hold: {page.prose(attested_one.ended)}" if attested_one.ended else f"attested until {said.until}"
        page.line((page.name(said.id), "bold"), f"  {held}", first="  ", rest="    ")
        page.line(f"{page.name(said.policy)}, {page.name(said.owner)}: {page.prose(said.reason)}", first="    ")
        page.line((page.name(said.evidence), "dim"), first="    ")


def _words(asked: DayAsked) -> str:
    return f"{asked.day}" if asked.day == asked.last else f"{asked.day}, none that ended before {asked.last}"


def print_tried(rows: Sequence[dict[str, Any]], covering: WaiverMatches, console: Console) -> None:
    """Print what each waiver would cover, by policy and account."""
    page = TerminalPage(console)
    by_id = {standing.waiver.id: standing for standing in covering.standings}
    for name, of_waiver in groupby(rows, key=lambda row: str(row["waiver"])):
        standing = by_id.pop(name)
        total = covering.covers[name]
        page.line(
            (page.name(name), "bold"), f": {counted(total, 'finding')}, limit {standing.waiver.limit:,}, {standing.force.value}"
        )
        for row in of_waiver:
            where = f" in {page.name(row['account'])}" if row["account"] else ""
            number = counted(row["findings"], row["status"] + " finding")
            page.line(f"{number} of {page.name(row['policy'])}{where}", first="  ", rest="    ")
    for name, standing in by_id.items():
        page.line((page.name(name), "bold"), f": covers nothing, {standing.force.value}")
