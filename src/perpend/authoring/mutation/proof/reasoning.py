"""Evaluate blocks on cases instead of values. A case is chosen when an expression asks for it, and stays chosen.

The cases of a choice are complete, and both blocks get the same answer to the same question. So if they agree for all choices,
they agree for all objects. An unknown expression is a free choice, which adds impossible cases and never hides a difference.
Only the needed part of a value is chosen: the set of cases that remain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.mutation.mutators.operators import NEGATIONS
from perpend.authoring.mutation.proof.answers import answers_of
from perpend.authoring.mutation.proof.case_set import OpenQuestion, Several, alone, decided, mapped, merge_cases
from perpend.authoring.mutation.proof.cases import Other
from perpend.authoring.mutation.proof.single import UNTOLD, end_of, known_answer
from perpend.core.values.types import TEXTUAL, ValueType
from perpend.core.values.values import is_empty
from perpend.language.compiler.reachability import cannot_fire
from perpend.language.operations import DATES
from perpend.language.operations.operation import Constant
from perpend.language.program.program import Check

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from perpend.authoring.mutation.proof.cases import Cases
    from perpend.authoring.mutation.proof.keys import Place, Values
    from perpend.language.program.program import Expr

_POSITIVE: Final = {negation: name for name, negation in NEGATIONS.items()}
_OF_VALUE: Final = frozenset({("FIELD", "isEmpty"), ("ATTRIBUTE_VALUE", "valueIsEmpty")})
_DATED: Final = frozenset({"DATE_TIME_FROM", "DURATION_FROM"})
_COUNTING: Final = frozenset({"SIZE", "COLLECTION_SIZE"})
_ORDERS: Final = frozenset({"GREATER_THAN", "GREATER_THAN_EQUAL", "LESS_THAN", "LESS_THAN_EQUAL", "BETWEEN"})
"""Questions that nothing answers with yes where one of the values is null."""


class CheckFired(Exception):
    """A check stopped the condition."""

    def __init__(self, check: Check) -> None:
        self.check = check


class NotReadable(Exception):
    """The object's data have not the form that is declared."""


class NotUnderstood(Exception):
    """There is something in a program that is not reasoned about."""


class Reasoner:
    """Evaluates expressions under choices. ``chosen`` has the choices by question.

    ``lists`` has a name for each related list. Lists that both blocks evaluate alike have the same name.
    """

    def __init__(self, values: Values, cases: Cases, lists: Mapping[str, Hashable]) -> None:
        self._values = values
        self._cases = cases
        self._lists = lists
        self.chosen: Mapping[Hashable, Any] = {}

    def holds(self, expression: Expr, lookups: tuple[str, ...] = ()) -> bool:
        """Whether an expression is true. Raise OpenQuestion, CheckFired, NotReadable or NotUnderstood."""
        return bool(decided(self._value(expression, lookups), lambda value: value is True))

    def _value(self, expression: Expr, lookups: tuple[str, ...]) -> Any:
        """Return the value of an expression: one value, a partly known value, or the remaining cases."""
        name, family = expression.operation.name, expression.operation.family
        if expression.extract is not None:
            inner = (*lookups, *expression.extract.lookups)
            if inner != lookups and self._choose(("no lookup", inner)):
                raise NotReadable
            return self._value(expression.extract.body, inner)
        if family == "Logic":
            return self._logic(name, expression, lookups)
        if family == "Related lists":
            return self._related(name, expression, lookups)
        if name == "UNIT_TEST_NULL":
            return None
        if family == "Development":
            raise NotUnderstood
        if name in _POSITIVE:
            return mapped(self._applied(expression, lookups, _POSITIVE[name]), lambda value: not value)
        return self._applied(expression, lookups, name)

    def _choose(self, key: Hashable) -> bool:
        if key not in self.chosen:
            raise OpenQuestion(key, (False, True))
        return bool(self.chosen[key])

    def _among(self, key: Hashable, cases: Sequence[Any]) -> Any:
        """Return the cases of a value that are left."""
        return merge_cases(key, [(case, case) for case in self.chosen.get(key, cases)])

    def _logic(self, name: str, expression: Expr, lookups: tuple[str, ...]) -> bool:
        if name == "NOT":
            return not self.holds(expression.operands[0], lookups)
        wanted = name == "OR"
        for operand in expression.operands:
            if self.holds(operand, lookups) is wanted:
                return wanted
        return not wanted

    def _related(self, name: str, expression: Expr, lookups: tuple[str, ...]) -> Any:
        relationship, status = str(expression.constant("relationshipName")), str(expression.constant("status"))
        of_list = (lookups, relationship, self._lists.get(relationship))
        if self._choose(("no list", lookups, relationship)):
            raise NotReadable
        if name == "RELATED_LIST_TEXTS":
            if self._choose(("doubt", of_list)):
                raise NotReadable
            place = lookups, self._values.number(expression)
            return self._among(("value", place), self._cases.of(place[1], expression.type))
        count = self._among(("count", of_list, status), self._cases.counts())
        has = name != "RELATED_LIST_COUNT" and decided(count, lambda number: number > 0)
        if not has and status != "UNDETERMINED" and self._choose(("doubt", of_list)):
            raise NotReadable
        return count if name == "RELATED_LIST_COUNT" else has is (name == "RELATED_LIST_HAS")

    def _applied(self, expression: Expr, lookups: tuple[str, ...], name: str) -> Any:
        operands = [self._value(operand, lookups) for operand in expression.operands]
        varying = [at for at, operand in enumerate(expression.operands) if operand.operation.family != "Constants"]
        if len(varying) < 2:
            answer = self._case_by_case(expression, operands, name, varying)
            if answer is not UNTOLD:
                return answer
        if name == "AWS_POLICY_ALLOWS" and self._is_without_document(expression, lookups):
            return False
        place = lookups, self._number(expression, name)
        self._may_be_unread(expression, place)
        if name in _ORDERS and any(decided(operand, lambda value: value is None) for operand in operands):
            return False
        if name not in _ORDERS and (len(varying) > 1 or _asks_form(expression)):
            operands = [alone(operand) for operand in operands]
            answer = known_answer(self._values, self._cases, expression, operands, name)
            if answer is not UNTOLD:
                return answer
        return self._symbolic(expression, operands, place)

    def _number(self, expression: Expr, name: str) -> int:
        if name not in NEGATIONS:
            return self._values.number(expression)
        parts = map(self._values.number, expression.operands)
        return self._values.named(name, *parts, expression.constant("path"))

    def _case_by_case(self, expression: Expr, operands: list[Any], name: str, varying: list[int]) -> Any:
        """Return the result of an operation for each case of its varying operand, UNTOLD if that is not certain."""
        several = operands[varying[0]] if varying else None
        if isinstance(several, Several):
            before, after = operands[: varying[0]], operands[varying[0] + 1 :]
            outcomes = Several(
                several.key,
                tuple((case, self._end(expression, [*before, one, *after], name)) for case, one in several.cases),
            )
        else:
            outcomes = Several(None, ((None, self._end(expression, operands, name)),))
        way = decided(outcomes, lambda end: end if end is UNTOLD or isinstance(end, Check) else None)
        if isinstance(way, Check):
            raise CheckFired(way)
        return UNTOLD if way is UNTOLD else merge_cases(outcomes.key, outcomes.cases)

    def _end(self, expression: Expr, operands: list[Any], name: str) -> Any:
        end = end_of(self._values, self._cases, expression, operands, name)
        if end is UNTOLD and not _asks_form(expression):
            return known_answer(self._values, self._cases, expression, operands, name)
        return end

    def _is_without_document(self, expression: Expr, lookups: tuple[str, ...]) -> bool:
        """Whether a field with a policy document is known to be empty, from a question that reads it as text."""
        number = self._cases.text_at(expression.constant("policyExtField"))
        if number is None or self._choose(("unread", (lookups, number))):
            return False
        return self._is_empty(self._of_number((lookups, number), ValueType.TEXT), ValueType.TEXT, (lookups, number))

    def _may_be_unread(self, expression: Expr, place: Place) -> None:
        for check in expression.checks:
            if check.delegate is not None and self._choose(("empty", place[0], check.delegate)):
                raise CheckFired(check)
        if _asks_form(expression) and self._choose(("unread", place)):
            raise NotReadable

    def _of_number(self, place: Place, value_type: ValueType) -> Any:
        return self._among(("value", place), self._cases.of(place[1], value_type))

    def _symbolic(self, expression: Expr, operands: list[Any], place: Place) -> Any:
        name = expression.operation.name
        for check in expression.checks:
            if not self._speaks_of_value(name, check) and self._fires(expression, check, operands, place):
                raise CheckFired(check)
        value = self._among(("value", place), self._cases_of(expression, place))
        for check in expression.checks:
            if self._speaks_of_value(name, check) and self._is_empty(value, expression.type, place):
                raise CheckFired(check)
        return value

    def _cases_of(self, expression: Expr, place: Place) -> Sequence[Any]:
        operation, value_type = expression.operation, expression.type
        if operation.family in ("Comparison", "Search", DATES):
            return (False, True)
        cases = self._cases.of(place[1], value_type, counting=operation.name in _COUNTING)
        queries = operation.taking(Constant.JMESPATH)
        if queries and value_type in TEXTUAL and (answers := answers_of(expression.constant(queries[0]))) is not None:
            values = (*answers.texts, *((None,) if answers.null else ()), *(cases[2:] if answers.filled else ()))
            return tuple(dict.fromkeys(values)) or cases
        if operation.name == "DATE_TIME_FROM" and expression.operands[0].type is ValueType.TEXT:
            return cases[1:]
        return cases

    def _speaks_of_value(self, name: str, check: Check) -> bool:
        return check.declaration.key == "resultIsEmpty" or (name, check.declaration.key) in _OF_VALUE

    def _fires(self, expression: Expr, check: Check, operands: list[Any], place: Place) -> bool:
        key = check.declaration.key
        if check.delegate is not None or cannot_fire(expression, check):
            return False
        if key != "isEmpty" or not operands:
            return self._choose(("check", place, key))
        value_type = expression.operands[0].type
        if value_type is ValueType.BYTES and expression.operation.name in _DATED:
            return self._choose(("check", place, key))
        return self._is_empty(operands[0], value_type, (place[0], self._values.number(expression.operands[0])))

    def _is_empty(self, value: Any, value_type: ValueType, place: Place) -> bool:
        if isinstance(value, Several) and any(isinstance(one, Other) and not one.exhausted for _, one in value.cases):
            value = alone(value)
        if isinstance(value, Other) and not value.exhausted:
            return self._choose(("is empty", place))
        return bool(decided(value, lambda one: not isinstance(one, Other) and is_empty(one, value_type)))


def _asks_form(expression: Expr) -> bool:
    """Whether an operation ends the evaluation if its operand has the wrong type."""
    operation = expression.operation
    reads = operation.taking(Constant.FIELD_PATH, Constant.LOOKUP_PATH) or operation.reads
    of_json = any(operand.type is ValueType.JSON for operand in expression.operands)
    return bool(reads) or (of_json and not operation.taking(Constant.JMESPATH))
