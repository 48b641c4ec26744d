"""How expressions and fired checks read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perpend.core.values.types import ValueType
from perpend.language.operations import OPERATIONS
from perpend.language.program.program import Check, Expr, ExtractReference
from perpend.language.program.render import check_text, disappeared_text, expression_text, quoted


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
EXTRACT = replace(
    use("EXTRACT", ValueType.TEXT, path="account__r.name"),
    extract=ExtractReference(("account__r",), "CA10__CaAwsAccount__c", FIELD),
)
DOCUMENT = use("JSON_FROM", arg=FIELD)
FLAGS = {"emptyValues": "SKIP", "duplicateValues": "KEEP", "ordering": "ORIGINAL"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (FIELD, "a__c"),
        (use("FIELD", ValueType.BYTES, path="a__c", returnType="BYTES"), "a__c"),
        (EXTRACT, "extract('account__r.name')"),
        (use("IS_EMPTY_LOOKUP", path="a__r.b__r"), "isEmptyLookup('a__r.b__r')"),
        (use("NOT_EMPTY_LOOKUP", path="a__r"), "notEmptyLookup('a__r')"),
        (use("TEXT", value="it's"), "'it\\'s'"),
        (use("BYTES", value="A"), "bytes('A')"),
        (use("NUMBER", value=90), "number(90.0)"),
        (constant(), "true"),
        (constant(False), "false"),
        (use("DATE_TIME", value="2026-01-31"), "'2026-01-31'"),
        (use("DURATION", value="P90D"), "'P90D'"),
        (use("JSON", value={"b": [1, None], "a": "é"}), '{"b":[1,null],"a":"é"}'),
        (use("LIST", itemType="BYTES", items=("b", "a")), "listOfBytes(['b', 'a'])"),
        (use("SET", itemType="TEXT", items=()), "setOfText([])"),
        (use("COLLECTION", items=("a",)), "['a']"),
        (
            use("COLLECTION (flags)", itemType="TEXT", items=("a",), **FLAGS),
            "['a'].skipEmpty().keepDuplicates().originalOrder()",
        ),
        (
            use("COLLECTION_FROM (flags)", arg=FIELD, separator=",", **{**FLAGS, "ordering": "SORTED", "emptyValues": "KEEP"}),
            "a__c.asCollection(',').keepEmpty().keepDuplicates().sort()",
        ),
        (use("LIST_FROM", ValueType.LIST_OF_BYTES, arg=FIELD, separator="\n"), "a__c.asListOfBytes('\\n')"),
        (use("SET_FROM", ValueType.SET_OF_TEXT, arg=FIELD, separator=","), "a__c.asSetOfText(',')"),
        (use("BOOLEAN_FROM", arg=FIELD), "a__c.asBoolean()"),
        (use("BOOLEAN_FROM", arg=FIELD, trueValue=""), "a__c.asBoolean('')"),
        (use("DATE_TIME_FROM", arg=FIELD, format="ISO_8601"), "a__c.asDateTime()"),
        (DOCUMENT, "a__c.asJson()"),
        (use("JSON_QUERY_NUMBER", arg=DOCUMENT, expression="a['b']"), "a__c.asJson().jsonQueryText('a[\\'b\\']')"),
        (use("IS_BEYOND_LAST_DAYS", arg=FIELD, offsetDays=90), "a__c.beyondLastDays(90)"),
        (use("IS_BEYOND_LAST_DAYS", arg=FIELD), "a__c.beyondLastDays(0)"),
        (use("IS_BEFORE_TODAY", arg=FIELD), "a__c.beforeToday()"),
        (use("RELATED_LIST_HAS_NO", status="COMPLIANT", relationshipName="a__r.b__r"), "a__r.b__r.hasNo(COMPLIANT)"),
        (replace(use("IS_DISAPPEARED"), deletion_field="gone__c"), "isDisappeared(gone__c)"),
        (use("TAG_EXISTS", name=use("BYTES", value="o")), "CA10__tagsJson__c.hasExact(bytes('o'))"),
        (use("TAG_VALUE_TEXT", name=use("TEXT", value="o"), tagsJson="t__c"), "t__c.getInexact('o')"),
        (
            use("AWS_POLICY_ALLOWS", policyExtField="p__c", widestAcceptableAccessLevel="SAME_ORG", actions=("a:b", "c:*")),
            "p__c.awsPolicyAllows(SAME_ORG, ['a:b', 'c:*'])",
        ),
        (use("DEBUG", arg=FIELD, name="x"), "a__c"),
        (use("UNIT_TEST", id="T 1", arg=constant()), "unitTest(T 1): true"),
        (use("UNIT_TEST_NULL", returnType="TEXT"), "null"),
        (use("UNIT_TEST_RUNTIME_ERROR", returnType="TEXT", message="it's"), "error('it\\'s')"),
    ],
)
def test_expressions(expression: Expr, expected: str) -> None:
    assert expected == expression_text(expression)


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
    ("expression", "key", "expected"),
    [
        (FIELD, "noAccessDelegate", "p__r.a__c.delegatedTo(p__r.d__c).isEmpty()"),
        (FIELD, "isEmpty", "p__r.a__c.isEmpty()"),
        (DOCUMENT, "isEmpty", "p__r.a__c.asJson().isEmpty()"),
        (DOCUMENT, "isInvalid", "p__r.a__c.asJson().isInvalid()"),
        (use("JSON_QUERY_TEXT", arg=DOCUMENT, expression="a"), "resultTypeMismatch",
         "p__r.a__c.asJson().jsonQueryText('a').isResultTypeMismatch()"),
        (use("JSON_QUERY_TEXT", arg=EXTRACT, expression="a"), "evaluationError",
         "extract('account__r.name').jsonQueryText('a').isEvaluationFailed()"),
        (use("BOOLEAN_FROM", arg=FIELD), "isEmpty", "p__r.a__c.isEmpty()"),
        (use("DATE_TIME_FROM", arg=FIELD), "invalidFormat", "p__r.a__c.checkIso8601()"),
        (use("DURATION_FROM", arg=FIELD, format="GCP"), "invalidFormat", "p__r.a__c.checkFormat('GCP')"),
        (use("UNIT_TEST_RUNTIME_ERROR", message="boom"), "throw", "error('boom').throw()"),
    ],
)  # fmt: skip
def test_checks_behind_a_lookup(expression: Expr, key: str, expected: str) -> None:
    assert expected == fired(expression, key, delegate="d__c", prefix="p__r.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "''"), ("'", r"'\''"), ("\\", r"'\\'"), ("\n\r\t", r"'\n\r\t'"), ('"é\u2028', "'\"é\u2028'")],
)
def test_quotes(text: str, expected: str) -> None:
    assert expected == quoted(text)


def test_the_text_of_the_implicit_condition() -> None:
    assert "isDisappeared(CA10__disappearanceTime__c)" == disappeared_text("CA10__disappearanceTime__c")


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
