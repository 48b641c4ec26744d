"""Query JSON documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.values.jmespath_query import QueryFailed, compile_query
from perpend.core.values.types import ValueType
from perpend.core.values.values import is_empty
from perpend.language.interpreter.context import CheckTriggered, EvaluationContext

if TYPE_CHECKING:
    from perpend.language.interpreter.use import Closure, Compilers, Use

_JSON_FORMS: dict[ValueType, tuple[type, ...]] = {
    ValueType.TEXT: (str,),
    ValueType.BYTES: (str,),
    ValueType.NUMBER: (int, float),
    ValueType.BOOLEAN: (bool,),
}


def json_query(use: Use) -> Closure:
    arg, search, value_type = use["arg"], compile_query(use.constant("expression")).search, use.expression.type
    forms, is_boolean = _JSON_FORMS[value_type], value_type is ValueType.BOOLEAN
    mismatch, failed = use.required_slot("resultTypeMismatch"), use.required_slot("evaluationError")
    empty = use.slot("resultIsEmpty")

    def run(frame: EvaluationContext) -> Any:
        try:
            value = search(arg(frame))
        except QueryFailed as error:
            raise CheckTriggered(failed, str(error)) from None
        if value is not None and (not isinstance(value, forms) or isinstance(value, bool) is not is_boolean):
            raise CheckTriggered(mismatch)
        if empty is not None and is_empty(value, value_type):
            raise CheckTriggered(empty)
        return value

    return run


COMPILERS: Compilers = {
    "JSON_QUERY_TEXT": json_query,
    "JSON_QUERY_BYTES": json_query,
    "JSON_QUERY_NUMBER": json_query,
    "JSON_QUERY_BOOLEAN": json_query,
}
