"""The long run: `PERPEND_METAMORPHIC_CHANGES=200000 PERPEND_METAMORPHIC_SEED=7 nice python -m tests.property.metamorphic`.

``PERPEND_CORPUS`` names further repositories. It prints how many changes were made of each kind, what became of verdicts,
and each violation once per policy, kind of change and road.
"""

# ruff: noqa: T201

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.property.metamorphic.compare import Figures, run
from tests.property.metamorphic.worlds import LIBRARY

CHANGES, SEED, PROCESSES, ONLY = (f"PERPEND_METAMORPHIC_{name}" for name in ("CHANGES", "SEED", "PROCESSES", "ONLY"))

_PART = 25_000
"""How many changes are made with one seed: parts are seeded by their numbers, whichever process makes them."""


def main() -> int:
    changes, seed = int(os.environ.get(CHANGES, "2000")), os.environ.get(SEED, "1")
    processes = int(os.environ.get(PROCESSES, "2"))
    roots = [LIBRARY, *(Path(one) for one in os.environ.get("PERPEND_CORPUS", "").split(os.pathsep) if one)]
    parts = -(-changes // _PART)
    seeds = [f"{seed}-{number}" for number in range(parts)]
    begun, found = time.monotonic(), Figures()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        arguments = [[one] * parts for one in (-(-changes // parts), os.environ.get(ONLY), roots)]
        for part, figures in zip(seeds, pool.map(run, seeds, *arguments), strict=True):
            found.add(figures)
            print(f"{part}: {found.changes.total()} changes, {len(found.violations)} violations", file=sys.stderr, flush=True)
    print(
        f"seed {seed}: {found.changes.total()} changes in {found.passes} estates, {found.verdicts} verdicts compared, ", end=""
    )
    print(f"{time.monotonic() - begun:.0f} s, {len(found.violations)} violations, {len(found.crashes)} crashes")
    for name, number in sorted(found.changes.items()):
        print(f"  {number:7} {name}{f', of them {found.refused[name]} refused' if found.refused[name] else ''}")
    for road, number in sorted(found.roads.items()):
        print(f"  {number:7} by {road}")
    for (before, after), number in sorted(found.transitions.items()):
        print(f"  {number:7} {before} → {after}")
    told = set()
    for one in found.violations:
        if (key := (one.change, one.policy, one.road)) not in told:
            told.add(key)
            print(one)
    for crash in found.crashes:
        print(crash)
    return 1 if found.violations or found.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
