"""Write a text for each object, from its verdicts, in any format: SQL for tables, Python for single objects.

SQL joins texts, one for each outcome of a program, with expressions over the object's row. Python writes the objects with
outcomes that SQL does not know in full: texts of runtime errors, contradictions. It also writes objects with values that SQL
cannot write. The bytes are the same.
"""

from __future__ import annotations

import secrets
from contextlib import closing, contextmanager
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from perpend.core.schema.tables import ROW
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.inventory.snapshots.database import in_order, translate_errors
from perpend.reports.formats.row_values import NotInSql, StoredRows, teach_values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
    from typing import TextIO, TypeAlias

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.stores.stored_objects import StoredObjects
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program, Read

    Adjustments: TypeAlias = Mapping[str, Mapping[str, int]]
    TextOf: TypeAlias = Callable[[CloudObject, Sequence[EvaluationOutcome]], str]
    Written: TypeAlias = tuple[int, bytes]
    Key: TypeAlias = tuple[int, int]

_AT_ONCE: Final = 64
"""The number of texts that are joined. With many more, the system maps and clears new memory for each join."""

_OBJECTS_AT_ONCE: Final = 2_048
"""The number of objects that Python reads at once."""

_MOST_ROWS: Final = 16_384
"""The number of rows that a query sorts."""

_MOST_THREADS: Final = 2
"""The number of threads that write texts. Each holds those of two thousand objects."""

_LISTED: Final = 5
"""The number of codes in a list. DuckDB joins longer lists as tables."""

_MOST_LINES: Final = 20_480
"""The number of lines, of about a kilobyte, that DuckDB may hold at once."""


class Sql(str):
    """A part of a line that is an expression of SQL."""

    __slots__ = ()


class Outcome(NamedTuple):
    """An outcome of a program: its ``number``, its runtime error or reason, and the adjustment of its severity, in levels."""

    program: Program
    number: int
    error: str | None = None
    steps: int = 0


class SqlLines(Protocol):
    """A format in SQL, for the objects of one table. Expressions read the columns of the alias ``r``."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The expressions that are computed once per object, by the names of their columns."""

    def line(self, outcome: Outcome) -> Sequence[str]:
        """Return the parts of a verdict's line: texts, and :class:`Sql` over the columns."""

    def whole(self, lines: Sequence[SqlLine]) -> list[str]:
        """Return the expressions that together are the text of an object."""


class LineFormat(Protocol):
    """A format that writes a text for each object. ``adjustments`` are those of severities, by policy and object."""

    @property
    def adjustments(self) -> Adjustments:
        """The adjustments of severities, in levels, by policy and object."""

    @property
    def keeps_all(self) -> bool:
        """Whether long values are written whole."""

    def reads(self, programs: Sequence[Program]) -> Sequence[Read]:
        """Return the values that it writes."""

    def in_sql(self, rows: StoredRows, programs: Sequence[Program]) -> SqlLines:
        """Return the format in SQL. Raises NotInSql if SQL cannot write it."""

    def in_python(self, programs: Sequence[Program]) -> TextOf:
        """Return the function that writes the text of an object, from its outcomes by some programs."""


class SqlLine:
    """The expressions of the lines of one program. ``parts`` are those of a line, by code and steps."""

    def __init__(
        self,
        place: int,
        code: str,
        parts: Mapping[Key, Sequence[str]],
        *,
        has_steps: bool,
        is_filtered: bool,
    ) -> None:
        self._code = code
        self._steps = f"r.s{place}" if has_steps else None
        self._is_filtered = is_filtered
        self._parts = {key: _split(of_outcome) for key, of_outcome in parts.items()}

    @property
    def is_written(self) -> str:
        """The condition that the line is not empty."""
        keys = [key for key, (texts, expressions) in self._parts.items() if expressions or any(texts)]
        return self._among(keys) if keys else "FALSE"

    @property
    def parts(self) -> list[str]:
        """The expressions that together are the line. A hidden verdict has none."""
        if not self._parts:
            return []
        joined = self._joined(self._parts)
        return [f"CASE WHEN {self._code} IS NOT NULL THEN {concat(joined)} END"] if self._is_filtered else joined

    def _joined(self, by_key: Mapping[Key, tuple[list[str], list[str]]]) -> list[str]:
        """Return the expressions of lines that begin alike, differ in the middle, and end alike."""
        expressions = [of_key for _, of_key in by_key.values()]
        shared = _shared_end(expressions)
        middles: dict[tuple[str, ...], dict[Key, tuple[list[str], list[str]]]] = {}
        for key, (texts, of_key) in by_key.items():
            number = len(of_key) - shared
            middles.setdefault(tuple(of_key[:number]), {})[key] = texts[1 : number + 1], of_key[:number]
        parts = self._text({key: texts[0] for key, (texts, _) in by_key.items()})
        written = {middle: self._in_columns(of_middle) for middle, of_middle in middles.items() if middle}
        if len(middles) == 1:
            parts += next(iter(written.values()), [])
        else:
            cases = (f"WHEN {self._among(middles[middle])} THEN {concat(listed)}" for middle, listed in written.items())
            parts.append(f"CASE {' '.join(cases)} ELSE '' END")
        ends = {key: (texts[len(texts) - shared :], of_key[len(of_key) - shared :]) for key, (texts, of_key) in by_key.items()}
        return parts + self._in_columns(ends)

    def _in_columns(self, by_key: Mapping[Key, tuple[list[str], list[str]]]) -> list[str]:
        """Return expressions, the same for all keys, each with the text behind it."""
        expressions = next(iter(by_key.values()))[1]
        parts: list[str] = []
        for place, expression in enumerate(expressions):
            parts += [expression, *self._text({key: texts[place] for key, (texts, _) in by_key.items()})]
        return parts

    def _text(self, by_key: Mapping[Key, str]) -> list[str]:
        """Return the expression of a text that depends on the outcome; none for an empty text."""
        keys: dict[str, list[Key]] = {}
        for key, written in by_key.items():
            keys.setdefault(written, []).append(key)
        *others, last = keys
        if not others:
            return [text_literal(last)] if last else []
        cases = (f"WHEN {self._among(keys[written])} THEN {text_literal(written)}" for written in others)
        return [f"CASE {' '.join(cases)} ELSE {text_literal(last)} END"]

    def _among(self, keys: Collection[Key]) -> str:
        if self._steps is None:
            return is_among(self._code, [code for code, _ in keys])
        of_steps: dict[int, list[int]] = {}
        for code, steps in keys:
            of_steps.setdefault(steps, []).append(code)
        listed = (f"({self._steps} = {steps} AND {is_among(self._code, codes)})" for steps, codes in of_steps.items())
        return f"({' OR '.join(listed)})"


def is_among(code: str, codes: Sequence[int]) -> str:
    """Return the condition that a code is one of some."""
    some = (", ".join(map(str, codes[start : start + _LISTED])) for start in range(0, len(codes), _LISTED))
    return f"({' OR '.join(f'{code} IN ({few})' for few in some)})"


def concat(parts: Sequence[str]) -> str:
    """Return the expression of some joined texts. Nulls count as empty."""
    return f"concat({', '.join(parts)})" if parts else "''"


def write_lines(texts: Generator[bytes], stream: TextIO, *, without: str = "") -> None:
    """Write texts to a stream, as bytes if it takes any. ``without`` is left out at the beginning of the first one."""
    stream.flush()
    buffer = getattr(stream, "buffer", None)
    first = without.encode()
    with closing(texts):
        for some in texts:
            lines, first = some.removeprefix(first), b""
            if buffer is None:
                stream.write(lines.decode())
            else:
                buffer.write(lines)


def verdict_lines(evaluation: Evaluation, written: LineFormat) -> Generator[bytes]:
    """Yield the texts of all objects by type, some at once."""
    for type_name in evaluation.selection.by_type():
        if columns := [column for column in evaluation.shown if column.program.input_type == type_name]:
            yield from _texts_of_type(columns, written)


def _texts_of_type(columns: Sequence[Verdicts], written: LineFormat) -> Iterator[bytes]:
    """Yield the texts of the objects of one type, in SQL if it can write the format."""
    programs, objects = [column.program for column in columns], columns[0].objects
    try:
        rows = StoredRows(objects, written.reads(programs), whole=written.keeps_all)
        drawn = written.in_sql(rows, programs)
    except NotInSql:
        yield from _texts_in_python(columns, written)
        return
    connection = objects.connection
    with translate_errors(objects.held.place(rows.object_type.name)):
        teach_values(connection)
        rows.teach(connection)
        steps = [written.adjustments.get(program.policy_id, {}) for program in programs]
        with in_order(connection, threads=_MOST_THREADS), _steps_table(connection, steps) as table:
            yield from _StoredTexts(objects, columns, written, rows, drawn, steps, table).texts()


def _texts_in_python(columns: Sequence[Verdicts], written: LineFormat) -> Iterator[bytes]:
    """Yield the texts of all objects, which Python writes."""
    text_of = written.in_python([column.program for column in columns])
    for objects, ends in columns[0].objects.chunks(columns):
        texts = (text_of(object_, of_object) for object_, *of_object in zip(objects, *ends, strict=True))
        while some := [*islice(texts, _AT_ONCE)]:
            if joined := "".join(some):
                yield joined.encode()


@contextmanager
def _steps_table(connection: Connection, steps: Sequence[Mapping[str, int]]) -> Iterator[str]:
    """Yield the name of a table with the adjustments of severities: the place of the program, the object's id, the steps."""
    table = f"perpend_steps_{secrets.token_hex(8)}"
    if any(steps):
        connection.execute(f"CREATE TABLE {table} (place INTEGER, id VARCHAR, steps INTEGER)")
        for place, of_program in enumerate(steps):
            entries = iter(of_program.items())
            while some := [*islice(entries, _MOST_ROWS)]:
                ids, numbers = map(list, zip(*some, strict=True))
                connection.execute(f"INSERT INTO {table} SELECT ?, unnest(?), unnest(?)", [place, ids, numbers])
    try:
        yield table
    finally:
        connection.execute(f"DROP TABLE IF EXISTS {table}")


@dataclass(frozen=True, slots=True)
class _StoredTexts:
    """The texts of the objects of one stored table. ``columns`` are its shown verdicts, in the same files."""

    objects: StoredObjects
    columns: Sequence[Verdicts]
    written: LineFormat
    rows: StoredRows
    drawn: SqlLines
    steps: Sequence[Mapping[str, int]]
    steps_table: str

    def texts(self) -> Iterator[bytes]:
        """Yield the texts in the order of rows, some at once."""
        files = self.columns[0].files
        needing = " OR ".join(filter(None, map(needing_object, self.columns)))
        asked = f"coalesce({needing}, FALSE)" if needing else "FALSE"
        query = self._query(f"NOT {asked}", is_filtered=files.shown is not None)
        text_of = self.written.in_python([column.program for column in self.columns])
        for where in files.ranges(_rows_at_once(len(self.columns))):
            of_python = [*self._by_python(where, text_of)] if needing else []
            of_sql = _fetched(self.objects.connection, query(where))
            rows = merge(of_sql, of_python) if of_python else of_sql
            while some := [*islice(rows, _AT_ONCE)]:
                yield b"".join([text for _, text in some])

    def _query(self, condition: str, *, is_filtered: bool) -> Callable[[str], str]:
        """Return the function that returns the query for the texts of some rows. ``condition`` excludes rows by their codes."""
        codes = [f"v{column.number}" for column in self.columns]
        shown = f" AND coalesce({', '.join(codes)}) IS NOT NULL" if is_filtered else ""
        known = f"(SELECT * FROM {self.columns[0].files.relation} WHERE {condition}{shown})"
        lines = [self._line(place, column, is_filtered=is_filtered) for place, column in enumerate(self.columns)]
        stepped = [place for place, of_program in enumerate(self.steps) if of_program]
        steps = [f"coalesce(s{place}.steps, 0) AS s{place}" for place in stepped]
        joins = "".join(
            f" LEFT JOIN {self.steps_table} AS s{place} ON s{place}.place = {place} AND s{place}.id = {self.rows.id}"
            for place in stepped
        )
        columns = [f"{expression} AS {column}" for column, expression in self.drawn.columns.items()]
        given = [ROW, *codes, *(f"s{place}" for place in stepped)]
        text = concat(self.drawn.whole(lines))

        def query(where: str) -> str:
            rows = ", ".join(["r.*", *steps])
            rows = f"SELECT {rows} FROM ({self.rows.query(known, where, codes)}) AS r{joins} ORDER BY r.{ROW}"
            listed = ", ".join([*(f"r.{column}" for column in given), *columns])
            return f"SELECT r.{ROW}, encode({text}) FROM (SELECT {listed} FROM ({rows}) AS r) AS r"

        return query

    def _line(self, place: int, column: Verdicts, *, is_filtered: bool) -> SqlLine:
        program, shifts = column.program, {0, *self.steps[place].values()}
        ends = {code: end for code, end in column.known_outcomes().items() if end is not None}
        parts = {
            (code, steps): self.drawn.line(Outcome(program, *end, steps)) for code, end in ends.items() for steps in shifts
        }
        has_steps = bool(self.steps[place])
        return SqlLine(place, f"r.v{column.number}", parts, has_steps=has_steps, is_filtered=is_filtered)

    def _by_python(self, where: str, text_of: TextOf) -> Iterator[Written]:
        """Yield rows whose outcomes need their objects, with the texts that Python writes."""
        for row, object_, ends in outcomes_needing_objects(self.objects, self.columns, where):
            yield row, text_of(object_, ends).encode()


def outcomes_needing_objects(
    objects: StoredObjects, columns: Sequence[Verdicts], where: str
) -> Iterator[tuple[int, CloudObject, list[EvaluationOutcome]]]:
    """Yield the rows of a condition with an outcome that needs the object, with the object and its outcomes in all columns."""
    needing = " OR ".join(filter(None, map(needing_object, columns)))
    files, numbers = columns[0].files, [column.number for column in columns]
    verdicts = files.rows_where(f"{where} AND ({needing})", numbers) if needing else []
    for start in range(0, len(verdicts), _OBJECTS_AT_ONCE):
        rows, *codes = zip(*verdicts[start : start + _OBJECTS_AT_ONCE], strict=True)
        by_row = dict(zip(rows, objects.with_rows(rows), strict=True))
        ends = [
            column.verdicts_at([*zip(rows, of_column, strict=True)], by_row)
            for column, of_column in zip(columns, codes, strict=True)
        ]
        for row, *of_object in zip(rows, *ends, strict=True):
            yield row, by_row[row], of_object


def needing_object(column: Verdicts) -> str:
    """Return the condition that an outcome needs its object; empty if none does."""
    codes = [code for code, end in column.known_outcomes().items() if end is None]
    return is_among(f"v{column.number}", codes) if codes else ""


def _rows_at_once(programs: int) -> int:
    """Return the number of rows of a query."""
    return _MOST_ROWS if programs <= 10 else max(512, _MOST_LINES // programs)


def _fetched(connection: Connection, query: str) -> Iterator[Written]:
    """Yield the rows of a query as they arrive."""
    result = connection.execute(query)
    while some := result.fetchmany(_AT_ONCE):
        yield from some


def _split(parts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the texts of a line, and the expressions between them."""
    texts, expressions = [""], []
    for part in parts:
        if isinstance(part, Sql):
            expressions.append(str(part))
            texts.append("")
        else:
            texts[-1] += part
    return texts, expressions


def _shared_end(lists: Sequence[Sequence[str]]) -> int:
    """Return the number of expressions with which all lists end."""
    number = 0
    while all(len(listed) > number for listed in lists) and len({listed[-1 - number] for listed in lists}) == 1:
        number += 1
    return number
