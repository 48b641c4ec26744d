"""A stage while it is planned: programs add lookups, related lists and outputs to it, each once, until it is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perpend.evaluation.planner.stage import ChildCounts, LookupJoin, Stage

if TYPE_CHECKING:
    from perpend.core.schema.tables import Join, Table
    from perpend.evaluation.planner.scalar import Scalar


@dataclass(slots=True)
class ChildScan:
    """The children of a row while they are planned. What is counted of them is said by :class:`ChildCounts`."""

    alias: str
    above: str
    join: Join
    scan: Scan
    counts: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)

    def output(self, code: Scalar) -> str:
        """Return the output of the scan that is a code, the same one for equal blocks."""
        outputs = self.scan.outputs
        output = next((name for name, other in outputs.items() if other is code), None)
        if output is None:
            output = f"c{len(outputs)}"
            outputs[output] = code
        return output

    def count(self, output: str, status: str, codes: tuple[int, ...]) -> str:
        """Return the column that counts codes of an output. Blocks that ask the same may call their ends differently."""
        name, number = f"{output}_{status}", 1
        while self.counts.setdefault(name, (output, codes)) != (output, codes):
            number += 1
            name = f"{output}_{status}_{number}"
        return name

    def doubt(self, output: str) -> str:
        """Return the column that says whether an output of any child is below zero."""
        name = f"{output}_doubt"
        self.doubts[name] = output
        return name


@dataclass(slots=True)
class Scan:
    """A scan of one table while it is planned. ``outputs`` are what it will give: columns by name."""

    table: Table
    outputs: dict[str, Scalar] = field(default_factory=dict)
    _lookups: dict[tuple[str, str], LookupJoin] = field(default_factory=dict)
    _children: dict[tuple[str, str], ChildScan] = field(default_factory=dict)

    def lookup(self, above: str, join: Join) -> LookupJoin:
        """Return the join of a lookup, the same one however often it is followed."""
        return self._lookups.setdefault((above, join.name), LookupJoin(f"l{len(self._lookups) + 1}", above, join))

    def children(self, above: str, join: Join, table: Table) -> ChildScan:
        """Return the scan of a child list, the same one however many programs ask."""
        made = ChildScan(f"k{len(self._children) + 1}", above, join, Scan(table))
        return self._children.setdefault((above, join.name), made)

    def stage(self) -> Stage:
        """Return what was planned, the scans of children built as well."""
        counts = tuple(
            ChildCounts(child.alias, child.above, child.join, child.scan.stage(), dict(child.counts), dict(child.doubts))
            for child in self._children.values()
        )
        return Stage(self.table, dict(self.outputs), tuple(self._lookups.values()), counts)
