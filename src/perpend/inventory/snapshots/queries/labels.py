"""Readable names of views and columns: labels in snake case, each name once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.object_types import snake_case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Table

SOURCES_VIEW: Final = "perpend_sources"
"""The view of a snapshot's sources; ``number`` is what the tables' column ``perpend_source`` says."""

CALLS_VIEW: Final = "perpend_calls"
"""The view of the calls to a cloud that did not say what was asked, once for each cause."""

BESIDE: Final = frozenset(
    ("finding", "episode", "event", "ledger", "run", "scorecard", "waiver", "waived", "policy_output", "rating", "parameter")
)
"""Names of views that stand beside those of a snapshot: no label is called so."""


def view_names(tables: Mapping[str, Table], declared: Callable[[str], ObjectType | None]) -> dict[str, str]:
    """Return the readable name of each table's view. If two have the same, the later one gets a number."""
    used = {table.casefold() for table in tables} | {SOURCES_VIEW, CALLS_VIEW, *BESIDE}
    views: dict[str, str] = {}
    for table in sorted(tables):
        owner, _, relation = table.rpartition("/")
        if owner in views:
            wanted = f"{views[owner]}__{snake_case(relation.removesuffix('[]').removesuffix('__r'))}"
        else:
            known = declared(tables[table].type_name) if tables[table].type_name else None
            wanted = snake_case(known.label) if known and known.label else table
        views[table] = table if wanted == table else _free(wanted, used)
    return views


def column_names(table: Table, declared: ObjectType | None) -> dict[str, str]:
    """Return the readable names of a table's columns: labels in snake case, the first of each, none that is an API name."""
    used = {column.casefold() for column in table.columns}
    aliases: dict[str, str] = {}
    for column in table.columns:
        known = declared.fields.get(column) if declared else None
        alias = snake_case(known.label) if known and known.label else ""
        if alias and alias not in used:
            used.add(alias)
            aliases[column] = alias
    return aliases


def _free(wanted: str, used: set[str]) -> str:
    number, chosen = 1, wanted
    while chosen.casefold() in used:
        number += 1
        chosen = f"{wanted}_{number}"
    used.add(chosen.casefold())
    return chosen
