"""The relation of evaluated rows: one row per shown verdict, with its outcome, its severity, its object and the values it read.

Formats are queries over it, or functions of its rows. Rows are in the order of types, objects and policies.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.core.dataclass import dataclass
from perpend.core.schema.tables import ROW
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.evaluation.verdicts.verdicts import HIDDEN
from perpend.inventory.snapshots.database import in_order, translate_errors
from perpend.inventory.snapshots.functions import add_function
from perpend.language.program.numbering import UNREADABLE
from perpend.reports.formats.row_values import StoredRows, create_functions, has_function

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from perpend.core.objects.status import Status
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program, Read

_MOST_ROWS: Final = 131_072
"""The number of rows that a query returns."""

_OBJECTS: Final = range(512, 16_384)
"""The fewest and the most objects of a query, which are sorted in memory."""

_AT_ONCE: Final = 1_024
"""The number of rows that are fetched, or put into a table, at once."""

_THREADS: Final = 2
"""The number of threads that make texts. Each holds those of two thousand rows."""

_KEY: Final = {"program": "INTEGER", "code": "INTEGER", "steps": "INTEGER"}
"""The columns that tell outcomes apart: the place of the program, its code, the adjustment of the severity."""


class RowOutcome(NamedTuple):
    """An outcome of a program: its ``number``, its runtime error or reason, and the adjustment of its severity, in levels."""

    program: Program
    number: int
    error: str | None = None
    steps: int = 0

    @property
    def status(self) -> Status:
        """The status of the verdict."""
        return self.program.verdicts[self.number].status


@dataclass(frozen=True, slots=True)
class RowColumns:
    """The columns of the relation that a format needs.

    ``of_outcome`` returns the values of the columns ``outcome`` (SQL types by name) of an outcome. ``of_object`` returns
    expressions by name over the row of an object. ``reference`` returns the text before a value that a program reads, in the
    column ``read_values``, for verdicts of ``statuses``; None if the format has none. ``whole``: no value is cut. ``functions``
    are functions of one text that expressions call.
    """

    outcome: Mapping[str, str]
    of_outcome: Callable[[RowOutcome], Sequence[str | int | None]]
    of_object: Callable[[StoredRows], Mapping[str, str]]
    reference: Callable[[str, Read], str] | None = None
    statuses: Collection[Status] = ()
    whole: bool = False
    functions: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvaluatedRows:
    """The relation of the shown verdicts of an evaluation, of some statuses if they are given. ``rated`` are the severities."""

    evaluation: Evaluation
    columns: RowColumns
    rated: RatedEvaluation | None = None
    statuses: Collection[Status] | None = None

    def queries(self, select: str) -> Iterator[tuple[Connection, str]]:
        """Yield the query for ``select``, over columns of the alias ``r``, for some thousands of objects at a time.

        Read the rows of a query before the next one is asked for.
        """
        for type_name in self.evaluation.selection.by_type():
            if verdicts := [one for one in self.evaluation.shown if one.program.input_type == type_name]:
                yield from self._of_type(type_name, verdicts, select)

    def rows(self, select: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of ``select``."""
        for connection, query in self.queries(select):
            result = connection.execute(query)
            while rows := result.fetchmany(_AT_ONCE):
                yield from rows

    def write(self, text: str, stream: TextIO, *, before_first: str = "") -> None:
        """Write the texts of an expression to a stream. ``before_first`` is left out at the beginning of the first one."""
        stream.flush()
        buffer, left_out = getattr(stream, "buffer", None), before_first.encode()
        for connection, query in self.queries(f"encode({text})"):
            result = connection.execute(query)
            while rows := result.fetchmany(_AT_ONCE):
                lines = b"".join([line for (line,) in rows]).removeprefix(left_out)
                left_out = b""
                if buffer is None:
                    stream.write(lines.decode())
                else:
                    buffer.write(lines)

    def _of_type(self, type_name: str, verdicts: Sequence[Verdicts], select: str) -> Iterator[tuple[Connection, str]]:
        objects, files = verdicts[0].objects, verdicts[0].files
        connection = objects.connection
        with translate_errors(objects.readable.place(type_name)), _in_written_order(connection):
            create_functions(connection)
            for function, body in self.columns.functions.items():
                if not has_function(connection, function):
                    add_function(connection, function, body, ["VARCHAR"], "VARCHAR")
            with _temporary_tables(connection) as token:
                of_type = _TypeRelation(self, verdicts, connection, token)
                for where in files.ranges(max(_OBJECTS.start, min(_OBJECTS.stop, _MOST_ROWS // len(verdicts)))):
                    yield connection, of_type.query(select, where)


@contextmanager
def _in_written_order(connection: Connection) -> Iterator[None]:
    """Keep the order of sorted objects through joins: the table on the left of a join is not exchanged for the right one."""
    with in_order(connection, threads=_THREADS):
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        try:
            yield
        finally:
            connection.execute("RESET disabled_optimizers")


@contextmanager
def _temporary_tables(connection: Connection) -> Iterator[str]:
    """Yield the beginning of the names of temporary tables, which are dropped at the end."""
    token = f"perpend_{secrets.token_hex(8)}"
    try:
        yield token
    finally:
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, ?)", [token])
        for (table,) in tables.fetchall():
            connection.execute(f"DROP TABLE {table}")


class _TypeRelation:
    """The relation of the objects of one type. ``verdicts`` are in the same files."""

    def __init__(self, relation: EvaluatedRows, verdicts: Sequence[Verdicts], connection: Connection, token: str) -> None:
        self._relation = relation
        self._verdicts = verdicts
        self._connection = connection
        self._token = token
        self._columns = columns = relation.columns
        rated = relation.rated
        self._steps = [rated.steps.get(one.program.policy_id, {}) if rated else {} for one in verdicts]
        self._outcomes = [one.known_outcomes() for one in verdicts]
        reads = dict.fromkeys(read for one in verdicts for read in one.program.reads) if columns.reference else ()
        self._rows = StoredRows(verdicts[0].objects, tuple(reads), whole=columns.whole, others=f"{token}_values")
        self._has_errors = any(None in outcomes.values() for outcomes in self._outcomes)
        self._create()

    def query(self, select: str, where: str) -> str:
        """Return the query for the rows of some objects, whose errors and further values are put into tables first."""
        if self._has_errors:
            self._write_errors(where)
        if self._rows.others_needed:
            self._write_values(where)
        return f"SELECT {select} FROM ({self._text(where)}) AS r"

    def _create(self) -> None:
        columns = self._columns.outcome
        self._new_table("outcomes", {**_KEY, **columns}, self._known_rows())
        if any(self._steps):
            entries = ((place, *entry) for place, steps in enumerate(self._steps) for entry in steps.items())
            self._new_table("steps", {"program": "INTEGER", "id": "VARCHAR", "steps": "INTEGER"}, entries)

    def _known_rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of outcomes that do not depend on the object: program, code, steps, and the columns of the format."""
        for place, (verdicts, outcomes) in enumerate(zip(self._verdicts, self._outcomes, strict=True)):
            for code, outcome in outcomes.items():
                if outcome is not None:
                    for steps in {0, *self._steps[place].values()}:
                        if row := self._outcome_row(verdicts.program, outcome, steps):
                            yield place, code, steps, *row

    def _outcome_row(self, program: Program, outcome: EvaluationOutcome, steps: int) -> Sequence[str | int | None] | None:
        if outcome[0] == HIDDEN:
            return None
        described, statuses = RowOutcome(program, *outcome, steps), self._relation.statuses
        return self._columns.of_outcome(described) if statuses is None or described.status in statuses else None

    def _write_errors(self, where: str) -> None:
        """Fill the table of outcomes that need the object: their texts have its values."""
        rows = (
            (row, place, *described)
            for row, object_id, outcomes in self._outcomes_with_objects(where)
            for place, (verdicts, outcome) in enumerate(zip(self._verdicts, outcomes, strict=True))
            if (described := self._outcome_row(verdicts.program, outcome, self._steps[place].get(object_id, 0)))
        )
        self._new_table("errors", {ROW: "BIGINT", "program": "INTEGER", **self._columns.outcome}, rows)

    def _outcomes_with_objects(self, where: str) -> Iterator[tuple[int, str, list[EvaluationOutcome]]]:
        needing = " OR ".join(
            f"v{one.number} IN ({', '.join(map(str, codes))})"
            for one, outcomes in zip(self._verdicts, self._outcomes, strict=True)
            if (codes := [code for code, outcome in outcomes.items() if outcome is None])
        )
        files, objects = self._verdicts[0].files, self._verdicts[0].objects
        codes_of_rows = files.rows_where(f"{where} AND ({needing})", [one.number for one in self._verdicts])
        if not codes_of_rows:
            return
        rows = [row for row, *_ in codes_of_rows]
        by_program = zip(*(of_row for _, *of_row in codes_of_rows), strict=True)
        by_row = dict(zip(rows, objects.with_rows(rows), strict=True))
        outcomes = [
            one.verdicts_at([*zip(rows, of_one, strict=True)], by_row)
            for one, of_one in zip(self._verdicts, by_program, strict=True)
        ]
        for row, *of_row in zip(rows, *outcomes, strict=True):
            yield row, by_row[row].id, of_row

    def _write_values(self, where: str) -> None:
        """Fill the table of the values that SQL does not read."""
        files, objects = self._verdicts[0].files, self._verdicts[0].objects
        rows = [row for (row,) in files.rows_where(where, [])]
        names = self._rows.others_needed
        values = ((row, *self._rows.other_values(object_)) for row, object_ in zip(rows, objects.with_rows(rows), strict=True))
        self._new_table("values", {ROW: "BIGINT", **dict.fromkeys(names, "VARCHAR")}, values)

    def _new_table(self, purpose: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        table = f"{self._token}_{purpose}"
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self._connection.execute(f"CREATE OR REPLACE TABLE {table} ({declared})")
        values = ", ".join(f"unnest(CAST(? AS {kind}[]))" for kind in columns.values())
        batch: list[Sequence[Any]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == _AT_ONCE:
                self._connection.execute(f"INSERT INTO {table} SELECT {values}", [*map(list, zip(*batch, strict=True))])
                batch = []
        if batch:
            self._connection.execute(f"INSERT INTO {table} SELECT {values}", [*map(list, zip(*batch, strict=True))])

    def _text(self, where: str) -> str:
        """Return the query for the rows of some objects: each object as often as it has verdicts, joined with the outcomes."""
        codes = [f"v{one.number}" for one in self._verdicts]
        of_object = dict(self._columns.of_object(self._rows))
        values = {f"f{place}": expression for place, expression in enumerate(self._rows.values.values())}
        further = {"steps_id": self._rows.id} if any(self._steps) else {}
        columns = {ROW: f"r.{ROW}", **of_object, **values, **further}
        listed = ", ".join([*codes, *(f"{expression} AS {column}" for column, expression in columns.items())])
        rows = self._rows.query(self._verdicts[0].files.relation, where, codes)
        objects = f"SELECT {listed} FROM ({rows}) AS r ORDER BY r.{ROW}"
        numbers = ", ".join(map(str, range(len(codes))))
        of_row = [*columns, f"unnest([{', '.join(codes)}]) AS code", f"unnest([{numbers}]) AS program"]
        verdicts = f"SELECT {', '.join(of_row)} FROM ({objects})"
        return self._joined(verdicts, of_object)

    def _joined(self, verdicts: str, of_object: Iterable[str]) -> str:
        """Return the query that adds the columns of outcomes and the values that were read to verdicts, in their order."""
        steps, joins, condition = "0", "", ""
        if any(self._steps):
            joins += f" LEFT JOIN {self._token}_steps AS s ON s.program = v.program AND s.id = v.steps_id"
            steps = "coalesce(s.steps, 0)"
        same = f"x.program = v.program AND x.code = v.code AND x.steps = {steps}"
        joins += f" {'LEFT ' if self._has_errors else ''}JOIN {self._token}_outcomes AS x ON {same}"
        columns = {column: f"x.{column}" for column in self._columns.outcome}
        if self._has_errors:
            joins += f" LEFT JOIN {self._token}_errors AS e ON e.{ROW} = v.{ROW} AND e.program = v.program"
            columns = {column: f"CASE WHEN e.program IS NULL THEN x.{column} ELSE e.{column} END" for column in columns}
            condition = " WHERE x.program IS NOT NULL OR e.program IS NOT NULL"
        if self._columns.reference:
            of_program = " ".join(f"WHEN {place} THEN {self._read_values(place)}" for place in range(len(self._verdicts)))
            columns["read_values"] = f"CASE v.program {of_program} END"
        listed = [*(f"v.{column}" for column in of_object), *(f"{value} AS {column}" for column, value in columns.items())]
        return f"SELECT {', '.join(listed)} FROM ({verdicts}) AS v{joins}{condition}"

    def _read_values(self, place: int) -> str:
        """Return the expression of the values that a verdict read, with commas between them; empty for other statuses."""
        assert self._columns.reference is not None
        verdicts, parts = self._verdicts[place], []
        columns = {read: f"v.f{number}" for number, read in enumerate(self._rows.values)}
        for number, read in enumerate(verdicts.program.reads):
            start = self._columns.reference(verdicts.program.input_type, read)
            parts += [text_literal(f"{',' if number else ''}{start}"), columns[read], "'}'"]
        status_of = verdicts.program.verdicts
        codes = [
            str(code) for code in self._outcomes[place] if status_of[max(code, UNREADABLE)].status in self._columns.statuses
        ]
        if not parts or not codes:
            return "''"
        return f"CASE WHEN v.code IN ({', '.join(codes)}) THEN concat({', '.join(parts)}) ELSE '' END"
