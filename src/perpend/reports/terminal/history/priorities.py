"""Findings by priority in, text for people out: what comes first, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.plural import counted
from perpend.findings.history.model import State, in_words
from perpend.reports.terminal.history.findings import mark
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


def print_priorities(rows: Sequence[dict[str, Any]], console: Console, *, more: bool) -> None:
    """Print findings in their order, each with the reason for its place, and how many they are."""
    page = TerminalPage(console)
    for row in rows:
        life = State(row["life"])
        where = f" in {page.name(row['account'])}" if row["account"] else ""
        reason = page.name(row["reason"]) if row["reason"] is not None else in_words(life)
        named = page.name(row["object_name"] or row["object_id"])
        page.line(
            (named, "bold"), f"{where}: {reason}", first=f"{row['priority'] or '':>4} {mark(life, page)} ", rest="       "
        )
        until = f", waived until {row['waived_until']}" if row["waived_until"] else ", waived for ever"
        by = f"{until} by {page.name(row['waiver'])}" if row["waiver"] else ""
        page.line((page.name(row["policy_id"]), "dim"), by, first="       ")
    page.blank()
    count = counted(len(rows), "finding")
    page.line(f"{count} shown, there are more: --limit shows more, --format csv all" if more else count)


def print_ratings(document: dict[str, Any], console: Console) -> None:
    """Print which policies are rated, by whom and why, what moves a rating, and how many policies are not rated."""
    page = TerminalPage(console)
    for rating in document["ratings"]:
        within = f", to be mended within {rating['resolveWithin']}" if rating["resolveWithin"] else ""
        vector = f", {page.name(rating['vector'])}" if rating.get("vector") else ""
        page.line((page.name(rating["policy"]), "bold"), f": {rating['severity']}{within}{vector}")
        _print_said(rating, page)
    for shift in document["shifts"]:
        way, scope = "raised" if shift["steps"] > 0 else "lowered", shift["scope"]
        also = {"also incompliant by": shift["whereAlso"]} if shift["whereAlso"] else {}
        where = "; ".join(f"{key} {', '.join(map(page.name, values))}" for key, values in {**scope, **also}.items())
        policies = shift["policies"] if isinstance(shift["policies"], int) else len(shift["policies"])
        number = counted(policies, "rated policy", "rated policies")
        page.line((f"{way} by {abs(shift['steps'])}", "bold"), f" of {number} where {where}")
        _print_said(shift, page)
    if document["ratings"] or document["shifts"]:
        page.blank()
    rated = f"{counted(len(document['ratings']), 'policy', 'policies')} rated"
    if "run" in document:
        page.line(f"{rated} in run {document['run']}, {document['time'][:10]}")
    else:
        page.line(f"{rated}, {len(document['unrated']):,} not rated")


def _print_said(said: dict[str, Any], page: TerminalPage) -> None:
    page.line(f"{page.name(said['source'])}: {page.prose(said['because'])}", first="  ", rest="  ")
    if "file" in said:
        page.line((f"{page.name(said['file'])}:{said['line']}", "dim"), first="  ")
