"""Print the result of a collection: its rows, the calls that failed, and how many verdicts these affect."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.options.names import labels_of
from perpend.collectors.protocol import STATED
from perpend.core.clouds.registry import cloud_of_type
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.text import render_text
from perpend.core.objects.inventory import accounts_read_with
from perpend.core.objects.labels import Names
from perpend.inventory.importers.rules import NOT_CLAIMED, RELATION_NOT_FOLLOWED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.collectors.protocol import ClosedRegion, OthersListed
    from perpend.collectors.runs.collection import CollectionResult
    from perpend.collectors.runs.previous_snapshot import CarriedOver
    from perpend.collectors.runs.request import CollectionRequest, PolicyFilter
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.claims import FailedCall
    from perpend.core.objects.labels import Labels
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.program.program import Program

MOST_NAMED: Final = 20
"""The maximum of names in a message."""

_MOST_IN_SHORT: Final = 2


def scan_facts(result: CollectionResult, seconds: int) -> tuple[str, ...]:
    """Return facts of a collection that took some seconds, for the head of a summary."""
    regions = (counted(result.regions, "region"),) if result.regions else ()
    return (*regions, counted(result.counts.calls, "API call"), f"{seconds:,} s")


def print_collected(
    result: CollectionResult,
    request: CollectionRequest,
    *,
    err: bool,
    in_short: bool = False,
    names: str = Names.LABELS,
) -> None:
    """Print the rows of a collection, problems with them, and the calls that failed. ``err``: all on standard error.

    ``in_short``: a summary of the run follows, which names failed calls. Only warnings are printed, a few of each kind.
    """
    labels = labels_of(request.analyzer.repository, names)
    warnings = [*result.counts.warnings]
    if in_short and len(warnings) > _MOST_IN_SHORT:
        warnings[_MOST_IN_SHORT - 1 :] = [f"{len(warnings) - _MOST_IN_SHORT + 1:,} more warnings: --details shows them"]
    for warning in warnings:
        click.echo(f"perpend: {visible(warning)}", err=True)
    _print_narrower(result, request)
    if in_short:
        _print_number_of_problems(result.problems)
        _print_closed(result.completeness.closed, most=_MOST_IN_SHORT)
        _print_number_of_others(result.completeness.others)
        return
    _print_problems(result.problems)
    accounts = f", {result.accounts:,} accounts" if result.accounts > 1 else ""
    click.echo(f"snapshot {result.snapshot.id}, {counted(result.counts.calls, 'call')}{accounts}", err=err)
    print_tables(result.snapshot, labels, err=err)
    for source in result.completeness.sources:
        if source.kind == STATED:
            of = counted(len(source.accounts), "account")
            click.echo(f"declared empty, and not read: {visible(source.name)}, of {of}", err=err)
    _print_others(result.completeness.others, err=err)
    _print_carried_over(result.carried_over, labels, err=err)
    _print_closed(result.completeness.closed)
    _print_unread(result, request, labels)


def _print_narrower(result: CollectionResult, request: CollectionRequest) -> None:
    """Say that a snapshot holds older objects of types of the cloud that this collection did not ask for."""
    kept = [name for name, number in result.carried_over.as_before.items() if number and name not in request.plan.types]
    older = [name for name in kept if (of := cloud_of_type(name)) is None or of.name == request.cloud.name]
    if older:
        types = counted(len(older), "type")
        text = f"this collection is narrower than the last one: the snapshot now in force keeps {types} as collected before"
        click.echo(f"perpend: {text}; reports count the policies over them, too", err=True)


def print_tables(snapshot: Snapshot, labels: Labels, *, err: bool = False) -> None:
    """Print the number of rows of each table that has any, and the number of the other tables."""
    tables = snapshot.tables.by_name
    rows = [(labels.condition(name), table.rows) for name, table in tables.items() if table.rows]
    for label, number in sorted(rows):
        click.echo(inert(f"  {visible(label)}: {counted(number, 'row')}"), err=err)
    if empty := sum(not table.rows for table in tables.values()):
        click.echo(f"  none of {counted(empty, 'other type')}", err=err)


def print_policy_filter(policies: PolicyFilter, *, in_short: bool = False) -> None:
    """Print which policies evaluate the named types, and why others do not. Print nothing if types are not the filter.

    ``in_short``: print their numbers only.
    """
    if policies.skipped_types is None:
        return
    labels = labels_of(policies.request.analyzer.repository)
    chosen = counted(len(policies.policies), "policy reads", "policies read")
    others = counted(policies.others, "policy", "policies")
    click.echo(f"{chosen} only the types of --types; {others} over other types skipped", err=True)
    if in_short:
        return
    for policy, types in list(policies.skipped_types.items())[:MOST_NAMED]:
        read = visible(", ".join(map(labels.type, types)))
        click.echo(f"  skipped, because it also reads {read}: {visible(policy)}", err=True)
    if len(policies.skipped_types) > MOST_NAMED:
        click.echo(f"  and {len(policies.skipped_types) - MOST_NAMED} more that also read other types", err=True)


def _print_others(others: Sequence[OthersListed], *, err: bool) -> None:
    """Print how many listed objects were left out because other accounts own them."""
    alike: dict[tuple[str, bool], list[OthersListed]] = {}
    for listing in others:
        alike.setdefault((listing.label, listing.others == listing.listed), []).append(listing)
    for (label, is_all), places in sorted(alike.items()):
        listed = counted(sum(one.listed for one in places), "object")
        what = "every object" if is_all else f"{sum(one.others for one in places):,} of {listed}"
        more = f" and {counted(len(places) - 1, 'more place')}" if len(places) > 1 else ""
        click.echo(f"left out: {what} that {label} shows in {places[0].place}{more}: other accounts own them", err=err)


def _print_number_of_others(others: Sequence[OthersListed]) -> None:
    """Print in one sentence how many listed objects were left out because other accounts own them."""
    if others:
        number = counted(sum(one.others for one in others), "listed object")
        calls = ", ".join(sorted({one.label for one in others}))
        click.echo(f"perpend: {number} left out, because other accounts own them ({visible(calls)})", err=True)


def _print_carried_over(carried_over: CarriedOver, labels: Labels, *, err: bool) -> None:
    """Print the numbers of objects that disappeared, stay unchanged, or were dropped."""
    for what, counts in (
        ("disappeared", carried_over.gone),
        ("not listed this time, unchanged in the store", carried_over.as_before),
        ("disappeared long ago, removed from the store", carried_over.forgotten),
    ):
        if counts:
            listed = ", ".join(f"{visible(labels.type(name))} ({number:,})" for name, number in sorted(counts.items()))
            click.echo(f"{what}: {listed}", err=err)


def _print_closed(closed: Sequence[ClosedRegion], *, most: int | None = None) -> None:
    """Print the disabled regions in which the previous snapshot has objects, ``most`` of them."""
    for region in sorted({one.region for one in closed})[:most]:
        mine = [one for one in closed if one.region == region]
        accounts = f"{len(mine):,} accounts" if len(mine) > 1 else mine[0].account
        objects = counted(sum(one.objects for one in mine), "known object")
        click.echo(
            f"region closed: {visible(region)} of {accounts}, with {objects} that cannot be read any more "
            f"(--closed-region {visible(region)} declares the region empty)",
            err=True,
        )


def _print_problems(problems: Sequence[Diagnostic]) -> None:
    """Print problems with the rows, but not lookups to types that were not collected, nor incomplete lists."""
    if shown := _shown(problems):
        text = render_text(shown, source_line=lambda path, line: None, colour=sys.stderr.isatty())
        click.echo(text, err=True, nl=False)


def _print_number_of_problems(problems: Sequence[Diagnostic]) -> None:
    if shown := _shown(problems):
        number = f"{counted(len(shown), 'problem')} with the rows that were read"
        click.echo(f"perpend: {number}, such as {shown[0].code}: {visible(shown[0].message)}", err=True)


def _shown(problems: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [problem for problem in problems if problem.code not in (RELATION_NOT_FOLLOWED.code, NOT_CLAIMED.code)]


def _print_unread(result: CollectionResult, request: CollectionRequest, labels: Labels) -> None:
    """Print each call that failed, and how many verdicts may be undetermined because of it."""
    unserved = request.plan.unserved
    if unserved:
        more = f" and {len(unserved) - MOST_NAMED} more" if len(unserved) > MOST_NAMED else ""
        click.echo(f"no call serves {visible(', '.join(map(labels.path, unserved[:MOST_NAMED])))}{more}", err=True)
    if not result.completeness.unread:
        return
    programs_by_label = request.programs_by_label()
    causes: dict[tuple[str, str, str], list[FailedCall]] = {}
    for unread in result.completeness.unread:
        causes.setdefault((unread.kind, unread.label, unread.code), []).append(unread)
    click.echo("not read (`perpend inventory sql 'FROM perpend_calls'` shows each call):", err=True)
    for (_, label, _), alike in list(causes.items())[:MOST_NAMED]:
        opens_accounts = request.cloud.opens_accounts(label)
        programs = list(request.programs) if opens_accounts else programs_by_label.get(label, [])
        click.echo(inert(f"  {visible(str(alike[0]))}{_elsewhere(alike)}; {_cost(alike, programs, result)}"), err=True)
    if len(causes) > MOST_NAMED:
        click.echo(f"  and {len(causes) - MOST_NAMED} more", err=True)


def _elsewhere(causes: Sequence[FailedCall]) -> str:
    """Return in how many other places, and for how many objects, the same call failed."""
    objects = sum(cause.objects for cause in causes)
    accounts = len({cause.account for cause in causes})
    what = f"in {accounts} accounts" if accounts > 1 else "in the account"
    more = f" and {counted(len(causes) - 1, 'more place')}, {what}" if len(causes) > 1 else ""
    return more + (f", of {counted(objects, 'object')}" if objects else "")


def _cost(causes: Sequence[FailedCall], programs: Sequence[Program], result: CollectionResult) -> str:
    """Return how many verdicts on the collected objects of these accounts may be undetermined."""
    number = f"{counted(len(programs), 'policy reads', 'policies read')} it"
    sources = result.completeness.sources
    accounts = {account for place in {cause.account for cause in causes} for account in accounts_read_with(place, sources)}
    verdicts = sum(result.objects[program.input_type, account] for program in programs for account in accounts)
    if not programs:
        return number
    some = f"{counted(verdicts, 'verdict')} at most" if verdicts else "but none of their objects is known"
    return f"{number}, {some}"
