"""One expression while it is compiled: its constants and their defaults, the indexes of its checks, what it collects."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.values.types import ValueType
from perpend.language.interpreter.context import EvaluationContext
from perpend.language.interpreter.use import Use, collected
from perpend.language.operations import BY_KEY
from perpend.language.operations.operation import Operation
from perpend.language.program.program import Check, Expr


def operation(name: str) -> Operation:
    return next(one for one in BY_KEY[name.partition(" ")[0]] if one.name == name)


def use_of(name: str, kind: ValueType, *, last_slot: int = 100, checks: tuple[Check, ...] = (), **arguments: Any) -> Use:
    operands = {key: (lambda _, value=value: value) for key, value in arguments.items() if isinstance(value, Expr)}
    return Use(Expr(operation(name), arguments, kind, checks), operands, last_slot, lambda _: lambda *_: (0, None))


def checks_of(name: str, *keys: str, delegate: str | None = None) -> tuple[Check, ...]:
    declared = {check.key: check for check in operation(name).checks}
    return tuple(Check(declared[key], key, delegate if key == "noAccessDelegate" else None) for key in keys)


def test_checks_are_numbered_behind_the_slots_of_the_operands() -> None:
    checks = checks_of("FIELD", "noAccessDelegate", "isEmpty", delegate="access__c")
    use = use_of("FIELD", ValueType.TEXT, last_slot=104, checks=checks, path="f")
    assert (105, 106, None) == (use.slot("noAccessDelegate"), use.slot("isEmpty"), use.slot("isInvalid"))
    assert (None, 105) == tuple(
        use_of("FIELD", ValueType.TEXT, last_slot=104, checks=checks[1:]).slot(key) for key in ("noAccessDelegate", "isEmpty")
    )


def test_a_check_that_nobody_leaves_out_has_an_index() -> None:
    checks = checks_of("FIELD", "isEmpty")
    assert 101 == use_of("FIELD", ValueType.TEXT, checks=checks, path="f").required_slot("isEmpty")
    with pytest.raises(AssertionError):
        use_of("FIELD", ValueType.TEXT, checks=checks, path="f").required_slot("noAccessDelegate")


def test_the_delegate_is_that_of_the_check_that_has_one() -> None:
    checks = checks_of("FIELD", "noAccessDelegate", "isEmpty", delegate="access__c")
    assert "access__c" == use_of("FIELD", ValueType.TEXT, checks=checks).delegate
    assert use_of("FIELD", ValueType.TEXT, checks=checks[1:]).delegate is None


def test_a_constant_that_is_not_given_has_its_declared_default() -> None:
    given = use_of("BETWEEN", ValueType.BOOLEAN, exclusiveFrom=True)
    assert (True, False) == (given.constant("exclusiveFrom"), given.constant("exclusiveTo"))


def test_operands_are_known_by_their_names() -> None:
    one = Expr(operation("TEXT"), {"value": "x"}, ValueType.TEXT)
    use = use_of("IS_EQUAL", ValueType.BOOLEAN, left=one)
    assert (one, ValueType.TEXT) == (use["left"](EvaluationContext({}, 0)), use.type_of("left"))
    with pytest.raises(KeyError):
        use["right"]


@pytest.mark.parametrize(
    ("name", "kind", "flags", "expected"),
    [
        ("LIST", ValueType.LIST_OF_TEXT, {}, ("b", "", "a", "b")),
        ("LIST", ValueType.LIST_OF_BYTES, {}, ("B", "", "a", "B")),
        ("SET", ValueType.SET_OF_TEXT, {}, ("a", "b")),
        ("SET", ValueType.SET_OF_BYTES, {}, ("B", "a")),
        ("COLLECTION (flags)", ValueType.COLLECTION_OF_TEXT, {"emptyValues": "SKIP"}, ("b", "a", "b")),
        ("COLLECTION (flags)", ValueType.COLLECTION_OF_TEXT, {"duplicateValues": "SKIP"}, ("b", "", "a")),
        ("COLLECTION (flags)", ValueType.COLLECTION_OF_BYTES, {"ordering": "SORTED"}, ("", "B", "B", "a")),
    ],
)
def test_texts_are_collected_as_the_operation_says(
    name: str, kind: ValueType, flags: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert expected == collected(use_of(name, kind, **flags), iter(["B", "", "a", "B"]))
