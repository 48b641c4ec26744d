"""What is to be collected of a cloud, as options name it: policies, frameworks, types; and the plan that follows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.options.completion import complete_frameworks, complete_policies, complete_types
from perpend.cli.options.repository import type_here
from perpend.cli.options.values import age, repository_option
from perpend.core.errors import PerpendError
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import UnknownName, printable
from perpend.language.program.required_columns import fields_by_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from perpend.collectors.aws.plan import CollectionPlan
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository

MOST_NAMED: Final = 20
"""How many names a message has at most."""


class NothingServed(PerpendError):
    """Types that no call of AWS serves, and no others."""


@dataclass(frozen=True, slots=True)
class ToCollect:
    """The plan, and the programs whose reads it serves: in full, or where types alone are named as far as these go.

    ``analyzer`` makes them, and knows all policies that were looked at for it. ``reader`` gives the programs: where types
    alone are named, no policy is read before somebody asks who reads them.
    """

    plan: CollectionPlan
    reader: Callable[[], tuple[Program, ...]]
    analyzer: Analyzer

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs whose reads it serves."""
        return self.reader()

    def readers(self) -> dict[str, list[str]]:
        """Return by permission, or operation where none is needed, the policies that read what it gives."""
        return {label: [program.policy_id for program in programs] for label, programs in self.reading().items()}

    def reading(self) -> dict[str, list[Program]]:
        """Return by permission, or operation where none is needed, the programs that read what it gives."""
        from perpend.collectors.aws.plan import plan_of

        by_label: dict[str, list[Program]] = {}
        for program in self.programs:
            for label in sorted({call.label for call in plan_of(fields_by_type([program])).calls}):
                by_label.setdefault(label, []).append(program)
        return by_label


def to_collect(repository: Repository, policies: Sequence[str], frameworks: Sequence[str], types: Sequence[str]) -> ToCollect:
    """Return what is to be collected: what the policies read, all of them where neither policies nor types are named.

    Raises NothingServed where nothing of it can be.
    """
    from perpend.collectors.aws.catalog import TYPES
    from perpend.collectors.aws.plan import plan_of

    analyzer = Analyzer(repository)
    only_types = bool(types) and not policies and not frameworks

    @cache
    def programs() -> tuple[Program, ...]:
        try:
            return select_policies(analyzer, policies, framework=frameworks or None).programs
        except UnknownName:
            if not only_types:
                raise
            return ()  # a repository without policies: nobody reads what the types hold

    wanted = {} if only_types else fields_by_type(programs())
    for name in (type_here(repository, one) for one in types):
        wanted.setdefault(name, set()).update(TYPES[name].fields if name in TYPES else ())
    plan = plan_of(wanted)
    if len(plan.types) == 1 and not plan.account.details:
        raise NothingServed(f"nothing of this can be collected from AWS: {', '.join(plan.unserved[:MOST_NAMED])}")
    return ToCollect(plan, programs, analyzer)


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """What the command line asks for; the fields are called as the options are."""

    profiles: tuple[str, ...]
    org: bool
    role_name: str | None
    external_id: str | None
    wanted_accounts: tuple[str, ...]
    regions: tuple[str, ...]
    closed_regions: tuple[str, ...]
    policies: tuple[str, ...]
    frameworks: tuple[str, ...]
    repo: str | None
    types: tuple[str, ...]
    concurrency: int
    endpoint_url: str | None
    resume: bool
    max_age: timedelta
    keep_disappeared: timedelta
    dry_run: bool

    def refuse_contradictions(self) -> None:
        """Raise UsageError where options exclude each other."""
        alone = {"--accounts": self.wanted_accounts, "--role-name": self.role_name, "--external-id": self.external_id}
        for option, given in alone.items():
            if given and not self.org:
                raise click.UsageError(f"{option} is for the accounts of an organization: say --org as well")
        if self.org and len(self.profiles) > 1:
            raise click.UsageError("--org takes one --profile: the one that may list the organization's accounts")
        if self.resume and self.dry_run:
            raise click.UsageError("--resume and --dry-run exclude each other")

    @property
    def stated(self) -> str:
        """What is declared of regions, in the words of the command line; empty where nothing is."""
        return " ".join(f"--closed-region {glob}" for glob in self.closed_regions)

    @property
    def marks(self) -> list[object]:
        """What tells a collection from another one, of the same policies and types."""
        return [
            self.profiles,
            self.org,
            self.role_name,
            self.wanted_accounts,
            self.regions,
            self.closed_regions,
            self.endpoint_url,
        ]


def _address(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the address that an option names."""
    if value is not None and not re.fullmatch(r"https?://[^/\s]\S*", value):
        raise click.BadParameter(f"'{printable(value)}' is no address, such as http://127.0.0.1:5000", context, parameter)
    return value


def _role(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the role that an option names, its path in front of it."""
    if value is not None and not re.fullmatch(r"([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", value, re.ASCII):
        hint = "; say its name alone, it is the same in all accounts" if value.startswith("arn:") else ", such as audit"
        raise click.BadParameter(f"'{printable(value)}' is no name of a role{hint}", context, parameter)
    return value


def _external_id(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the external ID that an option states. It is not shown: it may be a secret."""
    if value is not None and not re.fullmatch(r"[\w+=,.@:/-]{2,1224}", value, re.ASCII):
        raise click.BadParameter("it is no external ID: 2 to 1,224 letters, digits and +=,.@:/-_", context, parameter)
    return value


_OPTIONS: Final = (
    click.option(
        "--profile",
        "profiles",
        multiple=True,
        metavar="NAME",
        help="The profile of the AWS configuration to ask with; repeated, an account each.",
    ),
    click.option("--org", is_flag=True, help="Ask all active accounts of the organization, by a role in each."),
    click.option(
        "--role-name",
        metavar="ROLE",
        callback=_role,
        help="With --org: that role's name.  [default: OrganizationAccountAccessRole]",
    ),
    click.option(
        "--external-id",
        metavar="ID",
        callback=_external_id,
        help="With --org: the external ID that the role's trust policy asks for.",
    ),
    click.option(
        "--accounts",
        "wanted_accounts",
        multiple=True,
        metavar="ID|GLOB",
        help="With --org: only these accounts, by id or name; may be repeated.",
    ),
    click.option("--regions", multiple=True, metavar="GLOB", help="Ask only in these regions, such as eu-*; may be repeated."),
    click.option(
        "--closed-region",
        "closed_regions",
        multiple=True,
        metavar="GLOB",
        help="Declare that these regions, such as ap-*, hold nothing: they are not asked; may be repeated.",
    ),
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="ID|GLOB",
        shell_complete=complete_policies,
        help="Ask only for what these policies read; may be repeated.",
    ),
    click.option(
        "--framework",
        "frameworks",
        multiple=True,
        metavar="ID",
        shell_complete=complete_frameworks,
        help="Ask only for what the policies of this framework or section read; may be repeated.",
    ),
    repository_option,
    click.option(
        "--types",
        multiple=True,
        metavar="TYPE",
        shell_complete=complete_types,
        help="Ask for all fields of this object type, whoever reads them; may be repeated.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 64),
        default=16,
        show_default=True,
        help="How many listings are asked for at once.",
    ),
    click.option(
        "--endpoint-url", metavar="URL", callback=_address, help="Ask another server than AWS, such as one for tests."
    ),
    click.option("--resume", is_flag=True, help="Go on with a collection of the same options that was interrupted."),
    click.option(
        "--max-age",
        default="4h",
        show_default=True,
        metavar="AGE",
        callback=age,
        help="With --resume: ask anew what was read longer ago, such as 90m, 4h or 2d.",
    ),
    click.option(
        "--keep-disappeared",
        default="30d",
        show_default=True,
        metavar="AGE",
        callback=age,
        help="How long objects that are not there any more stay in the store.",
    ),
    click.option("--dry-run", is_flag=True, help="Only say what would be asked, of whom, and about how long it takes."),
)


def collection_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that say what is to be collected, and how; they are the fields of Wishes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
