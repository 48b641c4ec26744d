"""An object passes if a field is null, although a known value could make it INCOMPLIANT.

A null field equals no value and is neither greater nor less than one, so a condition about it is false, and `otherwise`
decides. Often null means that nobody knows the value. Then add `undeterminedIf` to the field, or a condition UNDETERMINED
with `IS_EMPTY`. If null means that there is none, such as no key, a condition with `IS_EMPTY` says so. The rule leaves out
fields that the policy asks for emptiness in any way, and fields that AWS leaves out to say that there is none.

Wrong: a volume of unknown size is COMPLIANT.

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: CA10__CaAwsVolume__c
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The volume is large.
    remediationMessage: Replace the volume by a smaller one.
    check: {GREATER_THAN: {left: {FIELD: {path: CA10__size__c}}, right: {NUMBER: 100}}}
otherwise: {status: COMPLIANT, currentStateMessage: The volume is small.}
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: CA10__CaAwsVolume__c
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The volume is large.
    remediationMessage: Replace the volume by a smaller one.
    check:
      GREATER_THAN:
        left: {FIELD: {path: CA10__size__c, undeterminedIf: {isEmpty: "Size is empty."}}}
        right: {NUMBER: 100}
otherwise: {status: COMPLIANT, currentStateMessage: The volume is small.}
```
"""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.authoring.lint.context import blocks_of
from perpend.authoring.lint.formulas import EMPTY, Formula, Formulas, TooManyError, constant_of, possible
from perpend.collectors.registry import load
from perpend.core.clouds.registry import cloud_of_type
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.objects.object_types import MASTER_KEY, UNKNOWN_TYPE, Types
from perpend.core.objects.status import Status
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.operations.operation import Constant
from perpend.language.program.numbering import condition_index, otherwise_index
from perpend.language.program.program import Block, Condition, Outcome, Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.authoring.lint.context import LintContext
    from perpend.core.objects.object_types import ObjectType
    from perpend.language.program.program import Expr

RULE = Rule("A322", "null-passes", Severity.WARNING, __doc__ or "")

_PASSES: Final = (Status.COMPLIANT, Status.INAPPLICABLE)
_ANY_OUTCOME: Final = Outcome(Status.UNDETERMINED, "", None)
_ANSWERS: Final = {condition_index(1): True, otherwise_index(1): False}
"""The answers of a single condition by the index of its outcome. With any other index a check has stopped it."""

_CONNECTIVES: Final = frozenset({"AND", "OR", "NOT", "EXTRACT", "DEBUG", "BOOLEAN", "IS_DISAPPEARED"})
_EQUALITIES: Final = frozenset({"IS_EQUAL", "NOT_EQUAL"})
_ORDERS: Final = frozenset({"GREATER_THAN", "GREATER_THAN_EQUAL", "LESS_THAN", "LESS_THAN_EQUAL", "BETWEEN"})
_EMPTY_CHECKS: Final = frozenset({"noAccessDelegate", "isEmpty", "resultIsEmpty", "valueIsEmpty"})
_NEVER_NULL: Final = frozenset({"Id", "RecordType.DeveloperName"})
_MAX_CONDITIONS: Final = 100
_MOST_NAMED: Final = 4


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield for each policy the first outcome that passes objects with a null field, with the names of all such fields."""
    for logic, analyzed in lint_context.policies:
        passes = [
            one
            for _, block in blocks_of(logic, analyzed)
            for one in null_passes(block)
            if not _means_none(lint_context, block.type, one.path)
        ]
        if passes:
            yield _problem(passes)


@dataclass(frozen=True, slots=True)
class NullPass:
    """A field by its path, the outcome of objects for which it is null, and the field in a ready-made check."""

    path: str
    outcome: Outcome
    check: str


def _problem(passes: Sequence[NullPass]) -> Diagnostic:
    by_status = {status: [one for one in passes if one.outcome.status is status] for status in _PASSES}
    parts = [f"{status} if {_paths(of_status)} is null" for status, of_status in by_status.items() if of_status]
    message = f"an object is {', and '.join(parts)}, though a known value can make it INCOMPLIANT"
    first = next(one for of_status in by_status.values() for one in of_status)
    help_text = f"if null means not known: {first.check}; if it means that there is none, a condition with IS_EMPTY can say so"
    span = first.outcome.span
    assert span is not None  # the analyzer gives every outcome its place
    return RULE.at(span, message, help=help_text)


def _paths(passes: Sequence[NullPass]) -> str:
    """Return the first paths as a phrase."""
    paths = [f"`{path}`" for path in dict.fromkeys(one.path for one in passes)]
    return " or ".join(paths[:_MOST_NAMED]) + (f" or {len(paths) - _MOST_NAMED} more" if paths[_MOST_NAMED:] else "")


def null_passes(block: Block) -> Iterator[NullPass]:
    """Yield the fields of a block for which null gives a pass, and some value in place of it INCOMPLIANT."""
    fields = _FieldsRead()
    for condition in block.conditions:
        fields.add(condition.expression, ())
    for path in fields.paths:
        if fields.is_tested(path) or _is_never_null(block.type, path):
            continue
        try:
            outcome = _outcome_of_null(block, path, fields)
        except (TooManyError, _NotDecidedError):
            continue
        if outcome is not None:
            yield NullPass(path, outcome, _check(block.type, path, fields))


def _outcome_of_null(block: Block, path: str, fields: _FieldsRead) -> Outcome | None:
    """Return an outcome that passes an object if a field is null, while a value and else the same answers give INCOMPLIANT.

    If there are several, one that is COMPLIANT.
    """
    conditions = block.conditions[:_MAX_CONDITIONS]
    value, null = Formulas(block.type), _FormulasOfNull(block.type, path=path, fields=fields)
    with_value = [value.of(condition.expression) for condition in conditions]
    with_null = [null.of(condition.expression) for condition in conditions]
    outcomes = [*(condition.outcome for condition in conditions), block.otherwise]
    faults = [number for number, outcome in enumerate(outcomes) if outcome.status is Status.INCOMPLIANT]
    passing = [(number, outcome) for number, outcome in enumerate(outcomes) if outcome.status in _PASSES]
    for number, outcome in sorted(passing, key=lambda one: _PASSES.index(one[1].status)):
        for fault in faults:
            parting = min(number, fault)  # both objects reach this condition, and it is true for one of them only
            if with_null[parting] != with_value[parting] and possible(
                [*_reached(with_null, number), *_reached(with_value, fault)]
            ):
                return outcome
    return None


def _reached(conditions: list[Formula], number: int) -> list[tuple[Formula, bool]]:
    """Return the answers with which an object reaches the outcome of a number."""
    return [*((formula, False) for formula in conditions[:number]), *((formula, True) for formula in conditions[number:][:1])]


def _is_never_null(object_type: ObjectType, path: str) -> bool:
    declared = object_type.fields.get(path)
    is_master_key = declared is not None and declared.kind == MASTER_KEY
    return path in _NEVER_NULL or path == object_type.deletion_field or is_master_key


def _means_none(lint_context: LintContext, object_type: ObjectType, path: str) -> bool:
    """Whether a cloud leaves a field out to say that there is none."""
    *lookups, name = path.split(".")
    type_name = lint_context.analyzer.reached(object_type, lookups).name
    cloud = cloud_of_type(type_name)
    return cloud is not None and bool(cloud.collector) and name in load(cloud.name).fields_that_may_be_null(type_name)


def _check(object_type: ObjectType, path: str, fields: _FieldsRead) -> str:
    declared = object_type.fields.get(path)
    message = json.dumps(f"{declared.label if declared and declared.label else path} is empty.", ensure_ascii=False)
    read = fields.paths[path]
    if read is not None:
        return f"write {{FIELD: {{path: {read}, undeterminedIf: {{isEmpty: {message}}}}}}}"
    empty = f"{{IS_EMPTY: {{arg: {{FIELD: {{path: {path}}}}}}}}}"
    return f"begin the conditions with {{status: UNDETERMINED, currentStateMessage: {message}, check: {empty}}}"


class _NotDecidedError(Exception):
    """The answer of a condition for a null field depends on other fields, or a check stops it."""


@dataclass(slots=True)
class _FormulasOfNull(Formulas):
    """Makes formulas of conditions for objects whose field ``path`` is null. Raises :class:`_NotDecidedError`, too."""

    path: str = ""
    fields: _FieldsRead = field(default_factory=lambda: _FieldsRead())

    def of(self, expression: Expr, lookups: tuple[str, ...] = ()) -> Formula:
        """Return the formula that is true exactly if the expression is."""
        name, read = expression.operation.name, self.fields.of(expression, lookups)
        if name in _CONNECTIVES or self.path not in read:
            return Formulas.of(self, expression, lookups)
        if len(read) == 1:
            return self.fields.answer_of_null(expression)
        if name in _ORDERS or name in _EQUALITIES:
            return name == "NOT_EQUAL"  # the other side may well have a value
        raise _NotDecidedError


class _FieldsRead:
    """The fields that expressions read, by their paths from the object of a block.

    ``paths`` maps them, in the order of reading, to the path in a ``FIELD`` operation, None if only other operations read the
    field.
    """

    def __init__(self) -> None:
        self.paths: dict[str, str | None] = {}
        self._tested: set[str] = set()
        self._of: dict[tuple[int, tuple[str, ...]], frozenset[str]] = {}
        self._answers: dict[int, bool | None] = {}
        self._added: set[tuple[int, tuple[str, ...]]] = set()

    def of(self, expression: Expr, lookups: tuple[str, ...]) -> frozenset[str]:
        """Return the paths that an expression and its operands read. ``lookups`` lead to the object of the expression."""
        key = (id(expression), lookups)
        if key not in self._of:
            inner = (*lookups, *expression.lookups)
            own = frozenset(".".join((*lookups, path)) for path in expression.field_paths)
            self._of[key] = own.union(*(self.of(operand, inner) for operand in expression.operands))
        return self._of[key]

    def add(self, expression: Expr, lookups: tuple[str, ...]) -> None:
        """Add the fields of an expression and of its operands."""
        if (id(expression), lookups) in self._added:
            return
        self._added.add((id(expression), lookups))
        for operand in expression.operands:
            self.add(operand, (*lookups, *expression.lookups))
        for path in expression.field_paths:
            read = path if expression.operation.name == "FIELD" else None
            full = ".".join((*lookups, path))
            self.paths[full] = self.paths.get(full) or read
        if self._asks_for_emptiness(expression):
            self._tested |= self.of(expression, lookups)
        tested = [
            *expression.delegates,
            *(expression.arguments[name] for name in expression.operation.taking(Constant.LOOKUP_PATH)),
        ]
        self._tested |= {".".join((*lookups, path)) for path in tested}

    def is_tested(self, path: str) -> bool:
        """Whether a check or a condition asks for emptiness of a field, or of a lookup on the way to it."""
        steps = path.split(".")
        return any(".".join(steps[:number]) in self._tested for number in range(1, len(steps) + 1))

    def _asks_for_emptiness(self, expression: Expr) -> bool:
        name = expression.operation.name
        if name in _EQUALITIES and any(constant_of(operand) == EMPTY for operand in expression.operands):
            return True
        return name in ("IS_EMPTY", "NOT_EMPTY") or any(check.declaration.key in _EMPTY_CHECKS for check in expression.checks)

    def answer_of_null(self, expression: Expr) -> bool:
        """Return the answer of a condition that reads one field, if the field is null."""
        if id(expression) not in self._answers:
            block = Block(UNKNOWN_TYPE, (Condition(expression, _ANY_OUTCOME),), _ANY_OUTCOME)
            ((index, _),) = Interpreter([Program("", "", block, {}, Types())]).evaluate({}, 0)
            self._answers[id(expression)] = _ANSWERS.get(index)
        answer = self._answers[id(expression)]
        if answer is None:
            raise _NotDecidedError
        return answer
