"""Inputs in, verdicts out, by the commands that people use: ``check`` over files, ``import`` and ``check --store`` over tables."""

from __future__ import annotations

import base64
import csv
import gc
import gzip
import io
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from perpend.cli.app import main
from tests.property.metamorphic.worlds import LIBRARY, Fields, Pool, world_of

UNUSABLE = 2
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
        found = _WRITERS[self.form](self.rows)
        if self.packed:
            found = gzip.compress(found, mtime=0)
        return self.damage(found) if self.damage else found


@dataclass(frozen=True, slots=True)
class Way:
    """How inputs are judged: stored first or as they are, by which engine, in this process or in one of its own.

    ``more`` are further words for ``perpend import``; ``store_damage`` changes the files of the store before it is judged.
    """

    stored: bool
    engine: str = "auto"
    spawned: bool = False
    more: tuple[str, ...] = ()
    store_damage: Callable[[Path], None] | None = None


class End(NamedTuple):
    """How a policy ended on an object."""

    status: str
    index: int


Verdicts = dict[tuple[str, int, str], tuple[End, ...]]
"""How each policy ended on the objects of each world, by the plain spelling of their Ids."""


class Refused(Exception):
    """A command would not judge; it said why."""


class Crashed(Exception):
    """A command ended as none may end."""


def verdicts_of(pool: Pool, inputs: Sequence[Input], way: Way) -> Verdicts:
    """Return the verdicts of a pool's policies over inputs. Raises Refused."""
    with TemporaryDirectory(prefix="perpend-") as directory:
        root = Path(directory)
        for one in inputs:
            place = root / one.name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(one.content())
        common = ["--repo", str(pool.root)] if pool.root != LIBRARY else []
        asked = [*common, "--snapshot-time", pool.time, "--format", "ndjson", "--engine", way.engine]
        if pool.root != LIBRARY:
            asked += [word for policy in pool.policies for word in ("--policy", policy)]
        if not way.stored:
            types = ["--type", pool.type_name] if any(one.form == "json" for one in inputs) else []
            return _read(_run(["check", *(str(root / one.name) for one in inputs), *types, *asked], way))
        words = ["import", "--store", str(root / "store"), *common, *way.more]
        # An option holds for the inputs before it that have none: those that claim nothing stand behind all that do.
        for one in sorted(inputs, key=lambda one: (one.complete is None, one.observed_at is None)):
            words.append(str(root / one.name))
            words += ["--type", one.type_name] if one.type_name else []
            words += ["--observed-at", one.observed_at] if one.observed_at else []
            words += ["--complete", one.complete] if one.complete else []
        _run(words, way)
        if way.store_damage:
            way.store_damage(root / "store")
        return _read(_run(["check", "--store", str(root / "store"), *asked], way))


def _run(words: list[str], way: Way) -> str:
    code, out, err = (_spawned if way.spawned else _in_process)(words)
    if code == UNUSABLE and "Traceback" not in err and "internal error" not in err:
        raise Refused(err)
    if code not in (0, 1, 3):
        raise Crashed(f"perpend {' '.join(words)} ended with {code}\n{err}")
    return out


def _in_process(words: list[str]) -> tuple[Any, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code
    gc.unfreeze()
    return code, out.getvalue(), err.getvalue()


def _spawned(words: list[str]) -> tuple[int, str, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "perpend", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PERPEND_DEBUG": ""},
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


def _read(out: str) -> Verdicts:
    found: defaultdict[tuple[str, int, str], list[End]] = defaultdict(list)
    for line in out.splitlines():
        verdict = json.loads(line)
        if "policyId" in verdict:
            key = (verdict["policyId"], *world_of(verdict["object"]["id"]))
            found[key].append(End(verdict["status"], verdict["conditionIndex"]))
    return {key: tuple(sorted(ends)) for key, ends in found.items()}


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


def _answer(rows: Sequence[Fields]) -> bytes:
    content = base64.b64encode(_delimited(rows)).decode()
    return json.dumps({"Content": content, "ReportFormat": "text/csv"}).encode()


_WRITERS: dict[str, Callable[[Sequence[Fields]], bytes]] = {
    "json": _array,
    "ndjson": _lines,
    "csv": _delimited,
    "parquet": _parquet,
    "report": _delimited,
    "answer": _answer,
}
