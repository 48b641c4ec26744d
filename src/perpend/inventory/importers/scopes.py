"""Find the accounts and regions of a table's rows, for manifests and for comparison with claims.

They come from ARNs (`arn:partition:service:region:account:…`) and from columns named after an account or region.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.core.objects.claims import account_field, region_field
from perpend.core.schema.tables import SOURCE, Form, unfollowed
from perpend.inventory.snapshots.database import name, rows_of, text, text_list
from perpend.inventory.snapshots.rows import parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from perpend.core.objects.claims import ListClaim, Scope
    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Table
    from perpend.inventory.importers.merge_relations import MergedTable
    from perpend.inventory.snapshots.database import Connection

_ACCOUNT: Final = "[0-9]{12}"
_REGION: Final = "[a-z]{2,3}(-[a-z]+)+-[0-9]+"
_ACCOUNT_IN_ARN, _REGION_IN_ARN = 5, 4
_NOTHING: Final = "CAST(NULL AS VARCHAR)"


class SourceScope(NamedTuple):
    """An account or region of some row of a source."""

    source: int
    is_region: bool
    value: str


def scopes_of(connection: Connection, table: Table, path: Path) -> set[SourceScope]:
    """Return the accounts and regions of a stored table's rows."""
    asked = list(_asked(table))
    if not asked:
        return set()
    parts = (
        f"SELECT DISTINCT {name(SOURCE)}, {str(is_region).lower()}, {value} FROM {parquet(path)} "
        f"WHERE regexp_full_match({value}, {text(_REGION if is_region else _ACCOUNT)})"
        for is_region, value in asked
    )
    return {SourceScope(*row) for row in rows_of(connection, " UNION ".join(parts))}


def _asked(table: Table) -> Iterator[tuple[bool, str]]:
    """Yield expressions that may give a region (True) or an account (False)."""
    for column in table.columns.values():
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_+", " ", column.name).lower().split()
        if column.form is not Form.TEXT:
            continue
        if "arn" in words:
            yield True, f"split_part({name(column.name)}, ':', {_REGION_IN_ARN})"
            yield False, f"split_part({name(column.name)}, ':', {_ACCOUNT_IN_ARN})"
        if "region" in words:
            yield True, name(column.name)
        if "account" in words:
            yield False, name(column.name)


def account_in_arn(column: str) -> str:
    """Return the expression of the account in a column's ARN, null if it has none."""
    account = f"split_part({name(column)}, ':', {_ACCOUNT_IN_ARN})"
    return (
        f"CASE WHEN starts_with({name(column)}, 'arn:') AND regexp_full_match({account}, {text(_ACCOUNT)}) THEN {account} END"
    )


def region_in_arn(column: str) -> str:
    """Return the expression of the region in a column's ARN, null if it has none."""
    return (
        f"CASE WHEN starts_with({name(column)}, 'arn:') THEN nullif(split_part({name(column)}, ':', {_REGION_IN_ARN}), '') END"
    )


def scope_columns(forms: Mapping[str, Form], declared: ObjectType | None) -> tuple[str, str]:
    """Return the expressions of a row's account and region, from the declared fields; null if unknown."""
    fields = (account_field(declared), region_field(declared)) if declared else (None, None)
    account, region = (name(field) if field and forms.get(field) is Form.TEXT else _NOTHING for field in fields)
    return f"nullif({account}, '')", f"nullif({region}, '')"


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
    root = """coalesce(starts_with("Id", 'arn:') AND ends_with("Id", ':root'), false)"""
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
