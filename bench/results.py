"""What was measured, as a JSON file: one record per size and workload; ratios of candidates read off it.

A size measured again replaces its record, so that small and large sizes can be run at different times; of commands, what is not
measured again stays.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """One size and workload: every candidate's rounds, scaled to all rows where only the first were read."""

    record: dict[str, Any]

    @property
    def users(self) -> int:
        """How many users were judged."""
        return int(self.record["users"])

    @property
    def workload(self) -> str:
        """What they were judged by."""
        return str(self.record["workload"])

    @property
    def candidates(self) -> dict[str, dict[str, Any]]:
        """The candidates, in the order in which they took turns."""
        return dict(self.record["candidates"])

    def seconds(self, name: str) -> list[float]:
        """Return a candidate's seconds round by round, for all users."""
        candidate = self.candidates[name]
        return [one * self.users / candidate["rows"] for one in candidate["seconds"]]

    def median(self, name: str) -> float:
        """Return a candidate's median time."""
        return statistics.median(self.seconds(name))

    def peak(self, name: str) -> float:
        """Return a candidate's median peak memory in MB."""
        return float(statistics.median(self.candidates[name]["megabytes"]))

    def hand(self, *, gate: str | None = None) -> str | None:
        """Return the fastest hand-written candidate that gives the same codes; of those with a gate only where one is named."""
        found = [name for name in self.candidates if name.startswith("hand ") and not self.candidates[name]["different"]]
        gated = [name for name in found if gate is None or name.endswith(gate)] or found
        return min(gated, key=self.median, default=None)

    def ratio(self, name: str, base: str | None) -> float | None:
        """Return the median over the rounds of a candidate's time in times of another one's."""
        if base is None or not {name, base} <= self.candidates.keys():
            return None
        return statistics.median(one / other for one, other in zip(self.seconds(name), self.seconds(base), strict=True))


def _left(former: Mapping[str, Any], anew: Mapping[str, Any]) -> dict[str, Any]:
    """Return the candidates that were not measured again, with what they stand beside."""
    left = {name for name in former if name not in anew}
    beside = {former[name]["base"] for name in left}
    return {name: one for name, one in former.items() if name in left | beside} if left - beside else {}


@dataclass(slots=True)
class Results:
    """A file of results."""

    path: Path
    content: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Results:
        """Return what a file holds; nothing where there is none."""
        empty: dict[str, Any] = {"engines": [], "check": [], "commands": [], "collect": [], "organization": [], "spark": []}
        return cls(path, empty | (json.loads(path.read_text("utf-8")) if path.is_file() else {}))

    def add(self, part: str, record: dict[str, Any]) -> None:
        """Put a record in the place of one of the same size and workload, and write the file."""
        same = (record["users"], record.get("workload"))
        others = [one for one in self.content[part] if (one["users"], one.get("workload")) != same]
        if part == "commands":
            former = [one for one in self.content[part] if one not in others]
            others += [
                {**one, "candidates": left} for one in former if (left := _left(one["candidates"], record["candidates"]))
            ]
        order = {name: number for number, name in enumerate(WORKLOADS)}
        self.content[part] = sorted(
            [*others, record], key=lambda one: (one["users"], order.get(one.get("workload"), 9), str(one.get("workload")))
        )
        self.path.write_text(json.dumps(self.content, indent=1) + "\n", "utf-8")

    @property
    def measured(self) -> list[Measured]:
        """All sizes and workloads of the engines, small ones first."""
        return [Measured(record) for record in self.content["engines"]]

    def find(self, workload: str, users: int | None = None) -> Measured | None:
        """Return one of a workload: of a size, or of the size nearest to a million users."""
        found = [one for one in self.measured if one.workload == workload and users in (None, one.users)]
        return min(found, key=lambda one: abs(one.users - 1_000_000), default=None)
