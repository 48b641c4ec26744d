"""Make objects with every field that a program reads, all empty: the start of a search for test objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.authoring.mutation.rewriting import expressions_of
from perpend.language.operations.operation import Constant
from perpend.language.program.reads import reads_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Block, Expr, Program


def seeds_of(program: Program) -> list[dict[str, Any]]:
    """Return an object of nothing but nulls, one with empty documents, and one with an object in each list."""
    filled = _object(program.block, 0)
    bare = {name: [] if isinstance(value, list) else None for name, value in filled.items()} | {"Id": filled["Id"]}
    without_children = {name: [] if isinstance(value, list) else value for name, value in filled.items()}
    return [bare, without_children, filled]


def _object(block: Block, depth: int) -> dict[str, Any]:
    """Return an object with all fields that a block reads, empty."""
    fields: dict[str, Any] = {"Id": f"object-{depth}" if depth else "object"}
    if block.type.deletion_field:
        fields[block.type.deletion_field] = None
    documents: dict[str, dict[str, None]] = {}
    for condition in block.conditions:
        for read in reads_below(condition.expression):
            _place(fields, read.path.split("."), None)
            if read.key is not None:
                documents.setdefault(read.path, {})[read.key] = None
    for path, keys in documents.items():
        _place(fields, path.split("."), json.dumps(keys), over=True)
    for expression in expressions_of(block):
        for path in _queried(expression):
            _place(fields, path.split("."), "{}")
    for relationship, child in block.related.items():
        _place(fields, relationship.split("."), [_object(child, depth + 1)], over=True)
    return fields


def _queried(expression: Expr) -> Iterator[str]:
    """Yield the fields that hold documents which an expression asks in a way that names no key."""
    if expression.operation.taking(Constant.JMESPATH):
        yield from (read.path for read in reads_below(expression) if read.key is None)


def _place(fields: dict[str, Any], path: list[str], value: Any, *, over: bool = False) -> None:
    *above, last = path
    for name in above:
        inner = fields.get(name)
        if not isinstance(inner, dict):
            inner = fields[name] = {"Id": f"object/{name}"}
        fields = inner
    if over or fields.get(last) is None:
        fields[last] = value
