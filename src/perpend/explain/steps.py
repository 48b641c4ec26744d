"""The road to one verdict: every condition tried, every value read with its place, and what would change the status."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.interpret.frame import Frame, Stopped, Unreadable
from perpend.interpret.interpreter import Interpreter
from perpend.ir.estate import Estate, EstateObject
from perpend.ir.numbering import DISAPPEARED, condition_index, otherwise_index
from perpend.ir.operation import PATHS, Constant
from perpend.ir.operations import DATES
from perpend.ir.program import Block, Expr, Program, Read
from perpend.ir.reads import reads_below
from perpend.ir.render import check_text, disappeared_text, expression_text
from perpend.ir.status import Status
from perpend.judge.estates import judge_estate
from perpend.judge.selection import Selection, view_of
from perpend.meaning.types import ValueType
from perpend.meaning.values import DAY, document_of, iso_from_milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.analyze.programs import Analyzer
    from perpend.judge.day import RunDay
    from perpend.judge.finding import Finding
    from perpend.judge.selection import PolicyView

_READING: Final = (*PATHS, Constant.JMESPATH)
_MAX_CANDIDATES: Final = 4_000
_MAX_LEAVES: Final = 60
_GOALS: Final = {
    Status.INCOMPLIANT: (Status.COMPLIANT, Status.INAPPLICABLE, Status.UNDETERMINED),
    Status.COMPLIANT: (Status.INCOMPLIANT, Status.INAPPLICABLE, Status.UNDETERMINED),
    Status.INAPPLICABLE: (Status.COMPLIANT, Status.INCOMPLIANT, Status.UNDETERMINED),
    Status.UNDETERMINED: (Status.COMPLIANT, Status.INCOMPLIANT, Status.INAPPLICABLE),
    Status.DISAPPEARED: (Status.COMPLIANT, Status.INCOMPLIANT, Status.INAPPLICABLE, Status.UNDETERMINED),
}


@dataclass(frozen=True, slots=True)
class ReadPlace:
    """Where a value was read: the source and row of the object, the field, the key (column) inside it, the extract."""

    source: str
    row: int | None
    field: str
    column: str | None = None
    extract: str | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value that a condition looked at. ``value`` is as text; ``stopped`` says that a check fired here."""

    text: str
    value: str
    stopped: bool
    places: tuple[ReadPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One condition. ``result``: ``true``, ``false``, ``stopped`` or ``not reached``; ``check``: the fired check."""

    index: int
    text: str
    status: Status
    result: str
    leaves: tuple[Leaf, ...] = ()
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest change of one value that gives another status. ``before`` and ``after`` are JSON texts."""

    place: ReadPlace
    before: str
    after: str
    status: Status
    message: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one verdict."""

    finding: Finding
    policy: PolicyView
    day: RunDay
    steps: tuple[Step, ...]
    change: Change | None


def explain_verdict(analyzer: Analyzer, program: Program, judged: EstateObject, *, day: RunDay) -> Explanation:
    """Return how a program came to its verdict on an object, on the day of a run: that of the judgement it was found in."""
    view = view_of(analyzer.repository, program.policy_id)
    types = {name: analyzer.object_type(name) for name in {program.input_type, "CA10__CaAwsAccount__c"}}
    selection = Selection((program,), policies={program.policy_id: view}, types=types)
    alone = Estate((), {program.input_type: (judged,)})
    finding = next(judge_estate(alone, selection, snapshot_time=day.time).findings())
    steps = tuple(_steps(program, judged, day.milliseconds, finding.condition_index))
    # Of an object that its sources contradict each other about, no one value would settle the matter.
    change = None if judged.variants else _smallest_change(program, judged, day.milliseconds, finding.status)
    return Explanation(finding, view, day, steps, change)


def deciding_steps(program: Program, judged: EstateObject, time: int, index: int, *, complete: bool) -> tuple[Step, ...]:
    """Return the steps that stopped or decided on the way to a verdict that is known by its index.

    ``time`` is in milliseconds since 1970. ``complete``: a key that the object does not have is null.
    """
    steps = _steps(program, judged, time, index, complete=complete)
    return tuple(step for step in steps if step.result in ("true", "stopped"))


def _steps(program: Program, judged: EstateObject, time: int, index: int, *, complete: bool = False) -> Iterator[Step]:
    events: list[tuple[Expr, Frame, Any]] = []
    Interpreter([program], observe=lambda *event: events.append(event)).judge(judged.fields, time, complete=complete)
    deletion = program.block.type.deletion_field
    if deletion is not None:
        gone = index == DISAPPEARED
        value = judged.fields.get(deletion)
        leaves = () if value is None else (Leaf(deletion, _shown(value, ValueType.ANY), False, (_place(judged, deletion),)),)
        yield Step(DISAPPEARED, disappeared_text(deletion), Status.DISAPPEARED, "true" if gone else "false", leaves)
    for number, condition in enumerate(program.block.conditions, 1):
        group: list[tuple[Expr, Frame, Any]] = []
        while events and not (group and group[-1][0] is condition.expression):
            group.append(events.pop(0))
        yield _step(program, judged, number, group)
    last = otherwise_index(len(program.block.conditions))
    verdict = program.verdicts[last]
    yield Step(last, verdict.text, verdict.status, "true" if index == last else "not reached")


def _step(program: Program, judged: EstateObject, number: int, events: list[tuple[Expr, Frame, Any]]) -> Step:
    verdict = program.verdicts[condition_index(number)]
    if not events:
        return Step(verdict.index, verdict.text, verdict.status, "not reached")
    value = events[-1][2]
    direct = {id(one) for one in _within(program.block.conditions[number - 1].expression)}
    leaves = tuple(dict.fromkeys(_leaf(judged, *event) for event in events if _is_worth_showing(*event, direct)))[:_MAX_LEAVES]
    if isinstance(value, Stopped):
        fired = program.verdicts[value.index]
        return Step(fired.index, verdict.text, fired.status, "stopped", leaves, fired.text)
    if isinstance(value, Unreadable):
        return Step(0, verdict.text, Status.UNDETERMINED, "stopped", leaves, value.reason)
    return Step(verdict.index, verdict.text, verdict.status, "true" if value is True else "false", leaves)


def _within(expression: Expr) -> Iterator[Expr]:
    """Yield an expression and those below it, extracts not entered."""
    yield expression
    if expression.extract is None:
        for operand in expression.operands:
            yield from _within(operand)


def _is_worth_showing(expression: Expr, frame: Frame, value: Any, direct: set[int]) -> bool:
    """Whether an event is a value that a reader asks about: read by the condition itself, by a child, on the way, a stop."""
    operation = expression.operation
    if not operation.shown and not operation.taking(*_READING):
        return False
    if id(expression) in direct or (operation.taking(Constant.FIELD_PATH) and "[" in frame.path):
        return True
    if isinstance(value, Stopped | Unreadable):
        return bool(expression.checks)
    return expression.extract is not None and not isinstance(value, dict | list)


def _leaf(judged: EstateObject, expression: Expr, frame: Frame, value: Any) -> Leaf:
    stopped = isinstance(value, Stopped | Unreadable)
    shown = _stop_text(expression, value) if stopped else _shown(value, expression.type)
    extract = expression.arguments["path"] if expression.extract else None
    places = tuple(
        dict.fromkeys(
            _place(judged, read.path, column=read.key, extract=extract) for read in reads_below(expression, frame.path)
        )
    )
    text = expression_text(expression, prefix=frame.path)
    if extract is not None and frame.path:
        text = f"{frame.path}{text}"
    return Leaf(text, shown, stopped, places)


def _stop_text(expression: Expr, ended: Stopped | Unreadable) -> str:
    if isinstance(ended, Unreadable):
        return f"unreadable: {ended.reason}"
    texts = [check_text(expression, check) for check in expression.checks]
    return f"stopped{f': {ended.error}' if ended.error else ''}" if not texts else f"stopped ({' or '.join(texts)})"


def _place(judged: EstateObject, field: str, *, column: str | None = None, extract: str | None = None) -> ReadPlace:
    return ReadPlace(judged.origin.source, judged.origin.row, field, column, extract)


def _shown(value: Any, kind: ValueType) -> str:
    if value is None:
        return "null"
    if kind is ValueType.DATE_TIME and isinstance(value, int):
        return iso_from_milliseconds(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _smallest_change(program: Program, judged: EstateObject, time: int, status: Status) -> Change | None:
    """Return the best change of one value that gives another status, None where no candidate does.

    What names the object (its id, its ARN) is never changed. Candidates are the constants that the program compares
    with, dates around its limits, and the blank. Best is the status one would want first, then the value nearest to what
    is there, then the one that the program names first.
    """
    interpreter = Interpreter([program])
    goals = _GOALS[status]
    best: tuple[tuple[int, int, int], Change] | None = None
    tried = 0
    for source in _single_values(program):
        before = _read(judged, source)
        if before in (judged.id, judged.external_id, judged.name):
            continue
        for after in _candidates(program, before, time):
            tried += 1
            if tried > _MAX_CANDIDATES:
                break
            fields = _changed(judged, source, after)
            if fields is None or after == before:
                continue
            verdict = program.verdicts[interpreter.judge(fields, time, complete=False)[0][0]]
            if verdict.status is status or verdict.status not in goals:
                continue
            rank = (goals.index(verdict.status), _distance(before, after), tried)
            if best is None or rank < best[0]:
                place = _place(judged, source.path, column=source.key)
                best = rank, Change(place, _json(before), _json(after), verdict.status, verdict.message)
    return best[1] if best else None


def _single_values(program: Program) -> list[Read]:
    """Return what a program reads, each once; a document only by its keys where it reads some."""
    found = dict.fromkeys(_inputs(program))
    documents = {source.path for source in found if source.key is not None}
    return [source for source in found if source.key is not None or source.path not in documents]


def _inputs(program: Program) -> Iterator[Read]:
    deletion = program.block.type.deletion_field
    if deletion:
        yield Read(deletion)
    for expression in _expressions(program.block):
        yield from (read for read in reads_below(expression) if "." not in read.path)


def _expressions(block: Block) -> Iterator[Expr]:
    """Yield every expression of a block that reads the block's own object."""
    pending = [condition.expression for condition in block.conditions]
    while pending:
        expression = pending.pop(0)
        if not expression.lookups:
            yield expression
            pending += expression.operands


def _read(judged: EstateObject, source: Read) -> Any:
    value = judged.fields.get(source.path)
    if source.key is None:
        return value
    document = document_of(value)
    return document.get(source.key) if isinstance(document, dict) else None


def _changed(judged: EstateObject, source: Read, after: Any) -> dict[str, Any] | None:
    fields = dict(judged.fields)
    if source.key is None:
        fields[source.path] = after
        return fields
    document = document_of(fields.get(source.path))
    if not isinstance(document, dict):
        return None
    fields[source.path] = json.dumps({**document, source.key: after}, ensure_ascii=False)
    return fields


def _candidates(program: Program, before: Any, time: int) -> Iterator[Any]:
    found: dict[str, Any] = {}
    for expression in _expressions(program.block):
        for value in _constants(expression, time):
            found.setdefault(_json(value), value)
    for value in (True, False, None, "", "true", "false", "N/A"):
        found.setdefault(_json(value), value)
    yield from (value for value in found.values() if before is None or value is None or isinstance(value, type(before)))


def _constants(expression: Expr, time: int) -> Iterator[Any]:
    operation = expression.operation
    for parameter in operation.parameters:
        value = expression.constant(parameter.name) if parameter.matched else None
        match parameter.constant:
            case Constant.TEXTS:
                yield from value or ()
            case Constant.NUMBER if value is not None:
                yield from (value, value + 1, value - 1)
            case _ if value is not None:
                yield value
    if operation.family == DATES:
        days = (expression.constant("offsetDays") or 0) * (1 if "NEXT" in operation.name else -1)
        today = time - time % DAY
        for shift in (-1, 0, 1):
            yield iso_from_milliseconds(today + (days + shift) * DAY)


def _distance(before: Any, after: Any) -> int:
    """Return how far a value is from another: one of the same form is near, blank, null and a document's loss are far."""
    if after in (None, "") or isinstance(document_of(before), dict):
        return 3
    return 0 if type(before) is type(after) and before not in (None, "") else 1


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
