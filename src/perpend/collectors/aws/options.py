"""The options of AWS's commands, with the words of their help. Imports no table of calls."""

from __future__ import annotations

import re
from typing import Final

from perpend.collectors.aws.permission_documents import FORMATS
from perpend.collectors.protocol import ACCOUNTS_OPTION, CloudCommands, CollectOptions, CommandOption
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten
from perpend.core.errors import InvalidOption


@dataclass(frozen=True, slots=True)
class AwsOptions(CollectOptions):
    """The options of a collection from AWS: accounts are opened by ``profiles``, or with ``org`` by ``role_name``."""

    profiles: tuple[str, ...] = ()
    org: bool = False
    role_name: str | None = None
    external_id: str | None = None

    def check(self) -> None:
        """Raise InvalidOption for options that exclude each other."""
        organization = {
            ACCOUNTS_OPTION: self.wanted_accounts,
            "--role-name": self.role_name,
            "--external-id": self.external_id,
        }
        for option, value in organization.items():
            if value and not self.org:
                raise InvalidOption(f"{option} is for the accounts of an organization: add --org", option)
        if self.org and len(self.profiles) > 1:
            message = "--org takes one --profile: one that may list the organization's accounts"
            raise InvalidOption(message, "--org", "--profile")
        CollectOptions.check(self)

    @property
    def known_accounts(self) -> int | None:
        """The number of profiles, at least one; None with an organization, whose accounts are listed."""
        return None if self.org else max(1, len(self.profiles))

    @property
    def scope(self) -> list[object]:
        """The options that must be equal for a collection to be resumed."""
        return [self.profiles, self.org, self.role_name, *CollectOptions.scope.fget(self)]  # type: ignore[attr-defined]


def _refused_role(value: str) -> str | None:
    """Return why a text is not the name of a role, which may have a path."""
    if re.fullmatch(r"([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", value, re.ASCII):
        return None
    hint = "; give its name alone, it is the same in all accounts" if value.startswith("arn:") else ", such as audit"
    return f"'{visible(shorten(value))}' is not the name of a role{hint}"


def _refused_external_id(value: str) -> str | None:
    """Return why a text is not an external ID, without the text, which may be a secret."""
    if re.fullmatch(r"[\w+=,.@:/-]{2,1224}", value, re.ASCII):
        return None
    return "not an external ID: 2 to 1,224 letters, digits and +=,.@:/-_"


COMMANDS: Final = CloudCommands(
    AwsOptions,
    (
        CommandOption(
            "--profile", "profiles", "A profile of the AWS configuration; repeat the option for several accounts.", "NAME", True
        ),
        CommandOption("--org", "org", "Collect from all active accounts of the organization, with a role in each."),
        CommandOption(
            "--role-name",
            "role_name",
            "With --org: the name of that role.  [default: OrganizationAccountAccessRole]",
            "ROLE",
            refusal=_refused_role,
        ),
        CommandOption(
            "--external-id",
            "external_id",
            "With --org: the external ID that the role's trust policy requires.",
            "ID",
            refusal=_refused_external_id,
        ),
        CommandOption(
            ACCOUNTS_OPTION,
            "wanted_accounts",
            "With --org: only these accounts, by id or name; may be repeated.",
            "ID|GLOB",
            several=True,
        ),
        CommandOption("--regions", "regions", "Only these regions, such as eu-*; may be repeated.", "GLOB", several=True),
        CommandOption(
            "--closed-region",
            "closed_regions",
            "Declare these regions, such as ap-*, to be empty, and skip them; may be repeated.",
            "GLOB",
            several=True,
        ),
    ),
    credentials="Credentials are found as the AWS CLI finds them, and stay in memory.",
    collect_examples=(
        "--store inventory",
        "--store inventory --profile audit --framework cis-aws",
        "--store inventory --policy user-has-more-than-one-active-access-key --regions 'eu-*'",
        "--store inventory --profile audit --profile billing",
        "--store inventory --org --role-name audit --external-id 7f3a --accounts 'prod-*'",
        "--store inventory --org --role-name audit --external-id 7f3a --accounts 'prod-*' --resume",
        "--policy root-user-mfa --dry-run",
    ),
    scan_examples=(
        "",
        "--profile audit --framework cis-aws --store inventory",
        "--org --role-name audit --accounts 'prod-*' --store inventory",
        "--policy root-user-mfa --format json --out verdicts.json",
    ),
    permission_examples=(
        "",
        "--framework cis-aws --format iam-policy",
        "--policy root-user-mfa --format json",
        "--cost",
        "--cost --store inventory",
        "--org --role-name audit --format iam-policy",
        "--format cloudformation",
        "--missing --store inventory > policy.json",
    ),
    permission_formats=FORMATS,
)
