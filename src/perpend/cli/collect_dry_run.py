"""Print the accounts, regions and calls of a collection, and estimate its duration, without collecting."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.options.names import labels_of
from perpend.cli.progress import print_inactive_accounts
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted, first_named

if TYPE_CHECKING:
    from perpend.collectors.protocol import CollectionPlan, CollectOptions
    from perpend.collectors.runs.request import CollectionRequest
    from perpend.core.objects.labels import Labels

_MOST_NAMED: Final = 20
_MINUTE, _HOUR = 60, 3_600


def print_dry_run(request: CollectionRequest, options: CollectOptions) -> None:
    """Print the calls of a collection.

    A request lists accounts only if the options do not show their number. Regions come from the SDK's data.
    """
    api, plan = request.connect(), request.plan
    accounts = options.known_accounts
    if accounts is None:
        credentials, inactive = api.credentials(plan, options)
        if inactive:
            print_inactive_accounts(inactive, err=False)
        accounts = len(credentials)
        named = [visible(f"{account.account} {account.label}".strip()) for account in credentials]
        click.echo(f"accounts: {first_named(named, _MOST_NAMED)}")
    else:
        click.echo(f"accounts: {'the one' if accounts == 1 else f'those {accounts}'} that the credentials open")
    regions = 1
    if plan.is_regional:
        known = api.default_regions(options)
        wanted = [region for region in known if not options.regions or _matches(region, options.regions)]
        wanted = [region for region in wanted if not _matches(region, options.closed_regions)]
        regions = len(wanted)
        click.echo(f"regions: at most {len(wanted)}, if the account has enabled them: {', '.join(wanted)}")
    _print_calls(plan, labels_of(request.analyzer.repository))
    estimate = api.estimate(plan, accounts=accounts, regions=regions, concurrency=options.concurrency)
    each = f", then at most {estimate.most_each:,} for each object, by its type" if estimate.most_each else ""
    click.echo(f"estimate: {counted(estimate.calls, 'call')} in {_length(estimate.seconds)}{each}")


def _matches(region: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(region, glob) for glob in globs)


def _print_calls(plan: CollectionPlan, labels: Labels) -> None:
    lines: Counter[str] = Counter()
    for call in plan.planned_calls:
        permission = call.permission or (f"only with {call.only_with}" if call.only_with else "no permission needed")
        lines[f"{call.service} {call.operation}, for {call.made_for} ({permission})"] += 1
    for line, times in lines.items():
        click.echo(f"{line}, {times} times" if times > 1 else line)
    if plan.unserved:
        click.echo(f"no call serves {visible(', '.join(map(labels.path, plan.unserved)))}")


def _length(seconds: int) -> str:
    if seconds < _MINUTE:
        return counted(seconds, "second")
    if seconds < _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    return f"{seconds / _HOUR:.1f} h"
