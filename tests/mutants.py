"""mutmut, faster: `python -m tests.mutants TESTS... run NAMES...` asks some tests about faults (docs: `tests/mutants.md`).

Tests are collected once and not once for each fault. Those that stand by the name of the fault's module are asked before all
others, and first of them the one that found the last fault of the same function.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import _prepareconfig
from _pytest.runner import runtestprotocol
from mutmut.__main__ import cli
from mutmut.configuration import ProcessIsolation, config
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.utils.file_utils import change_cwd
from mutmut.workers.isolation import ForkRunner

PATIENCE = 12
"""How many seconds a test may take beside ten times what it takes without a fault."""

COMMANDS = ("run", "results", "show", "export-cicd-stats")
FINDERS = Path("mutants/finders")
ITEMS: dict[str, pytest.Item] = {}
_start, _ask = ForkRunner.startup, PytestRunner.run_tests


def start(self: Any) -> None:
    """Collect the tests, which the forks for faults then find collected."""
    set_mutant_under_test("")
    FINDERS.mkdir(exist_ok=True)
    runner = self.test_runner
    with change_cwd("mutants"), redirect_stdout(Path(os.devnull).open("w")):
        given = ["--rootdir=.", "-s", *runner._pytest_add_cli_args_test_selection, *runner._pytest_add_cli_args]
        prepared = _prepareconfig(given)
        prepared._do_configure()
        session = pytest.Session.from_config(prepared)
        prepared.hook.pytest_sessionstart(session=session)
        prepared.hook.pytest_collection(session=session)
    ITEMS.update({item.nodeid: item for item in session.items})
    _start(self)


def ask(self: Any, *, mutant_name: str | None, tests: Sequence[str]) -> int:
    """Run tests in this process until one of them fails, and return pytest's exit code."""
    if mutant_name is None:
        return int(_ask(self, mutant_name=mutant_name, tests=tests))
    finders = FINDERS.absolute() / mutant_name.rpartition("__mutmut_")[0]
    chosen = [ITEMS[one] for one in in_order(mutant_name, tests, finders)]
    directory = Path(tempfile.mkdtemp(prefix="fault-"))
    chosen[0].config._tmp_path_factory._basetemp = directory  # type: ignore[attr-defined] # of its own, and soon gone
    try:
        with change_cwd("mutants"):
            signal.signal(signal.SIGALRM, lambda *_: os._exit(36))  # mutmut's word for a timeout
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                signal.alarm(PATIENCE + int(10 * state().duration_by_test[item.nodeid]))
                if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                    finders.write_text(item.nodeid)
                    return 1
        return 0
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def in_order(fault: str, tests: Sequence[str], finders: Path) -> list[str]:
    """Return tests with the likeliest first: what found the last fault here, then those by the name of the module."""
    *_, room, module, _function = fault.split(".")
    last = [finders.read_text()] if finders.is_file() else []
    own = [one for one in tests if f"/{room}/test_{module}." in one or f"/{room}/test_{module}_" in one]
    return [one for one in dict.fromkeys([*last, *own, *tests]) if one in tests]


def main(arguments: Sequence[str]) -> None:
    """Ask the tests that stand before mutmut's command, those of `pyproject.toml` where there are none."""
    at = next(place for place, one in enumerate(arguments) if one in COMMANDS)
    config().process_isolation = ProcessIsolation.FORK
    if arguments[:at]:
        config().pytest_add_cli_args_test_selection = list(arguments[:at])
    sys.modules.pop("tests", None)  # those that are asked lie beside the faults
    ForkRunner.startup, PytestRunner.run_tests = start, ask  # type: ignore[method-assign]
    cli(list(arguments[at:]))


if __name__ == "__main__":
    main(sys.argv[1:])
