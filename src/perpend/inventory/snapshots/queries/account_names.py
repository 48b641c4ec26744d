"""Read the names of accounts that a snapshot has, such as the display names of subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.clouds.registry import is_account_type
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten
from perpend.core.objects.identity import account_sql
from perpend.core.schema.tables import Form
from perpend.inventory.snapshots.database import name, opened, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Table
    from perpend.inventory.snapshots.snapshot import Snapshot

_LONGEST: Final = 120


def account_names(snapshot: Snapshot, declared: Callable[[str], ObjectType | None]) -> dict[str, str]:
    """Return the names of accounts: what the declared name field of their objects holds.

    An account whose objects have several names, or the number of an account as the name, has none. Long names are cut.
    """
    named = list(_tables_with_names(snapshot, declared))
    if not named:
        return {}
    names: dict[str, set[str]] = {}
    with opened(paths=[path for table, _ in named for path in snapshot.files[table.name]]) as connection:
        for table, of_type in named:
            for account, called in rows_of(connection, _query(snapshot, table, of_type)):
                names.setdefault(account, set()).add(shorten(visible(called), _LONGEST))
    numbers = names.keys() | {account for source in snapshot.sources for account in source.accounts}
    return {account: next(iter(of)) for account, of in sorted(names.items()) if len(of) == 1 and not of & numbers}


def _tables_with_names(snapshot: Snapshot, declared: Callable[[str], ObjectType | None]) -> Iterator[tuple[Table, ObjectType]]:
    """Yield the tables of accounts whose type declares another name than their number."""
    for table in snapshot.tables.by_name.values():
        of_type = declared(table.type_name) if table.rows and is_account_type(table.type_name) else None
        field = of_type.name_field if of_type else None
        if of_type and field not in (None, "Id", of_type.external_id_field) and _forms(table).get(field) is Form.TEXT:
            yield table, of_type


def _forms(table: Table) -> dict[str | None, Form]:
    return {column.name: column.form for column in table.columns.values()}


def _query(snapshot: Snapshot, table: Table, of_type: ObjectType) -> str:
    forms, called = _forms(table), name(of_type.name_field or "")

    def value(field: str) -> str:
        return f"nullif({name(field)}, '')" if forms.get(field) is Form.TEXT else "CAST(NULL AS VARCHAR)"

    account = account_sql(of_type, value, {})
    rows = f"SELECT {account} AS account, trim({called}) AS called FROM {snapshot.relation(table.name)}"
    return f"SELECT DISTINCT account, called FROM ({rows}) WHERE account IS NOT NULL AND called <> ''"
