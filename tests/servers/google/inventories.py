"""A collection from the double without a command: any fields of the tables, into a store, with their claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from perpend.collectors.google.api import API
from perpend.collectors.google.cloud import CLOUD, TABLES
from perpend.collectors.google.options import GoogleOptions
from perpend.collectors.runs.collection import CollectionResult, collect_accounts
from perpend.collectors.runs.request import CollectionRequest
from perpend.collectors.runs.silent_progress import SilentProgress
from perpend.inventory.snapshots.store import Store
from perpend.language.syntax.repository import open_repository
from tests.servers.gathered_rest import Gathered
from tests.servers.gathered_rest import gathered as gathered_from

PROJECT, BUCKET, BINDING = "CA10__CaGoogleProject__c", "CA10__CaGoogleStorageBucket__c", "CA10__CaGoogleIamPolicyBinding__c"


def collected(url: str, store: Path, wanted: Mapping[str, Collection[str]] | None = None, **options: Any) -> CollectionResult:
    """Collect some fields of types from a double at an address: all that the inventory shows of all types by default."""
    fields = wanted_fields(wanted)
    repository = open_repository()
    analyzer: Any = SimpleNamespace(repository=SimpleNamespace(declared_type=repository.declared_type))
    request = CollectionRequest(CLOUD, lambda: API, CLOUD.plan(fields), lambda: (), analyzer, fields)
    given = GoogleOptions(endpoint_url=url, **options)
    return collect_accounts(Store(store), request, given, SilentProgress(None))


def gathered(url: str, wanted: Mapping[str, Collection[str]] | None = None, **options: Any) -> Gathered:
    """Collect some fields of types like ``collected``, and store nothing: null differs from unknown."""
    plan = CLOUD.plan(wanted_fields(wanted))
    return gathered_from(CLOUD, API, plan, GoogleOptions(endpoint_url=url, **options))


def wanted_fields(wanted: Mapping[str, Collection[str]] | None) -> dict[str, frozenset[str]]:
    """Return the fields to collect: all of a type that names none."""
    return {name: frozenset(of or TABLES.types[name].fields) for name, of in (wanted or every()).items()}


def every() -> dict[str, tuple[str, ...]]:
    """Return by type the fields that listings of the inventory and joins show."""
    shown = {"", *TABLES.joins}
    types = [row for row in TABLES.all_types if row.listed.startswith("cai.")]
    return {row.type_name: tuple(name for name, source in row.fields.items() if source.call in shown) for row in types}


def claims(result: CollectionResult) -> dict[tuple[str, str], str | None]:
    """Return by account and type why it is incomplete, None if it was read in full."""
    return {
        (str(claim.scope), claim.type_name): claim.lacking for source in result.snapshot.sources for claim in source.coverage
    }


def rows(store: Path, type_name: str) -> dict[str, dict[str, Any]]:
    """Return the stored objects of a type by Id."""
    snapshot = Store(store).snapshot()
    if type_name not in snapshot.tables.by_name:
        return {}
    table = duckdb.sql(f"SELECT * FROM {snapshot.relation(type_name)}")
    return {str(row["Id"]): row for values in table.fetchall() for row in [dict(zip(table.columns, values, strict=True))]}
