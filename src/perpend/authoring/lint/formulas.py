"""Turn Boolean expressions into formulas, and find contradictions between them.

Equal questions become equal formulas, whatever their names and wrappers. Null counts as false in a condition, so every
question has two values. Checks are ignored: a formula describes an evaluation that no check stopped. Every contradiction that
is reported is one, but not all are found.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.lint.context import unfolded
from perpend.core.dataclass import dataclass
from perpend.core.objects.object_types import is_deletion_field
from perpend.core.values.types import ValueType
from perpend.core.values.values import date_time_from_text, duration_from_iso, norm
from perpend.language.program.program import Expr, constant_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from perpend.core.objects.object_types import ObjectType

EMPTY: Final = "empty"
"""The marker of an empty value of any type."""

MAX_OPERATIONS: Final = 4_000
MAX_CHOICES: Final = 100
_NEGATIONS = {"NOT_EMPTY": "IS_EMPTY", "NOT_EQUAL": "IS_EQUAL", "NOT_EMPTY_LOOKUP": "IS_EMPTY_LOOKUP"}
_NEVER_EMPTY = frozenset({"BOOLEAN_FROM", "SIZE", "COLLECTION_SIZE", "RELATED_LIST_COUNT"})
_EMPTY_CHECKS = frozenset({"isEmpty", "resultIsEmpty"})


@dataclass(frozen=True, slots=True)
class Is:
    """The question whether a subject has a value. A subject has one value at a time."""

    subject: Hashable
    value: Hashable


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Formula


@dataclass(frozen=True, slots=True)
class All:
    """Whether all parts are true."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Whether a part is true."""

    parts: tuple[Formula, ...]


Formula = bool | Is | Not | All | Some


class TooManyError(Exception):
    """Formulas that are too large to reason about in reasonable time."""


@dataclass(slots=True)
class Formulas:
    """Makes formulas of the conditions of one block. Raises :class:`TooManyError`.

    ``object_type`` is the type of the block's objects. ``stopped`` is true if an earlier check has already answered a
    question, such as whether a guarded value is empty.
    """

    object_type: ObjectType
    stopped: bool = False
    _made: int = 0

    def of(self, expression: Expr, lookups: tuple[str, ...] = ()) -> Formula:
        """Return the formula that is true exactly if the expression is. ``lookups`` lead to the object of the expression."""
        self._count()
        name, operands = expression.operation.name, expression.operands
        match name:
            case "AND":
                return All(tuple(self.of(operand, lookups) for operand in operands))
            case "OR":
                return Some(tuple(self.of(operand, lookups) for operand in operands))
            case "NOT":
                return Not(self.of(operands[0], lookups))
            case "EXTRACT":
                return self.of(operands[0], (*lookups, *expression.lookups))
            case "DEBUG":
                return True if expression.arguments["returnTrue"] else self.of(operands[0], lookups)
            case "IS_DISAPPEARED" if not lookups and self._is_checked_before(expression.deletion_field):
                return False  # every block checks this first
            case "BOOLEAN":
                return bool(expression.arguments["value"])
        if name in _NEGATIONS:
            return Not(self._question(_NEGATIONS[name], expression, lookups))
        return self._question(name, expression, lookups)

    def _is_checked_before(self, field: str | None) -> bool:
        """Whether the block checks a deletion field. For an unknown type, every field with such a name counts."""
        return bool(self.object_type.name) or field is None or is_deletion_field(field)

    def _question(self, name: str, expression: Expr, lookups: tuple[str, ...]) -> Formula:
        if name == "IS_EMPTY":
            return self._equal(self._subject(expression.operands[0], lookups), EMPTY, expression.operands[0])
        if name == "IS_EQUAL":
            left, right = expression.operands
            of_left, of_right = constant_of(left), constant_of(right)
            if of_left is not None and of_right is not None:
                return of_left == of_right
            if of_left is not None:
                return self._equal(self._subject(right, lookups), of_left, right)
            if of_right is not None:
                return self._equal(self._subject(left, lookups), of_right, left)
            sides = frozenset({self._subject(left, lookups), self._subject(right, lookups)})
            return True if len(sides) == 1 else Is(("equal", sides), True)
        if name == "IS_EMPTY_LOOKUP":
            return Is(("empty lookup", lookups, expression.arguments["path"]), True)
        return Is(self._subject(expression, lookups), True)

    def _equal(self, subject: Hashable, value: Hashable, operand: Expr) -> Formula:
        if value == EMPTY and never_empty(operand):
            self.stopped = True
            return False
        return Is(subject, value)

    def _subject(self, expression: Expr, lookups: tuple[str, ...]) -> Hashable:
        """Return a key that two expressions share only when they have the same value."""
        self._count()
        arguments = expression.arguments
        if expression.extract is not None:
            return self._subject(expression.extract.body, (*lookups, *expression.lookups))
        if expression.operation.name == "DEBUG" and not arguments["returnTrue"]:
            return self._subject(arguments["arg"], lookups)
        name = _NEGATIONS.get(expression.operation.name, expression.operation.name)
        parts = tuple((key, self._part(value, lookups)) for key, value in sorted(arguments.items()))
        # A field without a declared type that no check stopped is empty if its Text is empty.
        value_type = ValueType.TEXT if expression.type is ValueType.ANY else expression.type
        return (expression.operation.name == name, name, value_type, lookups, parts)

    def _part(self, value: Any, lookups: tuple[str, ...]) -> Hashable:
        if isinstance(value, Expr):
            return self._subject(value, lookups)
        if isinstance(value, tuple | list):
            return tuple(self._part(item, lookups) for item in value)
        return constant_text(value)

    def _count(self) -> None:
        self._made += 1
        if self._made > MAX_OPERATIONS:
            raise TooManyError


def constant_of(expression: Expr) -> Hashable | None:
    """Return the value of a constant in a comparable form, None for other expressions."""
    expression = unfolded(expression)
    value: Any = expression.arguments.get("value")
    match expression.operation.name:
        case "TEXT":
            return ("Text", norm(value)) if norm(value) else EMPTY
        case "BYTES":
            return ("Bytes", value) if value else EMPTY
        case "NUMBER":
            return ("Number", float(value))
        case "BOOLEAN":
            return bool(value)
        case "DATE_TIME" | "UNIT_TEST_DATE_TIME":
            return ("DateTime", date_time_from_text(value))
        case "DURATION":
            return ("Duration", duration_from_iso(value))
    return None


def never_empty(expression: Expr) -> bool:
    """Whether a value cannot be empty if no check stopped the evaluation: a constant, or a value with such a check."""
    expression = unfolded(expression)
    name, constant = expression.operation.name, constant_of(expression)
    if name in _NEVER_EMPTY or (constant is not None and constant != EMPTY):
        return True
    if expression.type is ValueType.JSON:
        return False
    delegated = {check.delegate for check in expression.checks if check.delegate is not None}
    guarded = any(check.declaration.key in _EMPTY_CHECKS for check in expression.checks)
    return guarded or (name == "FIELD" and expression.arguments["path"] in delegated)


Requirement = tuple[Formula, bool]


def contradictory(requirements: Iterable[Requirement]) -> bool:
    """Whether the formulas provably cannot have the given truth values together."""
    try:
        _Known().hold(list(requirements))
    except _ContradictionError:
        return True
    return False


def possible(requirements: Iterable[Requirement]) -> bool:
    """Whether the formulas surely can have the given truth values together. Not sure after :data:`MAX_CHOICES` choices."""
    return _Search().finds(_Known(), list(requirements))


class _ContradictionError(Exception):
    pass


@dataclass(slots=True)
class _Known:
    """The known values, and the open choices. Unit propagation follows only forced values."""

    values: dict[Hashable, Hashable] = field(default_factory=dict)
    excluded: set[Is] = field(default_factory=set)
    choices: list[tuple[tuple[Formula, ...], bool]] = field(default_factory=list)

    def copy(self) -> _Known:
        return _Known(dict(self.values), set(self.excluded), list(self.choices))

    def hold(self, requirements: list[Requirement]) -> None:
        for formula, truth in requirements:
            self._require(formula, truth)
        while self._propagate():
            pass

    def _require(self, formula: Formula, truth: bool) -> None:
        match formula:
            case bool():
                if formula is not truth:
                    raise _ContradictionError
            case Not(part):
                self._require(part, not truth)
            case All(parts) | Some(parts) if isinstance(formula, All) is truth:
                for part in parts:
                    self._require(part, truth)
            case All(parts) | Some(parts):
                self.choices.append((parts, truth))
            case Is(subject, value):
                if self._truth(formula) is (not truth):
                    raise _ContradictionError
                if truth:
                    self.values[subject] = value
                else:
                    self.excluded.add(formula)

    def _propagate(self) -> bool:
        """Look through the choices once; whether something new is known."""
        choices, self.choices, new = self.choices, [], False
        for parts, truth in choices:
            truths = [self._truth(part) for part in parts]
            if truth in truths:
                continue
            undecided = [part for part, known in zip(parts, truths, strict=True) if known is None]
            if len(undecided) > 1:
                self.choices.append((parts, truth))
                continue
            if not undecided:
                raise _ContradictionError
            self._require(undecided[0], truth)
            new = True
        return new

    def _truth(self, formula: Formula) -> bool | None:
        match formula:
            case bool():
                return formula
            case Not(part):
                known = self._truth(part)
                return None if known is None else not known
            case Is(subject, value):
                if subject in self.values:
                    return self.values[subject] == value
                return False if formula in self.excluded else None
            case All(parts):
                truths = [self._truth(part) for part in parts]
                return False if False in truths else (None if None in truths else True)
            case Some(parts):
                truths = [self._truth(part) for part in parts]
                return True if True in truths else (None if None in truths else False)


@dataclass(slots=True)
class _Search:
    """A search for truth values that tries each open choice in turn."""

    choices: int = 0

    def finds(self, known: _Known, requirements: list[Requirement]) -> bool:
        """Whether some values meet the requirements together with what is known."""
        try:
            known.hold(requirements)
        except _ContradictionError:
            return False
        if not known.choices:
            return True
        parts, truth = known.choices[0]
        for part in parts:
            if self.choices == MAX_CHOICES:
                return False
            self.choices += 1
            if self.finds(known.copy(), [(part, truth)]):
                return True
        return False
