"""Write verdicts as a Parquet file, one row each, in SQL: the policy, the outcome, the object, its account and region.

``docs/reference/outputs.md`` describes the columns, which are stable like the keys of JSON.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import shown_name_sql
from perpend.core.commit import replacement
from perpend.core.schema.tables import ROW, SOURCE
from perpend.core.values.values import milliseconds_from_datetime
from perpend.core.values.values import written as encodable
from perpend.evaluation.engines.duckdb.engine import DuckDb, duck_db
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.verdicts.verdict import message_of
from perpend.findings.severity.effective import RATED_STATUSES
from perpend.inventory.snapshots.database import name as quoted
from perpend.inventory.snapshots.database import pattern, text, translate_errors
from perpend.inventory.snapshots.files import StoreError, naming, shown
from perpend.inventory.snapshots.queries.identity import filled
from perpend.inventory.snapshots.rows import json_lines
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.program.numbering import UNREADABLE
from perpend.reports.formats.lines import needing_object, outcomes_needing_objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.severity.results import RatedEvaluation

_MEMORY: Final = "180MB"
"""The memory limit of DuckDB, which joins larger tables in files."""

_ROWS: Final = 30_720
"""The number of rows of a row group, which DuckDB holds in memory before it writes them."""

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_COLUMNS: Final = {
    **dict.fromkeys(("policyId", "objectId"), "VARCHAR"),
    "conditionIndex": "INTEGER",
    **dict.fromkeys(("status", "runtimeError", "source"), "VARCHAR"),
    "observedAt": "TIMESTAMPTZ",
    **dict.fromkeys(("title", "message", "severity", "objectName", "type", "typeApiName", "account", "region"), "VARCHAR"),
}
_OF_OUTCOME: Final = ("policyId", "conditionIndex", "status", "runtimeError", "title", "message", "severity")
_NOTHING: Final = (
    f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {quoted(name)}' for name, kind in _COLUMNS.items())} WHERE FALSE"
)


def write_parquet(evaluation: Evaluation, path: str | Path, *, weighed: RatedEvaluation | None = None) -> None:
    """Write verdicts to a Parquet file, readable by its owner only, whole or not at all. Its metadata contains a filter.

    ``weighed`` are the severities. Raises StoreError, or OSError, if it cannot be written.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise StoreError(f"{shown(target)}: cannot be written: there is no such directory")
    files = [file for column in evaluation.shown for file in (*column.files.paths, *column.table)]
    files += [codes.rows for column in evaluation.shown if (codes := column.files.shown) and codes.rows]
    with (
        replacement(target) as part,
        scratch() as directory,
        duck_db(directories=[directory, target.parent], paths=files, spill=directory / "spill", memory_limit=_MEMORY) as engine,
        translate_errors(target),
    ):
        by_type: dict[str, list[Verdicts]] = {}
        for column in evaluation.shown:
            by_type.setdefault(column.program.input_type, []).append(column)
        tables = (_Table(number, evaluation, columns, weighed) for number, columns in enumerate(by_type.values()))
        every = " UNION ALL ".join([_NOTHING, *(table.verdicts(engine, directory) for table in tables)])
        shown_filter = evaluation.filter_verdicts
        metadata = f", KV_METADATA {{filter: {text(shown_filter.words)}}}" if shown_filter else ""
        # DuckDB would replace an existing file by one that others can read.
        how = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS}, USE_TMP_FILE false{metadata})"
        engine.run(f"COPY ({every}) TO {pattern(part)} {how}")


@dataclass(frozen=True, slots=True)
class _Table:
    """The verdicts of the programs of one type. ``number`` is the place of the type."""

    number: int
    evaluation: Evaluation
    columns: Sequence[Verdicts]
    weighed: RatedEvaluation | None

    def verdicts(self, engine: DuckDb, directory: Path) -> str:
        """Return the query for the verdicts, from tables that it writes: objects with codes, outcomes, errors and steps."""
        codes = ", ".join(f"v{column.number}" for column in self.columns)
        numbers = ", ".join(str(column.number) for column in self.columns)
        verdicts = (
            f"SELECT *, unnest([{codes}]) AS code, unnest([{numbers}]) AS program FROM {self._objects(engine, directory)}"
        )
        joins = f"FROM ({verdicts}) AS o "
        values = {"type": text(encodable(self.evaluation.type_label(self._type_name))), "typeApiName": text(self._type_name)}
        values |= {name: f"x.{name}" for name in _OF_OUTCOME}
        values["conditionIndex"] = "CAST(x.conditionIndex AS INTEGER)"
        steps = "0"
        if any(self._steps(column) for column in self.columns):
            joins += f"LEFT JOIN {self._steps_table(engine)} AS s ON s.program = o.program AND s.id = coalesce(o.objectId, '') "
            steps = "coalesce(s.steps, 0)"
        joins += f"JOIN {self._outcomes(engine)} AS x ON x.program = o.program AND x.code = o.code AND x.steps = {steps}"
        if any(map(needing_object, self.columns)):
            path = directory / f"errors-{self.number}.ndjson"
            errors = _write_errors(stored_errors(self.columns), path)
            joins += f" LEFT JOIN {errors} AS e ON e.row_number = o.{ROW} AND e.program = o.program"
            values["runtimeError"] = "coalesce(e.error, x.runtimeError)"
            values["message"] = (
                f"CASE WHEN x.conditionIndex = {UNREADABLE} THEN coalesce(e.error, x.message) ELSE x.message END"
            )
        listed = ", ".join(f"{values.get(name, f'o.{name}')} AS {quoted(name)}" for name in _COLUMNS)
        return f"SELECT {listed} {joins}"

    @property
    def _type_name(self) -> str:
        return self.columns[0].program.input_type

    def _objects(self, engine: DuckDb, directory: Path) -> str:
        """Write the objects with the codes of all programs; return the SQL for them."""
        held, identity = self.columns[0].objects.held, self.columns[0].objects.identity
        table = held.tables.by_name[self._type_name]
        described = dict(identity.columns)
        described["name"] = f"coalesce({described['name']}, {filled(table, 'Name', 'o')}, {described['id']})"
        described["external_id"] = f"coalesce({described['external_id']}, {described['id']})"
        sources = self.evaluation.inventory.sources
        times = [milliseconds_from_datetime(time) if (time := source.observed_at) else None for source in sources]
        values = {
            "objectId": "o.id",
            "objectName": shown_name_sql("o.name", "o.external_id"),
            "account": "o.account",
            "region": "o.region",
            "source": f"{_listed([text(source.name) for source in sources], 'VARCHAR')}[v.{SOURCE} + 1]",
            "observedAt": f"make_timestamptz(1000 * {_listed(times, 'BIGINT')}[v.{SOURCE} + 1])",
        }
        objects = ", ".join(f"{value} AS {name}" for name, value in described.items())
        listed = ", ".join(f"{value} AS {name}" for name, value in values.items())
        query = (
            f"SELECT v.*, {listed} FROM {self.columns[0].files.relation_by(engine)} AS v "
            f"JOIN (SELECT o.{ROW}, {objects} FROM {held.relation(self._type_name)} AS o{identity.joins}) AS o USING ({ROW})"
        )
        path = directory / f"objects-{self.number}.parquet"
        engine.run(f"COPY ({query}) TO {pattern(path)} (FORMAT parquet, COMPRESSION snappy)")
        return engine.files([path])

    def _outcomes(self, engine: DuckDb) -> str:
        """Hold what is the same for all objects with a code and a shift of severity; return the SQL for it."""
        rows = [row for column in self.columns for row in self._outcomes_of(column)]
        kinds = dict.fromkeys(("program", "code", "steps", "conditionIndex"), Kind.WHOLE)
        kinds |= dict.fromkeys((name for name in _OF_OUTCOME if name not in kinds), Kind.TEXT)
        held = {name: [row[name] for row in rows] for name in kinds}
        return engine.hold(f"outcomes {self.number}", held, kinds, rows=len(rows))

    def _outcomes_of(self, column: Verdicts) -> Iterator[dict[str, str | int | None]]:
        program, weighed = column.program, self.weighed
        view = self.evaluation.selection.policies.get(program.policy_id)
        for code, end in column.known_outcomes().items():
            index, error = end or (max(code, UNREADABLE), None)
            verdict = program.verdicts[index]
            rated = weighed is not None and verdict.status in RATED_STATUSES
            for steps in {0, *self._steps(column).values()}:
                rating = weighed.in_force.of(program.policy_id, steps) if weighed and rated else None
                yield {
                    "program": column.number,
                    "code": code,
                    "steps": steps,
                    "policyId": program.policy_id,
                    "conditionIndex": index,
                    "status": verdict.status.value,
                    "runtimeError": error and encodable(error),
                    "title": encodable(view.full_name if view else program.policy_id),
                    "message": encodable(message_of(verdict, error)),
                    "severity": rating.level.value if rating else None,
                }

    def _steps(self, column: Verdicts) -> Mapping[str, int]:
        return self.weighed.steps.get(column.program.policy_id, {}) if self.weighed else {}

    def _steps_table(self, engine: DuckDb) -> str:
        """Hold the shifts of severities by program and object; return the SQL for them."""
        rows = [(column.number, *step) for column in self.columns for step in self._steps(column).items()]
        kinds = {"program": Kind.WHOLE, "id": Kind.TEXT, "steps": Kind.WHOLE}
        held = dict(zip(kinds, map(list, zip(*rows, strict=True)), strict=True))
        return engine.hold(f"steps {self.number}", held, kinds, rows=len(rows))


def stored_errors(columns: Sequence[Verdicts]) -> Iterator[tuple[int, int, str]]:
    """Yield the errors of objects with an outcome that needs the object: row number, number of the program, text."""
    for where in columns[0].files.ranges():
        for row, _, ends in outcomes_needing_objects(columns[0].objects, columns, where):
            for column, (_, error) in zip(columns, ends, strict=True):
                if error is not None:
                    yield row, column.number, error


def _write_errors(errors: Iterable[tuple[int, int, str]], path: Path) -> str:
    """Write errors by row number and number of the program to a file; return the SQL that reads it."""
    longest = 0
    with naming(path), path.open("w", encoding="utf-8", newline="") as stream:
        for row, program, error in errors:
            line = f"{_ENCODE({'row_number': row, 'program': program, 'error': encodable(error)})}\n"
            longest = max(longest, 4 * len(line))
            stream.write(line)
    return json_lines(path, {"row_number": "BIGINT", "program": "INTEGER", "error": "VARCHAR"}, longest)


def _listed(values: Sequence[str | int | None], kind: str) -> str:
    """Return values as an SQL list."""
    return f"CAST([{', '.join('NULL' if value is None else str(value) for value in values)}] AS {kind}[])"
