"""Blocks run on cases instead of values: what is asked of an object is chosen when it is asked, and stays chosen.

Each choice leaves nothing out, and the same question has the same answer in both blocks. So where they end alike on all
choices, they end alike on all objects. What is not understood is a free choice: then more cases are looked at than there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.analyze.reachability import cannot_fire
from perpend.interpret.frame import Frame, Stopped
from perpend.interpret.operations import COMPILERS
from perpend.interpret.use import StatusCount, Use
from perpend.ir.operation import Constant
from perpend.ir.operations import DATES
from perpend.ir.program import Check, Expr
from perpend.meaning.jmespath_query import compile_query
from perpend.meaning.types import ValueType
from perpend.meaning.values import date_time_from_text, is_empty
from perpend.mutation.mutators.operators import NEGATIONS
from perpend.mutation.proof.cases import Cases, Other

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from perpend.mutation.proof.keys import Place, Values

_POSITIVE: Final = {negation: name for name, negation in NEGATIONS.items()}
_PURE: Final = frozenset({"Comparison", "Constants", DATES})
_PURE_TOO: Final = frozenset(
    {"CONTAINS", "STARTS_WITH", "ENDS_WITH", "CONTAINS_ALL", "CONTAINS_ANY", "COLLECTION_CONTAINS", "BOOLEAN_FROM"}
)
"""Operations that tell no spellings of a text apart which are equal, so that one can stand for all."""

_OF_VALUE: Final = frozenset({("FIELD", "isEmpty"), ("ATTRIBUTE_VALUE", "valueIsEmpty")})
_PARSED: Final = frozenset({"DATE_TIME_FROM", "DURATION_FROM", "JSON_FROM"})
_COUNTING: Final = frozenset({"SIZE", "COLLECTION_SIZE"})
_NO_FRAME: Final = Frame({}, 0)


class OpenQuestion(Exception):
    """Something is asked that no case has been chosen for."""

    def __init__(self, key: Hashable, options: tuple[Any, ...]) -> None:
        self.key = key
        self.options = options


class CheckFired(Exception):
    """A check stopped the condition."""

    def __init__(self, check: Check) -> None:
        self.check = check


class NotReadable(Exception):
    """The object's data have not the form that is declared."""


class NotUnderstood(Exception):
    """There is something in a program that is not reasoned about."""


class Reasoner:
    """Evaluates expressions under choices. ``chosen`` is what has been chosen so far, by what was asked.

    ``lists`` says under which name a block's related list counts: lists have one name where both blocks judge them alike.
    """

    def __init__(self, values: Values, cases: Cases, lists: Mapping[str, Hashable]) -> None:
        self._values = values
        self._cases = cases
        self._lists = lists
        self.chosen: Mapping[Hashable, Any] = {}

    def value(self, expression: Expr, lookups: tuple[str, ...] = ()) -> Any:
        """Return the value of an expression. Raises OpenQuestion, CheckFired, NotReadable, NotUnderstood."""
        name, family = expression.operation.name, expression.operation.family
        if expression.extract is not None:
            inner = (*lookups, *expression.extract.lookups)
            if inner != lookups and self._choose(("no lookup", inner)):
                raise NotReadable
            return self.value(expression.extract.body, inner)
        if family == "Logic":
            return self._logic(name, expression, lookups)
        if family == "Related lists":
            return self._related(name, expression, lookups)
        if name == "UNIT_TEST_NULL":
            return None
        if family == "Development":
            raise NotUnderstood
        if name in _POSITIVE:
            return not self._applied(expression, lookups, _POSITIVE[name])
        return self._applied(expression, lookups, name)

    def _choose(self, key: Hashable, options: tuple[Any, ...] = (False, True)) -> Any:
        if key not in self.chosen:
            raise OpenQuestion(key, options)
        return self.chosen[key]

    def _logic(self, name: str, expression: Expr, lookups: tuple[str, ...]) -> bool:
        if name == "NOT":
            return self.value(expression.operands[0], lookups) is not True
        wanted = name == "OR"
        for operand in expression.operands:
            if (self.value(operand, lookups) is True) is wanted:
                return wanted
        return not wanted

    def _related(self, name: str, expression: Expr, lookups: tuple[str, ...]) -> Any:
        relationship, status = str(expression.constant("relationshipName")), str(expression.constant("status"))
        of_list = (lookups, relationship, self._lists.get(relationship))
        if self._choose(("no list", lookups, relationship)):
            raise NotReadable
        count = self._choose(("count", of_list, status), self._cases.counts())
        doubtful = status != "UNDETERMINED" and self._choose(("doubt", of_list))
        if doubtful and (name == "RELATED_LIST_COUNT" or count == 0):
            raise NotReadable
        if name == "RELATED_LIST_COUNT":
            return count
        return (count > 0) is (name == "RELATED_LIST_HAS")

    def _applied(self, expression: Expr, lookups: tuple[str, ...], name: str) -> Any:
        operands = [self.value(operand, lookups) for operand in expression.operands]
        if self._is_concrete(expression, operands):
            return self._computed(expression, operands, name)
        if name in NEGATIONS:
            parts = map(self._values.number, expression.operands)
            place = lookups, self._values.named(name, *parts, expression.constant("path"))
        else:
            place = lookups, self._values.number(expression)
        self._may_be_unread(expression, place)
        known, value = self._known(expression, operands, name)
        return value if known else self._symbolic(expression, operands, place)

    def _may_be_unread(self, expression: Expr, place: Place) -> None:
        operation = expression.operation
        for check in expression.checks:
            if check.delegate is not None and self._choose(("empty", place[0], check.delegate)):
                raise CheckFired(check)
        of_json = any(operand.type is ValueType.JSON for operand in expression.operands)
        reads = operation.taking(Constant.FIELD_PATH, Constant.LOOKUP_PATH) or operation.reads
        if (reads or (of_json and not operation.taking(Constant.JMESPATH))) and self._choose(("unread", place)):
            raise NotReadable

    def _is_concrete(self, expression: Expr, operands: list[Any]) -> bool:
        """Whether an operation is computed: it is pure, and each case stands for all values that it could not tell apart."""
        operation = expression.operation
        varying = [operand for operand in expression.operands if operand.operation.family != "Constants"]
        if len(varying) > 1 or any(isinstance(operand, Other) for operand in operands):
            return False
        if operation.name == "DATE_TIME_FROM":
            return date_time_from_text(operands[0] or "") is None
        return operation.family in _PURE or operation.name in _PURE_TOO

    def _computed(self, expression: Expr, operands: list[Any], name: str) -> Any:
        given = iter(operands)

        def argument(value: Any) -> Any:
            if isinstance(value, Expr):
                found = next(given)
                return lambda frame: found
            return value

        arguments = {key: argument(value) for key, value in expression.arguments.items()}
        run = COMPILERS[name](Use(expression, arguments, 0, _no_list))
        try:
            return run(_NO_FRAME)
        except Stopped as stopped:
            raise CheckFired(expression.checks[stopped.index - 1]) from None

    def _symbolic(self, expression: Expr, operands: list[Any], place: Place) -> Any:
        name = expression.operation.name
        for check in expression.checks:
            if not self._speaks_of_value(name, check) and self._fires(expression, check, operands, place):
                raise CheckFired(check)
        cases = self._cases.of(place[1], expression.type, counting=name in _COUNTING)
        if expression.operation.family in ("Comparison", "Search", DATES):
            cases = (False, True)
        elif _is_always_text(expression):
            cases = cases[2:]
        elif name == "DATE_TIME_FROM" and isinstance(operands[0], Other) and operands[0].kind is ValueType.TEXT:
            cases = cases[1:]
        value = self._choose(("value", place), cases)
        for check in expression.checks:
            if self._speaks_of_value(name, check) and self._is_empty(value, expression.type, place):
                raise CheckFired(check)
        return value

    def _known(self, expression: Expr, operands: list[Any], name: str) -> tuple[bool, Any]:
        """Return whether an answer is certain though little is known of what is asked about, and the answer."""
        first = operands[0] if operands else None
        if name == "LIST_FROM":
            return True, None if first is None else Other(self._values.number(expression), expression.type)
        if name == "IS_EMPTY":
            return isinstance(first, Other) and first.exhausted, False
        if name == "BOOLEAN_FROM" and isinstance(first, Other) and first.kind is ValueType.TEXT:
            return self._cases.knows(first, expression.constant("trueValue")), False
        if name in _PARSED and first in (None, "") and not any(one.declaration.key == "isEmpty" for one in expression.checks):
            return True, None
        others = [one for one in operands if isinstance(one, Other) and one.exhausted and one.kind.item is None]
        constants = [one for one in operands if not isinstance(one, Other)]
        if len(others) == len(constants) == 1:
            return self._is_certainly_none(name, others[0], constants[0], operands), False
        return False, None

    def _is_certainly_none(self, name: str, other: Other, constant: Any, operands: list[Any]) -> bool:
        """Whether a value that is none of the constants cannot be what a question looks for."""
        if name == "IS_EQUAL":
            return constant is None or self._cases.knows(other, constant)
        within = name in ("CONTAINS", "COLLECTION_CONTAINS") and isinstance(constant, tuple) and operands[0] is constant
        return within and all(self._cases.knows(other, one) for one in constant)

    def _speaks_of_value(self, name: str, check: Check) -> bool:
        return check.declaration.key == "resultIsEmpty" or (name, check.declaration.key) in _OF_VALUE

    def _fires(self, expression: Expr, check: Check, operands: list[Any], place: Place) -> bool:
        key = check.declaration.key
        if check.delegate is not None or cannot_fire(expression, check):
            return False
        if key != "isEmpty" or not operands:
            return bool(self._choose(("check", place, key)))
        kind, value = expression.operands[0].type, operands[0]
        if isinstance(value, Other) and kind is ValueType.BYTES and expression.operation.name in _PARSED - {"JSON_FROM"}:
            return bool(self._choose(("check", place, key)))
        return self._is_empty(value, kind, (place[0], self._values.number(expression.operands[0])))

    def _is_empty(self, value: Any, kind: ValueType, place: Place) -> bool:
        if isinstance(value, Other):
            return False if value.exhausted else bool(self._choose(("is empty", place)))
        return is_empty(value, kind)


def _is_always_text(expression: Expr) -> bool:
    """Whether a query gives a text that is not empty, whatever the document."""
    queries = expression.operation.taking(Constant.JMESPATH)
    if not queries or expression.type not in (ValueType.TEXT, ValueType.BYTES):
        return False
    tree = compile_query(expression.constant(queries[0])).tree
    return tree["type"] == "function_expression" and (
        tree["value"] == "type" or (tree["value"] == "to_string" and _is_never_text(tree["children"][0]))
    )


def _is_never_text(tree: Mapping[str, Any]) -> bool:
    """Whether what is made a text is a truth value or a number, so that the text is not empty."""
    boolean = tree["type"] in ("not_expression", "comparator")
    joined = tree["type"] in ("and_expression", "or_expression") and all(map(_is_never_text, tree["children"]))
    counted = tree["type"] == "function_expression" and tree["value"] in ("length", "contains", "starts_with", "ends_with")
    return boolean or joined or counted


def _no_list(relationship: str) -> StatusCount:
    raise NotUnderstood
