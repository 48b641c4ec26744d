"""Print waivers, attestations and severity ratings."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.phrases import counted
from perpend.findings.severity.levels import LEVELS
from perpend.findings.waivers.changed_values import changed_values
from perpend.findings.waivers.status import Force
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from perpend.findings.waivers.attestations import Attested
    from perpend.findings.waivers.changed_values import ValuesOf
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.status import DecisionDay


def print_waivers(
    waiver_matches: WaiverMatches, attested: Sequence[Attested], console: Console, *, counts: bool, values_of: ValuesOf
) -> None:
    """Print waivers, in the order of their ends, and attestations. ``counts``: with the number of findings that each covers.

    ``values_of`` returns the values in use of a policy's parameters.
    """
    page = TerminalPage(console)
    waivers = counted(len(waiver_matches.waiver_statuses), "waiver")
    page.line(f"{waivers}, {counted(len(attested), 'attestation')}, on {_words(waiver_matches.day)}")
    for waiver_status in waiver_matches.waiver_statuses:
        waiver = waiver_status.waiver
        until = f"until {waiver.until}" if waiver.until else "without an end"
        most = "" if waiver.limit is None else f" of at most {waiver.limit:,}"
        of = f", covers {waiver_matches.covers.get(waiver.id, 0):,}{most}" if counts else ""
        style = "" if waiver_status.force is Force.IN_FORCE else "yellow"
        page.line(
            (page.name(waiver.id), "bold"), (f"  {waiver_status.force.value}", style), f", {until}{of}", first="  ", rest="    "
        )
        page.line(f"{waiver.kind}, {page.name(waiver.owner)}: {page.prose(waiver.reason)}", first="    ")
        for change in changed_values(waiver, values_of):
            page.line(("needs a review", "yellow"), f": {change.in_words}", first="    ")
        page.line((f"{page.name(waiver.span.path)}:{waiver.span.line}", "dim"), first="    ")
    for attestation in attested:
        entry = attestation.attestation
        state = (
            f"not active: {page.prose(attestation.why_invalid)}" if attestation.why_invalid else f"attested until {entry.until}"
        )
        page.line((page.name(entry.id), "bold"), f"  {state}", first="  ", rest="    ")
        page.line(f"{page.name(entry.policy)}, {page.name(entry.owner)}: {page.prose(entry.reason)}", first="    ")
        page.line((page.name(entry.evidence), "dim"), first="    ")


def _words(day: DecisionDay) -> str:
    return f"{day.day}" if day.day == day.last else f"{day.day}, none that ended before {day.last}"


def print_waiver_matches(rows: Sequence[dict[str, Any]], waiver_matches: WaiverMatches, console: Console) -> None:
    """Print the findings that each waiver would cover, by policy and account."""
    page = TerminalPage(console)
    by_id = {waiver_status.waiver.id: waiver_status for waiver_status in waiver_matches.waiver_statuses}
    for name, of_waiver in groupby(rows, key=lambda row: str(row["waiver"])):
        waiver_status = by_id.pop(name)
        total = waiver_matches.covers[name]
        limit = "no limit" if waiver_status.waiver.limit is None else f"limit {waiver_status.waiver.limit:,}"
        page.line((page.name(name), "bold"), f": {counted(total, 'finding')}, {limit}, {waiver_status.force.value}")
        for row in of_waiver:
            where = f" in {page.name(row['account'])}" if row["account"] else ""
            number = counted(row["findings"], row["status"] + " finding")
            page.line(f"{number} of {page.name(row['policy'])}{where}", first="  ", rest="    ")
    for name, waiver_status in by_id.items():
        page.line((page.name(name), "bold"), f": covers nothing, {waiver_status.force.value}")


def print_ratings(document: dict[str, Any], console: Console) -> None:
    """Print rated policies with source and reason, adjustments of ratings, and the number of policies without a rating."""
    page = TerminalPage(console)
    for rating in document["ratings"]:
        within = f", to be fixed within {rating['resolveWithin']}" if rating["resolveWithin"] else ""
        vector = f", {page.name(rating['vector'])}" if rating.get("vector") else ""
        controls = ", ".join(f"{control} {severity}" for control, severity in rating.get("securityHub", {}).items())
        published = f" (Security Hub: {controls})" if controls else ""
        page.line((page.name(rating["policy"]), "bold"), f": {rating['severity']}{within}{vector}{published}")
        _print_source(rating, page)
    for shift in document["shifts"]:
        way, scope = "raised" if shift["steps"] > 0 else "lowered", shift["scope"]
        also = {"also incompliant by": shift["whereAlso"]} if shift["whereAlso"] else {}
        where = "; ".join(f"{key} {', '.join(map(page.name, values))}" for key, values in {**scope, **also}.items())
        policies = shift["policies"] if isinstance(shift["policies"], int) else len(shift["policies"])
        number = counted(policies, "rated policy", "rated policies")
        page.line((f"{way} by {abs(shift['steps'])}", "bold"), f" of {number} where {where}")
        _print_source(shift, page)
    if document["ratings"] or document["shifts"]:
        page.blank()
    rated = f"{counted(len(document['ratings']), 'policy', 'policies')} rated{_levels(document['ratings'])}"
    if "run" in document:
        page.line(f"{rated} in run {document['run']}, {document['time'][:10]}")
    else:
        page.line(f"{rated}, {len(document['unrated']):,} not rated")


def _levels(ratings: Sequence[dict[str, Any]]) -> str:
    """Return the number of policies of each level, the most severe first; empty without ratings."""
    levels = Counter(rating["severity"] for rating in ratings)
    named = ", ".join(f"{levels[level]:,} {level}" for level in reversed(LEVELS) if levels[level])
    return f" ({named})" if named else ""


def _print_source(entry: dict[str, Any], page: TerminalPage) -> None:
    page.line(f"{page.name(entry['source'])}: {page.prose(entry['because'])}", first="  ", rest="  ")
    if "file" in entry:
        page.line((f"{page.name(entry['file'])}:{entry['line']}", "dim"), first="  ")
