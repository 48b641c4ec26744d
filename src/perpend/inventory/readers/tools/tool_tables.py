"""Read tables that Steampipe or CloudQuery have written. The columns decide which table it is.

Steampipe writes CSV, an array of rows, or an object with ``rows``; CloudQuery CSV and JSON lines (Parquet is converted to
these before). A table claims nothing: the file does not state connections, regions and filters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.inventory import LINE, Origin
from perpend.inventory.readers.credential_report import COLUMNS, repeated_column
from perpend.inventory.readers.csv_text import check_quoting, read_rows, wide_fields
from perpend.inventory.readers.errors import UnusableContent, excerpt
from perpend.inventory.readers.json_text import MAX_CONTAINERS, JsonText, described, read_array, read_value
from perpend.inventory.readers.tools.report_rows import reading_of, reading_of_words
from perpend.inventory.readers.tools.table_maps import CLOUDQUERY, REPORT_COLUMNS, REPORT_TABLE, STEAMPIPE
from perpend.inventory.readers.tools.values import UnknownValue, document, moment, time_of_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.inventory.readers.credential_report import Reading
    from perpend.inventory.readers.files import InputText
    from perpend.inventory.readers.tools.contents import Contents
    from perpend.inventory.readers.tools.field_map import TypeFrom

_NULL: Final = "<null>"
_ROWS: Final = "rows"
_REPORT: Final = "credential report"
_JSON: Final = ("{", "[")
_OPENING: Final = (*_JSON, _NULL[0])
_MOST_NAMED: Final = 8
_BARE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Tool:
    name: str
    tables: tuple[TypeFrom, ...]
    times: tuple[str, ...]


_STEAMPIPE: Final = _Tool("Steampipe", STEAMPIPE, ("generated_time",))
_CLOUDQUERY: Final = _Tool("CloudQuery", CLOUDQUERY, ("_cq_sync_time",))


def read_steampipe(text: InputText, source: str, contents: Contents) -> Iterator[None]:
    """Read a Steampipe table into ``contents``, one row a step.

    Raises UnusableContent if the table is unknown or a row is invalid.
    """
    return _read(text, source, contents, _STEAMPIPE)


def read_cloudquery(text: InputText, source: str, contents: Contents) -> Iterator[None]:
    """Read a CloudQuery table into ``contents``, one row a step.

    Raises UnusableContent if the table is unknown or a row is invalid.
    """
    return _read(text, source, contents, _CLOUDQUERY)


def _read(text: InputText, source: str, contents: Contents, tool: _Tool) -> Iterator[None]:
    table: TypeFrom | str | None = None
    names: tuple[str, ...] = ()
    read: list[str] = []
    cells: Sequence[tuple[str, str]] = ()
    times: set[datetime | None] = set()
    unit = "row" if text.head().lstrip().startswith((b"[", b"{")) else LINE
    for number, (place, row) in enumerate(_rows(text)):
        if number >= MAX_CONTAINERS:
            raise UnusableContent(f"holds more than {MAX_CONTAINERS:,} rows; several files may share them")
        if table is None or names != tuple(row):
            names, table = tuple(row), _same(table, _table_of(row, tool), f"{unit} {place}")
            cells = _report_cells(names) if isinstance(table, str) and unit == LINE else ()
            read = [] if cells else _read_columns(names, table)
        for name in read:
            value = row[name]
            if isinstance(value, str) and value[:1] in _OPENING:
                row[name] = _nested(value)
        time = _time_of(row, tool)
        times.add(time)
        origin = Origin(source, place, unit)
        if cells:
            reason = _add(contents, reading_of_words(_words(row, cells), origin, time))
        elif isinstance(table, str):
            reason = _add_reading(contents, row, origin, time)
        else:
            reason = table.read(contents, row, origin)
        if reason is not None:
            raise UnusableContent(f"{unit} {place} cannot be used: {reason}")
        yield
    if table is None:
        raise UnusableContent(f"a table of {tool.name} without rows, which does not show its type")
    contents.observed_at = time_of_all(times)


def _same(table: TypeFrom | str | None, other: TypeFrom | str, place: str) -> TypeFrom | str:
    """Return the table of another row, which must be the table of all rows."""
    if table is None or other == table:
        return other
    first, second = (one if isinstance(one, str) else one.source for one in (table, other))
    raise UnusableContent(f"{place} is one of {second}, after rows of {first}: every table needs a file of its own")


def _add_reading(contents: Contents, row: dict[str, Any], origin: Origin, time: datetime | None) -> str | None:
    report_row = _report_row(row)
    return _add(contents, reading_of(report_row, origin, time, raw=False) if isinstance(report_row, dict) else report_row)


def _add(contents: Contents, reading: Reading | str) -> str | None:
    """Add a reading; return the reason if there is none."""
    if isinstance(reading, str):
        return reading
    contents.add_reading(reading)
    return None


def _table_of(row: dict[str, Any], tool: _Tool) -> TypeFrom | str:
    names = row.keys()
    reported = {REPORT_COLUMNS.get(name, name) for name in names}
    if reported >= REPORT_TABLE:
        return _REPORT
    fitting = max((table for table in tool.tables if table.marks <= names), key=lambda table: len(table.marks), default=None)
    if fitting is not None:
        return fitting
    shown = ", ".join(excerpt(name, 30) for name in list(names)[:_MOST_NAMED])
    known = ", ".join(table.source for table in tool.tables)
    nearest = min(tool.tables, key=lambda table: len(table.marks - names))
    source, lacks = nearest.source, nearest.marks - names
    if len(of_report := REPORT_TABLE - reported) < len(lacks):
        source, lacks = f"a {_REPORT}", of_report
    listed = " and ".join(f"`{name}`" for name in sorted(lacks))
    raise UnusableContent(
        f"a table of {tool.name} with {shown}, which is neither a credential report nor one of {known} (for "
        f"{source} it lacks {listed}): say with --type and --mapping what it holds"
    )


def _report_row(row: dict[str, Any]) -> dict[str, Any] | str:
    """Return the columns of a report by name, or the reason why not: two columns have one name and different values."""
    columns, twice, spelt = _report_columns(tuple(row))
    for name, other, known in twice:
        if row[name] != row[other]:
            return f"`{known}` stands in it twice, with different values"
    if spelt is not None:
        return f"{excerpt(spelt)} appears in two spellings"
    return {known: row[name] for known, name in columns}


def _read_columns(names: tuple[str, ...], table: TypeFrom | str) -> list[str]:
    """Return the columns among some that are read of a table."""
    if not isinstance(table, str):
        return [name for name in names if name in table.columns]
    columns, twice, _ = _report_columns(names)
    return [*(name for _, name in columns), *(name for _, name, _ in twice)]


def _report_cells(names: tuple[str, ...]) -> Sequence[tuple[str, str]]:
    """Return the columns of a report in CSV by name, none if one of them is there twice."""
    columns, twice, spelt = _report_columns(names)
    return () if twice or spelt is not None else columns


def _words(row: Mapping[str, str], cells: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the cells of a report's row that say something. One that is blank, null or JSON does not."""
    return {name: cell for name, column in cells if (cell := row[column]) and cell != _NULL and cell[0] not in _JSON}


@lru_cache(maxsize=64)
def _report_columns(names: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]], str | None]:
    """Return the columns of a report in a table with these, those that it has twice, and one that it has in two spellings."""
    named: dict[str, str] = {}
    twice = []
    for name in names:
        known = REPORT_COLUMNS.get(name, name)
        if named.setdefault(known, name) != name:
            twice.append((named[known], name, known))
    return [(known, name) for known, name in named.items() if known in COLUMNS], twice, repeated_column(tuple(named))


def _time_of(row: dict[str, Any], tool: _Tool) -> datetime | None:
    stated = next((row[name] for name in tool.times if name in row), None)
    if tool is _CLOUDQUERY and isinstance(stated, str) and _BARE_TIME.fullmatch(stated):
        stated += "Z"  # CloudQuery writes UTC, in CSV without an offset
    return moment(stated)


def _rows(text: InputText) -> Iterator[tuple[int, dict[str, Any]]]:
    start = text.head().lstrip()[:1]
    rows: Iterable[tuple[int, Any]]
    if start == b"[":
        rows = read_array(text.pieces())
    elif start == b"{":
        rows = _json_rows(text)
    else:
        yield from _csv_rows(text.content())
        return
    for place, row in rows:
        if not isinstance(row, dict):
            raise UnusableContent(f"row {place} is {described(row)} where an object is expected")
        yield place, row


def _json_rows(text: InputText) -> Iterator[tuple[int, Any]]:
    """Yield the rows of an object with ``rows``, or of JSON lines."""
    first_lines = [line for line in text.head().split(b"\n") if line.strip()][:2]
    if len(first_lines) > 1 and first_lines[1].startswith(b"{"):
        for place, line in enumerate((line for line in text.content().split(b"\n") if line.strip()), 1):
            yield place, read_value(line)
        return
    whole = JsonText(text.pieces())
    rest: dict[str, Any] = {}
    for name, value in whole.members((_ROWS,)):
        rest[name] = value
        if name == _ROWS:
            if value is not None or not whole.is_array:
                raise UnusableContent(f"`rows` is {described(value)} where an array is expected")
            yield from whole.elements()
    whole.end()
    if _ROWS not in rest:
        yield 1, rest


def _csv_rows(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    check_quoting(content)
    with wide_fields():
        rows = read_rows(content)
        _, header = next(rows)
        if len(set(header)) < len(header):
            raise UnusableContent("line 1 names a column twice")
        for line, row in rows:
            yield line, dict(zip(header, row, strict=True))


def _nested(value: str) -> Any:
    """Return the value of a cell that contains JSON or null."""
    if value == _NULL:
        return None
    if value[0] == _NULL[0]:
        return value
    try:
        return document(value)
    except UnknownValue:
        return value
