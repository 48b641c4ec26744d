"""The values of a type as one wide table: a column per policy, one per group of policies for the run that said so.

Policies that were always asked together share a group; a run that asks some of them splits it.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.schema.tables import ROW
from perpend.findings.history.model import ABSENT, value_of
from perpend.inventory.snapshots.database import pattern, rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from perpend.inventory.snapshots.database import Connection
    from perpend.language.program.program import Program

NOTHING: Final = "CAST(NULL AS INTEGER)"
"""What is known where nothing is."""

_WIDE: Final = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 30720"
"""Options for tables with a column for each policy: writers and readers hold rows in memory piece by piece."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The policies of a type by the column that holds the last run which evaluated them.

    ``policies`` by column; ``evaluated_policies`` are the columns of policies of this run; ``former`` maps each column to its
    former one, None if there was none.
    """

    policies: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    evaluated_policies: frozenset[str] = frozenset()
    former: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def column(self) -> dict[int, str]:
        """The column of runs of each policy."""
        return {number: name for name, numbers in self.policies.items() for number in numbers}


def groups_after(known: Mapping[str, tuple[int, ...]], evaluated_policies: Collection[int]) -> Groups:
    """Return the groups of a type after some policies are evaluated: groups are split, and new policies share one."""
    policies: dict[str, tuple[int, ...]] = {}
    former: dict[str, str | None] = {}
    moving: set[str] = set()
    free = 1 + max((int(name.removeprefix("seen")) for name in known), default=-1)
    parts: list[tuple[str | None, tuple[int, ...], bool]] = []
    for name, numbers in known.items():
        for is_evaluated in (False, True):
            part = tuple(number for number in numbers if (number in evaluated_policies) is is_evaluated)
            parts += [(name, part, is_evaluated)] if part else []
    new = tuple(sorted(set(evaluated_policies) - {number for numbers in known.values() for number in numbers}))
    parts += [(None, new, True)] if new else []
    for origin, numbers, is_evaluated in parts:
        own = origin if origin is not None and origin not in policies else f"seen{free}"
        free += own != origin
        policies[own], former[own] = numbers, origin
        moving |= {own} if is_evaluated else set()
    return Groups(policies, frozenset(moving), former)


def value_sql(program: Program, code: str) -> str:
    """Return the SQL expression for the value of a code of a program; null for null."""
    # A table of constants: DuckDB looks up what stands in a column's dictionary, not what stands in each row.
    values = {index: value_of(index, verdict.status) for index, verdict in sorted(program.verdicts.items())}
    listed = ", ".join(f"{index}: {value}" for index, value in values.items())
    return f"CAST(map_extract_value(MAP {{{listed}}}, greatest({code}, 0)) AS INTEGER)"


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
    """Write the values of a type after a run, from those before (``known``, a relation) and the verdicts of the run.

    ``programs`` are by the policies' numbers, in the order of the columns of verdicts; ``before`` are the policies that
    ``known`` has columns of. The tables ``numbered`` and ``sure`` hold the objects met and the deleted ones. Rows come in no
    order.
    """
    parts = []
    if verdicts is not None:
        parts.append(_observed(connection, verdicts, programs, groups, before if known else (), known, run))
    if known is not None:
        parts.append(_not_observed(known, verdicts, groups, before, run))
    query = " UNION ALL ".join(parts)
    connection.execute(f"COPY ({query}) TO {pattern(out)} ({_WIDE})")


def _observed(
    connection: Connection,
    verdicts: str,
    programs: Mapping[int, Program],
    groups: Groups,
    before: Collection[int],
    known: str | None,
    run: int,
) -> str:
    """Return the query for the objects met. It reads only the former columns that still count."""
    codes = dict(zip(programs, (f"v{place}" for place in range(len(programs))), strict=True))
    counted = f"SELECT {', '.join(['count(*)', *(f'count({code})' for code in codes.values())])} FROM {verdicts}"
    total, *given = rows_of(connection, counted)[0]
    whole = {number for number, count in zip(programs, given, strict=True) if count == total}
    columns = ["n.object_no"]
    for name, origin in groups.former.items():
        old = f"k.{origin}" if origin and known else NOTHING
        columns.append(f"{f'CAST({run} AS INTEGER)' if name in groups.evaluated_policies else old} AS {name}")
    for number in sorted(groups.column):
        old = f"k.v{number}" if number in before else NOTHING
        value = f"f.n{number}" if number in whole else f"coalesce(f.n{number}, {old})" if number in codes else old
        columns.append(f"{value} AS v{number}")
    needed = any("k." in column for column in columns)
    joined = f" LEFT JOIN {known} AS k ON k.object_no = n.object_no" if needed else ""
    # Before the join, columns are as their files hold them: what stands there often is looked up once.
    values = ", ".join([ROW, *(f"{value_sql(programs[number], code)} AS n{number}" for number, code in codes.items())])
    fresh = f"(SELECT {values} FROM {verdicts}) AS f"
    return f"SELECT {', '.join(columns)} FROM {fresh} JOIN numbered AS n ON n.{ROW} = f.{ROW}{joined}"


def _not_observed(known: str, verdicts: str | None, groups: Groups, before: Collection[int], run: int) -> str:
    """Return the query for known objects that were not met: unchanged, or certainly deleted."""
    columns = ["k.object_no"]
    for name, origin in groups.former.items():
        old = f"k.{origin}" if origin else NOTHING
        moved = f"CASE WHEN s.object_no IS NOT NULL THEN CAST({run} AS INTEGER) ELSE {old} END"
        columns.append(f"{moved if name in groups.evaluated_policies else old} AS {name}")
    evaluated_policies = {number for name in groups.evaluated_policies for number in groups.policies[name]}
    for number in sorted(groups.column):
        old = f"k.v{number}" if number in before else NOTHING
        gone = f"CASE WHEN s.object_no IS NOT NULL AND {old} IS NOT NULL THEN {ABSENT} ELSE {old} END"
        columns.append(f"{gone if number in evaluated_policies and number in before else old} AS v{number}")
    matched = f"(SELECT n.object_no FROM {verdicts} AS v JOIN numbered AS n ON n.{ROW} = v.{ROW})"
    others = f" ANTI JOIN {matched} AS m ON m.object_no = k.object_no" if verdicts is not None else ""
    return f"SELECT {', '.join(columns)} FROM {known} AS k{others} LEFT JOIN sure AS s ON s.object_no = k.object_no"
