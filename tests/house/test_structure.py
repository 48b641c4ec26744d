"""Rules on the shape of the source that no linter has. Each test names the offender."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from tests.house.trees import ROOT, nodes, text, tree

SOURCES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("*.py"))
TESTS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.py"))

MAX_MODULE = 800
LONG: dict[str, str] = {}
"""Modules of more lines, each with the reason why its one idea takes them."""

BROAD = {
    "src/perpend/cli/app.py:_exit_code",
    "src/perpend/core/http_client.py:run",
    "src/perpend/core/http_client.py:within",
    "src/perpend/server/mcp/server.py:called",
    "src/perpend/server/observe.py:__call__",
}
"""Where any exception may be caught: at the top of the command line, of an assistant's call, and of the answer to a request.

Also in a thread of which the caller raises it.
"""

IMPORTING_LATE = (
    "src/perpend/cli/",
    "src/perpend/core/parallel.py",
    "src/perpend/evaluation/engines/by_name.py",
    "src/perpend/evaluation/engines/duckdb/column_cache.py",
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

SHOWN = {
    "src/perpend/evaluation/engines/other_sql.py": "a number as SQL",
    "src/perpend/core/values/jmespath_query.py": "a number as JMESPath writes it",
    "src/perpend/core/values/values.py": "a number as the language writes it",
    "src/perpend/inventory/importers/tables/table_file.py": "an order of what was said twice of one table",
    "src/perpend/evaluation/planner/describe.py": "a constant for a reader",
}
"""Where `repr` may be called, and for what: what two things have in common is a `constant_text`."""

MOVING = {
    "src/perpend/core/commit.py": "the protocol itself",
    "src/perpend/core/user_cache.py": "files of a directory that is open, so that nobody can put another in its place",
    "src/perpend/reports/site/directory.py": "files of others, links among them, that move into the new site",
}
"""Where files get their names, are synced or locked, and why."""

KINDS = re.compile(r"^(str|Any|Lack|\w*Kind)\b")
"""What may be called ``kind``; Any is what a context manager is told of an error, and a Lack is a kind of refusal."""

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


def test_what_is_called_a_kind_is_one() -> None:
    """An object type or the type of a value is called so: a kind is a text, or of a class that is called one."""
    called: dict[str, str] = {}
    for path in SOURCES:
        for node in nodes(path):
            name = (
                node.arg if isinstance(node, ast.arg) else ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else ""
            )
            annotation = getattr(node, "annotation", None)
            if name == "kind" and annotation is not None:
                called[f"{path}:{node.lineno}"] = ast.unparse(annotation)
    assert {} == {place: said for place, said in called.items() if not KINDS.search(said)}


def test_a_name_says_what_it_stands_for() -> None:
    assert [] == [f"{path}:{guess}" for path in SOURCES for guess in guesses(nodes(path))]


def guesses(within: Sequence[Any]) -> Iterator[str]:
    """Yield line and name of what is called `found`, or `one` beyond a comprehension or a lambda: a reader has to guess."""
    named = [(node, getattr(node, _NAMED[type(node)], None)) for node in within if type(node) in _NAMED]
    given = [
        (node, name)
        for node, name in named
        if name in ("found", "one") and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    ]
    inner = [node for node in within if isinstance(node, _FLEETING)] if given else []
    short = {id(node) for expression in inner for node in ast.walk(expression)}
    yield from (f"{node.lineno}: {name}" for node, name in given if name == "found" or id(node) not in short)


_FLEETING = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
_NAMED = {ast.arg: "arg", ast.Name: "id", ast.MatchAs: "name", ast.MatchStar: "name", ast.ExceptHandler: "name"}
"""What gives names, with the attribute that holds the name."""


def test_exceptions_are_caught_by_name() -> None:
    found = set()
    for path in SOURCES:
        for name, node in functions(path) if re.search(r"Exception\b|except\s*:", text(path)) else ():
            handlers = [one for one in ast.walk(node) if isinstance(one, ast.ExceptHandler)]
            found |= {name for one in handlers if one.type is None or ast.unparse(one.type) in ("Exception", "BaseException")}
    assert BROAD == found


def test_files_are_committed_by_one_protocol() -> None:
    moving = r"\bos\.(replace|rename|link|fsync)\(|^import fcntl|\bmkstemp\(|NamedTemporaryFile|\.rename\("
    assert set(MOVING) == {path.partition(":")[0] for path in lines_with(moving, tuple(SOURCES))}


def test_nothing_is_known_by_its_repr() -> None:
    calls = ((path, node.func) for path in SOURCES for node in nodes(path) if isinstance(node, ast.Call))
    assert set(SHOWN) == {path for path, called in calls if isinstance(called, ast.Name) and called.id == "repr"}


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


def test_every_ignored_type_error_has_a_reason() -> None:
    reasoned = re.compile(r"# type: ignore\[[a-z-]+\]  # \S")
    lines = {f"{path}:{number}": line for path in SOURCES for number, line in enumerate(text(path).splitlines(), 1)}
    marked = {place: line for place, line in lines.items() if re.search(r"#\s*type:\s*ignore", line)}
    assert {} == {place: line.strip() for place, line in marked.items() if not reasoned.search(line)}


def test_every_public_name_has_a_docstring() -> None:
    assert [] == [name for path in SOURCES for name in undocumented(path)]


def undocumented(path: str) -> Iterator[str]:
    """Yield the public modules, classes, functions and methods of a module that say nothing about themselves."""
    if not ast.get_docstring(tree(path)) and text(path).strip():
        yield path
    by_declaration = path.startswith(
        ("src/perpend/language/interpreter/operations/", "src/perpend/evaluation/planner/operations/")
    )
    for node in tree(path).body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node) and not by_declaration:
                yield f"{path}:{node.name}"
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, Function) and not inner.name.startswith("_") and not ast.get_docstring(inner):
                    yield f"{path}:{node.name}.{inner.name}"


def test_module_docstrings_are_short() -> None:
    # The docstring of a lint rule is the rule's page.
    paths = [path for path in SOURCES if "/lint/" not in path and not path.endswith("compiler/type_names.py")]
    lengths = {path: len((ast.get_docstring(tree(path)) or "").splitlines()) for path in paths}
    assert {} == {path: length for path, length in lengths.items() if length > 6}


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


def test_nothing_is_left_to_do() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"))
    assert [] == lines_with(rf"\b({words})\b", (*SOURCES, *TESTS))


def test_no_file_names_a_machine_or_a_registry() -> None:
    machine = r"(?<![\w.~-])/(wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/"
    hosts = r"py" + r"pi\.org|python" + r"hosted\.org|registry\.npm" + r"js\.org|arti" + r"factory|index-" + r"url"
    assert [] == lines_with(f"{machine}|{hosts}", committed())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def told(one, *, found):\n    return one", ["1: one", "1: found"]),
        ("for one in rows:\n    print(one)", ["1: one"]),
        ("if (found := rows.get(1)):\n    print(found)", ["1: found"]),
        ("found: int\nwith rows as found: pass", ["1: found", "2: found"]),
        ("match rows:\n    case [first, *one]: pass\n    case found: pass", ["2: one", "3: found"]),
        ("print([one for one in rows], max(rows, key=lambda one: one.size), one)", []),
        ("print({found for found in rows})", ["1: found"]),
    ],
    ids=["parameters", "loop", "walrus", "field and with", "match", "expressions", "found anywhere"],
)
def test_guesses_are_found_wherever_names_are_given(source: str, expected: list[str]) -> None:
    assert sorted(expected) == sorted(guesses([*ast.walk(ast.parse(source))]))
