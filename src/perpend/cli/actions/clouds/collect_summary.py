"""What came of a collection in, lines for people out: rows, what is not known, how many verdicts that costs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from perpend.collectors.aws.accounts.completeness import STATED
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.text import render_text
from perpend.inventory.importers.rules import NOT_CLAIMED, RELATION_NOT_FOLLOWED
from perpend.inventory.snapshots.unfinished_collections import unfinished

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from perpend.cli.actions.clouds.collection_plan import ToCollect
    from perpend.collectors.aws.accounts.completeness import ClosedRegion, OthersListed
    from perpend.collectors.runs.checkpoint import Journal
    from perpend.collectors.runs.collection import CollectionResult
    from perpend.collectors.runs.previous_snapshot import CarriedOver
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.claims import Unread
    from perpend.inventory.snapshots.store import Store
    from perpend.language.program.program import Program

MOST_NAMED: Final = 20
"""How many names a message has at most."""


def tell_collected(came: CollectionResult, to_collect: ToCollect, calls: int, *, err: bool) -> None:
    """Say what came in, what is strange about it, and what did not come in."""
    _tell_problems(came.problems)
    accounts = f", {came.accounts:,} accounts" if came.accounts > 1 else ""
    click.echo(f"snapshot {came.snapshot.id}, {counted(calls, 'call')}{accounts}", err=err)
    for name, table in came.snapshot.tables.by_name.items():
        click.echo(inert(f"  {visible(name)}: {counted(table.rows, 'row')}"), err=err)
    for source in came.collection.sources:
        if source.kind == STATED:
            of = counted(len(source.accounts), "account")
            click.echo(f"declared empty, and not asked: {visible(source.name)}, of {of}", err=err)
    _tell_others(came.collection.others, err=err)
    _tell_staying(came.staying, err=err)
    _tell_closed(came.collection.closed)
    _tell_unread(came, to_collect)


def _tell_others(others: Sequence[OthersListed], *, err: bool) -> None:
    """Say how much of what listings show was left out because other accounts own it, and where that was all of it."""
    alike: dict[tuple[str, bool], list[OthersListed]] = {}
    for listing in others:
        alike.setdefault((listing.label, listing.others == listing.listed), []).append(listing)
    for (label, is_all), places in sorted(alike.items()):
        listed = counted(sum(one.listed for one in places), "object")
        what = "every object" if is_all else f"{sum(one.others for one in places):,} of {listed}"
        more = f" and {counted(len(places) - 1, 'more place')}" if len(places) > 1 else ""
        click.echo(f"left out: {what} that {label} shows in {places[0].place}{more}: other accounts own them", err=err)


def _tell_staying(staying: CarriedOver, *, err: bool) -> None:
    """Say what is not there any more, and what stays in the store as it was because nothing new is known of it."""
    for what, counts in (
        ("disappeared", staying.gone),
        ("not listed this time, stays as it was", staying.as_before),
        ("disappeared long ago, no longer kept", staying.forgotten),
    ):
        if counts:
            listed = ", ".join(f"{number} of {visible(type_name)}" for type_name, number in sorted(counts.items()))
            click.echo(f"{what}: {listed}", err=err)


def _tell_closed(closed: Sequence[ClosedRegion]) -> None:
    """Say which regions were disabled in which objects were seen before."""
    for region in sorted({one.region for one in closed}):
        mine = [one for one in closed if one.region == region]
        accounts = f" of {len(mine):,} accounts" if len(mine) > 1 else f" of {mine[0].account}"
        objects = sum(one.objects for one in mine)
        seen = counted(objects, "object was", "objects were")
        click.echo(
            f"region closed: {visible(region)}{accounts}, where {seen} seen before: what is there now is not known "
            f"(--closed-region {visible(region)} declares it empty)",
            err=True,
        )


def tell_unfinished(store: Store) -> None:
    """Say what stands unfinished in a store, and how to go on with it."""
    for directory in unfinished(store.directory):
        began = directory.name.partition(".")[0].partition("-")[0][:15]
        click.echo(
            f"perpend: an unfinished collection of {began} UTC stands in the store: --resume with its options goes on with it, "
            f"`perpend inventory prune --keep N` removes it",
            err=True,
        )


def tell_interrupted(store: Store, journal: Journal) -> None:
    """Say what is done, and how to go on with it."""
    number = len(journal.ends)
    done = f"{counted(number, 'listing is', 'listings are')} done"
    click.echo(f"{done} and kept in {visible(str(store.directory))}: the same command with --resume goes on", err=True)


def _tell_problems(problems: Sequence[Diagnostic]) -> None:
    """Show what is strange about the rows: not lookups to types that nobody asked for, nor lists that were not read in full."""
    strange = [problem for problem in problems if problem.code not in (RELATION_NOT_FOLLOWED.code, NOT_CLAIMED.code)]
    if strange:
        text = render_text(strange, source_line=lambda path, line: None, colour=sys.stderr.isatty())
        click.echo(text, err=True, nl=False)


def _tell_unread(came: CollectionResult, to_collect: ToCollect) -> None:
    """Say what is not known, and how many verdicts of the policies that read it this may cost."""
    unserved = to_collect.plan.unserved
    if unserved:
        more = f" and {len(unserved) - MOST_NAMED} more" if len(unserved) > MOST_NAMED else ""
        click.echo(f"no call serves {', '.join(unserved[:MOST_NAMED])}{more}", err=True)
    if not came.collection.unread:
        return
    reading = to_collect.reading()
    causes: dict[tuple[str, str, str], list[Unread]] = {}
    for unread in came.collection.unread:
        causes.setdefault((unread.kind, unread.label, unread.code), []).append(unread)
    click.echo("not read (`perpend inventory sql 'FROM perpend_calls'` shows each call):", err=True)
    for (_, label, _), alike in list(causes.items())[:MOST_NAMED]:
        # What opens an account is read by all policies.
        programs = reading.get(label, []) if not label.startswith("sts:") else list(to_collect.programs)
        click.echo(inert(f"  {visible(str(alike[0]))}{_elsewhere(alike)}; {_cost(alike, programs, came.objects)}"), err=True)
    if len(causes) > MOST_NAMED:
        click.echo(f"  and {len(causes) - MOST_NAMED} more", err=True)


def _elsewhere(causes: Sequence[Unread]) -> str:
    """Return in how many other places, and of how many objects, the same was said."""
    objects = sum(cause.objects for cause in causes)
    accounts = len({cause.account for cause in causes})
    what = f"in {accounts} accounts" if accounts > 1 else "in the account"
    more = f" and {counted(len(causes) - 1, 'more place')}, {what}" if len(causes) > 1 else ""
    return more + (f", of {counted(objects, 'object')}" if objects else "")


def _cost(causes: Sequence[Unread], programs: Sequence[Program], objects: Counter[tuple[str, str]]) -> str:
    """Return how many verdicts may be undetermined because of it: those on objects that are there, of these accounts."""
    number = f"{counted(len(programs), 'policy reads', 'policies read')} it"
    accounts = {cause.account for cause in causes}
    verdicts = sum(objects[program.input_type, account] for program in programs for account in accounts)
    if not programs:
        return number
    some = f"{counted(verdicts, 'verdict')} at most" if verdicts else "none of whose objects is known"
    return f"{number}, {some}"
