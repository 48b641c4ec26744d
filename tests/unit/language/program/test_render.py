"""How expressions and fired checks read."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.values.types import ValueType
from perpend.language.operations import OPERATIONS
from perpend.language.program.program import Check, Expr
from perpend.language.program.render import check_text, expression_text, quoted


def use(name: str, kind: ValueType = ValueType.BOOLEAN, /, **arguments: Any) -> Expr:
    operation = OPERATIONS[name]
    given = {parameter.name: None for parameter in operation.parameters} | arguments
    return Expr(operation, given, operation.result if isinstance(operation.result, ValueType) else kind)


def fired(expression: Expr, key: str, *, delegate: str | None = None, prefix: str = "") -> str:
    declaration = next(check for check in expression.operation.checks if check.key == key)
    return check_text(expression, Check(declaration, "message", delegate), prefix=prefix)


def constant(value: bool = True) -> Expr:
    return use("BOOLEAN", value=value)


FIELD = use("FIELD", ValueType.TEXT, path="a__c")
YES, NO = constant(), constant(False)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (use("AND", args=(YES, NO)), "true && false"),
        (use("AND", args=(YES,)), "true"),
        (use("AND", args=(use("OR", args=(YES, NO)), YES)), "(true || false) && true"),
        (use("OR", args=(use("AND", args=(YES, NO)), YES)), "(true && false) || true"),
        (use("OR", args=(use("OR", args=(YES, NO)), YES)), "true || false || true"),
        (use("AND", args=(use("OR", args=(YES,)), NO)), "true && false"),
        (use("AND", args=(use("NOT", arg=use("OR", args=(YES, NO))), YES)), "not(true || false) && true"),
        (use("OR", args=(use("IS_EQUAL", left=FIELD, right=FIELD), NO)), "a__c == a__c || false"),
        (use("AND", args=(use("OR", args=(use("AND", args=(YES, NO)), NO)), YES)), "((true && false) || false) && true"),
    ],
)
def test_parentheses_stand_where_the_signs_mix(expression: Expr, expected: str) -> None:
    assert expected == expression_text(expression)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "''"), ("'", r"'\''"), ("\\", r"'\\'"), ("\n\r\t", r"'\n\r\t'"), ('"é\u2028', "'\"é\u2028'")],
)
def test_quotes(text: str, expected: str) -> None:
    assert expected == quoted(text)


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_place_of_a_text_is_left_unfilled(name: str) -> None:
    operation = OPERATIONS[name]
    arguments: dict[str, Any] = {}
    for parameter in operation.parameters:
        one = constant() if parameter.operand is not None else (parameter.choices or ("x",))[0]
        arguments[parameter.name] = (
            1 if parameter.name == "value" else (one,) if parameter.many or parameter.name == "items" else one
        )
    expression = Expr(operation, arguments, ValueType.SET_OF_TEXT, deletion_field="gone__c")
    texts = [expression_text(expression), *(check_text(expression, Check(check, "", "d__c")) for check in operation.checks)]
    assert [] == [text for text in texts if "{" in text or "None" in text]
