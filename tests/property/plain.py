"""What was loaded, and what was written, in one plain form, so that the two can be compared."""

from __future__ import annotations

from typing import Any

from perpend.language.syntax import shapes
from perpend.language.syntax.calls import Call
from perpend.language.syntax.read import Fields, Placed

_OLD_VALUES = {"GCP_DURATION": "GCP"}


def plain_loaded(value: Any) -> Any:
    """Return a loaded value without its places: records and operations as mappings, as they stand in YAML."""
    match value:
        case Placed():
            return plain_loaded(value.value)
        case Fields():
            return {key: plain_loaded(inner) for key, inner in value.items()}
        case tuple():
            return [plain_loaded(inner) for inner in value]
        case Call():
            return plain_call(value)
    return value


def plain_call(call: Call) -> dict[str, Any]:
    """Return an operation as it stands in YAML."""
    if call.operation.scalar:
        return {call.operation.key: plain_loaded(next(iter(call.arguments.values())))}
    body = {name: plain_loaded(value) for name, value in call.arguments.items() if value is not None}
    checks: dict[str, Any] = {}
    for check in call.checks:
        if not check.declaration.implied:
            delegated = {"path": check.delegate, "currentStateMessage": check.message}
            checks[check.declaration.key] = check.message if check.delegate is None else delegated
    return {call.operation.key: {**body, **({"undeterminedIf": checks} if checks else {})}}


def plain_written(value: Any, shape: shapes.Shape) -> Any:
    """Return a written document in the form of :func:`plain_loaded`: aliases resolved, old values in their new spelling."""
    match shape:
        case shapes.Record():
            names = {alias: key.name for key in shape.keys for alias in key.aliases}
            inner = {key.name: key.shape for key in shape.keys}
            if shape.recursive:
                inner[shape.recursive] = shapes.Items(shape)
            renamed = {names.get(name, name): written for name, written in value.items()}
            return {name: plain_written(written, inner[name]) for name, written in renamed.items()}
        case shapes.Items():
            return [plain_written(item, shape.of) for item in value]
        case shapes.OperationShape():
            return _modern(value)
    return value


def _modern(value: Any) -> Any:
    """Return an operation with ``GCP_DURATION`` as it is loaded, and without an empty list of checks."""
    if isinstance(value, list):
        return [_modern(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _OLD_VALUES.get(inner, inner) if key == "format" and isinstance(inner, str) else _modern(inner)
        for key, inner in value.items()
        if not (key == "undeterminedIf" and inner == {})
    }
