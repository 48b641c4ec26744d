"""Inputs as files of all forms, and the ways that they can go: judged as they are, or stored first."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from tests.property.metamorphic.worlds import Fields

NAMES = {"json": "json", "ndjson": "ndjson", "csv": "csv", "parquet": "parquet", "report": "csv", "answer": "json"}


@dataclass(frozen=True, slots=True)
class Input:
    """One file: its rows, the form that they are written in, whether gzip packs it, and what is said of it beside its rows.

    ``complete`` is the scope that it is said to be complete for; ``damage`` changes its bytes after they were made.
    """

    name: str
    type_name: str | None
    form: str
    rows: tuple[Fields, ...]
    packed: bool = False
    observed_at: str | None = None
    complete: str | None = None
    damage: Callable[[bytes], bytes] | None = None

    def with_rows(self, rows: Sequence[Fields]) -> Input:
        """Return the same file with other rows."""
        return replace(self, rows=tuple(rows))

    def content(self) -> bytes:
        """Return the file's bytes."""
        found = _answer(self.rows, self.observed_at) if self.form == "answer" else _WRITERS[self.form](self.rows)
        if self.packed:
            found = gzip.compress(found, mtime=0)
        return self.damage(found) if self.damage else found


@dataclass(frozen=True, slots=True)
class Way:
    """How inputs are judged: stored first or as they are, by DuckDB or not, by steps in this process or by commands.

    ``keep_going``: without the inputs that cannot be used. ``store_damage`` changes the files of the store before it is
    judged, ``judged_before`` once already, so that columns are kept.
    """

    stored: bool
    duckdb: bool = False
    spawned: bool = False
    keep_going: bool = False
    judged_before: bool = False
    store_damage: Callable[[Path], None] | None = None


class EvaluationOutcome(NamedTuple):
    """How a policy ended on an object."""

    status: str
    index: int


Verdicts = dict[tuple[str, int, str], tuple[EvaluationOutcome, ...]]
"""How each policy ended on the objects of each world, by the plain spelling of their Ids."""


class Refused(Exception):
    """A command would not judge; it said why."""


class Crashed(Exception):
    """A command ended as none may end."""


def _array(rows: Sequence[Fields]) -> bytes:
    return json.dumps(rows).encode()


def _lines(rows: Sequence[Fields]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def _columns(rows: Sequence[Fields]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row)) or ["Id"]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _delimited(rows: Sequence[Fields]) -> bytes:
    out = io.StringIO()
    columns = _columns(rows)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue().encode()


def _parquet(rows: Sequence[Fields]) -> bytes:
    arrays = {}
    for column in _columns(rows):
        values = [row.get(column) for row in rows]
        classes = {type(value) for value in values if value is not None}
        uniform = len(classes) == 1 and not classes & {dict, list}
        arrays[column] = pa.array(values if uniform else [None if one is None else _cell(one) for one in values])
        if not classes:
            arrays[column] = pa.array(values, pa.string())
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out, write_page_checksum=True)
    return out.getvalue()


def _answer(rows: Sequence[Fields], time: str | None) -> bytes:
    content = base64.b64encode(_delimited(rows)).decode()
    generated = {"GeneratedTime": time} if time else {}
    return json.dumps({"Content": content, "ReportFormat": "text/csv", **generated}).encode()


_WRITERS: dict[str, Callable[[Sequence[Fields]], bytes]] = {
    "json": _array,
    "ndjson": _lines,
    "csv": _delimited,
    "parquet": _parquet,
    "report": _delimited,
}
