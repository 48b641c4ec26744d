"""Print the coverage of each package from a JSON report: `python -m tests.coverage_by_package FILE`.

Tests must run 95 % of the lines of each package. The Spark engine counts only if its tests ran, which need Java.
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
    """The lines of a package that can run, and those that ran."""

    there: int
    run: int

    @property
    def percent(self) -> float:
        return 100 * self.run / self.there if self.there else 100.0


def by_package(files: Mapping[str, Any]) -> dict[str, Lines]:
    """Return the lines of each package, by its name; the Spark engine is one of its own."""
    found: dict[str, Lines] = defaultdict(lambda: Lines(0, 0))
    for path, measured in files.items():
        inner = path.rpartition("perpend/")[2].split("/")[:-1]
        package = SPARK if "/".join(inner).startswith(SPARK) else inner[0] if inner else "."
        run, missing = measured["summary"]["covered_lines"], measured["summary"]["missing_lines"]
        found[package] = Lines(found[package].there + run + missing, found[package].run + run)
    return dict(sorted(found.items()))


def too_little(packages: Mapping[str, Lines]) -> list[str]:
    """Return the packages with too little coverage. The Spark engine without any covered line was not tested."""
    return [name for name, lines in packages.items() if lines.percent < LEAST and not (name == SPARK and not lines.run)]


def main(report: str) -> int:
    packages = by_package(json.loads(Path(report).read_text("utf-8"))["files"])
    failing = too_little(packages)
    for name, lines in packages.items():
        print(f"{lines.percent:6.1f} % of {lines.there:5} lines  {name}{'  too little' if name in failing else ''}")
    total = Lines(sum(one.there for one in packages.values()), sum(one.run for one in packages.values()))
    print(f"{total.percent:6.1f} % of {total.there:5} lines")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
