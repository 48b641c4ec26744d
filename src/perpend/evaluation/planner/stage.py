"""The relational half of a plan: one table scanned once, with what its lookups lead to and what its child lists count to.

A stage over a child table is aggregated by key and joined to the stage above it, to any depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.core.schema.tables import CONTRADICTED, Form
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.schema.tables import Column, Join, Table

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


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """The children of a row counted by how they end: the stage over them, the key above, what is counted by name.

    ``counts`` maps a column to an output of the stage and the codes of it that are counted, :data:`UNREAD` standing for all
    below zero; ``doubts`` maps a column to an output of which it says whether it is below zero for any child.
    """

    alias: str
    above: str
    join: Join
    stage: Stage
    counts: Mapping[str, tuple[str, tuple[int, ...]]]
    doubts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """A scan of one table with its lookups and child counts. ``outputs`` are what it gives: columns by name."""

    table: Table
    outputs: Mapping[str, Scalar]
    lookups: tuple[LookupJoin, ...] = ()
    counts: tuple[ChildCounts, ...] = ()


def column_of(scalars: Scalars, alias: str, column: Column) -> Scalar:
    """Return the scalar that reads a column."""
    return scalars.column(alias, column.name, KIND_OF_FORM[column.form])


def columns_read(stage: Stage) -> set[str]:
    """Return the columns of a stage's own table that its outputs are made of."""
    columns = (node.constants for node in walk(stage.outputs.values()) if node.primitive == "column")
    return {name for alias, name in columns if alias == ROOT}


def contradicted(scalars: Scalars, alias: str) -> Scalar:
    """Return the scalar that says why a row is not to be believed."""
    return scalars.column(alias, CONTRADICTED, Kind.TEXT)
