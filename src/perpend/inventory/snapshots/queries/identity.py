"""Return SQL for the identity of stored objects: Id, external id, name, account and region.

Every output, filter, waiver and history asks this module. The account is that of the declared owner, else that of the owner's
owner, else the one in an Id, else that of all sources if they have one, else null (``core/objects/identity.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.clouds import registry
from perpend.core.dataclass import dataclass
from perpend.core.objects.identity import account_sql, owner_lookups, region_sql
from perpend.core.objects.object_types import ObjectType
from perpend.core.schema.tables import Form, unfollowed, unread
from perpend.inventory.snapshots.database import name, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.core.schema.tables import Join, Table
    from perpend.inventory.snapshots.snapshot import ReadableTables

_MOST_OWNERS: Final = 4
"""How many owners are followed, one behind the other."""


IDENTITY: Final = ("id", "external_id", "name", "account", "region")
"""The columns that a history keeps of an object."""


@dataclass(frozen=True, slots=True)
class ObjectIdentity:
    """The identity of the rows ``o`` of a stored table.

    ``columns`` are expressions by name: ``id``, ``external_id``, ``name``, ``account``, ``region`` and ``owner`` (the name of
    the owner if that is no account). Each is null if it is not known. ``joins`` follow the table in the FROM clause. They add
    no row, leave none out, and read ``tables``.
    """

    columns: Mapping[str, str]
    joins: str
    tables: frozenset[str]


def object_identity(
    readable: ReadableTables, declared: ObjectType, types: Callable[[str], ObjectType | None]
) -> ObjectIdentity:
    """Return the identity of the rows of a type's table. ``types`` gives the declared types of owners."""
    return _identity(readable, readable.tables.by_name[declared.name], declared, types, _MOST_OWNERS)


def _identity(
    readable: ReadableTables, table: Table, declared: ObjectType, types: Callable[[str], ObjectType | None], depth: int
) -> ObjectIdentity:
    joins, accounts, regions, names, ids = "", {}, {}, [], {}
    tables: set[str] = set()
    for number, lookup in enumerate(owner_lookups(declared) if depth else ()):
        join, owner = table.lookups.get(lookup.name), types(lookup.target) or ObjectType(lookup.target)
        if join is None or join.lacking is not None:
            continue
        alias = f"owner{number}"
        identity = _identity(readable, readable.tables.by_name[join.table], owner, types, depth - 1)
        tables |= {join.table, *identity.tables}
        joins += _owner(readable, identity, join, alias)
        ids[lookup.key] = f"{alias}.id"
        accounts[lookup.name], regions[lookup.name] = f"{alias}.account", f"{alias}.region"
        if not registry.is_account_type(owner.name):
            names.append(f"{alias}.name")

    def value(field: str) -> str:
        """Return the expression of a field. An owner that the object brings along has its Id only in its own row."""
        own = filled(table, field, "o")
        return f"coalesce({own}, {ids[field]})" if field in ids else own

    columns = {
        "id": value("Id"),
        "external_id": filled(table, declared.external_id_field, "o"),
        "name": filled(table, declared.name_field, "o"),
        "account": f"coalesce({account_sql(declared, value, accounts)}, {_account_of_sources(readable, declared)})",
        "region": region_sql(declared, value, regions),
        "owner": f"coalesce({', '.join(names)})" if names else "CAST(NULL AS VARCHAR)",
    }
    return ObjectIdentity(columns, joins, frozenset(tables))


def _owner(readable: ReadableTables, identity: ObjectIdentity, join: Join, alias: str) -> str:
    """Return the join of rows ``o`` with their owners. An account or region on which an owner's rows differ is not known."""
    columns = {column: identity.columns[column] for column in ("id", "account", "region")}
    columns["name"] = f"coalesce({identity.columns['name']}, {identity.columns['id']})"
    listed = ", ".join(f"CASE WHEN min({one}) = max({one}) THEN min({one}) END AS {column}" for column, one in columns.items())
    rows = (
        f"SELECT o.{name(join.other)} AS key, {listed} FROM {readable.relation(join.table)} AS o{identity.joins} "
        f"WHERE o.{name(join.other)} IS NOT NULL GROUP BY o.{name(join.other)}"
    )
    followed = f" AND o.{name(unfollowed(join.name))} IS NULL" if join.partial else ""
    return f" LEFT JOIN ({rows}) AS {alias} ON {alias}.key = o.{name(join.own)}{followed}"


def _account_of_sources(readable: ReadableTables, declared: ObjectType) -> str:
    """Return the expression of the one account of all sources, null if they have none or several.

    A row of two sources has only the first: so a second source that seems to have one account may have another one's rows.
    """
    accounts = {account for source in readable.sources for account in source.accounts}
    known = [account for account in accounts if registry.is_account(account, registry.cloud_of_type(declared.name))]
    return text(known[0]) if len(accounts) == len(known) == 1 else "CAST(NULL AS VARCHAR)"


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
