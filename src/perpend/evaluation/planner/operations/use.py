"""An expression while it is planned: its operands as values, its constants, the codes of its checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.values.types import ValueType
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.scope import Guards, Place, ScalarGuard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.schema.tables import Form
    from perpend.evaluation.planner.stage import ChildScan
    from perpend.language.program.program import Expr

KIND_OF_TYPE = {
    ValueType.NUMBER: Kind.NUMBER,
    ValueType.BOOLEAN: Kind.BOOLEAN,
    ValueType.DATE_TIME: Kind.WHOLE,
} | {kind: Kind.TEXTS for kind in ValueType if kind.item}
"""The kind of the values of a type, text for all others. A Duration is a text that sorts like its length."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of an expression: ``node`` holds if none of the guards stops, tried in their order.

    ``form`` is set for values of type Any. ``plain`` is the condition that engines can read a JSON document themselves.
    """

    node: Scalar
    type: ValueType
    guards: Guards = ()
    form: Form | None = None
    plain: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """The plan of a related list: its counts, the output with the code of each child, and the guards on the way to it.

    ``child`` is the place of a child, to read its fields. ``codes`` are by status. ``there`` is the condition that the row
    with the list exists. Without ``counts`` all lists are empty. ``incomplete`` is the guard for lists that may hold more
    rows than the counted ones.
    """

    counts: ChildScan | None
    output: str
    guards: Guards
    codes: Mapping[str, tuple[int, ...]]
    there: Scalar | None = None
    child: Place | None = None
    incomplete: Guards = ()


@dataclass(frozen=True, slots=True)
class PlannedUse:
    """An expression to plan, read from ``place``. Operands are planned already; the codes of each start at 0."""

    expression: Expr
    place: Place
    operands: Mapping[str, Any]
    offsets: Mapping[str, Any]
    last_slot: int
    related: Callable[[Place, str], Related]

    @property
    def scalars(self) -> Scalars:
        """The maker of scalars."""
        return self.place.build.scalars

    @property
    def true(self) -> Scalar:
        """The condition that always holds."""
        return self.scalars.true

    def __getitem__(self, name: str) -> Value:
        """The value of an operand, with codes that start at the base of the expression."""
        value: Value = self.operands[name]
        return shift_value(value, self.offsets[name])

    @property
    def many(self) -> list[Value]:
        """The values of ``args``."""
        return [shift_value(value, by) for value, by in zip(self.operands["args"], self.offsets["args"], strict=True)]

    def constant(self, name: str) -> Any:
        """Return a constant argument, or its declared default."""
        return self.expression.constant(name)

    def type_of(self, name: str) -> ValueType:
        """Return the type of an operand."""
        operand: Expr = self.expression.arguments[name]
        return operand.type

    def slot(self, key: str) -> int | None:
        """Return the code of one of the expression's checks, None if the policy does not use it."""
        for number, check in enumerate(self.expression.checks, self.last_slot + 1):
            if check.declaration.key == key:
                return number
        return None

    @property
    def delegate(self) -> str | None:
        """The path of the field that ``noAccessDelegate`` names."""
        return next(iter(self.expression.delegates), None)

    def unusable(self, condition: Scalar) -> Guards:
        """Return the guard for data that do not have the form that the operation needs."""
        return (ScalarGuard(condition, self.place.build.reasons.code(None)),)

    def stop(self, condition: Scalar, key: str) -> Guards:
        """Return the guard of one of the expression's checks, none if the policy does not use it."""
        code = self.slot(key)
        return () if code is None else (ScalarGuard(condition, code),)

    def value(self, node: Scalar, *guards: Guards) -> Value:
        """Return a value of the expression's type."""
        return Value(node, self.expression.type, tuple(guard for group in guards for guard in group))

    def text(self, value: str | None) -> Scalar:
        """Return a text constant."""
        return self.scalars.literal(value, Kind.TEXT)


Planners = dict[str, Callable[[PlannedUse], Value]]
"""The functions that plan uses of operations, by the name of the operation."""


def shift_value(value: Value, by: int) -> Value:
    """Return a value whose guards count checks from another base."""
    if by == 0 or not value.guards:
        return value
    return Value(value.node, value.type, shift_guards(value.guards, by), value.form, value.plain)


def shift_guards(guards: Guards, by: int) -> Guards:
    """Return guards that count checks from another base."""
    return tuple(ScalarGuard(guard.condition, guard.code + by if guard.code > 0 else guard.code) for guard in guards)


def only_if(scalars: Scalars, condition: Scalar, guards: Guards) -> Guards:
    """Return guards that stop only if a condition is true, because evaluation does not reach them otherwise."""
    made = (ScalarGuard(scalars.all(condition, guard.condition), guard.code) for guard in guards)
    return tuple(guard for guard in made if guard.condition is not scalars.false)
