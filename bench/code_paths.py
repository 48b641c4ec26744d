"""``python -m bench.code_paths [--bodies] [SRC]``: the packages of a source tree, its import circles, and paths of commands.

A path is the order in which a command, or a request of a page, enters files for the first time. It *stays* in a package until
it enters a file of another one. It *returns* if that package is above the one that it comes from. Files of which only bodies
of classes or tables of modules run are left out; ``--bodies`` counts them, too.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.aws import moto

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
_REPOSITORY = ROOT / "tests" / "golden" / "repository"
_REPORT = ROOT / "examples" / "credential-report.csv"
_DAY = ("--snapshot-time", "2026-11-20")
_POLICY = "user-has-more-than-one-active-access-key"
_COMMANDS = {
    "check FILE": ("check", str(_REPORT), *_DAY),
    "check --store": ("check", "--store", "STORE", *_DAY),
    "scan aws": ("scan", "aws", "--policy", _POLICY, "--regions", "us-east-1", "--endpoint-url", "MOTO"),
    "findings": ("findings", "--store", "STORE"),
    "test": ("test", f"/ce/ca/aws/iam/{_POLICY}"),
    "site build": ("site", "build", "--repo", "REPOSITORY", "--out", "SITE"),
    "GET /findings": ("serve", "--store", "STORE"),
}
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
_IMPORT = ("import", str(_REPORT), "--store", "STORE")
_FOLLOW = """
import inspect, json, sys, threading
inside, target, bodies, entered = sys.argv[1] + "/perpend/", sys.argv[2], sys.argv[3] == "bodies", {}
def called(frame, event, _):
    code = frame.f_code
    if event == "call" and code.co_name != "<module>" and code.co_filename.startswith(inside):
        # Bodies of classes have no variables of their own, and tables of modules are comprehensions: both run at import.
        if bodies or (code.co_flags & inspect.CO_NEWLOCALS and not code.co_name.startswith("<")):
            entered.setdefault(code.co_filename[len(inside):])
def follow():
    threading.setprofile(called)
    sys.setprofile(called)
sys.argv = ["perpend", *sys.argv[4:]]
try:
    if sys.argv[1] == "serve":
        from ipaddress import ip_network
        from starlette.testclient import TestClient
        from perpend.language.syntax.repository import open_repository
        from perpend.server.app import ServerSettings, create_app
        from perpend.server.served_store import ServedStore
        store = ServedStore(sys.argv[3], open_repository())
        settings = ServerSettings(trust_header="X-User", trust_from=(ip_network("127.0.0.1/32"),))
        client = TestClient(create_app(store, settings), "http://127.0.0.1", client=("127.0.0.1", 1), headers={"X-User": "a"})
        assert client.get("/findings").status_code == 200
        follow()
        assert client.get("/findings?severity=low").status_code == 200
    else:
        from perpend.cli.app import main
        follow()
        main()
finally:
    sys.setprofile(None)
    open(target, "w").write(json.dumps(list(entered)))
"""


def modules_of(source: Path) -> dict[str, Path]:
    """Return the modules below a directory by name; a package is a module too."""
    return {
        ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(source.rglob("*.py"))
    }


def package_of(module: str) -> str:
    """Return the package of a module: the first two parts of its name."""
    return ".".join(module.split(".")[:2])


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


def graph_of(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return what each module imports."""
    return {name: {*imports_of(ast.parse(path.read_text("utf-8")), modules)} for name, path in modules.items()}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules each of which leads to all others of its group."""
    left = {name: set(targets) for name, targets in graph.items()}
    while ends := {name for name, targets in left.items() if not targets & left.keys()}:
        left = {name: targets for name, targets in left.items() if name not in ends}
    reached = {name: reachable(left, name) for name in left}
    groups = {tuple(sorted(other for other in found if name in reached.get(other, ()))) for name, found in reached.items()}
    return sorted(list(group) for group in groups if group)


def reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Return all that a module leads to."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def lines_of(modules: Mapping[str, Path]) -> Counter[str]:
    """Return the lines of each package."""
    lines: Counter[str] = Counter()
    for name, path in modules.items():
        lines[package_of(name)] += len(path.read_text("utf-8").splitlines())
    return lines


def above(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return for each package the packages above it: they lead to it, and it does not lead to them."""
    packages: dict[str, set[str]] = {}
    for name, targets in graph.items():
        packages.setdefault(package_of(name), set()).update(map(package_of, targets))
    reached = {package: reachable(packages, package) for package in packages}
    return {
        package: {one for one in packages if package in reached[one] and one not in reached[package]} for package in packages
    }


def longest(graph: Mapping[str, set[str]]) -> int:
    """Return the number of packages in the longest chain of imports between packages."""
    over = above(graph)

    def depth(package: str) -> int:
        return 1 + max((depth(upper) for upper in over[package]), default=0)

    return max((depth(package) for package in over), default=0)


def turns(path: list[str], over: Mapping[str, set[str]]) -> tuple[int, int]:
    """Return how many packages a path stays in, one after the other, and how often it returns to a higher one."""
    stays = [package for package, _ in groupby(map(package_of, path))]
    return len(stays), sum(after in over[before] for before, after in pairwise(stays))


def _path(source: Path, arguments: tuple[str, ...], folder: str, endpoint: str, *, bodies: bool) -> list[str]:
    """Return the modules that a command enters, in order. ``bodies``: also those of which only bodies of classes run."""
    target = Path(folder, "path.json")
    given = {
        "STORE": str(Path(folder, "store")),
        "SITE": str(Path(folder, "site")),
        "REPOSITORY": str(_REPOSITORY),
        "MOTO": endpoint,
    }
    words = [given.get(word, word) for word in arguments]
    command = [sys.executable, "-c", _FOLLOW, str(source), str(target), "bodies" if bodies else "", *words]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(source)} | _CREDENTIALS, capture_output=True, text=True, check=False
    )
    if not target.exists():
        raise SystemExit(done.stderr)
    found: list[str] = json.loads(target.read_text("utf-8"))
    target.unlink()
    return [f"perpend.{'.'.join(Path(one).with_suffix('').parts)}".removesuffix(".__init__") for one in found]


def main() -> None:
    """Print the figures of a source tree, by default this one, as tables of Markdown."""
    arguments = [one for one in sys.argv[1:] if one != "--bodies"]
    bodies = len(arguments) < len(sys.argv) - 1
    source = Path(arguments[0] if arguments else ROOT / "src").resolve()
    modules = modules_of(source)
    graph, lines = graph_of(modules), lines_of(modules)
    largest, of_all = lines.most_common(1)[0], lines.total()
    print(f"{len(modules)} modules, {of_all:,} lines, {len(circles(graph))} circles; the largest package is", end=" ")
    print(f"`{largest[0].partition('.')[2]}` with {largest[1]:,} lines, {100 * largest[1] / of_all:.0f} %.\n")
    print(
        ", ".join(f"`{package.partition('.')[2]}` {number:,}" for package, number in sorted(lines.items()) if "." in package),
        end=".\n\n",
    )
    levels = longest(graph)
    imports = sum(package_of(target) != package_of(name) for name, targets in graph.items() for target in targets)
    print(f"{imports:,} imports between packages; the longest chain of packages has {levels}.\n")
    print("| command | files | stays | returns |\n| --- | --- | --- | --- |")
    over = above(graph)
    with tempfile.TemporaryDirectory() as folder, moto() as endpoint:
        _path(source, _IMPORT, folder, endpoint, bodies=bodies)
        for name, words in _COMMANDS.items():
            path = _path(source, words, folder, endpoint, bodies=bodies)
            stays, back = turns(path, over)
            print(f"| `{name}` | {len(path)} | {stays} | {back} |")


if __name__ == "__main__":
    main()
