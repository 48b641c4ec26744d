"""Derive JSON Schemas from the annotations of answers, and turn answers into JSON by the same annotations."""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections import abc
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final

_SCALARS: Final[dict[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    Any: {},
}


def schema_of(annotation: Any, components: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an annotation. The schema of each dataclass is put into ``components``, by its name.

    Raises TypeError for an annotation that answers do not use.
    """
    if annotation in _SCALARS:
        return dict(_SCALARS[annotation])
    if inspect.isclass(annotation) and is_dataclass(annotation):
        return _schema_of_dataclass(annotation, components)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        schemas = [schema_of(argument, components) for argument in arguments]
        named = [schema.get("type") for schema in schemas]
        if all(isinstance(name, str) for name in named) and sum(len(schema) for schema in schemas) <= len(schemas) + 1:
            return {**schemas[0], "type": named}
        return {"anyOf": schemas}
    if origin in (tuple, list, abc.Sequence):
        return {"type": "array", "items": schema_of(arguments[0], components)}
    if origin in (dict, abc.Mapping):
        return {"type": "object", "additionalProperties": schema_of(arguments[1], components)}
    raise TypeError(f"no schema for {annotation}")


def _schema_of_dataclass(answer: type[Any], components: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if answer.__name__ not in components:
        components[answer.__name__] = {}
        hints = typing.get_type_hints(answer)
        components[answer.__name__] = {
            "type": "object",
            "description": " ".join((inspect.getdoc(answer) or "").replace("``", "`").split()),
            "properties": {member.name: schema_of(hints[member.name], components) for member in fields(answer)},
            "required": [member.name for member in fields(answer)],
        }
    return {"$ref": f"#/components/schemas/{answer.__name__}"}


def json_bytes(answer: object) -> bytes:
    """Return an answer as JSON in ASCII: dataclasses as objects, times as ISO 8601 in UTC, ``?`` for what UTF-8 cannot hold."""
    text = json.dumps(_plain(answer), allow_nan=False, separators=(",", ":"))
    return text.encode("ascii")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {member.name: _plain(getattr(value, member.name)) for member in fields(value)}
    if isinstance(value, abc.Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
