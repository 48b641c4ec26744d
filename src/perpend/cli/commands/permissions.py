"""``perpend permissions``: what collecting takes, derived from what policies read."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.actions.clouds.collection_plan import ToCollect, to_collect
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_frameworks, complete_policies, complete_types
from perpend.cli.options.format import form_option
from perpend.cli.options.repository import repository_here, store_named
from perpend.cli.options.values import repository_option
from perpend.collectors.aws.plan import USUAL_ROLE
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.reports.terminal.permissions import (
    MOST_CHARACTERS,
    characters_of,
    cloudformation,
    entering,
    iam_policies,
    terraform,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EPILOG = """\b
Examples:
  perpend permissions
  perpend permissions --framework cis-aws --format iam-policy
  perpend permissions --policy root-user-mfa --format json
  perpend permissions --cost
  perpend permissions --cost --store inventory
  perpend permissions --org --role-name audit --format iam-policy
  perpend permissions --format cloudformation"""

_LISTS: Final = "organizations:ListAccounts"
_ENTERS: Final = "sts:AssumeRole"
_ROLES: Final = {"terraform": terraform, "cloudformation": cloudformation}


@click.command("permissions", cls=Configured, yields={"policies": ("frameworks",), "frameworks": ("policies",)}, epilog=EPILOG)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="ID|GLOB",
    shell_complete=complete_policies,
    help="What these policies need; may be repeated.",
)
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    metavar="ID",
    shell_complete=complete_frameworks,
    help="What the policies of this framework or section need; may be repeated.",
)
@repository_option
@click.option(
    "--types", multiple=True, metavar="TYPE", shell_complete=complete_types, help="What all fields of this type need."
)
@form_option("permissions", help="The output's form: a list, policies, or a role that another account may take on.")
@click.option(
    "--cost",
    is_flag=True,
    help="Name the policies that could say nothing without each permission: their verdicts would be UNDETERMINED.",
)
@click.option("--org", is_flag=True, help="Also what whoever asks needs to list the organization's accounts and to enter them.")
@click.option(
    "--role-name",
    metavar="ROLE",
    help="With --org: the role that is entered in each account.  [default: OrganizationAccountAccessRole]",
)
@click.option(
    "--store",
    metavar="DIR",
    type=click.Path(),
    help="Say how many verdicts on the objects of this store would be UNDETERMINED without each permission.",
)
@click.option(
    "--most-characters",
    type=click.IntRange(256, 10_240),
    default=MOST_CHARACTERS,
    show_default=True,
    metavar="N",
    help="With --format iam-policy, split what is longer, by service. IAM takes 2048 as a session policy or in a user.",
)
def command(
    policies: tuple[str, ...],
    frameworks: tuple[str, ...],
    repo: str | None,
    types: tuple[str, ...],
    form: str,
    cost: bool,
    org: bool,
    role_name: str | None,
    store: str | None,
    most_characters: int,
) -> int:
    """Show which permissions `perpend collect aws` needs, and how many policies could say nothing without each."""
    if role_name is not None and not org:
        raise click.UsageError("--role-name is for the accounts of an organization: say --org as well")
    if org and form in _ROLES:
        raise click.UsageError(f"--format {form} is the role that is entered; --org is of who enters it: --format iam-policy")
    collection = to_collect(repository_here(repo), policies, frameworks, types)
    permissions = sorted({call.permission for call in collection.plan.calls if call.permission} | ({_LISTS} if org else set()))
    if form == "iam-policy":
        _show_policies(permissions, most_characters, [entering(role_name or USUAL_ROLE)] if org else [])
    elif form in _ROLES:
        click.echo(_ROLES[form](iam_policies(permissions)), nl=False)
    else:
        counts = _objects_in(store) if store is not None else None
        entries = list(_entries(collection, [*permissions, *([_ENTERS] if org else [])], counts))
        if form == "json":
            click.echo(json.dumps(entries, indent=2))
        else:
            _show(entries, cost=cost)
    return 0


def _show_policies(permissions: list[str], most: int, more: list[dict[str, Any]]) -> None:
    documents = iam_policies(permissions, most, more=more)
    click.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
    if len(documents) > 1:
        whole = sum(map(characters_of, iam_policies(permissions, sys.maxsize, more=more)))
        many = f"{len(permissions)} actions take {whole:,} characters, more than {most:,}"
        click.echo(f"{many}: {len(documents)} policies, to be attached together", err=True)


def _show(entries: list[dict[str, Any]], *, cost: bool) -> None:
    width = max(len(entry["permission"]) for entry in entries)
    for entry in entries:
        number = len(entry["policies"])
        verdicts = f", {counted(entry['verdicts'], 'verdict')}" if "verdicts" in entry else ""
        click.echo(f"{entry['permission']:{width}}  {number} {'policy needs' if number == 1 else 'policies need'} it{verdicts}")
        if cost:
            for policy in entry["policies"]:
                click.echo(f"  {visible(policy)}")


def _entries(collection: ToCollect, permissions: list[str], objects: Mapping[str, int] | None) -> Iterator[dict[str, Any]]:
    reading = collection.reading()
    for permission in permissions:
        operations = sorted({call.operation for call in collection.plan.calls if call.permission == permission})
        # What opens accounts is read by all policies.
        programs = collection.programs if permission in (_LISTS, _ENTERS) and not operations else reading.get(permission, [])
        entry: dict[str, Any] = {
            "permission": permission,
            "operations": operations or [permission.partition(":")[2]],
            "policies": [program.policy_id for program in programs],
        }
        if objects is not None:
            entry["verdicts"] = sum(objects.get(program.input_type, 0) for program in programs)
        yield entry


def _objects_in(store: str) -> dict[str, int]:
    """Return how many objects of each type the snapshot in force of a store holds."""
    with store_named(store).reading() as snapshot:
        return {table.type_name: table.rows for table in snapshot.tables.by_name.values() if table.type_name}
