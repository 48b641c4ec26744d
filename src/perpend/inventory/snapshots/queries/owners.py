"""Return SQL for the names of the account that a stored object belongs to.

As for single objects (``core/objects/account.py``), the account is the object's owner, else the account of its
ARN, else, for an object without an owner, the object itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.account import account_of_arn_sql
from perpend.core.objects.claims import account_field, region_field
from perpend.core.schema.tables import Form, unfollowed, unread
from perpend.inventory.snapshots.database import name

if TYPE_CHECKING:
    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Join, Table
    from perpend.inventory.snapshots.snapshot import Held


def account_names_sql(held: Held, table: str, *, external: str | None, master: str | None) -> tuple[str, str]:
    """Return the join of a table's rows ``o`` with their owners, and the list of all names of each row's account.

    ``external`` is the field that holds an object's id at its provider, ``master`` the lookup that leads to its owner. Rows
    whose owner is stored several times are repeated.
    """
    described = held.tables.by_name[table]
    identity = filled(described, "Id", "o")
    outside = f"coalesce({filled(described, external, 'o')}, {identity})"
    join = described.lookups.get(master or "")
    joined, names = _owner(held, join) if join and join.lacking is None else ("", [])
    ownerless = f"{names[0]} IS NULL" if names else "true"
    names = [*names, *map(account_of_arn_sql, (outside, identity))]
    names += [f"CASE WHEN {ownerless} THEN {one} END" for one in (identity, outside)]
    return joined, f"[{', '.join(names)}]"


def _owner(held: Held, join: Join) -> tuple[str, list[str]]:
    """Return the join of a table's rows with their owners, and the expressions of an owner's id and name."""
    owner = held.tables.by_name[join.table]
    followed = f" AND o.{name(unfollowed(join.name))} IS NULL" if join.partial else ""
    on = f"m.{name(join.other)} = o.{name(join.own)}{followed}"
    identity = filled(owner, "Id", "m")
    called = f"CASE WHEN {identity} IS NOT NULL THEN {filled(owner, 'Name', 'm')} END"
    return f" LEFT JOIN {held.relation(join.table)} AS m ON {on}", [identity, called]


def object_columns(table: Table, declared: ObjectType, alias: str) -> dict[str, str]:
    """Return the expressions that identify an object: ids, name, account and region as its own columns state them."""
    fields = {
        "id": "Id",
        "external_id": declared.external_id_field,
        "name": declared.name_field,
        "account": account_field(declared),
        "region": region_field(declared),
    }
    return {column: filled(table, field, alias) for column, field in fields.items()}


def filled(table: Table, column_name: str | None, alias: str) -> str:
    """Return the expression of a column's text, null if it is null, empty or unread."""
    column = table.columns.get(column_name or "")
    if column is None or column.form not in (Form.TEXT, Form.VARIANT):
        return "CAST(NULL AS VARCHAR)"
    value = f"{alias}.{name(column.name)}"
    if column.form is Form.VARIANT:
        value = f"CASE WHEN starts_with({value}, '\"') THEN json_extract_string({value}, '$') END"
    if column.partial:
        value = f"CASE WHEN {alias}.{name(unread(column.name))} IS NULL THEN {value} END"
    return f"nullif({value}, '')"
