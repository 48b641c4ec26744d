"""The options of ``collect`` and ``scan``, and the collection that they ask for."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.options.completion import complete_frameworks, complete_policies, complete_types
from perpend.cli.options.repository import type_here
from perpend.cli.options.values import age, repository_option
from perpend.collectors.registry import connect, load
from perpend.collectors.runs.request import PolicyFilter, filter_by_types, request_for
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import UnknownName, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.collectors.protocol import CollectOptions
    from perpend.collectors.runs.request import CollectionRequest
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository


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


def collection_request(
    repository: Repository, policies: Sequence[str], frameworks: Sequence[str], types: Sequence[str], *, cloud: str = "aws"
) -> CollectionRequest:
    """Return the plan for the fields that policies read, by default all policies, and for all fields of ``types``.

    Raises NothingServed if the cloud serves nothing of it.
    """
    analyzer = Analyzer(repository)
    only_types = bool(types) and not policies and not frameworks

    def programs() -> tuple[Program, ...]:
        try:
            return select_policies(analyzer, policies, framework=frameworks or None).programs
        except UnknownName:
            if not only_types:
                raise
            return ()  # the repository has no policies, and types need none

    loaded = load(cloud)
    api = partial(connect, cloud, f"collecting from {loaded.title}")
    named = [type_here(repository, name) for name in types]
    return request_for(loaded, api, analyzer, programs, named, only_types=only_types)


def policy_filter(request: CollectionRequest, options: CollectOptions, exclude: Sequence[str]) -> PolicyFilter:
    """Return the policies that evaluate what is collected. If options name types alone, they read nothing else.

    ``exclude`` names policies to leave out. Raises NothingToEvaluate if no policy is left.
    """
    if options.policies or options.frameworks or not options.types:
        return PolicyFilter(request, options.policies, options.frameworks)
    selection = select_policies(request.analyzer, exclude=exclude)
    return filter_by_types(request, selection.programs, selection.refused)


def reject_contradictions(options: CollectOptions) -> None:
    """Raise UsageError if options exclude each other."""
    organization = {
        "--accounts": options.wanted_accounts,
        "--role-name": options.role_name,
        "--external-id": options.external_id,
    }
    for option, value in organization.items():
        if value and not options.org:
            raise click.UsageError(f"{option} is for the accounts of an organization: add --org")
    if options.org and len(options.profiles) > 1:
        raise click.UsageError("--org takes one --profile: one that may list the organization's accounts")
    if options.resume and options.dry_run:
        raise click.UsageError("--resume and --dry-run exclude each other")


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
