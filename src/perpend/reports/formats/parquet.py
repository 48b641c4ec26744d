"""Write verdicts as a Parquet file, one row each: ids, index, status, and the error if there is one.

``docs/reference/outputs.md`` describes the columns, which are stable like the keys of JSON.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.commit import replacement
from perpend.core.schema.tables import SOURCE
from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.core.values.values import written as encodable
from perpend.evaluation.engines.duckdb.engine import DuckDb, duck_db
from perpend.evaluation.engines.verdicts import long_form
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.verdicts.evaluation import times_of
from perpend.evaluation.verdicts.stores.parquet_verdicts import ParquetVerdicts, StoredObjects
from perpend.evaluation.verdicts.verdicts import HIDDEN, InMemoryVerdicts
from perpend.inventory.snapshots.database import pattern, text, translate_errors
from perpend.inventory.snapshots.files import StoreError, naming, shown
from perpend.inventory.snapshots.rows import json_lines
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.reports.formats.lines import outcomes_needing_objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.language.program.program import Program

_MEMORY: Final = "180MB"
"""The memory limit of DuckDB, which joins larger tables in files."""

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_NOTHING = (
    'SELECT CAST(NULL AS VARCHAR) AS "policyId", CAST(NULL AS VARCHAR) AS "objectId", CAST(NULL AS INTEGER) AS '
    '"conditionIndex", CAST(NULL AS VARCHAR) AS status, CAST(NULL AS VARCHAR) AS "runtimeError", '
    'CAST(NULL AS VARCHAR) AS source, CAST(NULL AS VARCHAR) AS "observedAt" WHERE FALSE'
)


def write_parquet(evaluation: Evaluation, path: str | Path) -> None:
    """Write verdicts to a Parquet file, readable by its owner only, whole or not at all. Its metadata contains a filter.

    Raises StoreError, or OSError, if it cannot be written.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise StoreError(f"{shown(target)}: cannot be written: there is no such directory")
    stored = [column for column in evaluation.shown if isinstance(column, ParquetVerdicts)]
    files = [file for column in stored for file in (*column.files.paths, *column.table)]
    files += [codes.rows for column in stored if (codes := column.files.shown) and codes.rows]
    with (
        replacement(target) as part,
        scratch() as directory,
        duck_db(directories=[directory, target.parent], paths=files, spill=directory / "spill", memory_limit=_MEMORY) as engine,
        translate_errors(target),
    ):
        written = []
        for number, query in enumerate(_queries(evaluation, engine, directory)):
            # A single query over all programs would hold the joins of all of them in memory at once.
            written.append(directory / f"verdicts-{number}.parquet")
            engine.run(f"COPY ({query}) TO {pattern(written[-1])} (FORMAT parquet, COMPRESSION snappy)")
        every = f"FROM {engine.files(written)}" if written else _NOTHING
        shown_filter = evaluation.filter_verdicts
        metadata = f", KV_METADATA {{filter: {text(shown_filter.words)}}}" if shown_filter else ""
        # DuckDB would replace an existing file by one that others can read.
        how = f"(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false{metadata})"
        engine.run(f"COPY ({every}) TO {pattern(part)} {how}")


def _queries(evaluation: Evaluation, engine: DuckDb, directory: Path) -> Iterator[str]:
    """Yield a query per program that gives its verdicts. Errors of objects are written to ``directory``."""
    relations: dict[str, str] = {}
    times = times_of(evaluation.inventory)
    sources = [
        (source, iso_from_milliseconds(milliseconds_from_datetime(time)) if time else None) for source, time in times.items()
    ]
    numbers = {source: number for number, source in enumerate(times)}
    errors_by_type: dict[str, str] = {}
    for number, column in enumerate(evaluation.shown):
        program = column.program
        if isinstance(column, ParquetVerdicts):
            if program.input_type not in errors_by_type:
                path = directory / f"errors-{number}.ndjson"
                errors_by_type[program.input_type] = _errors(stored_errors(evaluation, program.input_type), path)
            files = column.files.relation_by(engine), engine.files(column.table)
            errors = f"(SELECT * FROM {errors_by_type[program.input_type]} WHERE program = {column.number})"
            yield long_form(*files, column.number, program.policy_id, _statuses(program), errors, column.said(), sources)
            continue
        objects = evaluation.objects_of(program.input_type)
        ids = relations.get(program.input_type) or engine.hold(
            f"objects {len(relations)}",
            {"Id": [object_.id for object_ in objects], SOURCE: [numbers.get(object_.origin.source) for object_ in objects]},
            {"Id": Kind.TEXT, SOURCE: Kind.WHOLE},
            rows=len(objects),
        )
        relations[program.input_type] = ids
        assert isinstance(column, InMemoryVerdicts)
        codes = (
            [None if index == HIDDEN else index for index in column.indexes] if evaluation.filter_verdicts else column.indexes
        )
        name = f"v{number}"
        relation = engine.hold(f"codes {number}", {name: codes}, {name: Kind.WHOLE}, rows=len(codes))
        of_column = ((row, number, error) for row, error in column.errors.items())
        errors = _errors(of_column, directory / f"errors-{number}.ndjson")
        yield long_form(relation, ids, number, program.policy_id, _statuses(program), errors, {}, sources)


def stored_errors(evaluation: Evaluation, type_name: str) -> Iterator[tuple[int, int, str]]:
    """Yield the errors of stored objects with an outcome that needs the object: row number, number of the program, text."""
    objects = evaluation.objects_of(type_name)
    columns = [
        column for column in evaluation.shown if column.program.input_type == type_name and isinstance(column, ParquetVerdicts)
    ]
    assert isinstance(objects, StoredObjects)
    for where in columns[0].files.ranges():
        for row, _, ends in outcomes_needing_objects(objects, columns, where):
            for column, (_, error) in zip(columns, ends, strict=True):
                if error is not None:
                    yield row, column.number, error


def _errors(errors: Iterable[tuple[int, int, str]], path: Path) -> str:
    """Write errors by row number and number of the program to a file; return the SQL that reads it."""
    longest = 0
    with naming(path), path.open("w", encoding="utf-8", newline="") as stream:
        for row, program, error in errors:
            line = f"{_ENCODE({'row_number': row, 'program': program, 'error': encodable(error)})}\n"
            longest = max(longest, 4 * len(line))
            stream.write(line)
    return json_lines(path, {"row_number": "BIGINT", "program": "INTEGER", "error": "VARCHAR"}, longest)


def _statuses(program: Program) -> dict[str, list[int]]:
    statuses: dict[str, list[int]] = {}
    for index, verdict in program.verdicts.items():
        statuses.setdefault(verdict.status.value, []).append(index)
    return statuses
