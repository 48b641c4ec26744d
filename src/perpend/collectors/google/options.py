"""The options of Google's commands, with the words of their help. Imports no table of calls."""

from __future__ import annotations

import re
from typing import Final

from perpend.collectors.google.role_documents import FORMATS
from perpend.collectors.protocol import ACCOUNTS_OPTION, CloudCommands, CollectOptions, CommandOption
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten
from perpend.core.errors import InvalidOption

ORGANIZATION_OPTION: Final = "--organization"
FOLDER_OPTION: Final = "--folder"
PROJECT_OPTION: Final = "--project"
QUOTA_OPTION: Final = "--quota-project"
IMPERSONATE_OPTION: Final = "--impersonate-service-account"

_PROJECT: Final = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
_SERVICE_ACCOUNT: Final = r"[a-z0-9.-]{1,100}@[a-z0-9.-]{1,100}"


@dataclass(frozen=True, slots=True)
class GoogleOptions(CollectOptions):
    """The options of a collection from Google Cloud: an organization, folders, or projects."""

    organization: str | None = None
    folders: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    quota_project: str | None = None
    impersonate: str | None = None
    directory: bool = False

    def check(self) -> None:
        """Raise InvalidOption for options that exclude each other, and without a parent."""
        CollectOptions.check(self)
        named = [
            option
            for option, value in (
                (ORGANIZATION_OPTION, self.organization),
                (FOLDER_OPTION, self.folders),
                (PROJECT_OPTION, self.projects),
            )
            if value
        ]
        if len(named) > 1:
            raise InvalidOption(f"{' and '.join(named)} exclude each other", *named)
        if not named:
            options = f"{ORGANIZATION_OPTION}, {FOLDER_OPTION} or {PROJECT_OPTION}"
            how = "`gcloud organizations list` and `gcloud projects list` print the ids"
            raise InvalidOption(f"name what to collect with {options}: {how}", ORGANIZATION_OPTION)

    @property
    def parents(self) -> tuple[str, ...]:
        """The accounts that listings are made for."""
        organizations = (f"organizations/{self.organization}",) if self.organization else ()
        return (*organizations, *(f"folders/{folder}" for folder in dict.fromkeys(self.folders)), *dict.fromkeys(self.projects))

    @property
    def known_accounts(self) -> int | None:
        """How many accounts the options open; None if only the inventory shows it."""
        return len(self.parents) if self.projects else None

    @property
    def scope(self) -> list[object]:
        """The options that must be equal for a collection to be resumed."""
        return [self.parents, self.directory, *CollectOptions.scope.fget(self)]  # type: ignore[attr-defined]


def _refused_number(value: str) -> str | None:
    """Return why a text is not the number of an organization or a folder."""
    if re.fullmatch(r"[0-9]{1,20}", value, re.ASCII):
        return None
    command = "`gcloud organizations list` and `gcloud resource-manager folders list --organization ID`"
    return f"'{visible(shorten(value))}' is not a number: {command} print the ids"


def _refused_project(value: str) -> str | None:
    """Return why a text is not the id of a project."""
    if re.fullmatch(_PROJECT, value, re.ASCII):
        return None
    return f"'{visible(shorten(value))}' is not the id of a project: `gcloud projects list` prints ids, not names or numbers"


def _refused_service_account(value: str) -> str | None:
    """Return why a text is not the address of a service account."""
    if re.fullmatch(_SERVICE_ACCOUNT, value, re.ASCII):
        return None
    return (
        f"'{visible(shorten(value))}' is not the address of a service account: `gcloud iam service-accounts list` prints them"
    )


def _refused_region(value: str) -> str:
    return "Google Cloud is listed as a whole, not by region: leave the option out, and all locations are collected"


def _refused_accounts(value: str) -> str:
    return f"Google Cloud is listed as a whole: name projects with {PROJECT_OPTION}, or a folder with {FOLDER_OPTION}"


COMMANDS: Final = CloudCommands(
    GoogleOptions,
    (
        CommandOption(
            ORGANIZATION_OPTION,
            "organization",
            "Everything below this organization, by its number.",
            "ID",
            refusal=_refused_number,
        ),
        CommandOption(
            FOLDER_OPTION,
            "folders",
            "Everything below this folder, by its number; may be repeated. What is above it is not known.",
            "ID",
            several=True,
            refusal=_refused_number,
        ),
        CommandOption(
            PROJECT_OPTION,
            "projects",
            "Only this project, by its id; may be repeated. Each takes as many requests as an organization. What is above it "
            "is not known.",
            "ID",
            several=True,
            refusal=_refused_project,
        ),
        CommandOption(
            QUOTA_OPTION,
            "quota_project",
            "Count requests for this project, in which the Cloud Asset API is enabled.",
            "ID",
            refusal=_refused_project,
        ),
        CommandOption(
            IMPERSONATE_OPTION,
            "impersonate",
            "Collect as this service account.",
            "EMAIL",
            refusal=_refused_service_account,
        ),
        CommandOption("--directory", "directory", "Also read the people of the Workspace directory, for their second steps."),
        CommandOption(ACCOUNTS_OPTION, "wanted_accounts", "", "ID|GLOB", several=True, refusal=_refused_accounts, hidden=True),
        CommandOption("--regions", "regions", "", "GLOB", several=True, refusal=_refused_region, hidden=True),
        CommandOption("--closed-region", "closed_regions", "", "GLOB", several=True, refusal=_refused_region, hidden=True),
    ),
    credentials=(
        "Credentials are found as google-auth finds them, such as those of `gcloud auth application-default login`, and stay "
        "in memory."
    ),
    collect_examples=(
        "--organization 123456789012 --store inventory",
        "--organization 123456789012 --quota-project audit-tools --store inventory --resume",
        "--folder 345678901234 --store inventory --framework cis-google",
        "--project web-prod-1 --dry-run",
    ),
    scan_examples=(
        "--organization 123456789012",
        "--organization 123456789012 --impersonate-service-account auditor@audit-tools.iam.gserviceaccount.com",
        "--project web-prod-1 --format json --out verdicts.json",
    ),
    permission_examples=("--cloud google", "--cloud google --format gcloud-role"),
    permission_formats=FORMATS,
)
