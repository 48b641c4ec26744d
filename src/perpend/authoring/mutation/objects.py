"""Make objects for searches, and write them as test objects with the program's results."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perpend.authoring.mutation.rewriting import expressions_of
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.operations.operation import Constant
from perpend.language.program.required_columns import reads_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.authoring.mutation.evaluate import Specimen
    from perpend.core.objects.object_types import ObjectType, Types
    from perpend.language.program.program import Block, Expr, Program


def test_object(program: Program, specimen: Specimen, name: str) -> str:
    """Return the JSON, in one line, of a test object that expects the program's result of today."""
    fields = _renamed(specimen.fields, program.block.type, program.types, name)
    ((index, error),) = Interpreter([program]).evaluate(fields, specimen.time)
    verdict = program.verdicts[index]
    written = {
        "expectedResult": {
            "status": verdict.status.value,
            "conditionIndex": str(index),
            "conditionText": verdict.text,
            "runtimeError": error,
        },
        "context": {"snapshotTime": datetime.fromtimestamp(specimen.time / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        **fields,
    }
    return json.dumps(written, ensure_ascii=False)


def _renamed(fields: Mapping[str, Any], object_type: ObjectType, types: Types, name: str) -> dict[str, Any]:
    """Return an object with another name. References of its lists to the owner change, too."""
    renamed = {"Id": name, **{key: value for key, value in fields.items() if key != "Id"}}
    for children in object_type.children.values():
        items = renamed.get(children.name)
        if isinstance(items, list):
            child_type = types.named(children.type_name)
            renamed[children.name] = [_child(one, children.key, child_type, types, name) for one in items]
    return renamed


def _child(child: Any, key: str, object_type: ObjectType, types: Types, owner: str) -> Any:
    if not isinstance(child, dict):
        return child
    own = {**child, key: owner} if child.get(key) is not None else child
    return _renamed(own, object_type, types, own["Id"]) if isinstance(own.get("Id"), str) else own


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
