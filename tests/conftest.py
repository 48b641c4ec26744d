"""What all tests share: how long Hypothesis looks, in what order files are tested by whom, and what is imported.

``HYPOTHESIS_PROFILE=long`` looks much longer, and elsewhere each time.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from perpend.cli.config import files as config_files
from perpend.inventory.snapshots import database
from perpend.language.compiler.analyzer import Analyzed, Analyzer
from perpend.language.syntax import repository
from perpend.language.syntax.repository import Repository
from tests.counted import counts
from tests.sampled import FEW, part_of_library
from tests.shared_database import SharedDriver

_SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile("ci", max_examples=20, deadline=None, derandomize=True, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("long", max_examples=3_000, deadline=None, print_blob=True, suppress_health_check=_SLOW_IS_FINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

pytest_plugins = ("tests.demo_store",)

ROOT = Path(__file__).parent
OWN_SETTINGS = ROOT.parent / "pyproject.toml"
FIRST = (
    *("differential/test_spark", "browser/", "servers/", "differential/", "docs/", "cli/", "property/", "conformance/"),
    *("house/test_bench", "house/", ""),
)
"""What takes long, the longest first: whoever is through with the rest does not wait for it at the end."""

UNCOUNTED = {"browser/", "differential/", "docs/", "property/", "house/test_bench", "house/"}
"""What lines need not be counted in, as others run them, too: a third of all that is to be done."""

TOGETHER = ("browser/", "conformance/", "house/", "servers/")
"""Files that share what is made once: a browser and a site; vectors after analysis; all parsed modules; a moto."""


def pytest_configure() -> None:
    """Have a process read and analyse the library once: no test changes it in place, and hundreds judge by it.

    So with this repository's own file of settings, which every command looks into. And have it look for garbage in circles less
    often: there is little, and each look goes through all that is alive.
    """
    gc.set_threshold(50_000, 20, 20)
    repository.library = cache(repository.library)
    parsed = config_files._parsed
    own = cache(parsed)
    config_files._parsed = lambda path, *more: (own if path == OWN_SETTINGS else parsed)(path, *more)
    begin, input_type = Analyzer.__init__, Repository.input_type
    programs: dict[int, dict[str, Analyzed]] = {}
    types: dict[tuple[int, str], str | None] = {}

    def begun(analyzer: Analyzer, *arguments: Any, **named: Any) -> None:
        begin(analyzer, *arguments, **named)
        if analyzer.repository is repository.library():
            analyzer._programs = programs.setdefault(id(analyzer.repository), analyzer._programs)

    def known_type(self: Repository, entity: str) -> str | None:
        if self is not repository.library():
            return input_type(self, entity)
        if (key := (id(self), entity)) not in types:
            types[key] = input_type(self, entity)
        return types[key]

    Analyzer.__init__, Repository.input_type = begun, known_type  # type: ignore[method-assign]


def _start_of(place: str) -> str:
    return next(start for start in FIRST if place.startswith(start))


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _rank(path: Path) -> int:
    return FIRST.index(_start_of(_place(path.resolve())))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first."""
    items.sort(key=lambda item: _rank(item.path))


def pytest_collection_finish() -> None:
    """Pass over what stays to the end, modules and tests, when garbage is looked for."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Have one process more than cores: some tests wait for a browser, a server or a cluster. Those of ``-n logical`` do not."""
    return (os.cpu_count() or 1) + (config.option.numprocesses != "logical")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one process, in order: what a file's tests share is made once.

    Where lines are counted, the process that does not count has what need not be counted, and no other files; what of it is left
    over goes to those that do.
    """
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        """Takes files that share more for one."""

        def _split_scope(self, nodeid: str) -> str:
            place = nodeid.partition("::")[0].removeprefix("tests/")
            return next((start for start in TOGETHER if place.startswith(start)), place)

        def _assign_work_unit(self, node: Any) -> None:
            if config.pluginmanager.has_plugin("tests.counted"):
                counting = counts(node.gateway.id, len(config.option.tx))
                fitting = [scope for scope in self.workqueue if counting == (_start_of(scope) not in UNCOUNTED)]
                if not fitting and not counting:
                    node.shutdown()
                    return
                if fitting:
                    self.workqueue.move_to_end(fitting[0], last=False)
            super()._assign_work_unit(node)

    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture(scope="module")
def shared_database() -> Iterator[None]:
    """The tests of a module share a DuckDB, without its sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "duckdb", SharedDriver())
        yield


@pytest.fixture(scope="session")
def _part(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return part_of_library(tmp_path_factory.mktemp("library") / "library", policies=FEW)


@pytest.fixture
def small_library(_part: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the library stands for it, in this process."""
    monkeypatch.setattr(repository, "library", lambda: _part)
