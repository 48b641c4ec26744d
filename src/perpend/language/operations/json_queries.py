"""JMESPath queries over JSON documents."""

from __future__ import annotations

from perpend.core.values.types import ValueType
from perpend.language.operations.operation import CheckDeclaration, Constant, Operation, Parameter

_PARAMETERS = (
    Parameter("arg", "The document.", operand=frozenset({ValueType.JSON})),
    Parameter("expression", "The JMESPath expression.", constant=Constant.JMESPATH),
)
_CHECKS = (
    CheckDeclaration(
        "resultTypeMismatch",
        "{self}.isResultTypeMismatch()",
        "The result is neither null nor of the named type.",
        required=True,
    ),
    CheckDeclaration(
        "evaluationError",
        "{self}.isEvaluationFailed()",
        "A function got a value that it does not take, such as `length(null)`.",
        required=True,
        error=True,
    ),
    CheckDeclaration("resultIsEmpty", "{self}.isEmpty()", "The result is empty."),
)


def _query(name: str, result: ValueType) -> Operation:
    return Operation(
        name,
        doc=f"Searches a JSON document with JMESPath for a {result} value. Nothing is coerced.",
        parameters=_PARAMETERS,
        result=result,
        text="{arg}.jsonQueryText({expression!q})",
        nulls="A null document is searched as null; a null result is null, not a mismatch.",
        checks=_CHECKS,
        checks_required=True,
        dialects=("D1", "D2", "D3"),
        example=(
            f"{name}: {{arg: {{EXTRACT: document}}, expression: 'Statement[0].Effect', "
            "undeterminedIf: {evaluationError: The query failed., resultTypeMismatch: Not the expected type.}}"
        ),
    )


OPERATIONS = (
    _query("JSON_QUERY_TEXT", ValueType.TEXT),
    _query("JSON_QUERY_BYTES", ValueType.BYTES),
    _query("JSON_QUERY_NUMBER", ValueType.NUMBER),
    _query("JSON_QUERY_BOOLEAN", ValueType.BOOLEAN),
)
