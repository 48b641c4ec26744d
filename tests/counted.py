"""A plugin of ``make test``, where lines are counted: not in every process, and what has counted is taken out now and then.

To take marks out, SlipCover goes through all functions that are loaded, which costs as much as passing a million of them.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

PASSED = 100_000
"""How often one mark is passed before all that were passed are taken out. After SlipCover's 50 that is done all the time."""


def counts(worker: str, workers: int) -> bool:
    """Return whether a process of several counts lines: all but the first. To put marks in costs each of them seconds."""
    return workers < 2 or worker != "gw0"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> None:
    """Say so to what counts, which no option reaches in a process that tests, before anything of Perpend is imported.

    Only one of those processes reads what nobody imported: the others would read all of it once more. Who hands tests out runs
    none, and counts nothing.
    """
    worker, workers = os.environ.get("PYTEST_XDIST_WORKER"), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
    hands_out = worker is None and bool(early_config.known_args_namespace.numprocesses)
    counting = not hands_out and counts(worker or "", workers)
    for finder in [finder for finder in sys.meta_path if hasattr(finder, "sci")]:
        finder.sci.d_miss_threshold = PASSED
        if not counting:
            sys.meta_path.remove(finder)
        if not counting or worker not in (None, f"gw{min(1, workers - 1)}"):
            finder.sci.source = None
