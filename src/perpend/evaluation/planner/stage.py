"""The relational half of a plan: one table scanned once, joined to its lookups and to counts over its child lists.

A :class:`Scan` collects lookups, child lists and outputs while programs are planned, each once; a :class:`Stage` is the
finished result. A stage over a child table is aggregated by key and joined to the stage above it, to any depth.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.schema.tables import CONTRADICTED, OWNER, ROW, Form, plain, unfollowed, unread
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars, is_trivial, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.schema.tables import Column, Join, Table


ROOT: Final = "t"
"""The alias of a stage's own table."""

UNREAD: Final = -1
"""Stands for every negative code in a list of codes."""

KIND_OF_FORM: Final = {
    Form.TEXT: Kind.TEXT,
    Form.NUMBER: Kind.NUMBER,
    Form.BOOLEAN: Kind.BOOLEAN,
    Form.VARIANT: Kind.TEXT,
}


@dataclass(frozen=True, slots=True)
class LookupJoin:
    """A join to at most one row of another table: ``alias`` of that row, ``above`` of the row with the key."""

    alias: str
    above: str
    join: Join


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """Counts over the children of a row, by the outcome of each child.

    ``counts`` maps a column to an output of the child stage and the codes to count; :data:`UNREAD` means all negative codes.
    ``doubts`` maps a column to an output; the column is true if that output is negative for any child. ``texts`` maps a column
    to an output that is a text or null; the column holds the different texts.
    """

    alias: str
    above: str
    join: Join
    stage: Stage
    counts: Mapping[str, tuple[str, tuple[int, ...]]]
    doubts: Mapping[str, str]
    texts: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns. A list that nothing counts has none."""
        return (*self.counts, *self.texts, *self.doubts) if self.counts or self.texts else ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A scan of one table with its lookups and child counts. ``outputs`` are its result columns by name."""

    table: Table
    outputs: Mapping[str, Scalar]
    lookups: tuple[LookupJoin, ...] = ()
    counts: tuple[ChildCounts, ...] = ()


def column_of(scalars: Scalars, alias: str, column: Column) -> Scalar:
    """Return the scalar that reads a column."""
    return scalars.column(alias, column.name, KIND_OF_FORM[column.form])


def column_kinds(table: Table) -> dict[str, Kind]:
    """Return the kinds of all columns of a table, with its companion columns."""
    kinds = {ROW: Kind.WHOLE, OWNER: Kind.WHOLE}
    if table.contradicted:
        kinds[CONTRADICTED] = Kind.TEXT
    for column in table.columns.values():
        kinds[column.name] = KIND_OF_FORM[column.form]
        if column.partial:
            kinds[unread(column.name)] = Kind.TEXT
        if column.plain:
            kinds[plain(column.name)] = Kind.BOOLEAN
        kinds |= dict.fromkeys(column.members.values(), Kind.TEXT)
    for join in (*table.lookups.values(), *table.children.values()):
        if join.partial:
            kinds[unfollowed(join.name)] = Kind.TEXT
    return kinds


def columns_read(stage: Stage) -> set[str]:
    """Return the columns of a stage's own table that its outputs use."""
    columns = (node.constants for node in walk(stage.outputs.values()) if node.primitive == "column")
    return {name for alias, name in columns if alias == ROOT}


def contradicted(scalars: Scalars, alias: str) -> Scalar:
    """Return the column that holds why the sources of a row contradict each other, null if they agree."""
    return scalars.column(alias, CONTRADICTED, Kind.TEXT)


@dataclass(slots=True)
class ChildScan:
    """The children of a row while they are planned; :class:`ChildCounts` explains the fields."""

    alias: str
    above: str
    join: Join
    scan: Scan
    counts: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def output(self, code: Scalar) -> str:
        """Return the name of the output for a code or a text; equal ones share one output."""
        outputs = self.scan.outputs
        output = next((name for name, other in outputs.items() if other is code), None)
        if output is None:
            output = f"c{len(outputs)}"
            outputs[output] = code
        return output

    def count(self, output: str, status: str, codes: tuple[int, ...]) -> str:
        """Return the column that counts codes of an output. Equal outputs of different blocks may need different codes."""
        name, number = f"{output}_{status}", 1
        while self.counts.setdefault(name, (output, codes)) != (output, codes):
            number += 1
            name = f"{output}_{status}_{number}"
        return name

    def doubt(self, output: str) -> str:
        """Return the column that is true if an output of any child is negative."""
        name = f"{output}_doubt"
        self.doubts[name] = output
        return name

    def different_texts(self, output: str) -> str:
        """Return the column that holds the different texts of an output."""
        name = f"{output}_texts"
        self.texts[name] = output
        return name


@dataclass(slots=True)
class Scan:
    """A scan of one table while it is planned. ``outputs`` are its result columns by name."""

    table: Table
    outputs: dict[str, Scalar] = field(default_factory=dict)
    _lookups: dict[tuple[str, str], LookupJoin] = field(default_factory=dict)
    _children: dict[tuple[str, str], ChildScan] = field(default_factory=dict)

    def lookup(self, above: str, join: Join) -> LookupJoin:
        """Return the join of a lookup; all programs share it."""
        return self._lookups.setdefault((above, join.name), LookupJoin(f"l{len(self._lookups) + 1}", above, join))

    def children(self, above: str, join: Join, table: Table) -> ChildScan:
        """Return the scan of a child list; all programs share it."""
        scan = ChildScan(f"k{len(self._children) + 1}", above, join, Scan(table))
        return self._children.setdefault((above, join.name), scan)

    def stage(self) -> Stage:
        """Return the finished stage, with the scans of children."""
        counts = tuple(
            ChildCounts(
                child.alias,
                child.above,
                child.join,
                child.scan.stage(),
                dict(child.counts),
                dict(child.doubts),
                dict(child.texts),
            )
            for child in self._children.values()
        )
        return Stage(self.table, dict(self.outputs), tuple(self._lookups.values()), counts)


_REPEATING: Final = frozenset({"norm", "is", "spaced", "lower", "instant", "unquoted"})
"""Primitives whose SQL repeats the argument, so that even one use counts as two."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One projection: ``columns`` passed on from the layer below, and ``made``, the scalars computed here by name."""

    columns: tuple[str, ...]
    made: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Layers:
    """All projections of a stage. ``base`` names the columns of tables; ``names`` gives the column of each computed scalar."""

    base: Mapping[str, Scalar]
    layers: tuple[Layer, ...]
    names: Mapping[Scalar, str]


def layers_of(stage: Stage) -> Layers:
    """Return the layers of a stage. The last one computes the outputs of the stage, under their names."""
    nodes = list(walk(stage.outputs.values()))
    uses = Counter(inner for node in nodes for inner in node.arguments * (2 if node.primitive in _REPEATING else 1))
    uses.update(stage.outputs.values())
    shared = [node for node in nodes if uses[node] > 1 and not is_trivial(node)]
    level = _levels(nodes, set(shared))
    names = {node: f"m{number}" for number, node in enumerate(shared)}
    base = {f"b{number}": column for number, column in enumerate(node for node in nodes if node.primitive == "column")}
    names |= {column: name for name, column in base.items()}
    last = max((level[node] for node in stage.outputs.values()), default=0) + 1
    made: list[dict[str, Scalar]] = [{} for _ in range(last + 1)]
    for node in shared:
        made[level[node]][names[node]] = node
    made[last] |= stage.outputs
    return Layers(base, _build_layers(base, made, names), names)


def _levels(nodes: list[Scalar], shared: set[Scalar]) -> dict[Scalar, int]:
    level: dict[Scalar, int] = {}
    for node in nodes:
        level[node] = max((level[inner] + (inner in shared) for inner in node.arguments), default=0)
    return level


def _build_layers(base: Mapping[str, Scalar], made: list[dict[str, Scalar]], names: Mapping[Scalar, str]) -> tuple[Layer, ...]:
    """Return the layers, each with the columns that later layers read. Empty layers are dropped."""
    read = [_columns_read(layer, names) for layer in made]
    available = list(base)
    layers = []
    for number, layer in enumerate(made):
        later = set().union(*read[number + 1 :])
        columns = tuple(name for name in available if name in later)
        if layer or number == len(made) - 1:
            layers.append(Layer(columns, layer))
        available = [*columns, *layer]
    return tuple(layers)


def _columns_read(layer: Mapping[str, Scalar], names: Mapping[Scalar, str]) -> set[str]:
    """Return the columns of lower layers that the scalars of a layer use."""
    columns: set[str] = set()
    for name, scalar in layer.items():
        pending = [scalar]
        while pending:
            node = pending.pop()
            if node in names and names[node] != name:
                columns.add(names[node])
            else:
                pending.extend(node.arguments)
    return columns
