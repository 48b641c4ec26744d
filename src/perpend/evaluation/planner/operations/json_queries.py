"""Plan JSON queries: engines read a plain member themselves and call a Python function for other queries."""

from __future__ import annotations

import re
from dataclasses import replace

from perpend.core.values.jmespath_query import compile_query
from perpend.core.values.types import ValueType
from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value
from perpend.evaluation.planner.operations.values import empty, unpacked
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.udfs import FAILED, MISMATCH

_QUERY_FORMS = {ValueType.TEXT: "text", ValueType.BYTES: "text", ValueType.NUMBER: "number", ValueType.BOOLEAN: "boolean"}
_SAFE_KEY = re.compile(r"[A-Za-z0-9_ :./-]{1,200}")


def json_query(use: PlannedUse) -> Value:
    arg, value_type = use["arg"], use.expression.type
    key = _key(use.constant("expression"))
    if arg.plain is None or key is None:
        node, mismatch, failed = _by_query(use, arg.node)
    else:
        node, mismatch, failed = _by_member(use, arg.node, arg.plain, key)
    value = use.value(node, arg.guards, use.stop(mismatch, "resultTypeMismatch"), use.stop(failed, "evaluationError"))
    order = [check.declaration.key for check in use.expression.checks]
    if "resultIsEmpty" in order:
        nothing = empty(use.scalars, Value(node, value_type))
        value = replace(value, guards=(*value.guards, *use.stop(nothing, "resultIsEmpty")))
    return value


def _key(expression: str) -> str | None:
    """Return the key if an expression only reads one key that engines can find, else None."""
    tree = compile_query(expression).tree
    key = str(tree["value"]) if tree["type"] == "field" else ""
    return key if _SAFE_KEY.fullmatch(key) else None


def _by_query(use: PlannedUse, document: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """Return a query's value, the conditions that it has another type and that it fails, all by JMESPath in Python."""
    scalars, value_type = use.scalars, use.expression.type
    query = (use.constant("expression"), _QUERY_FORMS[value_type])
    answer = _query(scalars, document, *query)
    mismatch = scalars.make("same", answer, use.text(MISMATCH))
    failed = _has_letter(scalars, answer, FAILED)
    value = unpacked(scalars, scalars.make("rest", answer), value_type)
    return value, mismatch, failed


def _query(scalars: Scalars, document: Scalar, expression: str, form: str, *, unless: Scalar | None = None) -> Scalar:
    """Return the result of a JMESPath expression in a form; null if ``unless`` is true, because it is not needed."""
    results = scalars.native("queries", Kind.TEXTS, document, constants=((expression, form),))
    result = results if unless is None else scalars.choice(unless, scalars.literal(None, Kind.TEXTS), results)
    return scalars.make("part", result, constants=(0,))


def _has_letter(scalars: Scalars, text: Scalar, letter: str) -> Scalar:
    shown = scalars.make("else", text, scalars.literal("", Kind.TEXT))
    return scalars.make("starts", shown, scalars.literal(letter, Kind.TEXT))


def _by_member(use: PlannedUse, document: Scalar, plain: Scalar, key: str) -> tuple[Scalar, Scalar, Scalar]:
    """Return the same for one member, which the engine reads itself if the document is plain."""
    scalars, value_type = use.scalars, use.expression.type
    own = scalars.make("member", scalars.choice(plain, document, use.text(None)), constants=(key,))
    result = _query(scalars, document, use.constant("expression"), "token", unless=plain)
    # Exactly one of the two can have a value: the query is skipped for plain documents, the member is null for others.
    token = scalars.make("else", own, result)
    match value_type:
        case ValueType.NUMBER:
            fits, value = scalars.make("numeric", token), scalars.make("number", token)
        case ValueType.BOOLEAN:
            words = (scalars.make("same", token, use.text(word)) for word in ("true", "false"))
            fits, value = scalars.any(scalars.is_null(token), *words), unpacked(scalars, token, value_type)
        case _:
            fits, value = scalars.make("quoted", token), scalars.make("unquoted", token)
    return value, scalars.negation(fits), scalars.false


PLANNERS: Planners = {
    "JSON_QUERY_TEXT": json_query,
    "JSON_QUERY_BYTES": json_query,
    "JSON_QUERY_NUMBER": json_query,
    "JSON_QUERY_BOOLEAN": json_query,
}
