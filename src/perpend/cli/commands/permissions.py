"""``perpend permissions``: show the permissions of a collection, derived from the fields that policies read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from perpend.cli.config.command import Configured, is_from_file
from perpend.cli.options.collection import examples
from perpend.cli.options.completion import complete_frameworks, complete_policies, complete_types
from perpend.cli.options.format import FormatOfCommand, format_option
from perpend.cli.options.policy_selection import warn_selecting_settings
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.store import NAME_A_STORE
from perpend.cli.options.values import repository_option
from perpend.collectors.permissions import (
    additions_of,
    all_formats,
    calls_by_cloud,
    denied_calls,
    formats_of,
    missing_permissions,
)
from perpend.collectors.protocol import WantedPermissions
from perpend.collectors.registry import commands_of
from perpend.collectors.runs.request import NothingServed
from perpend.core.clouds.registry import USUAL, cloud_named, collected_clouds
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted, first_named
from perpend.inventory.snapshots.default_store import DEFAULT_STORE, existing_default_store
from perpend.inventory.snapshots.open_store import open_store
from perpend.reports.formats.registry import WRITES
from perpend.runs.scan import collection_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perpend.collectors.protocol import Permission, PermissionFormat
    from perpend.collectors.runs.request import CollectionRequest
    from perpend.core.clouds.cloud import Cloud
    from perpend.core.objects.claims import FailedCall

_MOST_ACCOUNTS: Final = 10
_FOR_ALL: Final = WRITES["permissions"]
_EXAMPLES: Final = "\n".join(
    examples("perpend permissions", commands_of(cloud.name).permission_examples) for cloud in collected_clouds()
)


class _FormatOfPermissions(FormatOfCommand):
    """The formats for all clouds, and those of each cloud. They are read on use, as other packages bring clouds."""

    @property
    def choices(self) -> tuple[str, ...]:
        return (*_FOR_ALL, *all_formats())

    @choices.setter
    def choices(self, value: object) -> None:
        """Take no formats from click's own class."""


def _cloud(context: click.Context, parameter: click.Parameter, value: str | None) -> Cloud | None:
    """Return a cloud that can be collected. Raises BadParameter."""
    if value is None:
        return None
    cloud = cloud_named(value)
    if cloud is None or not cloud.collector:
        names = ", ".join(cloud.name for cloud in collected_clouds())
        raise click.BadParameter(f"`{visible(value)}` is no cloud that can be collected, only {names}", context, parameter)
    return cloud


def _complete_clouds(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    clouds = collected_clouds()
    return [CompletionItem(cloud.name, help=cloud.title) for cloud in clouds if cloud.name.startswith(incomplete)]


@click.command(
    "permissions",
    cls=Configured,
    yields={"policies": ("frameworks",), "frameworks": ("policies",)},
    epilog=f"\b\nExamples:\n{_EXAMPLES}",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="ID|GLOB",
    shell_complete=complete_policies,
    help="Only the permissions for these policies; may be repeated.",
)
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    metavar="ID",
    shell_complete=complete_frameworks,
    help="Only the permissions for the policies of this framework or section; may be repeated.",
)
@repository_option
@click.option(
    "--types", multiple=True, metavar="TYPE", shell_complete=complete_types, help="The permissions for all fields of this type."
)
@click.option(
    "--cloud",
    metavar="NAME",
    callback=_cloud,
    shell_complete=_complete_clouds,
    help=f"The cloud.  [default: {USUAL}; with --missing: all clouds of the store]",
)
@format_option(
    "permissions",
    forms=_FormatOfPermissions("permissions"),
    help="The output format: a list, or a document in which a cloud takes permissions.",
)
@click.option(
    "--cost",
    is_flag=True,
    help="Name the policies that need each permission: without it, their verdicts would be UNDETERMINED.",
)
@click.option("--org", is_flag=True, help="Also show the permissions to list an organization's accounts and to open them.")
@click.option(
    "--role-name",
    metavar="ROLE",
    help="With --org: the role to assume in each account.  [default: the usual one of the cloud]",
)
@click.option(
    "--missing",
    is_flag=True,
    help="Print a document for each cloud with the permissions that the last collection of the store was denied; list the "
    "denied calls.",
)
@click.option(
    "--store",
    metavar="DIR",
    type=click.Path(),
    help="Count the verdicts on objects of this store that would be UNDETERMINED without each permission. "
    f"With --missing: the store that was collected.  [default: {DEFAULT_STORE}, if it exists]",
)
@click.option(
    "--most-characters",
    type=click.IntRange(256, 10_240),
    metavar="N",
    help="Split longer documents, in a format that allows it.  [default: the limit of the cloud]",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    policies: tuple[str, ...],
    frameworks: tuple[str, ...],
    repo: str | None,
    types: tuple[str, ...],
    cloud: Cloud | None,
    form: str,
    cost: bool,
    org: bool,
    role_name: str | None,
    missing: bool,
    store: str | None,
    most_characters: int | None,
) -> int:
    """Show the permissions that `perpend collect` needs for a cloud, and how many policies need each of them."""
    if role_name is not None and not org:
        raise click.UsageError("--role-name is for the accounts of an organization: add --org")
    if not missing and is_from_file(context, "store"):
        store = None  # a configured store is one to collect into: reading it takes time
    repository = open_repository_here(repo)

    def plan(cloud: Cloud) -> CollectionRequest:
        return collection_request(repository, policies, frameworks, types, cloud=cloud.name)

    if missing:
        clouds = _taking([cloud] if cloud else [*collected_clouds()], form)
        calls = _failed_calls(store)
        if policies or frameworks or types:
            needed = _names_of([of for of in clouds if of.name in calls] or clouds, plan, organization=org)
            calls = {name: [call for call in of if call.label in needed] for name, of in calls.items()}
        warn_selecting_settings()
        _print_missing({of.name: calls[of.name] for of in clouds if of.name in calls}, form, most_characters or 0)
        return 0
    cloud = cloud or _usual_cloud()
    request = plan(cloud)
    warn_selecting_settings()
    if role_name is not None and not request.cloud.default_role:
        raise click.UsageError(f"--role-name: {cloud.title} opens accounts without a role in each")
    permissions = request.cloud.permissions(request.plan, organization=org)
    if form not in _FOR_ALL:
        chosen = _format_of(cloud, form)
        if org and request.cloud.default_role and not chosen.adds:
            raise click.UsageError(f"--format {form} is a role in each account, --org is for its caller: {_use([cloud])}")
        role = (role_name or request.cloud.default_role) if org else ""
        names = tuple(permission.name for permission in permissions)
        _print_document(*chosen.write(WantedPermissions(names, role_name=role, most_characters=most_characters or 0)))
        return 0
    counts = _objects_in(store) if store is not None else None
    entries = list(_entries(request, permissions, counts))
    if form == "json":
        click.echo(json.dumps(entries, indent=2))
    else:
        _print_entries(entries, cost=cost)
    return 0


def _usual_cloud() -> Cloud:
    return next(cloud for cloud in collected_clouds() if cloud.name == USUAL)


def _format_of(cloud: Cloud, form: str) -> PermissionFormat:
    """Return the format of a cloud with a name. Raises UsageError."""
    formats = formats_of(cloud)
    if form not in formats:
        others = [of.name for of in collected_clouds() if form in formats_of(of)]
        hint = f"add --cloud {' or '.join(others)}" if others else f"it takes {', '.join(formats) or 'no document'}"
        raise click.UsageError(f"{form} is no format of {cloud.title}: {hint}")
    return formats[form]


def _taking(clouds: list[Cloud], form: str) -> list[Cloud]:
    """Return the clouds that take more permissions for a role in a format. Raises UsageError if there are none."""
    if form in _FOR_ALL:
        return clouds
    taking = [cloud for cloud in clouds if form in additions_of(cloud)]
    if not taking:
        of_format = [cloud for cloud in clouds if form in formats_of(cloud)]
        if not of_format:
            _format_of(clouds[0], form)
        raise click.UsageError(f"--format {form} is a whole role, --missing adds to one: {_use(of_format)}")
    return taking


def _use(clouds: Sequence[Cloud]) -> str:
    """Return the advice to use a format whose documents add permissions to a role."""
    return f"use --format {' or '.join(dict.fromkeys(name for cloud in clouds for name in additions_of(cloud)))}"


def _names_of(clouds: Sequence[Cloud], plan: Callable[[Cloud], CollectionRequest], *, organization: bool) -> set[str]:
    """Return the names of the permissions of clouds' plans. Raises NothingServed if no cloud serves anything."""
    names: set[str] = set()
    refused: NothingServed | None = None
    for cloud in clouds:
        try:
            request = plan(cloud)
        except NothingServed as error:
            refused = error
        else:
            names |= {permission.name for permission in request.cloud.permissions(request.plan, organization=organization)}
    if refused is not None and not names:
        raise refused
    return names


def _failed_calls(store: str | None) -> dict[str, list[FailedCall]]:
    """Return the calls that failed in a store's last collection by cloud. Raises UsageError if no store is named or there."""
    store = store or existing_default_store()
    if store is None:
        raise click.UsageError(f"--missing reads the calls that a collection was denied: {NAME_A_STORE}")
    with open_store(store).reading() as snapshot:
        return calls_by_cloud(snapshot.calls, snapshot.sources)


def _print_missing(by_cloud: Mapping[str, Sequence[FailedCall]], form: str, most_characters: int) -> None:
    """Print the documents that allow denied calls, and the calls on standard error; or the calls as JSON."""
    denied = [(name, *entry) for name, failed in by_cloud.items() for entry in denied_calls(failed).items()]
    if form == "json":
        entries = [
            {"cloud": name, "permission": label, "refusal": refusal, "calls": [asdict(call) for call in of_one]}
            for name, (label, refusal), of_one in denied
        ]
        click.echo(json.dumps(entries, indent=2))
        return
    documents = missing_permissions(by_cloud, form="" if form in _FOR_ALL else form, most_characters=most_characters)
    for document in documents:
        _print_document(document.document, document.notes)
    if len(documents) > 1:
        listed = " and ".join(f"{document.title} ({document.format})" for document in documents)
        click.echo(f"perpend: {counted(len(documents), 'document')}, for {listed}: --cloud NAME prints one alone", err=True)
    width = max((len(label) for _, (label, _), _ in denied), default=0)
    for _, (label, refusal), of_one in denied:
        accounts = first_named([*dict.fromkeys(call.account for call in of_one)], _MOST_ACCOUNTS)
        regions = ", ".join(dict.fromkeys(call.region for call in of_one if call.region))
        click.echo(f"perpend: {refusal}: {visible(f'{label:{width}}  {accounts}  {regions}').rstrip()}", err=True)
    if not denied:
        number = sum(map(len, by_cloud.values()))
        others = f"; {counted(number, 'call')} failed, which no permission changes" if number else ""
        click.echo(f"perpend: the last collection was denied nothing{others}", err=True)


def _print_document(text: str, notes: Sequence[str]) -> None:
    click.echo(text, nl=False)
    for note in notes:
        click.echo(note, err=True)


def _print_entries(entries: list[dict[str, Any]], *, cost: bool) -> None:
    width = max(len(entry["permission"]) for entry in entries)
    for entry in entries:
        number = len(entry["policies"])
        verdicts = f", {counted(entry['verdicts'], 'verdict')}" if "verdicts" in entry else ""
        click.echo(f"{entry['permission']:{width}}  {number} {'policy needs' if number == 1 else 'policies need'} it{verdicts}")
        if cost:
            for policy in entry["policies"]:
                click.echo(f"  {visible(policy)}")


def _entries(
    request: CollectionRequest, permissions: Sequence[Permission], objects: Mapping[str, int] | None
) -> Iterator[dict[str, Any]]:
    programs_by_label = request.programs_by_label()
    for permission in permissions:
        programs = request.programs if permission.opens_accounts else programs_by_label.get(permission.name, [])
        entry: dict[str, Any] = {
            "permission": permission.name,
            "operations": list(permission.operations),
            "policies": [program.policy_id for program in programs],
        }
        if objects is not None:
            entry["verdicts"] = sum(objects.get(program.input_type, 0) for program in programs)
        yield entry


def _objects_in(store: str) -> dict[str, int]:
    """Return the number of objects by type in the current snapshot of a store."""
    with open_store(store).reading() as snapshot:
        return {table.type_name: table.rows for table in snapshot.tables.by_name.values() if table.type_name}
