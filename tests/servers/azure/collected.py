"""A collection from the double without a command: any types of the tables, into a store, with their claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from perpend.collectors.azure.api import API
from perpend.collectors.azure.cloud import CLOUD, TABLES
from perpend.collectors.azure.options import AzureOptions
from perpend.collectors.runs.collection import CollectionResult, collect_accounts
from perpend.collectors.runs.request import CollectionRequest
from perpend.collectors.runs.silent_progress import SilentProgress
from perpend.inventory.snapshots.store import Store
from tests.servers.azure.double import Azure
from tests.servers.gathered_rest import Gathered
from tests.servers.gathered_rest import gathered as gathered_from

ACCOUNT, STORAGE, GROUPS = (
    "CA10__CaAzureAccount__c",
    "CA10__CaAzureStorageAccount__c",
    "CA10__CaAzureNetworkSecurityGroup__c",
)
LISTED = tuple(row.type_name for row in TABLES.all_types)


def collected(
    azure: Azure | str,
    store: Path,
    types: Collection[str] = LISTED,
    fields: Mapping[str, Collection[str]] | None = None,
    **options: Any,
) -> CollectionResult:
    """Collect the fields of types that lists show, or some fields of each type, from a double or its address."""
    wanted = {name: frozenset((fields or {}).get(name) or listed_fields(name)) for name in {*types, ACCOUNT}}
    analyzer: Any = SimpleNamespace(repository=SimpleNamespace(declared_type=lambda name: None))
    request = CollectionRequest(CLOUD, lambda: API, CLOUD.plan(wanted), lambda: (), analyzer, wanted)
    given = AzureOptions(endpoint_url=azure if isinstance(azure, str) else azure.url, **options)
    return collect_accounts(Store(store), request, given, SilentProgress(None))


def gathered(azure: Azure, types: Collection[str] = LISTED) -> Gathered:
    """Collect the fields of types that lists show, and store nothing."""
    plan = CLOUD.plan({name: listed_fields(name) for name in types})
    return gathered_from(CLOUD, API, plan, AzureOptions(endpoint_url=azure.url))


def accounts_of(type_name: str, gathered: Gathered) -> set[str]:
    """Return the subscriptions that have objects of a type."""
    return {row.fields["Id"].split("/")[2] for row in gathered.rows if row.type_name == type_name}


def listed_fields(type_name: str) -> list[str]:
    """Return the fields of a type that its list shows."""
    return [name for name, source in TABLES.types[type_name].fields.items() if not source.call]


def claims(result: CollectionResult) -> dict[tuple[str, str], str | None]:
    """Return by account and type why it is incomplete, None if it was read in full."""
    return {
        (str(claim.scope), claim.type_name): claim.lacking for source in result.snapshot.sources for claim in source.coverage
    }


def whole(result: CollectionResult) -> set[tuple[str, str]]:
    """Return the accounts and types that were read in full."""
    return {key for key, lacking in claims(result).items() if lacking is None}
