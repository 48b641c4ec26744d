"""Tests keep rules of their own: none imports another, and none fails because a machine is busy."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.trees import ROOT, text, tree
from tests.shared_database import SharedDriver

PATHS = sorted((ROOT / "tests").rglob("*.py"))
WALL_CLOCKS = frozenset({"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time", "time_ns", "timeit"})


_IMPORTS = re.compile(r"^[ \t]*from[ \t]+(?:[\w.]*\.)?test_\w+[ \t]+import\b", re.MULTILINE)
_CLOCK = re.compile(rf"\b(?:{'|'.join(WALL_CLOCKS)})\b")


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_tests_import_no_tests() -> None:
    assert [] == [f"{_shown(path)}: {line}" for path in PATHS for line in _IMPORTS.findall(text(_shown(path)))]


def wall_clocks(tree: ast.Module) -> list[int]:
    """Return the lines of assertions that look at the wall clock."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
        and any(
            isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in WALL_CLOCKS for call in ast.walk(node)
        )
    ]


def test_no_assertion_looks_at_the_wall_clock() -> None:
    """A busy machine is no fault of the code: count, or take processor time with room to spare."""
    timed = [path for path in PATHS if _CLOCK.search(text(_shown(path)))]
    assert [] == [f"{_shown(path)}:{line}" for path in timed for line in wall_clocks(tree(_shown(path)))]


def test_a_shared_connection_leaves_no_name_behind() -> None:
    """Two tests of parameters failed now and then: the index of an earlier server still had its name in the running DuckDB."""
    driver = SharedDriver()
    for _ in range(2):
        connection = driver.connect(":memory:", {"memory_limit": "100MB"})
        connection.execute("ATTACH ':memory:' AS history")
        connection.close()


def test_every_file_of_tests_that_compares_is_described() -> None:
    described = (ROOT / "tests" / "README.md").read_text("utf-8")
    rooms = ("differential", "property", "conformance", "golden", "house")
    paths = [path for room in rooms for path in sorted((ROOT / "tests" / room).glob("test_*.py"))]
    assert [] == [_shown(path) for path in paths if path.stem not in described]
    named = set(re.findall(r"`(test_\w+)`", described))
    assert set() == named - {path.stem for path in paths}
