"""``perpend permissions``: what collecting takes, derived from what policies read."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.completions import complete_frameworks, complete_policies, complete_types
from perpend.cli.configured import Configured
from perpend.cli.forms.written import form_option
from perpend.cli.options import repository_option
from perpend.cli.repositories import repository_here
from perpend.diagnostics.escape import visible
from perpend.errands.clouds.collecting import ToCollect, to_collect
from perpend.report.permissions import MOST_CHARACTERS, characters_of, cloudformation, iam_policies, terraform

if TYPE_CHECKING:
    from collections.abc import Iterator

EPILOG = """\b
Examples:
  perpend permissions
  perpend permissions --framework cis-aws --format iam-policy
  perpend permissions --policy root-user-mfa --format json
  perpend permissions --cost
  perpend permissions --format cloudformation"""

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
    most_characters: int,
) -> int:
    """Show which permissions `perpend collect aws` needs, and how many policies could say nothing without each."""
    found = to_collect(repository_here(repo), policies, frameworks, types)
    permissions = sorted({call.permission for call in found.plan.calls if call.permission})
    if form == "iam-policy":
        documents = iam_policies(permissions, most_characters)
        click.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
        if len(documents) > 1:
            whole = sum(map(characters_of, iam_policies(permissions, sys.maxsize)))
            many = f"{len(permissions)} actions take {whole:,} characters, more than {most_characters:,}"
            click.echo(f"{many}: {len(documents)} policies, to be attached together", err=True)
    elif form == "json":
        click.echo(json.dumps(list(_entries(found, permissions)), indent=2))
    elif form in _ROLES:
        click.echo(_ROLES[form](iam_policies(permissions)), nl=False)
    else:
        _show(list(_entries(found, permissions)), cost=cost)
    return 0


def _show(entries: list[dict[str, Any]], *, cost: bool) -> None:
    width = max(len(one["permission"]) for one in entries)
    for one in entries:
        number = len(one["policies"])
        click.echo(f"{one['permission']:{width}}  {number} {'policy needs' if number == 1 else 'policies need'} it")
        if cost:
            for policy in one["policies"]:
                click.echo(f"  {visible(policy)}")


def _entries(found: ToCollect, permissions: list[str]) -> Iterator[dict[str, Any]]:
    readers = found.readers()
    for permission in permissions:
        operations = sorted({call.operation for call in found.plan.calls if call.permission == permission})
        yield {"permission": permission, "operations": operations, "policies": readers.get(permission, [])}
