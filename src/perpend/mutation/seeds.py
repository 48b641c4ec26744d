"""A program in, objects out that hold every value it reads, and say nothing: what a search for test objects begins with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.ir.operation import Constant
from perpend.ir.reads import reads_below
from perpend.mutation.rewriting import expressions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.ir.program import Block, Expr, Program


def seeds_of(program: Program) -> list[dict[str, Any]]:
    """Return an object of nothing but nulls, one with empty documents, and one with an object in each list."""
    filled = _object(program.block, 0)
    bare = {name: [] if isinstance(value, list) else None for name, value in filled.items()} | {"Id": filled["Id"]}
    without_children = {name: [] if isinstance(value, list) else value for name, value in filled.items()}
    return [bare, without_children, filled]


def _object(block: Block, depth: int) -> dict[str, Any]:
    """Return an object with what a block reads of it, empty as that may be."""
    found: dict[str, Any] = {"Id": f"object-{depth}" if depth else "object"}
    if block.type.deletion_field:
        found[block.type.deletion_field] = None
    documents: dict[str, dict[str, None]] = {}
    for condition in block.conditions:
        for read in reads_below(condition.expression):
            _place(found, read.path.split("."), None)
            if read.key is not None:
                documents.setdefault(read.path, {})[read.key] = None
    for path, keys in documents.items():
        _place(found, path.split("."), json.dumps(keys), over=True)
    for expression in expressions_of(block):
        for path in _queried(expression):
            _place(found, path.split("."), "{}")
    for relationship, child in block.related.items():
        _place(found, relationship.split("."), [_object(child, depth + 1)], over=True)
    return found


def _queried(expression: Expr) -> Iterator[str]:
    """Yield the fields that hold documents which an expression asks in a way that names no key."""
    if expression.operation.taking(Constant.JMESPATH):
        yield from (read.path for read in reads_below(expression) if read.key is None)


def _place(found: dict[str, Any], path: list[str], value: Any, *, over: bool = False) -> None:
    *above, last = path
    for name in above:
        inner = found.get(name)
        if not isinstance(inner, dict):
            inner = found[name] = {"Id": f"object/{name}"}
        found = inner
    if over or found.get(last) is None:
        found[last] = value
