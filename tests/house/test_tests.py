"""Tests keep rules of their own: none imports another, none fails because a machine is busy, the list of rooms is whole."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.trees import ROOT, text, tree
from tests.paces import NOT_QUICK, PACES, ROOMS_OF_QUICK, SLOW, is_left_out

PATHS = sorted((ROOT / "tests").rglob("*.py"))
PACKAGE = ROOT / "src" / "perpend"

WALL_CLOCKS = frozenset({"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time", "time_ns", "timeit"})


_IMPORTS = re.compile(r"^[ \t]*from[ \t]+(?:[\w.]*\.)?test_\w+[ \t]+import\b", re.MULTILINE)
_CLOCK = re.compile(rf"\b(?:{'|'.join(WALL_CLOCKS)})\b")


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_tests_import_no_tests() -> None:
    assert [] == [f"{_shown(path)}: {line}" for path in PATHS for line in _IMPORTS.findall(text(_shown(path)))]


def test_an_import_of_a_test_is_known_when_it_is_seen() -> None:
    for line in ("from tests.unit.test_a import b", "def f():\n    from .test_a import (\n  b)", "from test_a import b"):
        assert _IMPORTS.search(line), line
    for line in ("from tests.unit.a import test_b", "from tests.test_a.b import c", "import tests", "# from test_a"):
        assert not _IMPORTS.search(line), line


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


def test_a_wall_clock_is_known_when_it_is_seen() -> None:
    assert [1, 2] == wall_clocks(ast.parse("assert time.monotonic() - begun < 5\nassert 3 > perf_counter() - begun"))
    assert [] == wall_clocks(ast.parse("assert time.process_time() - begun < 10\nif time.monotonic() > end: fail()"))


def test_every_file_of_tests_that_compares_is_described() -> None:
    described = (ROOT / "tests" / "README.md").read_text("utf-8")
    rooms = ("differential", "property", "conformance", "golden", "house")
    paths = [path for room in rooms for path in sorted((ROOT / "tests" / room).glob("test_*.py"))]
    assert [] == [_shown(path) for path in paths if path.stem not in described]
    named = set(re.findall(r"`(test_\w+)`", described))
    assert set() == named - {path.stem for path in paths}


def test_every_place_is_there() -> None:
    """What a pace leaves out is there: a name that has changed would have its test run in the wrong one."""
    for place in (*SLOW, *NOT_QUICK, *ROOMS_OF_QUICK):
        test, _, document = place.partition("[")
        path, _, name = test.partition("::")
        assert (ROOT / "tests" / path).exists(), place
        assert (ROOT / document).exists(), place
        if name:
            assert name in {one.name for one in tree(f"tests/{path}").body if isinstance(one, ast.FunctionDef)}, place


def test_what_is_slow_need_not_be_called_not_quick_as_well() -> None:
    assert [] == [place for place in NOT_QUICK if is_left_out(place, "test")]


@pytest.mark.parametrize(
    ("place", "paces"),
    [
        ("unit/ir/test_program.py::test_a[b/c]", {"quick", "test"}),
        ("unit/history/ask/test_views.py::test_a", {"test"}),
        ("unit/store/test_nest.py::test_a", {"test"}),
        ("cli/test_check.py::test_a", {"test"}),
        ("browser/test_search.py::test_a", {"slow"}),
        ("house/test_bench.py::test_a", {"slow"}),
        (SLOW[1], {"slow"}),
        (SLOW[1].partition("::")[0] + "::test_another", {"test"}),
    ],
)
def test_every_test_is_run_at_one_pace_but_the_quick_are_run_again(place: str, paces: set[str]) -> None:
    assert {*paces, "all"} == {pace for pace in PACES if not is_left_out(place, pace)}


def test_what_holds_tests_of_a_pace_is_gone_into() -> None:
    assert set(PACES) == {pace for pace in PACES if not is_left_out("house", pace)}
    assert {"test", "slow", "all"} == {pace for pace in PACES if not is_left_out("cli", pace)}
    assert {"slow", "all"} == {pace for pace in PACES if not is_left_out("browser", pace)}
    assert {"quick", "test", "all"} == {pace for pace in PACES if not is_left_out("unit", pace)}
    assert {"test", "all"} == {pace for pace in PACES if not is_left_out("unit/history", pace)}
