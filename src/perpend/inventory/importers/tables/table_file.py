"""Read a table file (Parquet, JSON lines, CSV, TSV; texts may be gzip) as a fragment of a table.

The content decides the format. DuckDB reads the file in a sandbox; its errors are translated.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import zlib
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perpend.core.commit import digest_of
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import suggestion, whole_file
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.object_types import ObjectType
from perpend.core.schema.tables import ROW, SOURCE, Form, unread
from perpend.core.values.types import ValueType
from perpend.core.values.values import WHITE_SPACE
from perpend.inventory.importers import rules
from perpend.inventory.importers.merge_relations import TableFragment
from perpend.inventory.importers.tables.parquet_pages import check_pages
from perpend.inventory.importers.tables.table_bytes import MARK, UnreadableTable, check_table, head_of, is_gzip
from perpend.inventory.importers.tables.table_columns import PLACE, Oddity, Stored, constant_column, store_columns
from perpend.inventory.readers.formats import CSV, HEAD, JSON_LINES, PARQUET, TSV, InputKind, table_kind_of
from perpend.inventory.snapshots.database import is_failed_write, name, pattern, rows_of, text, text_list
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.files import StoreError, shown
from perpend.inventory.snapshots.plain_sql import STRICT_JSON
from perpend.inventory.snapshots.rows import ROW_GROUP, check_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.claims import Scope
    from perpend.inventory.snapshots.database import Connection

_FIELD_NAME: Final = re.compile(r"\w+__[cr]", re.IGNORECASE)
_ALWAYS: Final = ("Id", "Name", "RecordTypeId", "RecordType")

_STAGED_FORM: Final = f"(FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP})"
_MOST_NAMED: Final = 12
_OTHER_DELIMITERS: Final = (";", "|")
_MOST_SHAPES: Final = 1_024
_LENIENT: Final = r"[:\[,]\s*[-+]?(?i:nan|inf)|,\s*[}\]]"
"""How a text looks that may only be valid for DuckDB's lenient parser: all such words are values, which stand behind a sign."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file with objects of one type. ``columns`` maps its columns to API names, None if they are API names.

    ``constants`` are fields with one value for all objects, ``complete`` the scopes of which the file has every object, and
    ``new_fields`` allows fields that the type does not declare. ``blank_is_none``: a blank cell of CSV or TSV is null, in all
    columns or in the given ones; without it, it is unknown.
    """

    path: str
    type_name: str
    columns: Mapping[str, str] | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    observed_at: datetime | None = None
    complete: tuple[Scope, ...] = ()
    new_fields: bool = True
    blank_is_none: bool | tuple[str, ...] = False


def in_order(tables: Iterable[TableFile]) -> list[TableFile]:
    """Sort tables by content hash and options, so that file names and argument order do not matter."""

    def place(table: TableFile) -> tuple[str, ...]:
        with suppress(OSError, ValueError):  # reading it reports the error
            reading = (table.type_name, table.columns, table.constants, table.observed_at, table.complete, table.blank_is_none)
            return digest_of(Path(table.path))[0], repr(reading), table.path
        return ("",)

    return sorted(tables, key=place)


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table file as a fragment of its type's table, with its format and diagnostics."""

    piece: TableFragment
    kind: str
    problems: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Staged:
    """A table that DuckDB can read repeatedly: its relation, and its columns with their SQL types."""

    relation: str
    columns: dict[str, str]
    kind: str
    untyped: bool = False
    json: bool = False


def read_table(
    connection: Connection, table: TableFile, *, declared: ObjectType | None, source: int, staging: Path
) -> ReadTable:
    """Return a table file as a fragment. ``source`` is its number in the run, ``staging`` a path that may be written to.

    Raises UnreadableTable with the reason, and the line if there is one.
    """
    staged = _stage(connection, table.path, staging)
    names = _names(table, staged)
    if declared and not table.new_fields:
        check_fields(table.path, declared, names, table.constants, mapped=table.columns is not None)
    types = {one.name: one.type for one in declared.fields.values()} if declared else {}
    stored = store_columns(
        connection,
        staged.relation,
        staged.columns,
        declared={"Id": ValueType.TEXT, **types},
        names=names,
        untyped=staged.untyped,
        json=staged.json,
        null_where_blank=_null_where_blank(table, names, declared or ObjectType("")),
    )
    stored |= {column: constant_column(value) for column, value in table.constants.items()}
    _check_ids(connection, table, staged, stored["Id"])
    values = [f"{PLACE} AS {name(ROW)}", f"{source} AS {name(SOURCE)}"]
    values += [f"{one.value} AS {name(column)}" for column, one in stored.items()]
    values += [f"{one.unread} AS {name(unread(column))}" for column, one in stored.items() if one.unread]
    marks = frozenset(unread(column) for column, one in stored.items() if one.unread)
    rows = rows_of(connection, f"SELECT count(*) FROM {staged.relation}")[0][0]
    piece = TableFragment(
        f"(SELECT {', '.join(values)} FROM {staged.relation})",
        {column: one.form for column, one in stored.items()},
        rows,
        marks,
    )
    return ReadTable(piece, staged.kind, tuple(_problems(table, staged, stored)))


def _stage(connection: Connection, path: str, staging: Path) -> _Staged:
    check_table(path)
    kind = table_kind_of(head_of(path))
    # DuckDB may only read the store's directory, and takes some names for patterns: give it a link with a safe name.
    link = staging.with_name(f"{staging.name}-input")
    link.symlink_to(os.path.abspath(path))
    try:
        if kind is PARQUET:
            return _stage_parquet(connection, path, link)
        if kind is JSON_LINES:
            return _stage_json(connection, path, link, staging)
        if kind in (CSV, TSV):
            return _stage_delimited(connection, path, link, staging)
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error as error:
        if is_failed_write(error):
            raise
        raise UnreadableTable(path, _reason(kind, path, str(error))) from None
    what = "the file is empty" if kind is None and not head_of(path).strip() else "an array of JSON is not read as a table"
    raise UnreadableTable(path, what)


def _stage_parquet(connection: Connection, path: str, link: Path) -> _Staged:
    schema = rows_of(connection, f"SELECT name, num_children FROM parquet_schema({pattern(link)})")
    raw = _top_level(schema)
    _check_columns(path, [*raw])
    relation = f"read_parquet({pattern(link)}, hive_partitioning=false, {PLACE}=true)"
    described = rows_of(connection, f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {relation})")
    columns = {column: kind for column, kind in described if column != PLACE}
    if list(columns) != raw:
        raise UnreadableTable(path, "its columns cannot be told apart by their names")
    check_pages(connection, path, link)
    return _Staged(relation, columns, PARQUET.name)


def _top_level(schema: list[tuple[Any, ...]]) -> list[str]:
    """Return the names of the top-level columns of a Parquet schema, which lists nested columns after their parent."""
    names, place = [], 1
    while place < len(schema):
        names.append(str(schema[place][0]))
        waiting = 1
        while waiting and place < len(schema):
            waiting += int(schema[place][1] or 0) - 1
            place += 1
    return names


def _stage_delimited(connection: Connection, path: str, link: Path, staging: Path) -> _Staged:
    header, delimiter = _header(path)
    _check_columns(path, header)
    columns = ", ".join(f"{text(column)}: 'VARCHAR'" for column in header)
    options = (
        f"delim={text(delimiter)}, header=true, auto_detect=false, quote='\"', escape='\"', strict_mode=true, "
        f"compression={'gzip' if is_gzip(path) else 'none'!r}, columns={{{columns}}}"
    )
    filled = text(f"[^{WHITE_SPACE}]")
    cells = ", ".join(f"CASE WHEN regexp_matches({cell}, {filled}) THEN {cell} END AS {cell}" for cell in map(name, header))
    copy_checked(connection, f"SELECT {cells} FROM read_csv({pattern(link)}, {options})", staging)
    relation = f"read_parquet({pattern(staging)}, hive_partitioning=false, {PLACE}=true)"
    return _Staged(relation, dict.fromkeys(header, "VARCHAR"), TSV.name if delimiter == "\t" else CSV.name, untyped=True)


def _stage_json(connection: Connection, path: str, link: Path, staging: Path) -> _Staged:
    lines = staging.with_name(f"{staging.name}-lines")
    read = f"read_ndjson_objects({pattern(link)}, compression={'gzip' if is_gzip(path) else 'none'!r})"
    copy_checked(connection, f"SELECT json FROM {read}", lines)
    relation = f"read_parquet({pattern(lines)}, hive_partitioning=false, {PLACE}=true)"
    names = _names_of_lines(connection, path, relation)
    _check_columns(path, names)
    pointers = {column: f"/{column.replace('~', '~0').replace('/', '~1')}" for column in names}
    texts = _columns_of_texts(connection, relation, pointers)
    others = [column for column in names if column not in texts]
    parts = [
        f"json_extract_string(json, {text_list(pointers[column] for column in texts)}) AS texts" if texts else "[] AS texts",
        f"json_extract(json, {text_list(pointers[column] for column in others)}) AS cells" if others else "[] AS cells",
    ]
    cells = {column: f"texts[{place}] AS {name(column)}" for place, column in enumerate(texts, 1)}
    cells |= {column: f"cells[{place}] AS {name(column)}" for place, column in enumerate(others, 1)}
    listed = ", ".join(cells[column] for column in names)
    copy_checked(connection, f"SELECT {listed} FROM (SELECT {', '.join(parts)} FROM {relation})", staging)
    casts = ", ".join(f"CAST({name(column)} AS JSON) AS {name(column)}" for column in others)
    every = f"* REPLACE ({casts})" if casts else "*"
    staged = f"(SELECT {every} FROM read_parquet({pattern(staging)}, hive_partitioning=false, {PLACE}=true))"
    kinds = {column: "VARCHAR" if column in texts else "JSON" for column in names}
    return _Staged(staged, kinds, JSON_LINES.name, json=True)


def _columns_of_texts(connection: Connection, relation: str, pointers: Mapping[str, str]) -> list[str]:
    """Return the keys of JSON lines that every line has, each with a text or null."""
    kinds = rows_of(
        connection, f"SELECT DISTINCT json_type(json, {text_list(pointers.values())}) FROM {relation} LIMIT {_MOST_SHAPES}"
    )
    if not kinds or len(kinds) == _MOST_SHAPES:
        return []
    of_columns = zip(*(of_line for (of_line,) in kinds), strict=True)
    return [column for column, of_column in zip(pointers, of_columns, strict=True) if {*of_column} <= {"VARCHAR", "NULL"}]


def copy_checked(connection: Connection, query: str, target: Path) -> None:
    """Write the result of a query to the staging file."""
    connection.execute(f"COPY ({query}) TO {text(str(target.absolute()))} {_STAGED_FORM}")


def _names_of_lines(connection: Connection, path: str, relation: str) -> list[str]:
    """Return the keys of objects in JSON lines.

    Raises for the first line that is not an object, has a key twice, or is only valid for DuckDB's lenient parser.
    """
    keys = "json_keys(json)"
    shapes = [
        keys_of_shape
        for (keys_of_shape,) in rows_of(connection, f"SELECT DISTINCT {keys} FROM {relation} LIMIT {_MOST_SHAPES}")
    ]
    # To compare the keys of each line with each other takes long, and most files have lines of few shapes.
    are_few = len(shapes) < _MOST_SHAPES
    is_single = are_few and all(keys_of_shape and len(set(keys_of_shape)) == len(keys_of_shape) for keys_of_shape in shapes)
    repeated = "false" if is_single else f"len(list_distinct({keys})) <> len({keys})"
    # Only objects have keys.
    other = "false" if is_single else "json_type(json) <> 'OBJECT'"
    query = f"""SELECT {PLACE}, CASE WHEN {other} THEN 'no object' WHEN {repeated} THEN 'an object that
        has a key twice' ELSE 'no JSON: NaN, Infinity or a comma too many' END FROM {relation}
        WHERE CASE WHEN {other} OR {repeated} THEN true WHEN regexp_matches(json, {text(_LENIENT)})
        THEN NOT {STRICT_JSON}(json) ELSE false END ORDER BY 1 LIMIT 1"""
    for place, what in rows_of(connection, query):
        raise UnreadableTable(path, f"object {place + 1} is {' '.join(what.split())}")
    if are_few:
        return sorted({str(one) for keys_of_shape in shapes for one in keys_of_shape})
    return [str(one) for (one,) in rows_of(connection, f"SELECT DISTINCT unnest({keys}) FROM {relation} ORDER BY 1")]


def _header(path: str) -> tuple[list[str], str]:
    head = head_of(path)
    try:
        lines = head.removeprefix(MARK).decode("utf-8", errors="strict" if len(head) < HEAD else "ignore")
    except UnicodeDecodeError:
        raise UnreadableTable(path, "not UTF-8 text, and no Parquet file") from None
    delimiter = "\t" if "\t" in (first := lines.partition("\n")[0]) and "," not in first else ","
    try:
        return next(csv.reader(lines.splitlines(keepends=True), delimiter=delimiter, strict=True)), delimiter
    except (csv.Error, StopIteration):
        raise UnreadableTable(path, "its first line is no header of CSV") from None


def _check_columns(path: str, columns: list[str]) -> None:
    repeated = next((column for place, column in enumerate(columns) if column in columns[:place]), None)
    if repeated is not None:
        raise UnreadableTable(path, f"the column `{shown(repeated)}` stands there twice")
    if PLACE in (column.casefold() for column in columns):
        raise UnreadableTable(path, f"the name `{PLACE}` is reserved")
    try:
        check_names(columns, shown(path))
    except StoreError as error:
        raise UnreadableTable(path, str(error).removeprefix(f"{shown(path)}: ")) from None


def _names(table: TableFile, staged: _Staged) -> dict[str, str]:
    """Return the API names of the columns to store."""
    if table.columns is None:
        names = {column: column for column in staged.columns if column not in table.constants}
    else:
        absent = [column for column in table.columns if column not in staged.columns]
        if absent:
            _check_delimiter(table.path, staged)
            known = ", ".join(f"`{shown(column)}`" for column in list(staged.columns)[:_MOST_NAMED])
            raise UnreadableTable(table.path, f"has no column `{shown(absent[0])}`, which the mapping names; it has {known}")
        names = dict(table.columns)
    _check_columns(table.path, [*names.values(), *table.constants])
    if "Id" not in {*names.values(), *table.constants}:
        hint = "name its column in a mapping file (--mapping)" if table.columns is None else "map one of its columns to `Id`"
        _check_delimiter(table.path, staged)
        raise UnreadableTable(table.path, f"has no column `Id`: {hint}")
    return names


def _null_where_blank(table: TableFile, names: Mapping[str, str], declared: ObjectType) -> set[str]:
    """Return the columns whose blank cells are null: the mapping's, and the deletion fields."""
    gone = declared.deletion_names(names.values())
    columns = {column for column, field in names.items() if field in gone}
    if isinstance(table.blank_is_none, bool):
        return {*names} if table.blank_is_none else columns
    absent = [column for column in table.blank_is_none if column not in names]
    if absent:
        raise UnreadableTable(table.path, f"no column `{shown(absent[0])}` is taken, of which the mapping says `blank: none`")
    return columns | {*table.blank_is_none}


def _check_delimiter(path: str, staged: _Staged) -> None:
    """Raise if the only column of a text contains another delimiter."""
    column = next(iter(staged.columns))
    delimiter = next((delimiter for delimiter in _OTHER_DELIMITERS if delimiter in column), None)
    if staged.untyped and len(staged.columns) == 1 and delimiter:
        raise UnreadableTable(path, f"fields are separated by `{delimiter}`; a table separates them by commas or tabs")


def _check_ids(connection: Connection, table: TableFile, staged: _Staged, identity: Stored) -> None:
    if identity.form is not Form.TEXT or "Id" in table.constants:
        raise UnreadableTable(table.path, "its column `Id` does not hold texts")
    blank = f"({identity.value}) IS NULL OR ({identity.value}) = ''"
    count, first = rows_of(
        connection, f"SELECT count(*) FILTER (WHERE {blank}), min({PLACE}) FILTER (WHERE {blank}) FROM {staged.relation}"
    )[0]
    if count:
        more = f" (and {count - 1} more)" if count > 1 else ""
        raise UnreadableTable(table.path, f"row {first + 1}{more} has no `Id`")


def _problems(table: TableFile, staged: _Staged, stored: Mapping[str, Stored]) -> list[Diagnostic]:
    problems = []
    for oddity in (oddity for column in stored.values() for oddity in column.oddities):
        rule = rules.VALUE_WITHOUT_MEANING if oddity.lost else rules.COLUMN_OF_OTHER_TYPE
        problems.append(rule.at(whole_file(table.path), _sentence(table, oddity)))
    left_out = [column for column in staged.columns if table.columns is not None and column not in table.columns]
    if left_out:
        more = f" and {len(left_out) - _MOST_NAMED} more" if len(left_out) > _MOST_NAMED else ""
        listed = ", ".join(f"`{shown(column)}`" for column in left_out[:_MOST_NAMED])
        problems.append(rules.COLUMNS_LEFT_OUT.at(whole_file(table.path), f"the mapping does not name {listed}{more}"))
    return problems


def _sentence(table: TableFile, oddity: Oddity) -> str:
    rows = ", ".join(map(str, oddity.rows))
    where = f"row {rows}" if len(oddity.rows) == 1 else f"rows {rows}{' …' if oddity.count > len(oddity.rows) else ''}"
    verb = "" if oddity.what.startswith("holds") else "holds "
    return f"`{oddity.column}` of `{table.type_name}` {verb}{oddity.what}: {oddity.count} in all, {where}"


def _reason(kind: InputKind | None, path: str, message: str) -> str:
    """Translate an error of DuckDB about a file."""
    if kind is PARQUET:
        return "damaged Parquet: it is cut off, or no Parquet file"
    if "GZIP" in message:
        return "damaged or truncated gzip"
    if kind is JSON_LINES:
        return _faulty_line(path)
    line = re.search(r"CSV Error on Line: (\d+)", message)
    where = f"line {line[1]}" if line else "a line"
    widths = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if widths:
        return f"{where} has {counted(int(widths[2]), 'field')} where the header has {widths[1]}"
    if "unterminated quote" in message or "quote" in message.partition("Possible")[0]:
        return f"{where}: a quote is not closed, or text stands behind a closing quote"
    if "unicode" in message or "utf-8" in message:
        return f"{where}: not UTF-8 text"
    if "Maximum line size" in message:
        return f"{where} is too long"
    return f"{where} cannot be read as CSV"


def _faulty_line(path: str) -> str:
    """Return the number of the first line that is not JSON, and a description of it."""
    number = 0
    try:
        with (gzip.open if is_gzip(path) else open)(path, "rb") as stream:
            for line in stream:
                number += 1
                json.loads(line if line.strip() else b"null")
    except UnicodeDecodeError:
        return f"line {number}: not UTF-8 text"
    except (OSError, EOFError, zlib.error):
        return "damaged or truncated gzip"
    except (ValueError, RecursionError):
        return f"line {number}: not valid JSON; each line holds one object"
    return "a line is too long, or no JSON"


def check_fields(path: str, declared: ObjectType, names: Mapping[str, str], constants: Iterable[str], *, mapped: bool) -> None:
    """Raise if a field of a mapping, or a column named like a field (`…__c`, `…__r`), is not declared by the type.

    A column with surrounding white space or in another case counts as well, since no policy would read it. ``names`` maps
    fields to columns, by a mapping if ``mapped``. Types without declared fields accept any.
    """
    known = _fields_of(declared)
    given: dict[str, str | None] = {**dict.fromkeys(constants), **{field_name: column for column, field_name in names.items()}}
    for field_name, column in given.items() if declared.fields else ():
        is_named_so = _FIELD_NAME.fullmatch(field_name.strip()) or field_name.strip() in known
        if field_name in known or (not mapped and column is not None and not is_named_so):
            continue
        near = suggestion(field_name, sorted(known))
        what = f"the mapping calls `{shown(column)}`" if column not in (None, field_name) else "has a field"
        reason = f"{what} `{shown(field_name)}`, which is no field of `{declared.name}`{f' ({near})' if near else ''}"
        raise UnreadableTable(path, f"{reason}; --new-type says that it is meant")


def _fields_of(declared: ObjectType) -> set[str]:
    lookups = declared.lookups.values()
    named = {declared.deletion_field, declared.name_field, declared.external_id_field, *(lookup.key for lookup in lookups)}
    return {name for name in (*_ALWAYS, *declared.fields, *declared.lookups, *declared.children, *named) if name}
