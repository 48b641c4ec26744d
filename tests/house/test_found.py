"""What was found from outside has the test that finds it: each that `tests/found.md` names is there."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache

from tests.house.trees import ROOT, nodes

NAMED = re.compile(r"`([^`]+)`")


@cache
def functions(path: str) -> frozenset[str]:
    return frozenset(node.name for node in nodes(f"tests/{path}") if isinstance(node, ast.FunctionDef))


@cache
def vectors(path: str) -> frozenset[str]:
    return frozenset(re.findall(r"^- name: (.+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE))


@cache
def objects(policy: str) -> frozenset[str]:
    (path,) = (ROOT / "src/perpend/library").rglob(f"{policy}/test-data.json")
    return frozenset(one["Id"] for one in json.loads(path.read_text("utf-8")))


def missing(text: str) -> Iterator[str]:
    """Yield what a text names as a test and nothing is."""
    for named in NAMED.findall(text):
        path, _, name = named.partition("::")
        head, _, names = named.partition(": ")
        if path.endswith(".py"):
            known = functions(path) if (ROOT / "tests" / path).is_file() else frozenset[str]()
            yield from [] if (name in known if name else known) else [named]
        elif head.endswith(".yaml"):
            yield from [] if names in vectors(head) else [named]
        else:
            yield from (f"{head}: {one}" for one in names.split(", ") if one not in objects(head))


def rows() -> list[list[str]]:
    text = (ROOT / "tests" / "found.md").read_text("utf-8")
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [row for row in cells if not row[0].startswith(("---", "| what"))]


def test_each_has_a_test_that_is_there() -> None:
    tables = [row for row in rows() if len(row) == 3]
    assert {str(number) for number in range(1, 17)} <= {row[0] for row in tables}
    assert [] == [row[:2] for row in tables if not NAMED.search(row[2])]
    assert [] == [one for row in tables for one in missing(row[2])]
