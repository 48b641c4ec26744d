"""A collection from the double without a command: any types of the tables, into a store, with their claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from perpend.collectors.google.api import API
from perpend.collectors.google.cloud import CLOUD, TABLES
from perpend.collectors.google.options import GoogleOptions
from perpend.collectors.runs.collection import CollectionResult, collect_accounts
from perpend.collectors.runs.request import CollectionRequest
from perpend.collectors.runs.silent_progress import SilentProgress
from perpend.inventory.snapshots.store import Store
from tests.servers.google.double import Google

PROJECT, BUCKET, BINDING = "CA10__CaGoogleProject__c", "CA10__CaGoogleStorageBucket__c", "CA10__CaGoogleIamPolicyBinding__c"


def collected(
    google: Google,
    store: Path,
    types: Collection[str] = (BUCKET,),
    fields: Mapping[str, Collection[str]] | None = None,
    **options: Any,
) -> CollectionResult:
    """Collect all or some fields of types from a double: of its organization, if no option names another parent.

    Of projects only the name is collected, if ``fields`` do not say otherwise.
    """
    of = {PROJECT: ("Name",), **(fields or {})}
    wanted = {name: frozenset(of.get(name) or TABLES.types[name].fields) for name in {*types, PROJECT}}
    analyzer: Any = SimpleNamespace(repository=SimpleNamespace(declared_type=lambda name: None))
    request = CollectionRequest(CLOUD, lambda: API, CLOUD.plan(wanted), lambda: (), analyzer, wanted)
    parent = {} if {"organization", "folders", "projects"} & options.keys() else {"organization": "1001"}
    given = GoogleOptions(endpoint_url=google.url, **{**parent, **options})
    return collect_accounts(Store(store), request, given, SilentProgress(None))


def claims(result: CollectionResult) -> dict[tuple[str, str], str | None]:
    """Return by account and type why it is incomplete, None if it was read in full."""
    return {
        (str(claim.scope), claim.type_name): claim.lacking for source in result.snapshot.sources for claim in source.coverage
    }
