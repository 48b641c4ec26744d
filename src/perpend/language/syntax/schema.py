"""JSON Schemas (draft-07) of every file kind, derived from the shapes and the operation declarations.

A schema allows the spellings of all dialects. Checks that need another file or a parser (names, types of fields, dates,
queries) are left to the compiler: ``perpend lint`` rejects everything that a schema rejects, and more.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.status import Status
from perpend.core.values.types import BYTES_COLLECTIONS, COLLECTIONS, EVERY_TYPE, TEXT_COLLECTIONS, ValueType
from perpend.language.operations import OPERATIONS
from perpend.language.operations.operation import TAKES_PARAMETER, Constant, Operation, Parameter, Result
from perpend.language.program.numbering import LAST
from perpend.language.syntax.decision_shapes import RATINGS, WAIVERS
from perpend.language.syntax.remedy_shape import SHAPE as REMEDY
from perpend.language.syntax.shapes import (
    REPOSITORY_KINDS,
    Choice,
    ChoiceByName,
    CountShape,
    Flag,
    IdShape,
    Items,
    Key,
    Literal,
    OperationShape,
    Record,
    ScalarMap,
    ScalarShape,
    Shape,
    Text,
    TextMap,
)

if TYPE_CHECKING:
    from pathlib import Path

Schema = dict[str, Any]

FILE_KINDS: Final[dict[str, Record]] = {**REPOSITORY_KINDS, "waivers": WAIVERS, "ratings": RATINGS, "remedy": REMEDY}
"""Every YAML file kind by the name of its schema."""

DRAFT: Final = "http://json-schema.org/draft-07/schema#"

_BOOLEAN = frozenset({ValueType.BOOLEAN})
_CONDITION_KEY = "check"
_PATH = {"type": "string", "pattern": r"^[^.]+(\.[^.]+)*$"}
_STATUS = {"type": "string", "enum": [status.value for status in Status]}
_MESSAGE = {"type": ["string", "null"]}
_TEXT = {"type": "string"}
_LITERAL = {"type": ["string", "integer", "array"], "items": {"type": ["string", "integer"]}}
_CONSTANTS: dict[Constant, Schema] = {
    Constant.NUMBER: {"type": "number"},
    Constant.INTEGER: {"type": "integer"},
    Constant.BOOLEAN: {"type": "boolean"},
    Constant.JSON: {},
    Constant.TEXTS: {"type": "array", "items": _TEXT},
    Constant.FIELD_PATH: _PATH,
    Constant.LOOKUP_PATH: _PATH,
    Constant.EXTRACT_PATH: _PATH,
    Constant.RELATIONSHIP: _PATH,
    Constant.CHILD_FIELD: {"type": "string", "pattern": r"^[^.]+$"},
    Constant.STATUS: _STATUS,
    Constant.EXPECTATION: {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "status": _STATUS,
            "subIndex": {"type": "integer", "minimum": 0, "maximum": LAST},
            "text": {},
            "runtimeError": {},
        },
        "required": ["text"],
    },
}
_KIND_RESULTS = {
    Result.LIST: frozenset({ValueType.LIST_OF_TEXT, ValueType.LIST_OF_BYTES}),
    Result.SET: frozenset({ValueType.SET_OF_TEXT, ValueType.SET_OF_BYTES}),
    Result.COLLECTION: frozenset({ValueType.COLLECTION_OF_TEXT, ValueType.COLLECTION_OF_BYTES}),
}


def json_schemas() -> dict[str, Schema]:
    """Return the JSON Schema of every file kind by the kind's name (``policy``, ``logic`` …)."""
    return {kind: _Writer().schema(kind, record) for kind, record in FILE_KINDS.items()}


def schema_files() -> dict[str, str]:
    """Return the texts of all schemas by the names of their files, ``<Kind>.schema.json``."""
    return {
        f"{kind.capitalize()}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for kind, schema in json_schemas().items()
    }


def write_schemas(directory: Path) -> list[Path]:
    """Write each schema as ``<Kind>.schema.json`` into a directory, created if absent. Return the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in schema_files().items():
        path = directory / name
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written


class _Writer:
    """Writes one schema and collects shared definitions in ``definitions``."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self.records: dict[str, Record] = {}

    def schema(self, kind: str, record: Record) -> Schema:
        body = self._record(record)
        schema = {"$schema": DRAFT, "title": kind.capitalize(), **body}
        if self.definitions:
            schema["definitions"] = dict(sorted(self.definitions.items()))
        return schema

    def _shape(self, shape: Shape, key: Key) -> Schema:
        match shape:
            case Text(filled=True):
                return {"type": "string", "pattern": r"\S"}
            case Text():
                return {"type": ["string", "null"]}
            case IdShape(pattern):
                return {"type": "string", "pattern": f"^{pattern}$"}
            case Choice(values):
                return {"type": "string", "enum": list(values)}
            case ChoiceByName(values):
                choice = {"type": "string", "enum": list(values)}
                return {"anyOf": [choice, {"type": "object", "additionalProperties": choice}]}
            case Flag():
                return {"type": "boolean"}
            case CountShape():
                return {"type": "integer", "minimum": 1}
            case Items(of, filled, distinct):
                schema = {"type": "array" if filled else ["array", "null"], "items": self._shape(of, key)}
                return {**schema, "uniqueItems": True} if distinct else schema
            case TextMap():
                return {"type": "object", "additionalProperties": {"type": "string"}}
            case ScalarMap():
                return {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
            case Literal():
                return _LITERAL
            case ScalarShape():
                return {"type": ["string", "number", "boolean"], "pattern": r"\S"}
            case OperationShape():
                return self._operand(_BOOLEAN if key.name == _CONDITION_KEY else EVERY_TYPE)
            case Record():
                return self._record_reference(shape)

    def _record_reference(self, record: Record) -> Schema:
        """Return a reference to a record's definition."""
        known = self.records.setdefault(record.name, record)
        if known != record:
            raise ValueError(f"two records of one schema are called {record.name}")
        if record.name not in self.definitions:
            self.definitions[record.name] = {}
            self.definitions[record.name] = self._record(record)
        return _reference(record.name)

    def _record(self, record: Record) -> Schema:
        keys = record.keys
        if record.recursive:
            keys = (*keys, Key(record.recursive, Items(record), "Related lists of these objects."))
        properties = {
            name: {"description": key.doc, **_with_siblings(self._shape(key.shape, key))}
            for key in keys
            for name in (key.name, *key.aliases)
        }
        schema = _closed(record.doc, properties, [key.name for key in keys if key.required and not key.aliases])
        spellings = [_one_of(key) for key in keys if key.aliases]
        return {**schema, "allOf": spellings} if spellings else schema

    def _operand(self, accepted: frozenset[ValueType]) -> Schema:
        """Return a reference to the class of operations that are allowed for these types."""
        name = class_name(accepted)
        if name not in self.definitions:
            self.definitions[name] = {}
            bodies: dict[str, list[Schema]] = {}
            for operation in OPERATIONS.values():
                if is_allowed_operand(operation, accepted):
                    bodies.setdefault(operation.key, []).append(self._operation(operation))
            self.definitions[name] = {
                "description": f"One operation that gives {class_text(accepted)}.",
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {key: spelt[0] if len(spelt) == 1 else {"anyOf": spelt} for key, spelt in bodies.items()},
            }
        return _reference(name)

    def _operation(self, operation: Operation) -> Schema:
        name = definition_name(operation)
        if name not in self.definitions:
            self.definitions[name] = {}
            if operation.scalar:
                body = {"description": operation.doc, **_constant(operation.parameters[0])}
            else:
                body = self._body(operation)
            self.definitions[name] = body
        return _reference(name)

    def _body(self, operation: Operation) -> Schema:
        properties = {
            parameter.name: {"description": parameter.doc, **_with_siblings(self._parameter(parameter))}
            for parameter in operation.parameters
        }
        required = [parameter.name for parameter in operation.parameters if parameter.required]
        checks = [check for check in operation.checks if not check.implied]
        if checks:
            messages: dict[str, Schema] = {
                check.key: {"description": check.doc, **(_DELEGATE if check.delegate else _MESSAGE)} for check in checks
            }
            properties["undeterminedIf"] = _closed(
                "Checks that make the status undetermined, each with its message.",
                messages,
                [check.key for check in checks if check.required],
            )
            required += ["undeterminedIf"] if operation.checks_required else []
        schema = _closed(operation.doc, properties, required)
        return schema if properties else {**schema, "type": ["object", "null"]}

    def _parameter(self, parameter: Parameter) -> Schema:
        if parameter.operand is None:
            return _constant(parameter)
        operand = self._operand(parameter.operand)
        return {"type": "array", "minItems": 1, "items": operand} if parameter.many else operand


def _reference(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _with_siblings(schema: Schema) -> Schema:
    """Return a schema that may have siblings: draft-07 ignores the siblings of a reference."""
    return {"allOf": [schema]} if "$ref" in schema else schema


def _closed(doc: str, properties: dict[str, Schema], required: list[str]) -> Schema:
    schema: Schema = {"description": doc, "type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "required": required} if required else schema


_DELEGATE = _closed(
    "A field that is filled whenever this one could be read.",
    {
        "path": {"description": "The field's API name, after any lookups.", **_PATH},
        "currentStateMessage": {"description": "The message.", **_MESSAGE},
    },
    ["path", "currentStateMessage"],
)


_REFERENCE_TO_PARAMETER = _closed("The value of a parameter of the policy.", {"parameter": _TEXT}, ["parameter"])


def _one_of(key: Key) -> Schema:
    """Return the schema that allows one spelling of a key, and requires one if the key is required."""
    spelt: list[Schema] = [{"required": [name]} for name in (key.name, *key.aliases)]
    return {"oneOf": spelt if key.required else [*spelt, {"not": {"anyOf": spelt}}]}


def _constant(parameter: Parameter) -> Schema:
    if parameter.choices is not None:
        return {"type": "string", "enum": list(parameter.choices)}
    assert parameter.constant is not None
    schema = _CONSTANTS.get(parameter.constant, _TEXT)
    if parameter.constant in TAKES_PARAMETER:
        schema = {"anyOf": [schema, _REFERENCE_TO_PARAMETER]}
    return schema if parameter.default is None else {**schema, "default": _plain(parameter.default)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def is_allowed_operand(operation: Operation, accepted: frozenset[ValueType]) -> bool:
    """Whether an operation is allowed as an operand of the given types.

    An operation of open type (a field, an extract, a typed null) is allowed everywhere: the compiler checks its type.
    """
    if isinstance(operation.result, ValueType):
        return operation.result in accepted
    return bool(_KIND_RESULTS.get(operation.result, accepted) & accepted)


def definition_name(operation: Operation) -> str:
    """Return the name of an operation's definition. Two spellings of one key have two names."""
    return operation.name.replace(" (", "-").rstrip(")")


def class_name(accepted: frozenset[ValueType]) -> str:
    """Return the name of an operand class: ``Boolean``, ``TextOrBytes``, ``Value`` for every type."""
    return "Value" if accepted >= EVERY_TYPE else "Or".join(_groups(accepted))


def class_text(accepted: frozenset[ValueType]) -> str:
    """Return the types of an operand class in words."""
    return "a value of any type" if accepted >= EVERY_TYPE else " or ".join(_groups(accepted))


def _groups(accepted: frozenset[ValueType]) -> list[str]:
    """Return the types of a class in the order of their declaration, with one word for all kinds of collection."""
    whole = {COLLECTIONS: "Collection", TEXT_COLLECTIONS: "TextCollection", BYTES_COLLECTIONS: "BytesCollection"}
    words = [one.value for one in ValueType if one in accepted - COLLECTIONS]
    collections = accepted & COLLECTIONS
    if collections:
        words += [whole[collections]] if collections in whole else [one.value for one in ValueType if one in collections]
    return words
