"""Rules for the types of an operation's operands and result. All functions are pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.values.types import COLLECTIONS, EVERY_TYPE, TEXTUAL, ValueType, comparable
from perpend.language.operations.development import RETURN_TYPES
from perpend.language.operations.operation import Result, Typing
from perpend.language.program.program import Expr

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from perpend.language.operations.operation import Operation


class Retyping:
    """Sets the type of expressions of open type to the type that their consumer needs. Shared extracts stay shared."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, ValueType], tuple[Expr, Expr]] = {}

    def typed(self, expression: Expr, wanted: ValueType) -> Expr:
        """Return the expression with ``wanted`` in place of Any, down to the field that it reads."""
        if expression.type is not ValueType.ANY or wanted is ValueType.ANY:
            return expression
        key = (id(expression), wanted)
        if key not in self._made:
            arguments, extract = expression.arguments, expression.extract
            if extract is not None:
                extract = replace(extract, body=self.typed(extract.body, wanted))
            if expression.operation.result is Result.OPERAND:
                arguments = {**arguments, "arg": self.typed(arguments["arg"], wanted)}
            self._made[key] = (expression, replace(expression, arguments=arguments, type=wanted, extract=extract))
        return self._made[key][1]


def operand_types(operation: Operation, operands: Mapping[str, Expr]) -> dict[str, ValueType]:
    """Return the type of each operand of open type, from its partner or from the types that the operation accepts."""
    if operation.typing is Typing.OPEN:
        return {}
    types = {name: operand.type for name, operand in operands.items()}
    wanted: dict[str, ValueType | None] = {name: _only(operation, name) for name in types}
    if operation.typing is Typing.ALIKE:
        ordered = operation.parameters[0].operand != EVERY_TYPE
        default = ValueType.NUMBER if ordered else ValueType.ANY
        wanted["left"] = _known(types.get("right"), default)
        wanted["right"] = _known(types.get("left"), default)
    elif operation.typing is Typing.ITEM:
        wanted["arg"] = ValueType.BYTES if types.get("search") is ValueType.BYTES else ValueType.TEXT
        wanted["search"] = ValueType.BYTES if _item(types.get("arg")) is ValueType.BYTES else ValueType.TEXT
    elif operation.typing is Typing.ITEMS:
        wanted["arg"] = _item(types.get("search")) or ValueType.TEXT
    return {
        name: value_type for name, value_type in wanted.items() if types.get(name) is ValueType.ANY and value_type is not None
    }


def incompatible(operation: Operation, operands: Mapping[str, Expr]) -> str | None:
    """Return why the types of the operands do not match, None if they do."""
    types = {name: operand.type for name, operand in operands.items()}
    if operation.typing is Typing.ALIKE:
        left, right = types["left"], types["right"]
        if not comparable(left, right):
            return f"cannot compare {left.value} with {right.value}"
    if operation.typing in (Typing.ITEM, Typing.ITEMS):
        hay, needle = _item(types["arg"]), _item(types["search"])
        if hay is not None and needle is not None and hay is not needle:
            return f"cannot search {types['arg'].value} for {types['search'].value}"
    return None


def result_type(expression: Expr, field_type: ValueType) -> ValueType:
    """Return the type of an operation's value. ``field_type`` is the declared type of the field that it reads, else Any."""
    arguments, result = expression.arguments, expression.operation.result
    match result:
        case ValueType():
            return result
        case Result.FIELD:
            return ValueType.BYTES if arguments.get("returnType") == "BYTES" else field_type
        case Result.OPERAND:
            return ValueType.BOOLEAN if arguments.get("returnTrue") else _type_of(arguments.get("arg"))
        case Result.EXTRACT:
            return expression.extract.body.type if expression.extract else ValueType.ANY
        case Result.RETURN_TYPE:
            return RETURN_TYPES.get(arguments.get("returnType") or "", ValueType.ANY)
        case Result.LIST | Result.SET | Result.COLLECTION:
            kind = {Result.LIST: "LIST", Result.SET: "SET", Result.COLLECTION: "COLLECTION"}[result]
            bytes_items = arguments.get("itemType") == "BYTES" or _type_of(arguments.get("arg")) is ValueType.BYTES
            return ValueType[f"{kind}_OF_{'BYTES' if bytes_items else 'TEXT'}"]


def _only(operation: Operation, name: str) -> ValueType | None:
    """Return the one type that a parameter takes; Text if it takes texts, else a set of Text for any collection."""
    accepted = next((parameter.operand for parameter in operation.parameters if parameter.name == name), None)
    if not accepted:
        return None
    if len(accepted) == 1:
        return next(iter(accepted))
    if ValueType.TEXT in accepted and accepted <= TEXTUAL | COLLECTIONS:
        return ValueType.TEXT
    return ValueType.SET_OF_TEXT if accepted <= COLLECTIONS | {ValueType.JSON} else None


def _item(value_type: ValueType | None) -> ValueType | None:
    """Return the type of a text or of a collection's items; None if it is open."""
    if value_type is None or value_type in (ValueType.ANY, ValueType.JSON):
        return None
    return value_type.item or (value_type if value_type in TEXTUAL else None)


def _known(value_type: ValueType | None, default: ValueType) -> ValueType:
    return default if value_type is None or value_type is ValueType.ANY else value_type


def _type_of(value: Any) -> ValueType:
    return value.type if isinstance(value, Expr) else ValueType.ANY
