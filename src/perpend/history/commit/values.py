"""The values of a type as one wide table: a column per policy, one per group of policies for the run that said so.

Policies that were always asked together share a group; a run that asks some of them splits it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perpend.history.model import ABSENT, value_of
from perpend.store.database import pattern
from perpend.tables.schema import ROW

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from perpend.ir.program import Program
    from perpend.store.database import Connection


@dataclass(frozen=True, slots=True)
class Groups:
    """The policies of a type by the column that holds the run which last said something of them.

    ``policies`` by column; ``asked`` are the columns of policies that this run asks; ``former`` says which column of before
    has what a column held until now, None where there was none.
    """

    policies: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    former: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def column(self) -> dict[int, str]:
        """The column of runs of each policy."""
        return {number: name for name, numbers in self.policies.items() for number in numbers}


def groups_after(known: Mapping[str, tuple[int, ...]], asked: Collection[int]) -> Groups:
    """Return the groups of a type once some policies are asked: those that were asked in part are split, new ones are one."""
    policies: dict[str, tuple[int, ...]] = {}
    former: dict[str, str | None] = {}
    moving: set[str] = set()
    free = 1 + max((int(name.removeprefix("seen")) for name in known), default=-1)
    parts: list[tuple[str | None, tuple[int, ...], bool]] = []
    for name, numbers in known.items():
        for is_asked in (False, True):
            part = tuple(number for number in numbers if (number in asked) is is_asked)
            parts += [(name, part, is_asked)] if part else []
    new = tuple(sorted(set(asked) - {number for numbers in known.values() for number in numbers}))
    parts += [(None, new, True)] if new else []
    for origin, numbers, is_asked in parts:
        own = origin if origin is not None and origin not in policies else f"seen{free}"
        free += own != origin
        policies[own], former[own] = numbers, origin
        moving |= {own} if is_asked else set()
    return Groups(policies, frozenset(moving), former)


def value_sql(program: Program, code: str) -> str:
    """Return the value of a code of a program; null of null."""
    by_status: dict[int, list[int]] = {}
    for index, verdict in program.verdicts.items():
        by_status.setdefault(value_of(0, verdict.status), []).append(index)
    most = max(by_status, key=lambda status: len(by_status[status]))
    cases = "".join(
        f" WHEN greatest({code}, 0) IN ({', '.join(map(str, sorted(indexes)))}) THEN {status}"
        for status, indexes in sorted(by_status.items())
        if status != most
    )
    status = f"CASE{cases} ELSE {most} END" if cases else str(most)
    return f"CAST(CASE WHEN {code} IS NOT NULL THEN greatest({code}, 0) * 8 + {status} END AS INTEGER)"


def write_values(
    connection: Connection,
    out: Path,
    *,
    known: str | None,
    verdicts: str | None,
    programs: Mapping[int, Program],
    groups: Groups,
    before: Collection[int],
    run: int,
) -> None:
    """Write the values of a type after a run, out of those of before (``known``, a relation) and the verdicts of its rows.

    ``programs`` are by the policies' numbers, in the order of the columns of verdicts; ``before`` are the policies that
    ``known`` has columns of. The tables ``numbered`` and ``sure`` say who was met and who is gone.
    """
    asked = {number for name in groups.asked for number in groups.policies[name]}
    fresh = _fresh(verdicts, programs)
    moved = "(f.object_no IS NOT NULL OR s.object_no IS NOT NULL)"
    columns = ["CAST(coalesce(k.object_no, f.object_no) AS INTEGER) AS object_no"]
    for name, origin in groups.former.items():
        old = f"k.{origin}" if origin and known else "CAST(NULL AS INTEGER)"
        columns.append(
            f"CASE WHEN {moved} THEN CAST({run} AS INTEGER) ELSE {old} END AS {name}"
            if name in groups.asked
            else f"{old} AS {name}"
        )
    for number in sorted(groups.column):
        old = f"k.v{number}" if number in before and known else "CAST(NULL AS INTEGER)"
        now = f"f.v{number}" if number in programs else "CAST(NULL AS INTEGER)"
        gone = f"WHEN s.object_no IS NOT NULL AND {old} IS NOT NULL THEN {ABSENT} "
        columns.append(
            f"CASE WHEN f.object_no IS NOT NULL THEN coalesce({now}, {old}) {gone}ELSE {old} END AS v{number}"
            if number in asked
            else f"{old} AS v{number}"
        )
    old_rows = known or "(SELECT CAST(NULL AS INTEGER) AS object_no LIMIT 0)"
    connection.execute(
        f"COPY (SELECT {', '.join(columns)} FROM {old_rows} AS k FULL JOIN ({fresh}) AS f ON f.object_no = k.object_no "
        f"LEFT JOIN sure AS s ON s.object_no = k.object_no) TO {pattern(out)} (FORMAT parquet, COMPRESSION zstd)"
    )


def _fresh(verdicts: str | None, programs: Mapping[int, Program]) -> str:
    if verdicts is None:
        empty = [f"CAST(NULL AS INTEGER) AS v{number}" for number in programs]
        return f"SELECT {', '.join(['CAST(NULL AS INTEGER) AS object_no', *empty])} LIMIT 0"
    values = [f"{value_sql(program, f'v.v{place}')} AS v{number}" for place, (number, program) in enumerate(programs.items())]
    return f"SELECT {', '.join(['n.object_no', *values])} FROM {verdicts} AS v JOIN numbered AS n ON n.{ROW} = v.{ROW}"


def pairs_query(known: str | None, now: str, groups: Groups, before: Collection[int], trivial: Sequence[int]) -> str:
    """Return the query for what has another value than before: policy, object, both values, and who said the former one.

    First verdicts that need no row of their own are left out: of a new object, or by a new policy, with a ``trivial`` status.
    """
    asked = sorted(number for name in groups.asked for number in groups.policies[name])
    if not asked:
        return (
            "SELECT CAST(NULL AS INTEGER) AS policy_no, CAST(NULL AS INTEGER) AS object_no, CAST(NULL AS INTEGER) AS before, "
            "CAST(NULL AS INTEGER) AS said, CAST(NULL AS INTEGER) AS seen LIMIT 0"
        )
    listed = ", ".join(map(str, trivial))
    parts, otherwise = [], []
    for number in asked:
        old = f"k.v{number}" if number in before and known else "CAST(NULL AS INTEGER)"
        seen = groups.former[groups.column[number]]
        said_by = f"k.{seen}" if seen and known else "CAST(NULL AS INTEGER)"
        otherwise.append(f"n.v{number} IS DISTINCT FROM {old}")
        plain = f"n.v{number} % 8 IN ({listed})"
        skipped = f"({old} IS NULL AND {plain}" + (" AND k.object_no IS NULL)" if number in before and known else ")")
        parts.append(
            f"CASE WHEN n.v{number} IS DISTINCT FROM {old} AND NOT {skipped} THEN "
            f"{{'policy_no': {number}, 'before': {old}, 'said': n.v{number}, 'seen': {said_by}}} END"
        )
    joined = f" LEFT JOIN {known} AS k ON k.object_no = n.object_no" if known else ""
    # Most rows are as before: what is costly is made of the others only.
    where = f" WHERE {' OR '.join(otherwise)}" if known else ""
    changed = f"unnest(list_filter([{', '.join(parts)}], lambda one: one IS NOT NULL)) AS one"
    return (
        "SELECT CAST(one.policy_no AS INTEGER) AS policy_no, object_no, one.before AS before, one.said AS said, "
        f"one.seen AS seen FROM (SELECT n.object_no, {changed} FROM {now} AS n{joined}{where})"
    )


def revived_query(known: str, now: str, groups: Groups, revived: Collection[int], run: int) -> str:
    """Return the query for findings that were retired, by policies that are asked again and say what they said.

    Its rows are like those of ``pairs_query``; the view ``lives`` says which findings are retired.
    """
    parts = []
    for number in sorted(revived):
        former = groups.former[groups.column[number]]
        seen = f"k.{former}" if former else "CAST(NULL AS INTEGER)"
        parts.append(
            f"SELECT l.policy_no, l.object_no, k.v{number}, n.v{number}, {seen} FROM lives AS l "
            f"JOIN {now} AS n ON n.object_no = l.object_no JOIN {known} AS k ON k.object_no = l.object_no "
            f"WHERE l.policy_no = {number} AND l.life = 'retired' AND n.{groups.column[number]} = {run} "
            f"AND n.v{number} = k.v{number}"
        )
    return " UNION ALL ".join(parts)
