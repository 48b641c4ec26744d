"""``perpend permissions``: what collecting takes, derived from what policies read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from perpend.cli.collecting import ToCollect, to_collect
from perpend.cli.completions import complete_frameworks, complete_policies, complete_types
from perpend.cli.configured import Configured
from perpend.cli.options import repository_option
from perpend.cli.repositories import repository_here

if TYPE_CHECKING:
    from collections.abc import Iterator

EPILOG = """\b
Examples:
  perpend permissions
  perpend permissions --framework cis-aws --format iam-policy
  perpend permissions --policy root-user-mfa --format json"""


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
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "iam-policy", "json"]),
    default="table",
    show_default=True,
    help="The output's form.",
)
def command(policies: tuple[str, ...], frameworks: tuple[str, ...], repo: str | None, types: tuple[str, ...], form: str) -> int:
    """Show which permissions `perpend collect aws` needs, and how many policies could say nothing without each."""
    found = to_collect(repository_here(repo), policies, frameworks, types)
    if form == "iam-policy":
        click.echo(json.dumps(_iam_policy(found), indent=2))
    elif form == "json":
        click.echo(json.dumps(list(_entries(found)), indent=2))
    else:
        entries = list(_entries(found))
        width = max(len(one["permission"]) for one in entries)
        for one in entries:
            number = len(one["policies"])
            click.echo(f"{one['permission']:{width}}  {number} {'policy needs' if number == 1 else 'policies need'} it")
    return 0


def _entries(found: ToCollect) -> Iterator[dict[str, Any]]:
    readers = found.readers()
    for permission in _permissions(found):
        operations = sorted({call.operation for call in found.plan.calls if call.permission == permission})
        yield {"permission": permission, "operations": operations, "policies": readers.get(permission, [])}


def _iam_policy(found: ToCollect) -> dict[str, Any]:
    """Return a policy of identities: list and describe actions hardly take resources, so each is for all."""
    by_service: dict[str, list[str]] = {}
    for permission in _permissions(found):
        by_service.setdefault(permission.partition(":")[0], []).append(permission)
    statements = [
        {"Sid": "".join(word.title() for word in service.split("-")), "Effect": "Allow", "Action": actions, "Resource": "*"}
        for service, actions in by_service.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _permissions(found: ToCollect) -> list[str]:
    return sorted({call.permission for call in found.plan.calls if call.permission})
