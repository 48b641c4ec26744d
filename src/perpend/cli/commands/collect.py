"""``perpend collect``: collect cloud accounts into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from perpend.cli.collect_dry_run import print_dry_run
from perpend.cli.collect_summary import print_collected
from perpend.cli.config.command import Configured
from perpend.cli.options.collection import CloudGroup, collection_options, examples
from perpend.cli.options.policy_selection import warn_selecting_settings
from perpend.cli.options.repository import open_repository_here
from perpend.cli.progress import TerminalProgress
from perpend.collectors.registry import commands_of
from perpend.core.clouds.aws import AWS
from perpend.core.diagnostics.escape import visible
from perpend.inventory.snapshots.open_store import open_store
from perpend.runs.scan import collection_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.collectors.protocol import CollectOptions
    from perpend.core.clouds.cloud import Cloud

INCOMPLETE = 3
"""The exit code if something could not be read."""

_EXIT_CODES = """\b
Exit codes: 0 everything was read, 2 nothing could be collected, 3 something could not be read, 130 interrupted."""


def _command_of(cloud: Cloud) -> click.Command:
    """Return the command that collects from a cloud."""
    commands = commands_of(cloud.name)

    @click.command(
        cloud.name,
        cls=Configured,
        yields={"policies": ("frameworks",), "frameworks": ("policies",)},
        help=f"Collect from {cloud.title} accounts the fields that policies read, and store them as one snapshot.\n\n"
        f"{commands.credentials} If {cloud.title} denies or fails a call, its fields are unknown, never absent: the command "
        "prints the call, and the store holds the reason. An interrupted collection can be resumed.",
        epilog=_epilog(cloud),
    )
    @click.option("--store", metavar="DIR", type=click.Path(), help="The store's directory. Only --dry-run needs none.")
    @collection_options(cloud)
    def collect(store: str | None, **given: Any) -> int:
        options_of: Callable[..., CollectOptions] = commands.options_class
        return _collect(cloud, store, options_of(**given))

    return collect


def _epilog(cloud: Cloud) -> str:
    lines = examples(f"perpend collect {cloud.name}", commands_of(cloud.name).collect_examples)
    return f"\b\nExamples:\n{lines}\n\n{_EXIT_CODES}" if lines else _EXIT_CODES


@click.group("collect", cls=CloudGroup, command_of=_command_of, epilog=_epilog(AWS))
def command() -> None:
    """Collect cloud accounts into a store, as one snapshot."""


def _collect(cloud: Cloud, store: str | None, options: CollectOptions) -> int:
    options.check()
    request = collection_request(
        open_repository_here(options.repo), options.policies, options.frameworks, options.types, cloud=cloud.name
    )
    warn_selecting_settings()
    if options.dry_run:
        print_dry_run(request, options)
        return 0
    if store is None:
        raise click.UsageError("collect needs a --store for the snapshot")
    from perpend.collectors.runs.collection import collect_accounts

    target = open_store(store)
    result = collect_accounts(target, request, options, TerminalProgress())
    print_collected(result, request, err=False)
    click.echo(f"next: perpend check --store {visible(target.place)}")
    return 0 if result.is_complete else INCOMPLETE
