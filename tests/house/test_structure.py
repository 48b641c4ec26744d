"""Rules on the shape of the source that no linter has. Each test names the offender."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache

from tests.house.trees import ROOT, nodes, text, tree

SOURCES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("*.py"))
TESTS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.py"))

MAX_MODULE = 800
LONG: dict[str, str] = {}
"""Modules of more lines, each with the reason why its one idea takes them."""

IMPORTING_LATE = (
    "src/perpend/cli/",
    "src/perpend/core/diagnostics/extras.py",
    "src/perpend/core/parallel.py",
    "src/perpend/evaluation/engines/by_name.py",
    "src/perpend/evaluation/engines/duckdb/column_cache.py",
    "src/perpend/evaluation/verdicts/stores/evaluate_snapshot.py",
    "src/perpend/findings/severity/active.py",
    "src/perpend/findings/waivers/active.py",
    "src/perpend/inventory/snapshots/open_store.py",
    "src/perpend/reports/formats/write.py",
    "src/perpend/reports/overview.py",
    "src/perpend/reports/streams.py",
    "src/perpend/reports/terminal/verdicts/decisions.py",
    "src/perpend/runs/",
)
"""Commands, and modules that choose an engine, a format or work that few runs do, import on use, so that a run starts fast.

Elsewhere only an optional driver may be imported late.
"""

MOVING = {
    "src/perpend/core/commit.py": "the protocol itself",
    "src/perpend/core/user_cache.py": "files of a directory that is open, so that nobody can put another in its place",
    "src/perpend/reports/site/directory.py": "files of others, links among them, that move into the new site",
}
"""Where files get their names, are synced or locked, and why."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def functions(path: str) -> list[tuple[str, Function]]:
    return [(f"{path}:{node.name}", node) for node in statements(tree(path)) if isinstance(node, Function)]


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a node, but no expressions, of which most of a module is and none of which holds a function."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield inner
            yield from statements(inner)


def test_a_module_holds_one_idea() -> None:
    lengths = {path: len(text(path).splitlines()) for path in SOURCES}
    assert sorted(LONG) == sorted(path for path, length in lengths.items() if length > MAX_MODULE)


def test_files_are_committed_by_one_protocol() -> None:
    moving = r"\bos\.(replace|rename|link|fsync)\(|^import fcntl|\bmkstemp\(|NamedTemporaryFile|\.rename\("
    assert set(MOVING) == {path.partition(":")[0] for path in lines_with(moving, tuple(SOURCES))}


def test_nothing_is_imported_late_but_by_commands() -> None:
    late = {
        f"{name} imports {ast.unparse(node)}"
        for path in SOURCES
        if not path.startswith(IMPORTING_LATE)
        for node in nodes(path)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name, function in functions(path)
        if function.lineno <= node.lineno <= (function.end_lineno or 0)
    }
    assert set() == late


@cache
def committed() -> tuple[str, ...]:
    """Return the paths of all files under version control, or of all sources where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found = [path for path in listed.split("\0") if path and (ROOT / path).is_file()]
    return tuple(found) or (*SOURCES, *TESTS)


def lines_with(pattern: str, paths: tuple[str, ...]) -> list[str]:
    """Return the places where a pattern occurs in text files."""
    wanted = re.compile(pattern, re.MULTILINE)
    found = []
    for path in paths:
        try:
            whole = text(path)
        except UnicodeDecodeError:
            continue
        lines = (whole.count("\n", 0, place.start()) + 1 for place in wanted.finditer(whole))
        found += [f"{path}:{line}" for line in lines]
    return found


def test_no_file_names_a_machine_or_a_registry() -> None:
    machine = r"(?<![\w.~-])/(wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/"
    hosts = r"py" + r"pi\.org|python" + r"hosted\.org|registry\.npm" + r"js\.org|arti" + r"factory|index-" + r"url"
    assert [] == lines_with(f"{machine}|{hosts}", committed())
