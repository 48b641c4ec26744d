"""Find the accounts, regions and partitions of a table's rows, for manifests and for comparison with claims."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.core.clouds.aws import AWS, is_root_user_sql
from perpend.core.clouds.registry import account_of_id_sql, cloud_of_type, partition_of_id_sql
from perpend.core.objects.claims import partition_claims
from perpend.core.objects.identity import account_sql, owner_lookups, region_sql
from perpend.core.objects.object_types import ObjectType
from perpend.core.schema.tables import SOURCE, Form, unfollowed
from perpend.inventory.snapshots.database import name, rows_of, text, text_list, unions
from perpend.inventory.snapshots.rows import parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableSequence
    from pathlib import Path

    from perpend.core.objects.claims import ListClaim, Scope
    from perpend.core.schema.tables import Table
    from perpend.inventory.importers.merge_relations import MergedTable
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource

_NOTHING: Final = "CAST(NULL AS VARCHAR)"


class SourceScope(NamedTuple):
    """An account or region of some row of a source."""

    source: int
    is_region: bool
    value: str


def scopes_of(connection: Connection, table: Table, path: Path, declared: ObjectType | None) -> tuple[set[SourceScope], int]:
    """Return the accounts and regions of a stored table's rows, and how many rows have another account than their Id names."""
    forms = {column.name: column.form for column in table.columns.values()}
    account, region = scope_columns(forms, declared or ObjectType(table.name))
    compared = declared is not None and forms.get("Id") is Form.TEXT and bool(owner_lookups(declared))
    of_id = account_of_id_sql(name("Id"), cloud_of_type(table.type_name)) if compared else _NOTHING
    rows = f"SELECT {name(SOURCE)} AS source, {account} AS account, {region} AS region, {of_id} AS of_id FROM {parquet(path)}"
    query = f"SELECT source, account, region, count(*) FILTER (of_id <> account) FROM ({rows}) GROUP BY ALL"
    scopes: set[SourceScope] = set()
    differing = 0
    for source, of_account, of_region, number in rows_of(connection, query):
        scopes |= {SourceScope(source, False, of_account)} if of_account is not None else set()
        scopes |= {SourceScope(source, True, of_region)} if of_region is not None else set()
        differing += number
    return scopes, differing


def scope_columns(forms: Mapping[str, Form], declared: ObjectType | None) -> tuple[str, str]:
    """Return the expressions of the account and region that a row itself names; null if it names none."""

    def value(field: str) -> str:
        return f"nullif({name(field)}, '')" if forms.get(field) is Form.TEXT else _NOTHING

    return (account_sql(declared, value, {}), region_sql(declared, value, {})) if declared else (_NOTHING, _NOTHING)


def meets(scope: Scope, account: str, region: str) -> str:
    """Return the expression of whether a scope overlaps with a row's scope, or may do so."""
    pairs = ((scope.account, account), (scope.region, region))
    return " AND ".join(
        [f"coalesce({column} = {text(value)}, true)" for value, column in pairs if value is not None] or ["true"]
    )


def leave_open(connection: Connection, table: MergedTable, declared: ObjectType | None, claimed: ListClaim) -> bool:
    """Whether some row within a claim's scope does not state the list that the claim needs. Root users never list anything."""
    if unfollowed(claimed.relation) not in table.marks:
        return False
    within = meets(claimed.claim.scope, *scope_columns(table.forms, declared))
    root = is_root_user_sql(name("Id"))
    open_rows = f"SELECT 1 FROM ({table.keys}) WHERE {name(unfollowed(claimed.relation))} IS NOT NULL AND NOT {root}"
    return bool(rows_of(connection, f"{open_rows} AND {within} LIMIT 1"))


def covers(scopes: Iterable[Scope], account: str, region: str) -> str:
    """Return the expression of whether one of some scopes covers a row's scope."""
    given = list(scopes)
    if any(scope.account is None and scope.region is None for scope in given):
        return "true"
    accounts = sorted({scope.account for scope in given if scope.account is not None and scope.region is None})
    conditions = [f"{account} IN (SELECT unnest({text_list(accounts)}))"] if accounts else []
    for scope in given:
        if scope.region is not None:
            whose = "true" if scope.account is None else f"{account} = {text(scope.account)}"
            conditions.append(f"({whose} AND {region} = {text(scope.region)})")
    return f"({' OR '.join(conditions)})"


_ID: Final = name("Id")


def partitions_of(
    connection: Connection, relations: Iterable[str], known: Iterable[tuple[str, str]] = ()
) -> set[tuple[str, str]]:
    """Return pairs of account and partition: the ``known`` pairs, and those of ARNs in the Ids of relations.

    Relations have a column ``Id`` of texts. If all ARNs are of the usual partition, only ``known`` is returned.
    """
    tables, pairs = list(relations), {(account, partition) for account, partition in known if partition}
    unusual = f"contains({_ID}, 'arn:') AND NOT contains({_ID}, 'arn:{AWS.usual_partition}:')"
    ids = unions(f"SELECT {_ID} FROM ({one})" for one in tables)
    if all(partition == AWS.usual_partition for _, partition in pairs) and not any(
        rows_of(connection, f"SELECT 1 FROM ({some}) WHERE {unusual} LIMIT 1") for some in ids
    ):
        return pairs
    for relation in tables:
        parts = f"{account_of_id_sql(_ID, AWS)} AS account, {partition_of_id_sql(_ID, AWS)} AS shown_partition"
        query = f"SELECT DISTINCT * FROM (SELECT {parts} FROM ({relation})) WHERE COLUMNS(*) IS NOT NULL"
        pairs |= {(account, partition) for account, partition in rows_of(connection, query)}
    return pairs


def claim_mixed(sources: MutableSequence[StoredSource], partitions: Iterable[tuple[str, str]]) -> None:
    """Add to the first source the claim that accounts of several partitions are not known in full."""
    by_account: dict[str, set[str]] = {}
    for account, partition in partitions:
        by_account.setdefault(account, set()).add(partition)
    stated = {claim for source in sources for claim in source.coverage}
    claims = [one for one in partition_claims(by_account) if one not in stated]
    if claims and sources:
        sources[0] = replace(sources[0], coverage=(*sources[0].coverage, *claims))
