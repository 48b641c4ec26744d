"""The steps to one verdict: each condition, the values that it read with their places, and the smallest change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.core.dataclass import dataclass
from perpend.core.objects.identity import owner_lookups
from perpend.core.objects.inventory import CloudObject, object_from_fields
from perpend.core.objects.status import Status
from perpend.core.values.partial_object import WITHHELD, doubt_of
from perpend.evaluation.explain.change import Change, smallest_change
from perpend.evaluation.explain.fields_read import Event, FieldTracker, FieldValue, ReadPlace, place_of, shown_value
from perpend.evaluation.verdicts.selection import view_of
from perpend.evaluation.verdicts.verdict import verdict_of
from perpend.inventory.readers.conflicts import contradiction
from perpend.language.compiler.verdicts import verdict_table
from perpend.language.interpreter.context import CheckTriggered, EvaluationContext, InvalidData
from perpend.language.interpreter.interpreter import Interpreter, child_frames
from perpend.language.operations.operation import PATHS, Constant
from perpend.language.program.numbering import (
    DISAPPEARED,
    OTHER_RECORD_TYPE,
    UNREADABLE,
    condition_index,
    otherwise_index,
    split,
)
from perpend.language.program.render import check_text, disappeared_text, expression_text
from perpend.language.program.required_columns import reads_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
    from perpend.evaluation.verdicts.selection import PolicyView
    from perpend.evaluation.verdicts.verdict import Verdict
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.parameters import ParameterValue
    from perpend.language.program.program import DeclaredOutcome, Expr, Program

_READING: Final = (*PATHS, Constant.JMESPATH)
_MAX_LEAVES: Final = 60
_MOST_LISTED: Final = 10
"""The number of objects in a list that are shown with the grounds of their verdicts."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that a condition read, as text. ``stopped``: a check fired here.

    ``told``: the value is not in a field, such as the number of objects in a list, or the policy asks to show it.
    """

    text: str
    value: str
    stopped: bool
    places: tuple[ReadPlace, ...] = ()
    told: bool = False


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object of a related list that a condition counted, with its verdict in that list.

    ``path`` leads to it from the object with the list. ``fields``, by their paths from it, and ``listed``, the objects of its
    own lists, are the grounds of its verdict; both are set only if the condition decided.
    """

    path: str
    id: str
    name: str
    status: Status
    message: str
    fields: tuple[FieldValue, ...] = ()
    listed: tuple[ListedObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A condition. ``result`` is ``true``, ``false``, ``stopped`` or ``not reached``; ``check`` is the check that fired.

    ``fields`` are the fields of the object that it read; ``leaves`` also has the values computed from them. ``reason`` is why
    the object cannot be read, if that stopped the condition and no check did. ``listed`` are the objects of related lists
    with the requested status and those that are withheld, or all objects of these lists if none has the status.
    """

    index: int
    text: str
    status: Status
    result: str
    leaves: tuple[Leaf, ...] = ()
    check: str | None = None
    fields: tuple[FieldValue, ...] = ()
    reason: str | None = None
    listed: tuple[ListedObject, ...] = ()

    @property
    def further_values(self) -> list[Leaf]:
        """The values that ``fields`` do not have."""
        return [leaf for leaf in self.leaves if leaf.told or not _is_field(leaf, self.fields)]


def _is_field(leaf: Leaf, fields: Sequence[FieldValue]) -> bool:
    """Whether a value is listed as a field already."""
    return not leaf.stopped and any(
        place.extract is None and one.place == place and one.value == leaf.value for one in fields for place in leaf.places
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one verdict. ``parameters`` are the values of the policy's parameters that gave it."""

    finding: Verdict
    policy: PolicyView
    day: EvaluationTime
    steps: tuple[Step, ...]
    change: Change | None
    parameters: tuple[ParameterValue, ...] = ()


def explain_verdict(analyzer: Analyzer, program: Program, object_: CloudObject, *, day: EvaluationTime) -> Explanation:
    """Return the explanation of a program's verdict on an object. ``day`` is the day of the evaluation that gave it."""
    outcome = _outcome(program, object_, day.milliseconds)
    steps = _steps(program, object_, day.milliseconds, outcome[0])
    return _explanation(analyzer, program, object_, outcome, steps, day)


def explain_visible(
    analyzer: Analyzer, program: Program, object_: CloudObject, visible: CloudObject, *, day: EvaluationTime
) -> Explanation:
    """Return the explanation of a verdict on an object for a reader who may see only a part of it, ``visible``.

    Statuses and results of conditions are those of ``object_``; all values and names come from ``visible``.
    """
    time = day.milliseconds
    outcome, of_visible = _outcome(program, object_, time), _outcome(program, visible, time)
    if outcome == of_visible and not object_.variants:
        steps = _steps(program, visible, time, outcome[0])
    else:
        steps = _visible_steps(program, object_, visible, time, outcome[0])
    outcome = outcome[0], of_visible[1] if of_visible[0] == outcome[0] else None
    return _explanation(analyzer, program, visible, outcome, steps, day)


def _explanation(
    analyzer: Analyzer,
    program: Program,
    object_: CloudObject,
    outcome: EvaluationOutcome,
    steps: Iterable[Step],
    day: EvaluationTime,
) -> Explanation:
    types = {name: analyzer.object_type(name) for name in (program.input_type, *_owner_types(analyzer, program))}
    # If the object is stale, or its sources contradict each other, no single value can change the verdict.
    single_value = not object_.variants and doubt_of(object_.fields) is None
    change = smallest_change(program, object_, day.milliseconds, outcome[0]) if single_value else None
    view = view_of(analyzer.repository, program.policy_id)
    return Explanation(verdict_of(program, object_, outcome, types), view, day, tuple(steps), change, program.parameters)


def _owner_types(analyzer: Analyzer, program: Program) -> Iterator[str]:
    return (lookup.target for lookup in owner_lookups(analyzer.object_type(program.input_type)))


def _outcome(program: Program, object_: CloudObject, time: int) -> EvaluationOutcome:
    """Return the outcome for one object. If its sources contradict each other, it is INCOMPLIANT only by all of them."""
    interpreter = Interpreter([program])
    outcomes = [interpreter.evaluate(one.fields, time, complete=False)[0] for one in (object_, *object_.variants)]
    if object_.variants and any(program.verdicts[index].status is not Status.INCOMPLIANT for index, _ in outcomes):
        return UNREADABLE, contradiction(object_)
    return outcomes[0]


def deciding_steps(program: Program, object_: CloudObject, time: int, index: int, *, complete: bool) -> tuple[Step, ...]:
    """Return the steps that stopped or decided, for a verdict with a known index.

    ``time`` is in milliseconds since 1970. ``complete``: a key that the object does not have is null.
    """
    steps = _steps(program, object_, time, index, complete=complete)
    return tuple(step for step in steps if step.result in ("true", "stopped"))


def grounds(steps: Sequence[Step]) -> tuple[tuple[FieldValue, ...], tuple[ListedObject, ...]]:
    """Return the fields and listed objects that a verdict is based on.

    They are those of the condition that decided, or of all conditions if none did. In that case COMPLIANT objects are left out,
    unless the verdict is COMPLIANT, too.
    """
    *conditions, otherwise = steps
    if otherwise.result != "true":
        stop = next((step for step in conditions if step.result in ("true", "stopped")), otherwise)
        return stop.fields, stop.listed
    fields = dict.fromkeys(field for step in conditions for field in step.fields)
    listed = dict.fromkeys(one for step in conditions for one in step.listed)
    passed = (Status.COMPLIANT,) if otherwise.status is not Status.COMPLIANT else ()
    return tuple(fields), tuple(one for one in listed if one.status not in passed)


def own_fields(fields: Iterable[FieldValue]) -> tuple[FieldValue, ...]:
    """Return the fields without those of objects in related lists."""
    return tuple(field for field in fields if "[" not in field.place.field)


def _steps(program: Program, object_: CloudObject, time: int, index: int, *, complete: bool = False) -> Iterator[Step]:
    events: list[Event] = []
    observed = Interpreter([program], observe=lambda *event: events.append(event))
    ((_, error),) = observed.evaluate(object_.fields, time, complete=complete)
    tracker = FieldTracker(object_, complete)
    deletion = program.block.type.deletion_field
    if deletion is not None:
        yield _deletion_step(object_, deletion, index, error if index == UNREADABLE and not events else None)
    for number, condition in enumerate(program.block.conditions, 1):
        group: list[Event] = []
        while events and not (group and group[-1][0] is condition.expression):
            group.append(events.pop(0))
        decides = index == UNREADABLE or split(index)[0] in (number, len(program.block.conditions) + 1)
        listed = tuple(_listed(program, object_, time, group, with_grounds=decides))
        yield _step(program, object_, number, group, tracker.of_condition(group), listed)
    last = otherwise_index(len(program.block.conditions))
    verdict = program.verdicts[last]
    yield Step(last, verdict.text, verdict.status, "true" if index == last else "not reached")


def _visible_steps(program: Program, object_: CloudObject, visible: CloudObject, time: int, index: int) -> Iterator[Step]:
    """Yield the steps with the results for an object, and with the values of its visible part.

    Each condition is tried alone on ``visible``: a value that may not be seen ends a condition there, not those behind it.
    """
    conditions = program.block.conditions
    *first, otherwise = _steps(program, object_, time, index)
    yield from first[: len(first) - len(conditions)]  # the deletion field is the object's own
    of_conditions = zip(conditions, first[len(first) - len(conditions) :], strict=True)
    for number, (condition, step) in enumerate(of_conditions, 1):
        if step.result == "not reached":
            yield step
            continue
        block = replace(program.block, conditions=(condition,))
        alone = replace(program, block=block, verdicts=verdict_table(block))
        decides = index == UNREADABLE or split(index)[0] in (number, len(conditions) + 1)
        *_, seen, _ = _steps(alone, visible, time, UNREADABLE if decides else DISAPPEARED)
        reason = seen.reason if step.reason is not None else None
        yield Step(step.index, step.text, step.status, step.result, seen.leaves, step.check, seen.fields, reason, seen.listed)
    yield otherwise


def _deletion_step(object_: CloudObject, deletion: str, index: int, reason: str | None) -> Step:
    """Return the step for the deletion field. ``reason`` is why no condition could be tried."""
    text, value = disappeared_text(deletion), object_.fields.get(deletion)
    leaves = () if value is None else (Leaf(deletion, shown_value(value), reason is not None, (place_of(object_, deletion),)),)
    fields = tuple(FieldValue(leaf.places[0], leaf.value) for leaf in leaves)
    if reason is not None:
        return Step(UNREADABLE, text, Status.UNDETERMINED, "stopped", leaves, fields=fields, reason=reason)
    return Step(DISAPPEARED, text, Status.DISAPPEARED, "true" if index == DISAPPEARED else "false", leaves, fields=fields)


def _listed(
    program: Program, object_: CloudObject, time: int, events: list[Event], *, with_grounds: bool
) -> Iterator[ListedObject]:
    """Yield the objects of lists that a condition counted; ``with_grounds``: also the grounds of their verdicts."""
    candidates = [
        (inner, inner.verdict.status.value == expression.constant("status"))
        for expression, frame, _ in events
        if not frame.path
        for parameter in expression.operation.taking(Constant.RELATIONSHIP)
        for inner in _in_list(program, frame, str(expression.constant(parameter)), time)
    ]
    none_matches = not any(matches for _, matches in candidates)
    chosen = [inner for inner, matches in candidates if matches or none_matches or doubt_of(inner.frame.fields) == WITHHELD]
    for number, inner in enumerate({inner.frame.path: inner for inner in chosen}.values()):
        verdict = inner.verdict
        child = object_from_fields(inner.frame.fields, inner.program.block.type, object_.origin)
        fields: tuple[FieldValue, ...] = ()
        listed: tuple[ListedObject, ...] = ()
        if with_grounds and number < _MOST_LISTED:
            fields, listed = grounds(tuple(_steps(inner.program, child, time, verdict.index, complete=inner.frame.complete)))
        path, message = inner.frame.path.removesuffix("."), inner.reason or verdict.message
        yield ListedObject(path, child.id, child.name, verdict.status, message, own_fields(fields), listed)


class _InList(NamedTuple):
    """An object of a list: its program, its context, its verdict, and why it is unreadable."""

    program: Program
    frame: EvaluationContext
    verdict: DeclaredOutcome
    reason: str | None


def _in_list(program: Program, frame: EvaluationContext, relationship: str, time: int) -> Iterator[_InList]:
    """Yield the evaluated objects of a list that are known."""
    block = program.block.related[relationship]
    inner = replace(program, block=block, verdicts=verdict_table(block))
    interpreter = Interpreter([inner])
    *lookups, name = relationship.split(".")
    try:
        frames, _ = child_frames(frame.along(lookups), name, block.type)
    except InvalidData:
        return
    for child in frames:
        ((index, error),) = interpreter.evaluate(child.fields, time, complete=child.complete)
        if index != OTHER_RECORD_TYPE:
            yield _InList(inner, child, inner.verdicts[index], error if index == UNREADABLE else None)


def _step(
    program: Program,
    object_: CloudObject,
    number: int,
    events: list[Event],
    fields: tuple[FieldValue, ...],
    listed: tuple[ListedObject, ...],
) -> Step:
    verdict = program.verdicts[condition_index(number)]
    if not events:
        return Step(verdict.index, verdict.text, verdict.status, "not reached")
    root, _, value = events[-1]
    direct = {id(inner) for inner in _within(program.block.conditions[number - 1].expression)}
    shown = [_leaf(object_, *event, root) for event in events if _is_worth_showing(*event, direct)]
    leaves = tuple(dict.fromkeys(shown))[:_MAX_LEAVES]
    if isinstance(value, CheckTriggered):
        fired = program.verdicts[value.index]
        return Step(fired.index, verdict.text, fired.status, "stopped", leaves, fired.text, fields, None, listed)
    if isinstance(value, InvalidData):
        return Step(UNREADABLE, verdict.text, Status.UNDETERMINED, "stopped", leaves, None, fields, value.reason, listed)
    result = "true" if value is True else "false"
    return Step(verdict.index, verdict.text, verdict.status, result, leaves, None, fields, None, listed)


def _within(expression: Expr) -> Iterator[Expr]:
    """Yield an expression and those below it, without entering extracts."""
    yield expression
    if expression.extract is None:
        for operand in expression.operands:
            yield from _within(operand)


def _is_worth_showing(expression: Expr, frame: EvaluationContext, value: Any, direct: set[int]) -> bool:
    """Whether a reader needs an event: the condition or a child read a value, an extract gave one, or a check fired."""
    operation = expression.operation
    if not operation.shown and not operation.taking(*_READING):
        return False
    if id(expression) in direct or (operation.taking(Constant.FIELD_PATH) and "[" in frame.path):
        return True
    if isinstance(value, CheckTriggered | InvalidData):
        return bool(expression.checks)
    return expression.extract is not None and not isinstance(value, dict | list)


def _leaf(object_: CloudObject, expression: Expr, frame: EvaluationContext, value: Any, root: Expr) -> Leaf:
    stopped = isinstance(value, CheckTriggered | InvalidData)
    shown = _stop_text(expression, value) if stopped else shown_value(value, expression.type)
    extract = expression.arguments["path"] if expression.extract else None
    places = tuple(
        dict.fromkeys(
            place_of(object_, read.path, column=read.key, extract=extract) for read in reads_below(expression, frame.path)
        )
    )
    text = expression_text(expression, prefix=frame.path)
    if extract is not None and frame.path:
        text = f"{frame.path}{text}"
    is_derived = expression.operation.shown or bool(expression.operation.taking(Constant.RELATIONSHIP))
    return Leaf(text, shown, stopped, places, is_derived and expression is not root)


def _stop_text(expression: Expr, stop: CheckTriggered | InvalidData) -> str:
    if isinstance(stop, InvalidData):
        return f"unreadable: {stop.reason}"
    texts = [check_text(expression, check) for check in expression.checks]
    return f"stopped{f': {stop.error}' if stop.error else ''}" if not texts else f"stopped ({' or '.join(texts)})"
