"""How the rooms stand to each other: no import circles, no room too large, and what importing the pages brings along."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}

MAX_ROOM_LINES = 3_500
ROWS = "perpend.clouds.aws.services."
"""Modules that hold rows of tables and no code: data, which no sentence on a room need describe."""

RENDERING = {"jinja2", "lxml", "markdown_it", "markupsafe", "nh3", "pygments"}


def imports_of(tree: ast.Module, modules: Mapping[str, object] | set[str]) -> Iterator[str]:
    """Yield the modules that a module imports anywhere in it.

    Imports for types count: whoever reads one module of a circle has to read the others, whether or not they run. So do late
    ones: a circle that runs only because one of its imports waits is still there. What a package itself imports counts for
    the package, not for those that import a module of it; the version stands before all that a package imports.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            named = {f"{node.module}.{alias.name}" for alias in node.names if alias.name != "__version__"}
            whole = named & set(modules)
            yield from whole
            if node.module in modules and any(name not in whole for name in named):
                yield node.module


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules each of which leads to all others of its group."""
    left = {name: set(targets) for name, targets in graph.items()}
    while ends := {name for name, targets in left.items() if not targets & left.keys()}:
        left = {name: targets for name, targets in left.items() if name not in ends}
    reached = {name: reachable(left, name) for name in left}
    groups = {tuple(sorted(other for other in found if name in reached.get(other, ()))) for name, found in reached.items()}
    return sorted(list(group) for group in groups if group)


def reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def test_no_imports_go_in_a_circle() -> None:
    graph = {name: {*imports_of(ast.parse(path.read_text("utf-8")), MODULES)} for name, path in MODULES.items()}
    assert [] == circles(graph)


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


def test_no_room_is_too_large() -> None:
    lines: Counter[str] = Counter()
    for name, path in ((name, path) for name, path in MODULES.items() if not name.startswith(ROWS)):
        lines[".".join(name.split(".")[:2])] += len(path.read_text("utf-8").splitlines())
    assert {} == {room: number for room, number in lines.items() if number > MAX_ROOM_LINES}


def test_what_pages_say_is_known_without_anything_that_draws_them() -> None:
    pages = [name for name in MODULES if name.startswith("perpend.pages.")]
    command = f"import sys, {', '.join(pages)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert set() == set(done.stdout.split()) & RENDERING
