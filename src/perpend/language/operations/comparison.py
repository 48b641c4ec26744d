"""Equality, emptiness and order."""

from __future__ import annotations

from perpend.core.values.types import EVERY_TYPE, ValueType
from perpend.language.operations.operation import Constant, Operation, Parameter, Typing

_ORDERED = frozenset({ValueType.NUMBER, ValueType.DURATION})
_SIDES = (
    Parameter("left", "One side.", operand=EVERY_TYPE),
    Parameter("right", "The other side, of the same type.", operand=EVERY_TYPE),
)
_ORDERED_SIDES = (
    Parameter("left", "The left side.", operand=_ORDERED),
    Parameter("right", "The right side, of the same type.", operand=_ORDERED),
)
_ANY = (Parameter("arg", "The value.", operand=EVERY_TYPE),)
_NULL_IS_FALSE = "With a null on either side the answer is false, also for two nulls."


def _order(name: str, doc: str, operator: str) -> Operation:
    return Operation(
        name,
        doc=doc,
        parameters=_ORDERED_SIDES,
        typing=Typing.ALIKE,
        result=ValueType.BOOLEAN,
        text=f"{{left}} {operator} {{right}}",
        nulls=_NULL_IS_FALSE,
        example=f"{name}: {{left: {{FIELD: {{path: CA10__minimumPasswordLength__c}}}}, right: {{NUMBER: 14}}}}",
    )


OPERATIONS = (
    Operation(
        "IS_EQUAL",
        doc="Whether both sides are equal by the rules of their type.",
        parameters=_SIDES,
        typing=Typing.ALIKE,
        result=ValueType.BOOLEAN,
        text="{left} == {right}",
        nulls="Null equals null; for Text and Bytes also the empty text, for collections the empty one, for Json `{}`.",
        example="IS_EQUAL: {left: {FIELD: {path: CA10__status__c}}, right: {TEXT: active}}",
    ),
    Operation(
        "NOT_EQUAL",
        doc="The exact negation of IS_EQUAL.",
        parameters=_SIDES,
        typing=Typing.ALIKE,
        result=ValueType.BOOLEAN,
        text="{left} != {right}",
        nulls="As IS_EQUAL, negated: null differs from every value that is not empty.",
        example="NOT_EQUAL: {left: {FIELD: {path: CA10__status__c}}, right: {TEXT: active}}",
    ),
    Operation(
        "IS_EMPTY",
        doc="Whether a value is empty: null, a blank Text, an empty Bytes or collection, a Json `{}` or `[]`.",
        parameters=_ANY,
        typing=Typing.OPEN,
        result=ValueType.BOOLEAN,
        text="{arg}.isEmpty()",
        nulls="Null is empty.",
        example="IS_EMPTY: {arg: {FIELD: {path: CA10__status__c}}}",
    ),
    Operation(
        "NOT_EMPTY",
        doc="The negation of IS_EMPTY.",
        parameters=_ANY,
        typing=Typing.OPEN,
        result=ValueType.BOOLEAN,
        text="{arg}.isNotEmpty()",
        nulls="Null is empty.",
        example="NOT_EMPTY: {arg: {FIELD: {path: CA10__status__c}}}",
    ),
    _order("GREATER_THAN", "Whether the left side is greater.", ">"),
    _order("GREATER_THAN_EQUAL", "Whether the left side is greater or equal.", ">="),
    _order("LESS_THAN", "Whether the left side is less.", "<"),
    _order("LESS_THAN_EQUAL", "Whether the left side is less or equal.", "<="),
    Operation(
        "BETWEEN",
        doc="Whether a number lies in a range, which includes its ends unless they are exclusive.",
        parameters=(
            Parameter("arg", "The number.", operand=frozenset({ValueType.NUMBER})),
            Parameter("rangeFrom", "The lower end.", operand=frozenset({ValueType.NUMBER})),
            Parameter("rangeTo", "The upper end.", operand=frozenset({ValueType.NUMBER})),
            Parameter("exclusiveFrom", "Leave the lower end out.", constant=Constant.BOOLEAN, required=False, default=False),
            Parameter("exclusiveTo", "Leave the upper end out.", constant=Constant.BOOLEAN, required=False, default=False),
        ),
        result=ValueType.BOOLEAN,
        text="{arg}.between({rangeFrom}, {rangeTo})",
        nulls="With a null anywhere the answer is false.",
        dialects=("D1",),
        example="BETWEEN: {arg: {FIELD: {path: CA10__port__c}}, rangeFrom: {NUMBER: 0}, rangeTo: {NUMBER: 1023}}",
    ),
)
