"""A plugin of ``make test``, where lines are counted: marks of what has run are taken out now and then, not all the time.

To take marks out, SlipCover goes through all functions that are loaded, which costs as much as passing a million of them.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

PASSED = 100_000
"""How often one mark is passed before all that were passed are taken out. After SlipCover's 50 that is done all the time."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> None:
    """Say so to what counts, which no option reaches in a process that tests, before anything of Perpend is imported.

    Only one of those processes reads what nobody imported: the others, and who hands tests out, would read all of it once more.
    """
    several = bool(early_config.known_args_namespace.numprocesses)
    reads_all = os.environ.get("PYTEST_XDIST_WORKER", "gw1" if several else "gw0") == "gw0"
    for finder in sys.meta_path:
        if (counting := getattr(finder, "sci", None)) is not None:
            counting.d_miss_threshold = PASSED
            if not reads_all:
                counting.source = None
