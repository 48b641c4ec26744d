"""Print the snapshots of a store, and the results of SQL queries as tables, CSV or JSON."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, time
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table as Grid
from rich.text import Text

from perpend.core.diagnostics.escape import display_width, visible
from perpend.reports.formats.csv import cell_text
from perpend.reports.formats.subjects import with_name
from perpend.reports.terminal.explanation import hang

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from rich.console import Console

    from perpend.core.objects.account import Account
    from perpend.core.schema.tables import Column, Table
    from perpend.inventory.snapshots.manifest import Manifest, StoredSource
    from perpend.inventory.snapshots.snapshot import Snapshot


def print_snapshots(manifests: Iterable[Manifest], in_force: str | None, console: Console) -> None:
    """Print a line per snapshot: a mark for the current one, its id, time and sizes."""
    grid = _grid("", "snapshot", "created", "tables", "rows", "sources", "not read")
    for manifest in manifests:
        grid.add_row(
            "*" if manifest.run == in_force else "",
            manifest.run,
            _time(manifest.created),
            str(len(manifest.tables)),
            f"{sum(table.rows for table in manifest.tables.values()):,}",
            str(len(manifest.sources)),
            str(len(manifest.failures)) if manifest.failures else "",
        )
    console.print(grid)


def print_snapshot(
    snapshot: Snapshot, views: Mapping[str, str], console: Console, *, accounts: Mapping[str, Account] | None = None
) -> None:
    """Print a snapshot: its sources, and its tables with the names of their views, their columns and relations.

    ``accounts`` are the configured accounts, by their numbers.
    """
    console.print(f"snapshot {snapshot.id}, created {_time(snapshot.created)} by {snapshot.engine}")
    console.print(f"content {snapshot.content_hash}")
    console.print()
    grid = _grid("#", "source", "kind", "observed at", "objects", "accounts", "regions")
    for number, source in enumerate(snapshot.sources):
        named = [with_name(number, accounts or {}) for number in source.accounts]
        covered = (visible(", ".join(some[:6]) + (" …" if len(some) > 6 else "")) for some in (named, source.regions))
        observed = _time(source.observed_at) if source.observed_at else "not stated"
        grid.add_row(str(number), visible(source.name), source.kind, observed, f"{source.objects:,}", *covered)
    console.print(grid)
    for source in snapshot.sources:
        _print_coverage(source, console)
    for failure in snapshot.failures:
        console.print(f"not read: {visible(failure.source)}: {visible(failure.reason)}")
    for name, table in snapshot.tables.by_name.items():
        _print_table(table, views.get(name, name), console)


def _print_coverage(source: StoredSource, console: Console) -> None:
    for claim in source.coverage:
        what = f"{claim.type_name or 'objects'}{f' in {claim.relation}' if claim.relation else ''} of {claim.scope}"
        how = "in full" if claim.lacking is None else f"not in full: {claim.lacking}"
        console.print(f"{visible(source.name)} lists {visible(what)} {visible(how)}")


def _print_table(table: Table, view: str, console: Console) -> None:
    console.print()
    other = f" ({visible(view)})" if view != table.name else ""
    console.print(f"{visible(table.name)}{other}: {table.rows:,} {'row' if table.rows == 1 else 'rows'}")
    for column in table.columns.values():
        console.print(f"  {visible(column.name)}: {_described(column)}")
    for kind, joins in (("lookup", table.lookups), ("list", table.children)):
        for join in joins.values():
            partly = ", not known" if join.lacking else ", not known for some" if join.partial else ""
            console.print(f"  {visible(join.name)}: {kind} of {visible(join.table)}{partly}")


def _described(column: Column) -> str:
    return column.form.value + (", not known for some" if column.partial else "")


def _grid(*columns: str) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold", no_wrap=column == "snapshot")
    return grid


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


_LONGEST_CELL: Final = 200
_WIDEST_FOLDED: Final = 32
"""The largest width of a column next to other ones: longer values are wrapped."""

_GAP: Final = "  "


def write_answer_csv(columns: Sequence[str], batches: Iterable[list[tuple[Any, ...]]], stream: TextIO) -> None:
    """Write a header and rows as CSV. Null is an empty cell, lines end in CR LF."""
    stream.write(",".join(map(cell_text, columns)) + "\r\n")
    for batch in batches:
        stream.write("".join(",".join(_cell(value) for value in row) + "\r\n" for row in batch))


def write_answer_json(columns: Sequence[str], batches: Iterable[list[tuple[Any, ...]]], stream: TextIO) -> None:
    """Write an array with an object per row. Columns with the same name get numbers."""
    names = _distinct(columns)
    stream.write("[")
    for number, row in enumerate(chain.from_iterable(batches)):
        values = dict(zip(names, map(_plain, row), strict=True))
        stream.write(("," if number else "") + "\n" + json.dumps(values))
    stream.write("\n]\n")


def print_answer(columns: Sequence[str], batches: Iterable[list[tuple[Any, ...]]], console: Console, *, limit: int) -> None:
    """Print the first rows and their number: as a table, or as records if the columns do not fit."""
    from_all = chain.from_iterable(batches)
    rows = list(islice(from_all, limit))
    more = next(iter(from_all), None) is not None
    _print_rows(columns, rows, console)
    count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    console.print(f"{count} shown, there are more: use --limit for more, --format csv for all" if more else count)


def _print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], console: Console) -> None:
    names, cells = [visible(column) for column in columns], [[_shown(value) for value in row] for row in rows]
    least = [
        max(display_width(name), min(_WIDEST_FOLDED, max(map(display_width, values), default=0)))
        for name, values in zip(names, list(zip(*cells, strict=True)) or [()] * len(names), strict=True)
    ]
    if sum(least) + len(_GAP) * (len(least) - 1) > console.width:
        _print_records(names, cells, console)
        return
    table = Grid(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold", min_width=display_width(name))
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_records(names: Sequence[str], cells: Sequence[Sequence[str]], console: Console) -> None:
    """Print a line per value, row by row."""
    room = max(map(display_width, names))
    for number, row in enumerate(cells, 1):
        console.print(Text(f"row {number:,}", style="dim"))
        for name, value in zip(names, row, strict=True):
            head = Text(name + " " * (room - display_width(name)) + _GAP, style="bold")
            hang(console, head, Text(value))


def _shown(value: Any) -> str:
    text = visible(_text(value))
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _text(value)
    return cell_text(_text(value))


def _text(value: Any) -> str:
    value = _plain(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Return an SQL value as a JSON value. Types that JSON lacks become text; NaN becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.hex() if isinstance(value, bytes) else str(value)


def _distinct(columns: Sequence[str]) -> list[str]:
    names: dict[str, None] = {}
    for column in columns:
        number, name = 1, column
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names[name] = None
    return list(names)
