"""The options of ``collect`` and ``scan``, and the collection that they ask for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.options.completion import complete_frameworks, complete_policies, complete_types
from perpend.cli.options.values import age, repository_option
from perpend.collectors.registry import load
from perpend.language.compiler.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable


class CloudGroup(click.Group):
    """The commands of the clouds. It says which clouds are supported if another one is named."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of a cloud."""
        if args and args[0].casefold() in _OTHER_CLOUDS:
            titles = " and ".join(load(name).title for name in self.list_commands(ctx))
            ctx.fail(f"only {titles} can be collected so far, not '{args[0]}'")
        return super().resolve_command(ctx, args)


_OTHER_CLOUDS: Final = frozenset(
    (
        "azure",
        "az",
        "gcp",
        "google",
        "gcloud",
        "oci",
        "oracle",
        "alibaba",
        "aliyun",
        "ibm",
        "k8s",
        "kubernetes",
        "github",
        "m365",
    )
)
"""The words that mean other clouds. Any other word is taken for a misspelt command."""


def _address(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return a valid address. Raises BadParameter."""
    if value is not None and not re.fullmatch(r"https?://[^/\s]\S*", value):
        raise click.BadParameter(f"'{printable(value)}' is not an address, such as http://127.0.0.1:5000", context, parameter)
    return value


def _role(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return a valid role name, which may have a path. Raises BadParameter."""
    if value is not None and not re.fullmatch(r"([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", value, re.ASCII):
        hint = "; give its name alone, it is the same in all accounts" if value.startswith("arn:") else ", such as audit"
        raise click.BadParameter(f"'{printable(value)}' is not the name of a role{hint}", context, parameter)
    return value


def _external_id(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return a valid external ID. Raises BadParameter without the value, which may be a secret."""
    if value is not None and not re.fullmatch(r"[\w+=,.@:/-]{2,1224}", value, re.ASCII):
        raise click.BadParameter("not an external ID: 2 to 1,224 letters, digits and +=,.@:/-_", context, parameter)
    return value


_OPTIONS: Final = (
    click.option(
        "--profile",
        "profiles",
        multiple=True,
        metavar="NAME",
        help="A profile of the AWS configuration; repeat the option for several accounts.",
    ),
    click.option("--org", is_flag=True, help="Collect from all active accounts of the organization, with a role in each."),
    click.option(
        "--role-name",
        metavar="ROLE",
        callback=_role,
        help="With --org: the name of that role.  [default: OrganizationAccountAccessRole]",
    ),
    click.option(
        "--external-id",
        metavar="ID",
        callback=_external_id,
        help="With --org: the external ID that the role's trust policy requires.",
    ),
    click.option(
        "--accounts",
        "wanted_accounts",
        multiple=True,
        metavar="ID|GLOB",
        help="With --org: only these accounts, by id or name; may be repeated.",
    ),
    click.option("--regions", multiple=True, metavar="GLOB", help="Only these regions, such as eu-*; may be repeated."),
    click.option(
        "--closed-region",
        "closed_regions",
        multiple=True,
        metavar="GLOB",
        help="Declare these regions, such as ap-*, to be empty, and skip them; may be repeated.",
    ),
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="ID|GLOB",
        shell_complete=complete_policies,
        help="Collect only the fields that these policies read; may be repeated.",
    ),
    click.option(
        "--framework",
        "frameworks",
        multiple=True,
        metavar="ID",
        shell_complete=complete_frameworks,
        help="Collect only the fields that policies of this framework or section read; may be repeated.",
    ),
    repository_option,
    click.option(
        "--types",
        multiple=True,
        metavar="TYPE",
        shell_complete=complete_types,
        help="Collect all fields of this object type; may be repeated.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 64),
        default=16,
        show_default=True,
        help="The maximum of concurrent listings.",
    ),
    click.option(
        "--endpoint-url", metavar="URL", callback=_address, help="Use another server than AWS, such as a test server."
    ),
    click.option("--resume", is_flag=True, help="Resume an interrupted collection with the same options."),
    click.option(
        "--resume-age",
        default="4h",
        show_default=True,
        metavar="AGE",
        callback=age,
        help="With --resume: read again what is older, such as 90m, 4h or 2d.",
    ),
    click.option(
        "--keep-disappeared",
        default="30d",
        show_default=True,
        metavar="AGE",
        callback=age,
        help="How long objects that have disappeared stay in the store.",
    ),
    click.option("--dry-run", is_flag=True, help="Only print the accounts and calls, and about how long they take."),
)


def collection_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of a collection, which are the fields of CollectOptions."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
