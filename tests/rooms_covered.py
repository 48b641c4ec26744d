"""A JSON report of coverage in, the rooms of the package that tests run too little of out: `python -m tests.rooms_covered FILE`.

Every room must have 95 % of its lines run by the tests' own processes; Spark's where its tests ran at all, which need Java.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

LEAST = 95.0
SPARK = "evaluation/engines/spark"


class Lines(NamedTuple):
    """How many lines of a room can be run, and how many were."""

    there: int
    run: int

    @property
    def percent(self) -> float:
        return 100 * self.run / self.there if self.there else 100.0


def by_room(files: Mapping[str, Any]) -> dict[str, Lines]:
    """Return the lines of each room, by its name; the Spark engine is one of its own."""
    found: dict[str, Lines] = defaultdict(lambda: Lines(0, 0))
    for path, measured in files.items():
        inner = path.rpartition("perpend/")[2].split("/")[:-1]
        room = SPARK if "/".join(inner).startswith(SPARK) else inner[0] if inner else "."
        run, missing = measured["summary"]["covered_lines"], measured["summary"]["missing_lines"]
        found[room] = Lines(found[room].there + run + missing, found[room].run + run)
    return dict(sorted(found.items()))


def too_little(rooms: Mapping[str, Lines]) -> list[str]:
    """Return the rooms of which too few lines were run. Of Spark's the first line tells whether its tests ran at all."""
    return [name for name, lines in rooms.items() if lines.percent < LEAST and not (name == SPARK and not lines.run)]


def main(report: str) -> int:
    rooms = by_room(json.loads(Path(report).read_text("utf-8"))["files"])
    failing = too_little(rooms)
    for name, lines in rooms.items():
        print(f"{lines.percent:6.1f} % of {lines.there:5} lines  {name}{'  too little' if name in failing else ''}")
    total = Lines(sum(one.there for one in rooms.values()), sum(one.run for one in rooms.values()))
    print(f"{total.percent:6.1f} % of {total.there:5} lines")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
