"""Merge the fragments of one table, from several sources and in different forms, into one relation with one row per Id.

Columns that a fragment lacks are unknown in its rows. Rows of one Id that disagree are marked as contradicted.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.schema.tables import CONTRADICTED, OWNER, ROW, SOURCE, Form, listed, plain, unfollowed, unread
from perpend.core.values.partial_object import MISSING
from perpend.inventory.importers.observation_order import by_age
from perpend.inventory.readers.conflicts import CONTRADICT, PLACES
from perpend.inventory.snapshots.database import name, rows_of, text, text_list
from perpend.inventory.snapshots.plain_sql import is_plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource

_MOST_NAMED: Final = 6
_END: Final = unfollowed("")
_LISTED_END: Final = listed("")

LISTED: Final = "listed"
"""What stands beside the key of a row that the object of that key listed itself."""


@dataclass(frozen=True, slots=True)
class TableFragment:
    """Rows of a table from one place. ``relation`` is the SQL text behind FROM, with a column per form and per mark.

    ``marks`` are its system and companion columns, except row number and source. ``unknown`` has the reasons why relations
    without a mark are unknown. ``plain`` are expressions of whether the documents of a column are plain JSON, if that is known.
    In ``bare`` columns no text begins like JSON. ``members`` names the columns that hold the
    members of a column's JSON objects, which then are not in the relation (``core/schema/tables.py``). ``keys`` is a relation
    of the same rows without these, if that is cheaper to read.
    """

    relation: str
    forms: Mapping[str, Form]
    rows: int
    marks: frozenset[str] = frozenset()
    unknown: Mapping[str, str] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bare: frozenset[str] = frozenset()
    keys: str = ""


@dataclass(slots=True)
class MergedTable:
    """The fragments of a table as one relation.

    ``marks`` are its companion columns; ``merged`` counts rows with an Id of an earlier row. ``unmerged`` is the query before
    merging, empty if no rows were merged. ``lost`` has values by column that other readings of the objects had. ``members``
    describes the documents of a single fragment. ``plain`` and ``bare`` describe documents and texts, if that is known,
    ``narrow`` is the query of its rows without documents.
    ``several``: some objects were merged from several readings before they became a fragment.
    """

    query: str
    forms: dict[str, Form]
    marks: set[str]
    rows: int
    merged: int = 0
    unmerged: str = ""
    lost: Mapping[str, Collection[str]] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bare: frozenset[str] = frozenset()
    narrow: str = ""
    several: bool = False

    @property
    def keys(self) -> str:
        """The relation to query for keys and other columns that are no documents."""
        return self.narrow or self.query

    @property
    def companions(self) -> list[str]:
        """The companion columns in a stable order."""
        return sorted(self.marks - {OWNER, CONTRADICTED})

    @property
    def stored_companions(self) -> list[str]:
        """The companion columns that the stored table also has."""
        return [column for column in self.companions if not column.endswith(_LISTED_END)]


def unite(pieces: Sequence[TableFragment]) -> MergedTable:
    """Return fragments as one relation. Different forms of a column become variants, and row numbers continue."""
    names = sorted({column for piece in pieces for column in piece.forms})
    forms = {column: _common_form([piece.forms[column] for piece in pieces if column in piece.forms]) for column in names}
    marks = {mark for piece in pieces for mark in piece.marks}
    marks |= {unread(column) for column in names if any(column not in piece.forms for piece in pieces)}
    marks |= {unfollowed(column) for piece in pieces for column in piece.unknown}
    united = MergedTable("", forms, marks - {ROW, SOURCE}, sum(piece.rows for piece in pieces))
    selects, offset = [], 0
    documents = _documents(pieces, forms) if len(pieces) > 1 else ()
    for piece in pieces:
        selects.append(_select(piece, united, offset, documents))
        offset += piece.rows
    united.query = " UNION ALL ".join(selects)
    if len(pieces) == 1:
        piece = pieces[0]
        united.narrow = f"FROM {piece.keys}" if piece.keys else ""
        united.members, united.plain, united.bare = piece.members, piece.plain, piece.bare
    else:
        united.plain = {column: name(plain(column)) for column in _documents(pieces, forms)}
    return united


def merge_same(
    connection: Connection, table: MergedTable, sources: Sequence[StoredSource], deletions: Collection[str] = ()
) -> int:
    """Merge the rows of each Id into one row; return the number of Ids whose rows disagree.

    ``deletions`` are columns with the time at which an object was deleted; a row without them lists an existing object. Each
    value comes from the first row that has it. The source of the merged row is the oldest of the newest sources per column, so
    that no value is older than the row states.
    """
    if table.forms.get("Id") is not Form.TEXT:
        return 0
    repeated = f'SELECT "Id" FROM ({table.query}) WHERE "Id" IS NOT NULL GROUP BY "Id" HAVING count(*) > 1'
    counted = f'SELECT count(*) AS n FROM ({table.query}) WHERE "Id" IS NOT NULL GROUP BY "Id" HAVING n > 1'
    count, rows = rows_of(connection, f"SELECT count(*), coalesce(sum(n), 0) FROM ({counted})")[0]
    if not count:
        return 0
    had = CONTRADICTED in table.marks
    table.marks.add(CONTRADICTED)
    whole = [SOURCE, *([OWNER] if OWNER in table.marks else []), *table.forms, *table.companions]
    columns = ", ".join([name(ROW), *map(name, whole), name(CONTRADICTED) if had else f"NULL AS {name(CONTRADICTED)}"])
    merged = ", ".join(
        [f"min({name(ROW)}) AS {name(ROW)}", *(f"{_merged(column, table, sources)} AS {name(column)}" for column in whole)]
    )
    clashing = _clash(table, sources, deletions)
    given = f"coalesce(min({name(CONTRADICTED)}), {clashing})" if had else clashing
    single = f'SELECT {columns} FROM ({table.query}) WHERE "Id" IS NULL OR "Id" NOT IN ({repeated})'
    several = f'SELECT {merged}, {given} AS {name(CONTRADICTED)} FROM ({table.query}) WHERE "Id" IN ({repeated}) GROUP BY "Id"'
    table.plain = {}
    table.unmerged, table.query = table.query, f"{single} UNION ALL {several}"
    table.merged = int(rows) - int(count)
    table.rows -= table.merged
    return int(rows_of(connection, f"SELECT count({name(CONTRADICTED)}) FROM ({several})")[0][0])


def unstated_lists(declared: ObjectType | None) -> dict[str, str]:
    """Return the reasons why the child lists of a type are unknown for objects that do not state them, by name."""
    return {children.name: MISSING for children in declared.children.values() if children.key} if declared else {}


def lost_values(table: MergedTable, column: str) -> str | None:
    """Return the query of a column's texts that some reading of an object had, but its row does not; None if there are none."""
    queries = []
    if table.unmerged:
        pairs = f'SELECT "Id", {name(column)} AS value FROM'
        queries.append(f"SELECT value FROM ({pairs} ({table.unmerged}) EXCEPT {pairs} ({table.query}))")
    if lost := table.lost.get(column):
        queries.append(f"SELECT unnest({text_list(sorted(lost))}) AS value")
    return f"SELECT value FROM ({' UNION ALL '.join(queries)}) WHERE value IS NOT NULL" if queries else None


def as_variant(expression: str, form: Form) -> str:
    """Return the expression of a value of some form as JSON text."""
    return expression if form is Form.VARIANT else f"CAST(to_json({expression}) AS VARCHAR)"


def _common_form(forms: Iterable[Form]) -> Form:
    distinct = set(forms)
    return distinct.pop() if len(distinct) == 1 else Form.VARIANT


def _documents(pieces: Iterable[TableFragment], forms: Mapping[str, Form]) -> list[str]:
    """Return the columns of which some fragment knows whether their documents are plain JSON."""
    return sorted({column for piece in pieces for column in piece.plain if forms[column] is Form.TEXT})


def _select(piece: TableFragment, table: MergedTable, offset: int, documents: Iterable[str]) -> str:
    parts = [f"{name(ROW)} + {offset} AS {name(ROW)}", name(SOURCE)]
    parts += [
        name(column) if column in piece.marks else f"NULL AS {name(column)}"
        for column in (OWNER, CONTRADICTED)
        if column in table.marks
    ]
    for column, form in table.forms.items():
        if column in piece.members:
            parts += [name(stored) for stored in piece.members[column].values() if stored not in piece.forms]
        elif column not in piece.forms:
            parts.append(f"NULL AS {name(column)}")
        elif form is piece.forms[column]:
            parts.append(name(column))
        else:
            parts.append(f"{as_variant(name(column), piece.forms[column])} AS {name(column)}")
    for mark in table.companions:
        parts.append(name(mark) if mark in piece.marks else f"{_reason(piece, mark)} AS {name(mark)}")
    for column in documents:
        known = piece.plain.get(column) or (is_plain(name(column)) if column in piece.forms else "false")
        parts.append(f"{known} AS {name(plain(column))}")
    return f"SELECT {', '.join(parts)} FROM {piece.relation}"


def _reason(piece: TableFragment, mark: str) -> str:
    """Return the value of a companion column that a fragment does not have."""
    if mark.endswith(_LISTED_END):
        reason = None
    elif mark.endswith(_END):
        reason = piece.unknown.get(mark.removesuffix(_END))
    else:
        reason = None if mark.removesuffix(unread("")) in piece.forms else MISSING
    return "NULL" if reason is None else text(reason)


def _present(column: str, table: MergedTable) -> str:
    return f"{name(unread(column))} IS NULL" if unread(column) in table.marks else "true"


def _merged(column: str, table: MergedTable, sources: Sequence[StoredSource]) -> str:
    """Return the aggregate of a column over the rows of one Id."""
    if column == SOURCE:
        return _oldest(table, sources)
    if column == OWNER:
        return f"first({name(column)} ORDER BY {name(ROW)})"
    if column in table.forms:
        return f"first({name(column)} ORDER BY {name(ROW)}) FILTER (WHERE {_present(column, table)})"
    if column.endswith(_LISTED_END):
        return f"max({name(column)})"
    known = f"bool_or({name(column)} IS NULL)"
    if not column.endswith(_END):
        return f"CASE WHEN {known} THEN NULL ELSE min({name(column)}) END"
    missing = text(MISSING)
    other = f"min({name(column)}) FILTER (WHERE {name(column)} <> {missing})"
    return f"coalesce({other}, CASE WHEN {known} THEN NULL ELSE {missing} END)"


def _oldest(table: MergedTable, sources: Sequence[StoredSource]) -> str:
    """Return the expression of the source that is as old as the oldest value of the merged row."""
    numbers = by_age(sources)
    place = f"{[numbers.index(number) for number in range(len(numbers))]}[{name(SOURCE)} + 1]"
    latest = (f"max({place}) FILTER (WHERE {_present(column, table)})" for column in table.forms)
    return f"CAST({numbers}[least({', '.join(latest)}) + 1] AS INTEGER)"


def _compared(column: str, form: Form) -> str:
    """Return the expression to compare a column's values. Variants compare as numbers, since 1 equals 1.0.

    Integers that doubles cannot tell apart compare as texts.
    """
    if form is not Form.VARIANT:
        return column
    number = f"TRY_CAST({column} AS DOUBLE)"
    return f"CASE WHEN abs({number}) < {2**53} THEN {as_variant(number, Form.NUMBER)} ELSE {column} END"


def _clash(table: MergedTable, sources: Sequence[StoredSource], deletions: Collection[str]) -> str:
    """Return the expression of the columns about which the rows of one Id disagree, null if there are none."""
    differing = []
    for column_name in table.forms:
        there = (
            f" OR {name(unread(column_name))} = {text(MISSING)}"
            if column_name in deletions and unread(column_name) in table.marks
            else ""
        )
        present = f"FILTER (WHERE {_present(column_name, table)}{there})"
        column, value = name(column_name), _compared(name(column_name), table.forms[column_name])
        values = f"min({value}) {present} IS DISTINCT FROM max({value}) {present}"
        nulls = f"(count({column}) {present} > 0 AND count({column}) {present} < count(*) {present})"
        differing.append(f"CASE WHEN {values} OR {nulls} THEN {text(column_name)} END")
    names = f"list_filter([{', '.join(differing)}], lambda one: one IS NOT NULL)"
    more = f"CASE WHEN len({names}) > {_MOST_NAMED} THEN ' and ' || (len({names}) - {_MOST_NAMED}) || ' more' ELSE '' END"
    listed = f"array_to_string({names}[1:{_MOST_NAMED}], ', ') || {more}"
    names_of = text_list(source.name for source in sources)
    named = f"list_transform(list_sort(list_distinct(list({name(SOURCE)}))), lambda number: {names_of}[number + 1])"
    places = f"{text(PLACES)} || array_to_string(({named})[1:{_MOST_NAMED}], ', ') || ')'"
    return f"CASE WHEN len({names}) > 0 THEN {text(CONTRADICT)} || {listed} || {places} END"
