"""A plan in, what it would ask out, as lines: accounts, regions, calls, an estimate. Asks who and where, and no more."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.actions.clouds.collect import entrances_of
from perpend.cli.options.extras import extra_packages
from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.model import MOST_MEASURED
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted

if TYPE_CHECKING:
    from perpend.cli.actions.clouds.collection_plan import CollectOptions
    from perpend.collectors.aws.plan import CollectionPlan

_MOST_NAMED: Final = 20
_MINUTE, _HOUR = 60, 3_600


def print_dry_run(plan: CollectionPlan, wishes: CollectOptions) -> None:
    """Print what a collection would ask.

    An organization's accounts are listed; else nobody is asked, and regions are those that the SDK knows.
    """
    with extra_packages("aws", "collecting from AWS"):
        from perpend.collectors.aws.accounts.estimate import estimate_of
        from perpend.collectors.aws.client import CloudClient

    accounts = max(1, len(wishes.profiles))
    if wishes.org:
        entrances = entrances_of(wishes, plan, err=False)
        accounts = len(entrances)
        named = [visible(f"{entrance.account} {entrance.label}".strip()) for entrance in entrances[:_MOST_NAMED]]
        more = f" and {accounts - _MOST_NAMED} more" if accounts > _MOST_NAMED else ""
        click.echo(f"accounts: {', '.join(named)}{more}")
    else:
        click.echo(f"accounts: {'the one' if accounts == 1 else f'those {accounts}'} that the credentials open")
    regions = 1
    if plan.is_regional:
        known = CloudClient(wishes.profiles[0] if wishes.profiles else None).known_regions("aws")
        wanted = [region for region in known if not wishes.regions or any(fnmatchcase(region, glob) for glob in wishes.regions)]
        wanted = [region for region in wanted if not any(fnmatchcase(region, glob) for glob in wishes.closed_regions)]
        regions = len(wanted)
        click.echo(f"regions: {len(wanted)} at most, those of them that an account has enabled: {', '.join(wanted)}")
    _print_calls(plan)
    estimate = estimate_of(plan, accounts=accounts, regions=regions, concurrency=wishes.concurrency)
    each = f", and for each object {' and '.join(estimate.each_object)}" if estimate.each_object else ""
    calls = counted(estimate.calls, "call")
    click.echo(f"estimate: {calls}{each}; {_length(estimate.seconds)} where pages are full and answers take 0.2 s")


def _print_calls(plan: CollectionPlan) -> None:
    details = [detail for types in plan.listings.values() for asked in types for detail in asked.details]
    each_object = {name for detail in details for name in detail.each_object if CALLS[name].of_an_item}
    together = {detail.call for detail in details if detail.metric}
    lines: Counter[str] = Counter()
    for call in plan.calls:
        each = "each object" if call.name in each_object else "each region" if call.regional else "the account"
        each = f"up to {MOST_MEASURED} objects at once" if call.name in together else each
        lines[f"{call.service} {call.operation}, for {each} ({call.permission or 'no permission needed'})"] += 1
    for line, times in lines.items():
        click.echo(f"{line}, {times} times" if times > 1 else line)
    if plan.unserved:
        click.echo(f"no call serves {', '.join(plan.unserved)}")


def _length(seconds: int) -> str:
    if seconds < _MINUTE:
        return counted(seconds, "second")
    if seconds < _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    return f"{seconds / _HOUR:.1f} h"
