"""Read verdict codes from Parquet files with one column per program: count them, find the first, list them in order.

Statements run on a reader, so that codes never need to be in memory as a whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Protocol

from perpend.core.dataclass import dataclass
from perpend.core.schema.tables import CONTRADICTED, ROW, SOURCE
from perpend.inventory.snapshots.database import unions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

ROWS_AT_ONCE: Final = 65_536
"""The number of rows that are read at once."""


class VerdictReader(Protocol):
    """A database that reads Parquet files."""

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a statement."""

    def files(self, paths: Sequence[Path]) -> str:
        """Return the SQL for a table in Parquet files."""


@dataclass(frozen=True, slots=True)
class CodeFilter:
    """The codes to read: indexes by program, and the rows that a file lists, all rows if there is none."""

    indexes: tuple[frozenset[int], ...]
    rows: Path | None = None


@dataclass(frozen=True, slots=True)
class VerdictFiles:
    """The codes of a plan's programs on all rows of a table. ``rows`` and ``programs`` are their numbers.

    A table without rows needs no files.
    With ``shown``, all other codes are null, and rows without a code are skipped.
    """

    reader: VerdictReader
    paths: tuple[Path, ...]
    rows: int
    programs: int
    shown: CodeFilter | None = None
    _counts: dict[int, Counter[int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def counted(self, program: int) -> Counter[int]:
        """Return the number of each code of a program."""
        if program not in self._counts:
            count_together([self])
        return self._counts[program].copy()

    def fill_counts(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Keep the counts of all programs: program, code and number."""
        self._counts.update({program: Counter() for program in range(self.programs)})
        for program, code, number in rows:
            self._counts[program][code] = number

    def rows_with(self, program: int, codes: Collection[int]) -> Iterator[tuple[int, int]]:
        """Yield all rows that have one of some codes, in order, with the code."""
        code, listed = f"v{program}", ", ".join(map(str, sorted(codes)))
        for where in self.ranges() if codes else ():
            yield from self.reader.run(
                f"SELECT {ROW}, {code} FROM {self.relation} WHERE {where} AND {code} IN ({listed}) ORDER BY 1"
            )

    def contradictions(self, objects: str, why: str, codes: Collection[int]) -> list[tuple[Any, ...]]:
        """Return each text of ``why`` on the contradicted rows of a table, with a count for each program.

        It counts the rows that have one of some codes. ``why`` is an SQL expression; ``objects`` is the SQL for the table.
        """
        listed = ", ".join(map(str, sorted(codes)))
        marked = f"SELECT {ROW} AS marked_row, {why} AS why FROM {objects} WHERE {CONTRADICTED} IS NOT NULL"
        counts = ", ".join(f"count(*) FILTER (WHERE v{number} IN ({listed}))" for number in range(self.programs))
        joined = f"FROM {self.relation} JOIN ({marked}) ON marked_row = {ROW}"
        return self.reader.run(f"SELECT why, {counts} {joined} GROUP BY why ORDER BY why")

    def chunks(self, programs: Sequence[int]) -> Iterator[list[tuple[int, ...]]]:
        """Yield row numbers, source numbers and the codes of some programs, in chunks of some thousands of ordered rows."""
        columns = ", ".join([ROW, SOURCE, *(f"v{program}" for program in programs)])
        some = f" AND coalesce({', '.join(f'v{program}' for program in programs)}) IS NOT NULL" if self.shown else ""
        for where in self.ranges():
            chunk = self.reader.run(f"SELECT {columns} FROM {self.relation} WHERE {where}{some} ORDER BY 1")
            if chunk:
                yield chunk

    def ranges(self, at_once: int = ROWS_AT_ONCE) -> Iterator[str]:
        """Yield conditions that together cover all row numbers, each for some thousands of rows."""
        [(least, most)] = self.reader.run(f"SELECT min({ROW}), max({ROW}) FROM {self.relation}")
        for start in range(least, most + 1, at_once) if least is not None else ():
            yield f"{ROW} >= {start} AND {ROW} < {start + at_once}"

    def rows_where(self, condition: str, programs: Sequence[int]) -> list[tuple[int, ...]]:
        """Return the rows that a condition selects, in order, with the codes of some programs."""
        columns = ", ".join([ROW, *(f"v{program}" for program in programs)])
        return self.reader.run(f"SELECT {columns} FROM {self.relation} WHERE {condition} ORDER BY 1")

    def sources(self, rows: Sequence[int]) -> dict[int, int]:
        """Return the numbers of the sources of rows, by row."""
        listed = ", ".join(map(str, rows))
        return dict(self.reader.run(f"SELECT {ROW}, {SOURCE} FROM {self.relation} WHERE {ROW} IN ({listed})")) if rows else {}

    @property
    def relation(self) -> str:
        """The SQL for the codes."""
        return self.relation_by(self.reader)

    def relation_by(self, reader: VerdictReader) -> str:
        """Return the SQL for the codes on another reader."""
        if not self.paths:
            columns = [(ROW, "BIGINT"), (SOURCE, "INT"), *((f"v{number}", "INT") for number in range(self.programs))]
            return f"(SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in columns)} WHERE false)"
        files = reader.files(self.paths)
        if self.shown is None:
            return files
        codes = (
            f"CASE WHEN greatest(v{number}, 0) IN ({', '.join(map(str, sorted(indexes))) or 'NULL'}) "
            f"THEN v{number} END AS v{number}"
            for number, indexes in enumerate(self.shown.indexes)
        )
        rows = f" WHERE {ROW} IN (SELECT {ROW} FROM {reader.files([self.shown.rows])})" if self.shown.rows else ""
        return f"(SELECT * REPLACE ({', '.join(codes)}) FROM {files}{rows})"


def count_together(files: Sequence[VerdictFiles]) -> None:
    """Count the codes of all programs of files that one reader reads, in few statements."""
    counts: dict[int, list[tuple[int, int, int]]] = {place: [] for place in range(len(files))}
    queries = (
        f"SELECT {place} AS place, {program} AS program, v{program} AS code, count(*) AS number FROM {one.relation} "
        f"WHERE v{program} IS NOT NULL GROUP BY v{program}"
        for place, one in enumerate(files)
        for program in range(one.programs if one.rows else 0)
    )
    for statement in unions(queries):
        for place, *row in files[0].reader.run(statement):
            counts[place].append((row[0], row[1], row[2]))
    for place, of_type in enumerate(files):
        of_type.fill_counts(counts[place])


def first_together(wanted: Sequence[tuple[VerdictFiles, int, Collection[int]]], limit: int) -> list[dict[int, list[int]]]:
    """Return, for each of some programs and some of its codes, the first rows that have it by code, in few statements.

    At most ``limit`` rows of each code are returned, in order. One reader reads all files.
    """
    first: list[dict[int, list[int]]] = [{} for _ in wanted]
    queries = (
        f"SELECT {place} AS place, v{program} AS code, min({ROW}, {limit}) AS first_rows FROM {files.relation} "
        f"WHERE v{program} IN ({', '.join(map(str, sorted(codes)))}) GROUP BY v{program}"
        for place, (files, program, codes) in enumerate(wanted)
        if codes and limit > 0
    )
    for statement in unions(queries):
        for place, code, rows in wanted[0][0].reader.run(statement):
            first[place][code] = rows
    return first


def resolved_contradictions(
    codes: str, codes_of_readings: str, objects: str, readings: str, incompliant: Sequence[Collection[int]]
) -> str:
    """Return the query for the codes of objects in which contradictions that do not matter are resolved.

    If all readings of an object end in codes that are ``incompliant`` (by program), the object has the first reading's code.
    All arguments but the last are SQL for tables. Readings have the Id of their object.
    """
    outcomes = [
        f"CASE WHEN bool_and(v.v{number} IN ({', '.join(map(str, sorted(of_program)))})) "
        f"THEN arg_min(v.v{number}, r.{ROW}) END AS v{number}"
        if of_program
        else f"CAST(NULL AS INTEGER) AS v{number}"
        for number, of_program in enumerate(incompliant)
    ]
    joined = f"{codes_of_readings} AS v JOIN {readings} AS r USING ({ROW})"
    by_id = f'SELECT r."Id" AS id, {", ".join(outcomes)} FROM {joined} GROUP BY id'
    contradicted = f'SELECT {ROW}, "Id" AS id FROM {objects} WHERE {CONTRADICTED} IS NOT NULL'
    by_row = f"SELECT c.{ROW} AS resolved_row, e.* FROM ({contradicted}) AS c JOIN ({by_id}) AS e USING (id)"
    values = ", ".join(f"coalesce(e.v{number}, v.v{number}) AS v{number}" for number in range(len(incompliant)))
    return f"SELECT v.* REPLACE ({values}) FROM {codes} AS v LEFT JOIN ({by_row}) AS e ON e.resolved_row = v.{ROW}"


def codes_by_id(codes: str, objects: str, programs: int) -> str:
    """Return the query for the codes of some programs with the Ids of objects instead of row numbers."""
    named = ", ".join(f"v.v{number}" for number in range(programs))
    return f'SELECT o."Id" AS id, {named} FROM {codes} AS v JOIN {objects} AS o ON o.{ROW} = v.{ROW}'
