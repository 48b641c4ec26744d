"""How constants, conversions and JSON queries are planned: one function per operation."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from perpend.meaning.jmespath_query import compile_query
from perpend.meaning.types import ValueType
from perpend.meaning.values import collection, date_time_from_text, double, duration_from_iso, norm
from perpend.plan.natives import ordered_number
from perpend.plan.natives_json import ABSENT, FAILED, MISMATCH, REPEATED
from perpend.plan.operations.use import KIND_OF_TYPE, Use, Value
from perpend.plan.place import Guard, Guards, blank, empty_of, normal_is
from perpend.plan.scalar import Kind, Scalar, Scalars
from perpend.tables.schema import Form

_QUERY_FORMS = {ValueType.TEXT: "text", ValueType.BYTES: "text", ValueType.NUMBER: "number", ValueType.BOOLEAN: "boolean"}
_SAFE_KEY = re.compile(r"[A-Za-z0-9_ :./-]{1,200}")
_SETS = frozenset({ValueType.SET_OF_TEXT, ValueType.SET_OF_BYTES})


def empty(scalars: Scalars, value: Value) -> Scalar:
    """Return whether a value is empty by the rules of its type."""
    node = value.node
    match value.type:
        case ValueType.TEXT:
            return blank(scalars, node)
        case ValueType.BYTES:
            return scalars.any(scalars.is_null(node), scalars.make("same", node, scalars.literal("", Kind.TEXT)))
        case ValueType.JSON:
            return scalars.native("json empty", Kind.BOOLEAN, node)
        case ValueType.ANY:
            return empty_of(scalars, node, value.form or Form.TEXT)
    if value.type.item is not None:
        return scalars.make("same", scalars.make("size", node), scalars.literal(0, Kind.WHOLE))
    return scalars.is_null(node)


def constant(use: Use) -> Value:
    """TEXT, BYTES, NUMBER, BOOLEAN, DATE_TIME, DURATION and JSON."""
    value: Any = use.constant("value")
    match use.expression.type:
        case ValueType.DATE_TIME:
            value = date_time_from_text(value)
        case ValueType.DURATION:
            length = duration_from_iso(value)
            value = None if length is None else ordered_number(length)
        case ValueType.NUMBER:
            value = float(double(value))
        case ValueType.JSON:
            value = None if value is None else json.dumps(value, ensure_ascii=False)
    return use.value(use.scalars.literal(value, KIND_OF_TYPE.get(use.expression.type, Kind.TEXT)))


def collection_constant(use: Use) -> Value:
    """LIST, SET and COLLECTION."""
    kind = use.expression.type
    skip_empty, skip_repeated, ordered = _flags(use)
    found = collection(
        tuple(use.constant("items")),
        kind.item or ValueType.TEXT,
        skip_empty=skip_empty,
        skip_repeated=skip_repeated,
        ordered=ordered,
    )
    return use.value(use.scalars.literal(found, Kind.TEXTS))


def collection_flags(kind: ValueType) -> tuple[bool, bool, bool]:
    """Return whether a collection of a type skips empty items, skips repeated ones, and is sorted."""
    return (kind in _SETS,) * 3


def _flags(use: Use) -> tuple[bool, bool, bool]:
    a_set, given = use.expression.type in _SETS, use.expression.arguments
    return (
        a_set or given.get("emptyValues") == "SKIP",
        a_set or given.get("duplicateValues") == "SKIP",
        a_set or given.get("ordering") == "SORTED",
    )


def collection_from(use: Use) -> Value:
    """LIST_FROM, SET_FROM and COLLECTION_FROM."""
    arg, item = use["arg"], use.expression.type.item or ValueType.TEXT
    constants = (use.constant("separator"), item.value, _flags(use))
    return use.value(use.scalars.native("split", Kind.TEXTS, arg.node, constants=constants), arg.guards)


def size(use: Use) -> Value:
    """SIZE and COLLECTION_SIZE."""
    scalars, arg = use.scalars, use["arg"]
    if arg.type is not ValueType.JSON:
        return use.value(scalars.make("size", arg.node, kind=Kind.NUMBER), arg.guards)
    number = scalars.native("json size", Kind.NUMBER, arg.node)
    no_array = scalars.make("less", number, scalars.literal(0.0, Kind.NUMBER))
    return use.value(number, arg.guards, use.unusable(no_array))


def boolean_from(use: Use) -> Value:
    """BOOLEAN_FROM."""
    scalars, arg = use.scalars, use["arg"]
    is_true = normal_is(scalars, arg.node, norm(use.constant("trueValue")))
    return use.value(is_true, arg.guards, use.stop(empty(scalars, arg), "isEmpty"))


def date_time_from(use: Use) -> Value:
    """DATE_TIME_FROM."""
    scalars, arg = use.scalars, use["arg"]
    nulls = [norm(text) for text in use.constant("nullValues")]
    no_date = normal_is(scalars, arg.node, "", *nulls)
    value = scalars.make("instant", arg.node)
    invalid = scalars.all(scalars.negation(no_date), scalars.is_null(value))
    nothing = scalars.literal(None, Kind.WHOLE)
    node = scalars.choice(no_date, nothing, value) if nulls else value
    return use.value(node, arg.guards, use.stop(no_date, "isEmpty"), use.stop(invalid, "invalidFormat"))


def duration_from(use: Use) -> Value:
    """DURATION_FROM."""
    scalars, arg = use.scalars, use["arg"]
    form = "GCP" if use.constant("format") == "GCP" else "ISO_8601"
    value = scalars.native("duration", Kind.TEXT, arg.node, constants=(form,))
    nothing = blank(scalars, arg.node)
    invalid = scalars.all(scalars.negation(nothing), scalars.is_null(value))
    return use.value(value, arg.guards, use.stop(nothing, "isEmpty"), use.stop(invalid, "invalidFormat"))


def json_from(use: Use) -> Value:
    """JSON_FROM."""
    scalars, arg = use.scalars, use["arg"]
    is_empty, plain = empty(scalars, arg), arg.plain
    text = scalars.literal(None, Kind.TEXT)
    failure = scalars.native("invalid json", Kind.TEXT, arg.node)
    failure = scalars.choice(scalars.any(plain or scalars.false, is_empty), text, failure)
    invalid = scalars.all(scalars.negation(is_empty), scalars.negation(scalars.is_null(failure)))
    node = arg.node if arg.type is ValueType.BYTES and plain is not None else scalars.choice(is_empty, text, arg.node)
    value = use.value(node, arg.guards, use.stop(is_empty, "isEmpty"), use.stop(invalid, "isInvalid"))
    return replace(value, plain=plain)


def json_query(use: Use) -> Value:
    """JSON_QUERY_TEXT, JSON_QUERY_BYTES, JSON_QUERY_NUMBER and JSON_QUERY_BOOLEAN."""
    arg, kind = use["arg"], use.expression.type
    key = _key(use.constant("expression"))
    if arg.plain is None or key is None:
        node, mismatch, failed = _asked(use, arg.node)
    else:
        node, mismatch, failed = _member(use, arg.node, arg.plain, key)
    value = use.value(node, arg.guards, use.stop(mismatch, "resultTypeMismatch"), use.stop(failed, "evaluationError"))
    order = [check.declaration.key for check in use.expression.checks]
    if "resultIsEmpty" in order:
        nothing = empty(use.scalars, Value(node, kind))
        value = replace(value, guards=(*value.guards, *use.stop(nothing, "resultIsEmpty")))
    return value


def _key(expression: str) -> str | None:
    """Return the key that an expression reads and does nothing else with, if engines are sure to find it."""
    tree = compile_query(expression).tree
    key = str(tree["value"]) if tree["type"] == "field" else ""
    return key if _SAFE_KEY.fullmatch(key) else None


def _asked(use: Use, document: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """Return a query's value, whether it is of another type, whether the query failed, by the package's own JMESPath."""
    scalars, kind = use.scalars, use.expression.type
    wanted = (use.constant("expression"), _QUERY_FORMS[kind])
    found = scalars.make("query", document, constants=wanted)
    mismatch = scalars.make("same", found, use.text(MISMATCH))
    failed = _has_letter(scalars, found, FAILED)
    value = unpacked(scalars, scalars.make("rest", found), kind)
    return value, mismatch, failed


def _has_letter(scalars: Scalars, text: Scalar, letter: str) -> Scalar:
    shown = scalars.make("else", text, scalars.literal("", Kind.TEXT))
    return scalars.make("starts", shown, scalars.literal(letter, Kind.TEXT))


def unpacked(scalars: Scalars, text: Scalar, kind: ValueType) -> Scalar:
    """Return a native's text as a value of the type that it writes."""
    if kind is ValueType.NUMBER:
        return scalars.make("number", text)
    if kind is ValueType.BOOLEAN:
        missing = scalars.is_null(text)
        is_true = scalars.make("same", text, scalars.literal("true", Kind.TEXT))
        return scalars.choice(missing, scalars.literal(None, Kind.BOOLEAN), is_true)
    return text


def _member(use: Use, document: Scalar, plain: Scalar, key: str) -> tuple[Scalar, Scalar, Scalar]:
    """Return the same for one member, read by the engine itself where the document is plain."""
    scalars, kind = use.scalars, use.expression.type
    own = scalars.make("member", scalars.choice(plain, document, use.text(None)), constants=(key,))
    asked = scalars.make("query", document, plain, constants=(use.constant("expression"), "token"))
    # Where the document is plain the query is not asked, else there is no member: one of the two is null.
    token = scalars.make("else", own, asked)
    match kind:
        case ValueType.NUMBER:
            fits, value = scalars.make("numeric", token), scalars.make("number", token)
        case ValueType.BOOLEAN:
            words = (scalars.make("same", token, use.text(word)) for word in ("true", "false"))
            fits, value = scalars.any(scalars.is_null(token), *words), unpacked(scalars, token, kind)
        case _:
            fits, value = scalars.make("quoted", token), scalars.make("unquoted", token)
    return value, scalars.negation(fits), scalars.false


def attributes_from(use: Use) -> Value:
    """ATTRIBUTES_FROM."""
    arg = use["arg"]
    return use.value(arg.node, arg.guards)


def attribute_value(use: Use) -> Value:
    """ATTRIBUTE_VALUE."""
    scalars, arg, key = use.scalars, use["arg"], use["key"]
    found = scalars.native("attribute", Kind.TEXT, arg.node, key.node)
    repeated = scalars.make("same", found, use.text(REPEATED))
    absent = scalars.make("same", found, use.text(ABSENT))
    value = scalars.choice(absent, use.text(None), scalars.make("rest", found))
    missing = (use.stop(absent, "keyNotFound"), use.stop(blank(scalars, value), "valueIsEmpty"))
    return use.value(value, key.guards, arg.guards, use.stop(repeated, "duplicateKey"), *missing)


def null(use: Use) -> Value:
    """UNIT_TEST_NULL."""
    return use.value(use.scalars.literal(None, KIND_OF_TYPE.get(use.expression.type, Kind.TEXT)))


def runtime_error(use: Use) -> Value:
    """UNIT_TEST_RUNTIME_ERROR."""
    value = null(use)
    return replace(value, guards=(Guard(use.true, use.slot("throw") or 0),))


def debug(use: Use) -> Value:
    """DEBUG."""
    arg = use["arg"]
    return use.value(use.true, arg.guards) if use.constant("returnTrue") else arg


def guards_of(*values: Value) -> Guards:
    """Return the guards of values that are all computed, in their order."""
    return tuple(one for value in values for one in value.guards)
