"""Verdict codes as they stream to Parquet, one column per program, and how they are read back: counted, first, in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from perpend.core.schema.tables import CONTRADICTED, ROW, SOURCE
from perpend.inventory.snapshots.database import text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

ROWS_AT_ONCE: Final = 65_536
"""How many row numbers are read back at once."""


class VerdictReader(Protocol):
    """What reads Parquet files."""

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows that a statement gives."""

    def files(self, paths: Sequence[Path]) -> str:
        """Return the text that stands for files of one table."""


@dataclass(frozen=True, slots=True)
class CodeFilter:
    """Which codes are read at all: by program those of some indexes, of the rows that a file names where there is one."""

    indexes: tuple[frozenset[int], ...]
    rows: Path | None = None


@dataclass(frozen=True, slots=True)
class VerdictFiles:
    """The codes of one plan's programs over all rows of a table. ``rows`` and ``programs`` are how many there are.

    With ``shown``, all other codes are null, and rows without any are passed over.
    """

    reader: VerdictReader
    paths: tuple[Path, ...]
    rows: int
    programs: int
    shown: CodeFilter | None = None

    def counted(self, program: int) -> Counter[int]:
        """Return how often each code occurs under the program with a number."""
        statement = f"SELECT v{program}, count(*) FROM {self.relation} WHERE v{program} IS NOT NULL GROUP BY 1"
        return Counter(dict(self.reader.run(statement)))

    def first(self, program: int, codes: Collection[int], limit: int) -> dict[int, list[int]]:
        """Return for each of some codes the first rows that have it, ``limit`` at most, in their order."""
        if not codes or limit < 1:
            return {}
        code, listed = f"v{program}", ", ".join(map(str, sorted(codes)))
        least = f"min({ROW}, {limit})"
        return dict(self.reader.run(f"SELECT {code}, {least} FROM {self.relation} WHERE {code} IN ({listed}) GROUP BY 1"))

    def rows_with(self, program: int, codes: Collection[int]) -> Iterator[tuple[int, int]]:
        """Yield all rows that have one of some codes, in their order, each with its code."""
        code, listed = f"v{program}", ", ".join(map(str, sorted(codes)))
        for where in self._ranges() if codes else ():
            yield from self.reader.run(
                f"SELECT {ROW}, {code} FROM {self.relation} WHERE {where} AND {code} IN ({listed}) ORDER BY 1"
            )

    def contradictions(self, objects: str, why: str, codes: Collection[int]) -> list[tuple[Any, ...]]:
        """Return each text that ``why`` gives of the marked rows of a table, with how many of these have one of some codes.

        That is a number for each program. ``objects`` stands for the table.
        """
        listed = ", ".join(map(str, sorted(codes)))
        marked = f"SELECT {ROW} AS marked_row, {why} AS why FROM {objects} WHERE {CONTRADICTED} IS NOT NULL"
        counts = ", ".join(f"count(*) FILTER (WHERE v{number} IN ({listed}))" for number in range(self.programs))
        joined = f"FROM {self.relation} JOIN ({marked}) ON marked_row = {ROW}"
        return self.reader.run(f"SELECT why, {counts} {joined} GROUP BY why ORDER BY why")

    def chunks(self, programs: Sequence[int]) -> Iterator[list[tuple[int, ...]]]:
        """Yield the row numbers, the numbers of their sources and the codes of some programs, some thousands of rows at once.

        Rows come in their order.
        """
        columns = ", ".join([ROW, SOURCE, *(f"v{program}" for program in programs)])
        some = f" AND coalesce({', '.join(f'v{program}' for program in programs)}) IS NOT NULL" if self.shown else ""
        for where in self._ranges():
            chunk = self.reader.run(f"SELECT {columns} FROM {self.relation} WHERE {where}{some} ORDER BY 1")
            if chunk:
                yield chunk

    def _ranges(self) -> Iterator[str]:
        """Yield conditions on row numbers that hold for some thousands of rows each, and for one of them everywhere."""
        [(least, most)] = self.reader.run(f"SELECT min({ROW}), max({ROW}) FROM {self.relation}")
        for start in range(least, most + 1, ROWS_AT_ONCE) if least is not None else ():
            yield f"{ROW} >= {start} AND {ROW} < {start + ROWS_AT_ONCE}"

    def sources(self, rows: Sequence[int]) -> dict[int, int]:
        """Return the numbers of the sources that rows came from, by row."""
        listed = ", ".join(map(str, rows))
        return dict(self.reader.run(f"SELECT {ROW}, {SOURCE} FROM {self.relation} WHERE {ROW} IN ({listed})")) if rows else {}

    @property
    def relation(self) -> str:
        """The text that stands for all of them."""
        return self.relation_by(self.reader)

    def relation_by(self, reader: VerdictReader) -> str:
        """Return the text that stands for all of them where another reader reads them."""
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


def amended_form(verdicts: str, objects: str, rivals: str, incompliant: Sequence[Collection[int]]) -> str:
    """Return the query that gives verdicts without those of rivals, whose row numbers are below zero.

    ``rivals`` stands for these rows: a number in their order, the Id that some have alike. ``objects`` are all of them; those
    with such Ids are contradicted. Where all of an Id's rivals end in codes that are ``incompliant``, by program, the first
    one's code is the row's.
    """
    programs = range(len(incompliant))
    ends = [
        f"CASE WHEN bool_and(v.v{number} IN ({', '.join(map(str, sorted(codes)))})) THEN arg_min(v.v{number}, r.number) END"
        if codes
        else "CAST(NULL AS INTEGER)"
        for number, codes in enumerate(incompliant)
    ]
    named = ", ".join(f"{end} AS v{number}" for number, end in enumerate(ends))
    by_id = f"SELECT r.id, {named} FROM {verdicts} AS v JOIN {rivals} AS r ON r.{ROW} = v.{ROW} GROUP BY r.id"
    contradictions = f'SELECT {ROW}, "Id" FROM {objects} WHERE {CONTRADICTED} IS NOT NULL'
    by_row = f'SELECT u.{ROW} AS amended_row, e.* FROM ({contradictions}) AS u JOIN ({by_id}) AS e ON e.id = u."Id"'
    values = ", ".join(f"coalesce(a.v{number}, v.v{number}) AS v{number}" for number in programs)
    own = f"SELECT * FROM {verdicts} WHERE {ROW} >= 0"
    return f"SELECT v.* REPLACE ({values}) FROM ({own}) AS v LEFT JOIN ({by_row}) AS a ON a.amended_row = v.{ROW}"


def codes_by_id(codes: str, objects: str, programs: int) -> str:
    """Return the query for the codes of some programs by the objects' ids, ``id``, instead of their row numbers."""
    named = ", ".join(f"v.v{number}" for number in range(programs))
    return f'SELECT o."Id" AS id, {named} FROM {codes} AS v JOIN {objects} AS o ON o.{ROW} = v.{ROW}'


def long_form(
    codes: str,
    objects: str,
    program: int,
    policy_id: str,
    statuses: Mapping[str, Sequence[int]],
    errors: str,
    said: Mapping[int, str],
    sources: Sequence[tuple[str, str | None]],
) -> str:
    """Return the query that gives a program's verdicts, a row each, with the ids of the objects from their table.

    ``codes`` and ``objects`` stand for what holds codes and objects by row number, ``errors`` for texts by row number.
    ``statuses`` hold the indexes of each; ``said`` are the errors of all rows that have a code; ``sources`` are names and
    times, by the numbers that objects have.
    """
    code = f"v.v{program}"
    named = " ".join(
        f"WHEN greatest({code}, 0) IN ({', '.join(map(str, indexes))}) THEN {text(status)}"
        for status, indexes in statuses.items()
    )
    cases = " ".join(f"WHEN {number} THEN {text(error)}" for number, error in said.items())
    of_many = f"CASE {code} {cases} END" if cases else "CAST(NULL AS VARCHAR)"
    number = f"[o.{SOURCE} + 1]"
    names, times = (_listed([source[place] for source in sources]) for place in (0, 1))
    return (
        f'SELECT {text(policy_id)} AS "policyId", o."Id" AS "objectId", greatest({code}, 0) AS "conditionIndex", '
        f'CASE {named} END AS status, coalesce(e.error, {of_many}) AS "runtimeError", '
        f'{names}{number} AS source, {times}{number} AS "observedAt" FROM {codes} AS v '
        f"JOIN {objects} AS o ON o.{ROW} = v.{ROW} "
        f"LEFT JOIN {errors} AS e ON e.row_number = v.{ROW} WHERE {code} IS NOT NULL"
    )


def _listed(texts: Sequence[str | None]) -> str:
    """Return texts as a list of SQL."""
    return f"CAST([{', '.join('NULL' if one is None else text(one) for one in texts)}] AS VARCHAR[])"
