"""Import circles, paths through packages, and the modules that importing the content of pages loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from bench.code_paths import above, circles, graph_of, imports_of, modules_of, turns

from tests.house.trees import ROOT, tree

pytestmark = pytest.mark.medium

SOURCE = ROOT / "src"
MODULES = modules_of(SOURCE)

RENDERING = {"jinja2", "markdown_it", "markupsafe", "nh3", "pygments"}


def test_no_imports_go_in_a_circle() -> None:
    trees = {name: tree(path.relative_to(ROOT).as_posix()) for name, path in MODULES.items()}
    assert [] == circles({name: {*imports_of(within, MODULES)} for name, within in trees.items()})


def test_a_graph_is_what_modules_import(tmp_path: Path) -> None:
    for name, source in (("a", "import p.b"), ("b", "x = 1")):
        (tmp_path / f"{name}.py").write_text(source, "utf-8")
    assert {"p.a": {"p.b"}, "p.b": set()} == graph_of({f"p.{name}": tmp_path / f"{name}.py" for name in "ab"})


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"p.a": "import p.b", "p.b": "import p.c", "p.c": ""}, []),
        ({"p.a": "import p.b", "p.b": "from p import a", "p.c": "import p.a"}, [["p.a", "p.b"]]),
        ({"p.a": "if TYPE_CHECKING:\n from p.b import B", "p.b": "def f():\n  from p.a import A"}, [["p.a", "p.b"]]),
        ({"p.a": "from p.b import B", "p.b": "from p.c import C", "p.c": "from p.a import A"}, [["p.a", "p.b", "p.c"]]),
        ({"p": "from p.a import A", "p.a": "from p.b import B", "p.b": ""}, []),
        ({"p": "from p.a import A", "p.a": "from p import A"}, [["p", "p.a"]]),
        ({"p": "from p.a import A", "p.a": "from p import __version__"}, []),
    ],
)
def test_circles_are_found_by_whatever_import(sources: dict[str, str], expected: list[list[str]]) -> None:
    assert expected == circles({name: {*imports_of(ast.parse(text), sources)} for name, text in sources.items()})


def test_a_way_turns_back_where_it_leaves_a_room_for_one_that_stands_on_it() -> None:
    over = above({"p.top.a": {"p.low.b", "p.side.c"}, "p.low.b": set(), "p.side.c": {"p.ring.d"}, "p.ring.d": {"p.side.c"}})
    assert {"p.top": set(), "p.low": {"p.top"}, "p.side": {"p.top"}, "p.ring": {"p.top"}} == over
    assert (4, 1) == turns(["p.top.a", "p.top.e", "p.low.b", "p.top.f", "p.low.g", "p.low.h"], over)
    assert (3, 0) == turns(["p.side.c", "p.ring.d", "p.low.b"], over)


def test_what_pages_say_is_known_without_anything_that_draws_them() -> None:
    pages = [name for name in MODULES if name.startswith("perpend.reports.site.content.")]
    command = f"import sys, {', '.join(pages)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert set() == set(done.stdout.split()) & RENDERING


SELDOM_USED = {
    "multiprocessing": "processes that share work",
    "perpend.findings.history.manifest": "the history of a store",
    "perpend.findings.waivers.match_history": "waivers over a history",
    "perpend.reports.formats.csv": "another form of the output",
    "perpend.reports.terminal.explanation": "perpend explain",
    "tomllib": "a configuration file",
}
"""Modules that a small check does not use, and their use. Importing them took a tenth of its time."""


def test_a_check_imports_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    (tmp_path / "report.csv").write_bytes((ROOT / "examples" / "credential-report.csv").read_bytes())
    command = [sys.executable, "-X", "importtime", "-m", "perpend", "check", "report.csv", "--snapshot-time", "2026-11-20"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "perpend.runs.evaluate" in imported
    assert set() == imported & SELDOM_USED.keys()
