"""The relational half of a plan: one table scanned once, with what its lookups lead to and what its child lists count to.

A stage over a child table is aggregated by key and joined to the stage above it, to any depth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from perpend.plan.scalar import Kind, Scalar, Scalars, walk
from perpend.tables.schema import CONTRADICTED, Form

if TYPE_CHECKING:
    from perpend.tables.schema import Column, Join, Table

ROOT: Final = "t"
"""The alias of a stage's own table."""

UNREAD: Final = -1
"""In a list of codes: any code below zero."""

KIND_OF_FORM: Final = {
    Form.TEXT: Kind.TEXT,
    Form.NUMBER: Kind.NUMBER,
    Form.BOOLEAN: Kind.BOOLEAN,
    Form.VARIANT: Kind.TEXT,
}


@dataclass(frozen=True, slots=True)
class LookupJoin:
    """One row of another table at most, found by key: ``alias`` of the row, ``above`` of the row with the key."""

    alias: str
    above: str
    join: Join


@dataclass(slots=True)
class ChildCounts:
    """The children of a row counted by how they end: the stage over them, the key above, what is counted by name.

    ``counts`` maps a column to an output of the stage and the codes of it that are counted, :data:`UNREAD` standing for all
    below zero; ``doubts`` maps a column to an output of which it says whether it is below zero for any child.
    """

    alias: str
    above: str
    join: Join
    stage: Stage
    counts: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)

    def output(self, code: Scalar) -> str:
        """Return the output of the stage that is a code, the same one for equal blocks."""
        outputs = self.stage.outputs
        found = next((name for name, other in outputs.items() if other is code), None)
        if found is None:
            found = f"c{len(outputs)}"
            outputs[found] = code
        return found

    def count(self, output: str, status: str, codes: tuple[int, ...]) -> str:
        """Return the column that counts codes of an output. Blocks that ask the same may call their ends differently."""
        name, number = f"{output}_{status}", 1
        while self.counts.setdefault(name, (output, codes)) != (output, codes):
            number += 1
            name = f"{output}_{status}_{number}"
        return name


@dataclass(slots=True)
class Stage:
    """A scan of one table with its lookups and child counts. ``outputs`` are what it gives: columns by name."""

    table: Table
    prefix: str
    lookups: dict[tuple[str, str], LookupJoin] = field(default_factory=dict)
    counts: dict[tuple[str, str], ChildCounts] = field(default_factory=dict)
    outputs: dict[str, Scalar] = field(default_factory=dict)

    def lookup(self, above: str, join: Join) -> LookupJoin:
        """Return the join of a lookup, the same one however often it is followed."""
        key = (above, join.name)
        if key not in self.lookups:
            self.lookups[key] = LookupJoin(f"l{len(self.lookups) + 1}", above, join)
        return self.lookups[key]

    def children(self, above: str, join: Join, table: Table) -> ChildCounts:
        """Return the counts over a child list, the same ones however many programs ask."""
        key = (above, join.name)
        if key not in self.counts:
            number = len(self.counts) + 1
            stage = Stage(table, f"{self.prefix}{number}_")
            self.counts[key] = ChildCounts(f"k{number}", above, join, stage)
        return self.counts[key]


def column_of(scalars: Scalars, alias: str, column: Column) -> Scalar:
    """Return the scalar that reads a column."""
    return scalars.column(alias, column.name, KIND_OF_FORM[column.form])


def columns_read(stage: Stage) -> set[str]:
    """Return the columns of a stage's own table that its outputs are made of."""
    columns = (one.constants for one in walk(stage.outputs.values()) if one.primitive == "column")
    return {name for alias, name in columns if alias == ROOT}


def contradicted(scalars: Scalars, alias: str) -> Scalar:
    """Return the scalar that says why a row is not to be believed."""
    return scalars.column(alias, CONTRADICTED, Kind.TEXT)
