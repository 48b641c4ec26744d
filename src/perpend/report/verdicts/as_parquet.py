"""A judgement in, a Parquet file with a row per verdict out: ids, index, status, and the error where there is one.

Columns are those of ``docs/reference/outputs.md``, a contract like that of JSON.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from perpend.engines.duckdb.engine import DuckDb, duck_db
from perpend.engines.verdicts import long_form
from perpend.judge.judgement import times_of
from perpend.judge.stores.stored import StoredVerdicts
from perpend.judge.verdicts import HIDDEN, HeldVerdicts
from perpend.meaning.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.plan.scalar import Kind
from perpend.store.database import pattern, storing
from perpend.store.files import OWNER_ONLY
from perpend.tables.schema import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.ir.program import Program
    from perpend.judge.judgement import Judgement

_NOTHING = (
    'SELECT CAST(NULL AS VARCHAR) AS "policyId", CAST(NULL AS VARCHAR) AS "objectId", CAST(NULL AS INTEGER) AS '
    '"conditionIndex", CAST(NULL AS VARCHAR) AS status, CAST(NULL AS VARCHAR) AS "runtimeError", '
    'CAST(NULL AS VARCHAR) AS source, CAST(NULL AS VARCHAR) AS "observedAt" WHERE FALSE'
)


def write_parquet(judgement: Judgement, path: str | Path) -> None:
    """Write all verdicts to a Parquet file for its owner only; it appears whole or not at all.

    Raises StoreError, or OSError, where it cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    stored = [column for column in judgement.shown if isinstance(column, StoredVerdicts)]
    files = [file for column in stored for file in (*column.files.paths, *column.table)]
    files += [codes.rows for column in stored if (codes := column.files.shown) and codes.rows]
    try:
        with duck_db(directories=[target.parent], paths=files) as engine, storing(target):
            query = " UNION ALL ".join(_queries(judgement, engine)) or _NOTHING
            engine.run(f"COPY ({query}) TO {pattern(temporary)} (FORMAT parquet, COMPRESSION zstd)")
        os.chmod(temporary, OWNER_ONLY)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _queries(judgement: Judgement, engine: DuckDb) -> Iterator[str]:
    """Yield a query per program that gives its verdicts."""
    held: dict[str, str] = {}
    times = times_of(judgement.estate)
    sources = [
        (source, iso_from_milliseconds(milliseconds_from_datetime(time)) if time else None) for source, time in times.items()
    ]
    numbers = {source: number for number, source in enumerate(times)}
    for number, column in enumerate(judgement.shown):
        program = column.program
        if isinstance(column, StoredVerdicts):
            files = column.files.relation_by(engine), engine.files(column.table)
            yield long_form(*files, column.number, program.policy_id, _statuses(program), column.errors(), sources)
            continue
        objects = judgement.objects_of(program.input_type)
        ids = held.get(program.input_type) or engine.hold(
            f"objects {len(held)}",
            {"Id": [judged.id for judged in objects], SOURCE: [numbers.get(judged.origin.source) for judged in objects]},
            {"Id": Kind.TEXT, SOURCE: Kind.WHOLE},
            rows=len(objects),
        )
        held[program.input_type] = ids
        assert isinstance(column, HeldVerdicts)
        codes = [None if index == HIDDEN else index for index in column.indexes] if judgement.narrowed else column.indexes
        name = f"v{number}"
        relation = engine.hold(f"codes {number}", {name: codes}, {name: Kind.WHOLE}, rows=len(codes))
        yield long_form(relation, ids, number, program.policy_id, _statuses(program), column.errors, sources)


def _statuses(program: Program) -> dict[str, list[int]]:
    statuses: dict[str, list[int]] = {}
    for index, verdict in program.verdicts.items():
        statuses.setdefault(verdict.status.value, []).append(index)
    return statuses
