"""Evaluate a snapshot object by object with the interpreter, as an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import PerpendError
from perpend.core.objects.object_types import ObjectType
from perpend.core.schema.tables import ROW, SOURCE
from perpend.evaluation.verdicts.stores.stored_objects import required_values
from perpend.inventory.snapshots.database import name, pattern
from perpend.inventory.snapshots.read_objects import ObjectReader
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.numbering import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perpend.core.schema.tables import Tables
    from perpend.evaluation.engines.duckdb.engine import DuckDb
    from perpend.evaluation.planner.build import Plan
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.interpreter.interpreter import EvaluationOutcome

_AT_ONCE: Final = 8_192
_CODES: Final = "perpend_codes"


class InterpreterOfSnapshot:
    """The interpreter over the objects of a snapshot. ``day`` is the day of the run, in milliseconds since 1970."""

    def __init__(self, reader: DuckDb, snapshot: Snapshot, day: int) -> None:
        self._reader = reader
        self._snapshot = snapshot
        self._day = day

    def codes_of_rows(
        self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[tuple[int, ...]]:
        """Raise PerpendError: the interpreter evaluates objects, not rows."""
        raise PerpendError("the interpreter evaluates objects, not rows of tables")

    def evaluate_to_parquet(self, plan: Plan, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
        """Write the outcome of each program for each object of the plan's table; return the file."""
        table, programs = plan.stage.table.name, plan.programs
        interpreter, objects = Interpreter(list(programs)), ObjectReader(self._reader.connection, self._snapshot)
        required = required_values(programs, ObjectType(programs[0].input_type))
        codes = {reason: -1 - place for place, reason in enumerate(plan.reasons)}
        columns = ", ".join(f"v{number} INTEGER" for number in range(len(programs)))
        self._reader.run(f"CREATE OR REPLACE TEMP TABLE {_CODES} ({ROW} BIGINT, {SOURCE} INTEGER, {columns})")
        query = f"SELECT {name(ROW)}, {name(SOURCE)} FROM {self._snapshot.stored(table)} ORDER BY 1"
        rows = self._reader.run(query)
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            outcomes: list[list[int]] = [[] for _ in programs]
            for object_ in objects.objects(table, [row for row, _ in part], required):
                for of_program, outcome in zip(outcomes, interpreter.evaluate(object_, self._day, complete=False), strict=True):
                    of_program.append(_code(outcome, codes))
            values = ", ".join(["unnest(?)"] * (2 + len(programs)))
            columns_of_part = [list(column) for column in zip(*part, strict=True)]
            self._reader.connection.execute(f"INSERT INTO {_CODES} SELECT {values}", [*columns_of_part, *outcomes])
        self._reader.run(f"COPY {_CODES} TO {pattern(out)} (FORMAT parquet, COMPRESSION zstd)")
        return [out]


def _code(outcome: EvaluationOutcome, codes: Mapping[str | None, int]) -> int:
    """Return the code of an outcome: its index, or the code of the reason why the object could not be read."""
    index, error = outcome
    return codes.get(error, codes.get(None, UNREADABLE)) if index == UNREADABLE else index
