"""A piece out of a table file in, the same piece out with what its columns say of relations: nothing in them is passed over.

A table has rows of one type. Objects in its cells stay there, and what lies behind the relation is then not known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import whole_file
from perpend.core.objects.relations import NO_OBJECT, OTHER_OBJECT
from perpend.core.schema.tables import Form, unfollowed, unread
from perpend.core.values.partial_object import MISSING
from perpend.inventory.importers import rules
from perpend.inventory.snapshots.database import name, rows_of, text

if TYPE_CHECKING:
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.merge_relations import TableFragment
    from perpend.inventory.snapshots.database import Connection

NESTED: Final = "holds objects in a column of a table, which are not followed; import them as a JSON array"


def with_relations(
    connection: Connection, piece: TableFragment, declared: ObjectType | None, *, path: str, json: bool
) -> tuple[TableFragment, list[Diagnostic]]:
    """Return a piece that says where its relations lead as far as columns of their names tell, and what to tell of them.

    ``json``: the file tells null from what is not there. Then null and an empty list are statements of the object.
    """
    children = {one.name for one in declared.children.values() if one.key} if declared else set()
    lookups = {one.name: one.key for one in declared.lookups.values() if one.key} if declared else {}
    reasons = {column: _of_children(piece, column, json=json) for column in piece.forms if column in children}
    reasons |= {column: _of_lookup(piece, column, lookups[column], json=json) for column in piece.forms if column in lookups}
    if not reasons:
        return piece, []
    problems = []
    for relation, reason in reasons.items():
        held = f"SELECT count(*) FROM {piece.relation} WHERE {reason} = {text(NESTED)}"
        if count := rows_of(connection, held)[0][0]:
            rows = "1 row" if count == 1 else f"{count} rows"
            message = f"`{relation}` holds objects in {rows}, which are not followed"
            problems.append(rules.NESTED_IN_TABLE.at(whole_file(path), message, help="import the file as a JSON array"))
    more = ", ".join(f"{reason} AS {name(unfollowed(relation))}" for relation, reason in reasons.items())
    marks = piece.marks | {unfollowed(relation) for relation in reasons}
    return replace(piece, relation=f"(SELECT *, {more} FROM {piece.relation})", marks=marks), problems


def _of_children(piece: TableFragment, relation: str, *, json: bool) -> str:
    """Return why it is not known what a list holds: the row does not state it, or objects stand in it."""
    null = "NULL" if json else text(MISSING)
    empty = f"{name(relation)} = '[]'" if piece.forms[relation] is Form.VARIANT else "false"
    cases = f"WHEN {name(relation)} IS NULL THEN {null} WHEN {empty} THEN NULL ELSE {text(NESTED)}"
    return f"CASE WHEN {_is_unsaid(piece, relation)} THEN {text(MISSING)} {cases} END"


def _of_lookup(piece: TableFragment, relation: str, key: str, *, json: bool) -> str:
    """Return why it is not known where a lookup leads: an object stands in it, the one of its key or another, or null does."""
    named = f"coalesce({name(key)}, '') <> ''" if json and key in piece.forms else "false"
    cases = f"WHEN {name(relation)} IS NOT NULL THEN {text(NESTED)} WHEN {named} THEN {text(NO_OBJECT)}"
    if piece.forms[relation] is Form.VARIANT and piece.forms.get(key) is Form.TEXT:
        other = f"json_extract_string({name(relation)}, '$.Id') <> coalesce({name(key)}, '')"
        cases = f"WHEN NOT ({_is_unsaid(piece, key)}) AND {other} THEN {text(OTHER_OBJECT)} {cases}"
    return f"CASE WHEN {_is_unsaid(piece, relation)} THEN NULL {cases} END"


def _is_unsaid(piece: TableFragment, relation: str) -> str:
    return f"{name(unread(relation))} IS NOT NULL" if unread(relation) in piece.marks else "false"
