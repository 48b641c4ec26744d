"""The options of Azure's commands, with the words of their help. Imports no table of calls."""

from __future__ import annotations

import re
from typing import Final

from perpend.collectors.azure.role_documents import FORMATS
from perpend.collectors.protocol import ACCOUNTS_OPTION, CloudCommands, CollectOptions, CommandOption
from perpend.core.clouds.azure import AZURE
from perpend.core.clouds.cloud import matches
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten

GROUP_OPTION: Final = "--management-group"
TENANT_OPTION: Final = "--tenant"


@dataclass(frozen=True, slots=True)
class AzureOptions(CollectOptions):
    """The options of a collection from Azure: all visible subscriptions, those of a tenant, or those of a management group."""

    management_group: str | None = None
    tenant: str | None = None

    @property
    def scope(self) -> list[object]:
        """The options that must be equal for a collection to be resumed."""
        return [self.management_group, self.tenant, *CollectOptions.scope.fget(self)]  # type: ignore[attr-defined]


def _refused_group(value: str) -> str | None:
    """Return why a text is not the id of a management group."""
    if re.fullmatch(r"[\w().-]{1,90}", value, re.ASCII):
        return None
    return f"'{visible(shorten(value))}' is not the id of a management group: take its id, not its display name"


def _refused_tenant(value: str) -> str | None:
    """Return why a text is not the id of a tenant."""
    if matches(AZURE.account, value.lower()):
        return None
    return f"'{visible(shorten(value))}' is not the id of a tenant: `az account show --query tenantId` prints it"


def _refused_region(value: str) -> str:
    return "Azure is listed by subscription, not by region: leave the option out, and all locations are collected"


COMMANDS: Final = CloudCommands(
    AzureOptions,
    (
        CommandOption(
            ACCOUNTS_OPTION,
            "wanted_accounts",
            "Only these subscriptions, by id or name; may be repeated.",
            "ID|GLOB",
            several=True,
        ),
        CommandOption(
            GROUP_OPTION,
            "management_group",
            "Only the subscriptions below this management group. Those that the credentials do not open are reported.",
            "ID",
            refusal=_refused_group,
        ),
        CommandOption(
            TENANT_OPTION,
            "tenant",
            "Sign in to this tenant, and collect only its subscriptions.",
            "ID",
            refusal=_refused_tenant,
        ),
        CommandOption("--regions", "regions", "", "GLOB", several=True, refusal=_refused_region, hidden=True),
        CommandOption("--closed-region", "closed_regions", "", "GLOB", several=True, refusal=_refused_region, hidden=True),
    ),
    credentials="Credentials are found as azure-identity finds them, such as those of `az login`, and stay in memory.",
    collect_examples=(
        "--store inventory",
        "--store inventory --accounts 'prod-*' --framework cis-azure",
        "--store inventory --management-group contoso",
        "--store inventory --management-group contoso --resume",
        "--accounts 0b1f6471-1bf0-4dda-aec3-cb9272f09590 --dry-run",
    ),
    scan_examples=(
        "",
        "--accounts 'prod-*' --store inventory",
        "--management-group contoso --store inventory",
        "--tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 --format json --out verdicts.json",
    ),
    permission_examples=(
        "--cloud azure",
        "--cloud azure --org --format azure-role",
    ),
    permission_formats=FORMATS,
)
