"""Values of the test plans that become known after apply, and what becomes of the verdicts.

``PERPEND_PLAN_CHANGES=10000 PERPEND_PLAN_SEED=7 python -m tests.property.planned_changes`` makes that many changes, and prints
how many verdicts changed in which way, and each violation.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from perpend import Analyzer, open_repository, select_policies
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.selection import Selection
from perpend.inventory.readers.read import collect_files
from perpend.inventory.readers.terraform.mapping import aws_map
from tests.reference import evaluate_objects
from tests.terraform_plans import PLANS, Step, paths, plan, without

DAY = datetime(2026, 12, 1, tzinfo=UTC)
MOST_AT_ONCE = 4

Change = tuple[int, tuple[Step, ...]]
"""The place of a resource change in its plan, and the path of a value after it."""

Statuses = Mapping[tuple[str, str], frozenset[Status]]
"""The statuses by policy, and by type and resource: objects of one resource are not told apart, because Ids change."""


class Violation(NamedTuple):
    """A verdict that an unknown value led to another known status."""

    plan: str
    changes: tuple[Change, ...]
    policy: str
    resource: str
    before: frozenset[Status]
    now: frozenset[Status]


@cache
def changes(name: str) -> tuple[Change, ...]:
    """Return the places of all known values that are read of a plan."""
    attributes = aws_map().attributes
    return tuple(
        (place, path)
        for place, one in enumerate(plan(name)["resource_changes"])
        for path in paths(one["change"]["after"])
        if path[0] in attributes.get(one["type"], ()) and not _is_never_unknown(plan(name), one, path)
    )


def _is_never_unknown(document: Mapping[str, Any], one: Mapping[str, Any], path: tuple[Step, ...]) -> bool:
    """Whether the whole list is an attribute of blocks that a dynamic block fills: Terraform shows its entries."""
    if f"{one['type']}.{path[0]}" not in aws_map().attribute_blocks or len(path) > 1:
        return False
    nodes = document["configuration"]["root_module"]["resources"]
    node = next((node for node in nodes if node["address"] == f"{one['type']}.{one['name']}"), {})
    return path[0] not in node.get("expressions", {})


def changed(name: str, chosen: tuple[Change, ...]) -> Mapping[str, Any]:
    """Return a plan in which some values are known after apply."""
    document: Mapping[str, Any] = plan(name)
    for place, path in chosen:
        document = without(document, place, path)
    return document


class Judge:
    """Evaluates the library over versions of the test plans, which are written to a directory."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "plan.json"
        self._selections: dict[str, Selection] = {}
        self._before: dict[str, Statuses] = {}

    def before(self, name: str) -> Statuses:
        """Return the statuses of a plan as it is."""
        if name not in self._before:
            self._write(plan(name))
            inventory = collect_files([str(self._file)]).inventory
            self._selections[name] = select_policies(Analyzer(open_repository()), over=inventory)
            self._before[name] = self._statuses(name)
        return self._before[name]

    def after(self, name: str, chosen: tuple[Change, ...]) -> Statuses:
        """Return the statuses of a plan in which some values are known after apply."""
        self.before(name)
        self._write(changed(name, chosen))
        return self._statuses(name)

    def violations(self, name: str, chosen: tuple[Change, ...], figures: Counter[tuple[str, str]]) -> Iterator[Violation]:
        """Yield the verdicts that became known, or another known status; count the statuses before and after."""
        before = self.before(name)
        for key, now in self.after(name, chosen).items():
            known = before.get(key, frozenset())
            figures[_words(known), _words(now)] += 1
            if not now <= known | {Status.UNDETERMINED}:
                yield Violation(name, chosen, *key, known, now)

    def _write(self, document: Mapping[str, Any]) -> None:
        self._file.write_text(json.dumps(document), encoding="utf-8")

    def _statuses(self, name: str) -> Statuses:
        inventory = collect_files([str(self._file)]).inventory
        statuses: dict[tuple[str, str], set[Status]] = {}
        for verdict in evaluate_objects(inventory, self._selections[name], snapshot_time=DAY).findings():
            key = verdict.policy_id, f"{verdict.object.type_name} {verdict.object.origin.row}"
            statuses.setdefault(key, set()).add(verdict.status)
        return {key: frozenset(of_resource) for key, of_resource in statuses.items()}


def _words(statuses: frozenset[Status]) -> str:
    return " and ".join(sorted(statuses)) or "no object"


def drawn(random: Random, names: tuple[str, ...] = PLANS) -> tuple[str, tuple[Change, ...]]:
    """Return a plan and one to four values of it, no two of the same attribute."""
    name = random.choice(names)
    listed = random.sample(changes(name), k=random.choice((1, 1, 2, MOST_AT_ONCE)))
    return name, tuple({(place, path[0]): (place, path) for place, path in listed}.values())


def main() -> int:
    number, seed = int(os.environ.get("PERPEND_PLAN_CHANGES", "500")), os.environ.get("PERPEND_PLAN_SEED", "1")
    random, figures, begun = Random(seed), Counter[tuple[str, str]](), time.monotonic()
    made = 0
    violations = []
    with tempfile.TemporaryDirectory() as directory:
        judge = Judge(Path(directory))
        while made < number:
            name, chosen = drawn(random)
            violations += judge.violations(name, chosen, figures)
            made += len(chosen)
    print(f"seed {seed}: {made} values of {len(PLANS)} plans, {figures.total()} verdicts, ", end="")
    print(f"{time.monotonic() - begun:.0f} s, {len(violations)} violations")
    for (before, now), times in sorted(figures.items()):
        if before != now:
            print(f"  {times:7} {before} → {now}")
    for one in violations[:50]:
        print(one)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
