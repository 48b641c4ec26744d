"""``perpend permissions``: show the permissions of a collection, derived from the fields that policies read."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.config.command import Configured, is_from_file
from perpend.cli.options.completion import complete_frameworks, complete_policies, complete_types
from perpend.cli.options.format import format_option
from perpend.cli.options.policy_selection import warn_selecting_settings
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.store import NAME_A_STORE
from perpend.cli.options.values import repository_option
from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import is_account
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted, first_named
from perpend.inventory.snapshots.default_store import DEFAULT_STORE, existing_default_store
from perpend.inventory.snapshots.open_store import open_store
from perpend.reports.terminal.permissions import (
    ASSUME_ROLE,
    MOST_CHARACTERS,
    allowable_permissions,
    assume_role_statement,
    characters_of,
    cloudformation,
    denied_calls,
    iam_policies,
    terraform,
)
from perpend.runs.scan import collection_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.collectors.protocol import Permission
    from perpend.collectors.runs.request import CollectionRequest
    from perpend.core.objects.claims import FailedCall

EPILOG = """\b
Examples:
  perpend permissions
  perpend permissions --framework cis-aws --format iam-policy
  perpend permissions --policy root-user-mfa --format json
  perpend permissions --cost
  perpend permissions --cost --store inventory
  perpend permissions --org --role-name audit --format iam-policy
  perpend permissions --format cloudformation
  perpend permissions --missing --store inventory > policy.json"""

_MOST_ACCOUNTS: Final = 10
_ROLES: Final = {"terraform": terraform, "cloudformation": cloudformation}


@click.command("permissions", cls=Configured, yields={"policies": ("frameworks",), "frameworks": ("policies",)}, epilog=EPILOG)
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
@format_option("permissions", help="The output format: a list, IAM policies, or a role that another account may assume.")
@click.option(
    "--cost",
    is_flag=True,
    help="Name the policies that need each permission: without it, their verdicts would be UNDETERMINED.",
)
@click.option("--org", is_flag=True, help="Also show the permissions to list an organization's accounts and to open them.")
@click.option(
    "--role-name",
    metavar="ROLE",
    help="With --org: the role to assume in each account.  [default: OrganizationAccountAccessRole]",
)
@click.option(
    "--missing",
    is_flag=True,
    help="Print the IAM policy with the permissions that the last collection of the store was denied; list the denied calls.",
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
    default=MOST_CHARACTERS,
    show_default=True,
    metavar="N",
    help="With --format iam-policy: split longer policies by service. Session and user policies may have 2048.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    policies: tuple[str, ...],
    frameworks: tuple[str, ...],
    repo: str | None,
    types: tuple[str, ...],
    form: str,
    cost: bool,
    org: bool,
    role_name: str | None,
    missing: bool,
    store: str | None,
    most_characters: int,
) -> int:
    """Show the permissions that `perpend collect aws` needs, and how many policies need each of them."""
    if role_name is not None and not org:
        raise click.UsageError("--role-name is for the accounts of an organization: add --org")
    if org and form in _ROLES:
        raise click.UsageError(f"--format {form} is a role in each account, --org is for its caller: use --format iam-policy")
    if missing and form in _ROLES:
        raise click.UsageError(f"--format {form} is a whole role, --missing adds to one: use --format iam-policy")
    if not missing and is_from_file(context, "store"):
        store = None  # a configured store is one to collect into: reading it takes time
    request = collection_request(open_repository_here(repo), policies, frameworks, types, cloud=AWS.name)
    warn_selecting_settings()
    permissions = request.cloud.permissions(request.plan, organization=org)
    if missing:
        failed = _failed_calls(store)
        if policies or frameworks or types:
            wanted = {permission.name for permission in permissions}
            failed = [call for call in failed if call.label in wanted]
        _print_missing(failed, form, most_characters)
    elif form == "iam-policy":
        assume_role = [assume_role_statement(role_name or request.cloud.default_role)] if org else []
        names = [permission.name for permission in permissions if permission.name != ASSUME_ROLE]
        _print_policies(names, most_characters, assume_role)
    elif form in _ROLES:
        click.echo(_ROLES[form](iam_policies([permission.name for permission in permissions])), nl=False)
    else:
        counts = _objects_in(store) if store is not None else None
        entries = list(_entries(request, permissions, counts))
        if form == "json":
            click.echo(json.dumps(entries, indent=2))
        else:
            _print_entries(entries, cost=cost)
    return 0


def _failed_calls(store: str | None) -> list[FailedCall]:
    """Return the calls to AWS that failed in a store's last collection. Raises UsageError if no store is named or there."""
    store = store or existing_default_store()
    if store is None:
        raise click.UsageError(f"--missing reads the calls that a collection was denied: {NAME_A_STORE}")
    with open_store(store).reading() as snapshot:
        return [call for call in snapshot.calls if is_account(call.account, AWS)]


def _print_missing(failed: Sequence[FailedCall], form: str, most_characters: int) -> None:
    """Print the IAM policy that allows denied calls, and the calls on standard error; or both as JSON."""
    calls = denied_calls(failed)
    allowable = allowable_permissions(calls)
    if form == "json":
        entries = [
            {"permission": label, "refusal": refusal, "calls": [asdict(call) for call in of_one]}
            for (label, refusal), of_one in calls.items()
        ]
        click.echo(json.dumps(entries, indent=2))
        return
    if allowable:
        _print_policies(allowable, most_characters, [])
    width = max((len(label) for label, _ in calls), default=0)
    for (label, refusal), of_one in calls.items():
        accounts = first_named([*dict.fromkeys(call.account for call in of_one)], _MOST_ACCOUNTS)
        regions = ", ".join(dict.fromkeys(call.region for call in of_one if call.region))
        click.echo(f"perpend: {refusal}: {visible(f'{label:{width}}  {accounts}  {regions}').rstrip()}", err=True)
    if not calls:
        others = f"; {counted(len(failed), 'call')} failed, which no permission changes" if failed else ""
        click.echo(f"perpend: the last collection was denied nothing{others}", err=True)


def _print_policies(permissions: list[str], most: int, more: list[dict[str, Any]]) -> None:
    documents = iam_policies(permissions, most, more=more)
    click.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
    if len(documents) > 1:
        whole = sum(map(characters_of, iam_policies(permissions, sys.maxsize, more=more)))
        many = f"{len(permissions)} actions take {whole:,} characters, more than {most:,}"
        click.echo(f"{many}: attach all {len(documents)} policies", err=True)


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
