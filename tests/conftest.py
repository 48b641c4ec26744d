"""What all tests share: how long Hypothesis looks, in what order files are tested by whom, and whose lines count as run.

``HYPOTHESIS_PROFILE=long`` looks much longer, and elsewhere each time.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import perpend
from perpend.load import repository
from tests.sampled import part_of_library

_SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile("ci", max_examples=20, deadline=None, derandomize=True, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("long", max_examples=3_000, deadline=None, print_blob=True, suppress_health_check=_SLOW_IS_FINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).parent
FIRST = (
    *("differential/test_spark", "browser/", "differential/", "docs/", "cli/", "property/", "conformance/"),
    "house/test_bench",
)
"""What takes long, the longest first: whoever is through with the rest does not wait for it at the end."""

TOGETHER = ("browser/", "conformance/")
"""Files that share what is made once: a browser and a site; vectors after analysis."""

UNMEASURED = (
    *("browser/", "docs/test_contributing", "docs/test_examples", "house/", "property/"),
    *("cli/test_check.py::test_all_forms", "cli/test_check.py::test_every_way", "cli/test_check_policies"),
    *("cli/test_check_stores.py::test_a_store_says", "cli/test_check_stores.py::test_sources", "cli/test_check_stores_whole"),
    *("cli/test_config.py::test_a_file_that_says", "cli/test_config.py::test_a_site", "cli/test_config.py::test_every_command"),
    *("cli/test_config.py::test_what_is_outside", "cli/test_damage", "cli/test_import.py::test_a_killed"),
    *("cli/test_inventory.py::test_a_question_can_be", "cli/test_lint.py::test_the_library", "cli/test_odd_data"),
    *("cli/test_policy_tests.py::test_the_", "cli/test_site.py::test_the_library", "cli/test_site.py::test_verdicts_of"),
    *(
        "cli/test_test_update.py::test_what_the_library",
        "conformance/test_company",
        "conformance/test_regressions.py::test_the_s",
    ),
    *("differential/test_engines", "differential/test_library_stores", "differential/test_spark.py::test_every_"),
    *("differential/test_spark.py::test_the_lib", "differential/test_spark_added_operation", "differential/test_stores"),
    *("differential/test_tables", "differential/test_written", "unit/lint/test_unreachable_condition"),
    "unit/lint/test_check.py::test_thousands",
    *("unit/config/test_configuration.py::test_whatever", "unit/diagnostics/test_escape", "unit/load/test_hostile"),
    *("unit/meaning/test_jmespath_bounds", "unit/meaning/test_logging_query.py::test_the_longest"),
    *("unit/site/render/test_markdown", "unit/site/render/test_pages", "unit/site/test_build.py::test_a_"),
    *("unit/site/test_build.py::test_what_is_kept", "unit/site/test_links.py::test_thousands"),
)
"""Tests whose lines do not count as run: they look for what others forgot, and measuring makes them half as slow again."""

WITH_PROCESSES = (
    *("cli/test_completions", "cli/test_output", "cli/test_process", "cli/test_site_built", "cli/test_test_watch"),
    *("differential/test_spark_check", "unit/store/test_store_processes"),
)
"""Tests whose processes are measured as well: they alone show how the command starts, ends and hears. For all others a process
is dearer by half again, and runs lines that tests run in their own."""

_OF_PROCESSES = "COVERAGE_PROCESS_CONFIG"
"""Where coverage leaves word for processes that tests start."""


def pytest_configure(config: pytest.Config) -> None:
    repository.library = cache(repository.library)  # no test changes the library in place, and hundreds judge by it
    config.addinivalue_line("markers", "no_cover: what the test runs does not count as covered")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Import all modules while lines count: else those of one that an unmeasured test imports first do not count as run."""
    if session.config.getoption("cov_source", None):
        for module in pkgutil.walk_packages(perpend.__path__, "perpend."):
            if module.name != "perpend.__main__":
                with suppress(ImportError):  # of an extra that is not installed
                    import_module(module.name)


@cache
def _place(path: Path) -> str:
    return path.resolve().relative_to(ROOT).as_posix()


@cache
def _rank(path: Path) -> int:
    return next((rank for rank, start in enumerate(FIRST) if _place(path).startswith(start)), len(FIRST))


def _name(item: pytest.Item) -> str:
    return item.nodeid.removeprefix("tests/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first; do not measure what need not be measured."""
    for item in items:
        if _name(item).startswith(UNMEASURED):
            item.add_marker(pytest.mark.no_cover)
    items.sort(key=lambda item: _rank(item.path))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one process, in order: what a file's tests share is made once."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        """Takes files that share more for one."""

        def _split_scope(self, nodeid: str) -> str:
            place = nodeid.partition("::")[0].removeprefix("tests/")
            return next((start for start in TOGETHER if place.startswith(start)), place)

    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Leave the processes of most tests unmeasured."""
    counts = _name(item).startswith(WITH_PROCESSES) and item.get_closest_marker("no_cover") is None
    measured = None if counts else os.environ.pop(_OF_PROCESSES, None)
    yield
    if measured is not None:
        os.environ[_OF_PROCESSES] = measured


@pytest.fixture(scope="session")
def _part(tmp_path_factory: pytest.TempPathFactory) -> repository.Repository:
    return part_of_library(tmp_path_factory.mktemp("library") / "library")


@pytest.fixture
def small_library(_part: repository.Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the library stands for it, in this process."""
    monkeypatch.setattr(repository, "library", lambda: _part)
