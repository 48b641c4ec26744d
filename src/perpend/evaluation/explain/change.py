"""Find the smallest change of one value that gives an object another status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.core.values.partial_object import with_value
from perpend.core.values.values import DAY, document_of, iso_from_milliseconds
from perpend.evaluation.explain.fields_read import ReadPlace, place_of
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.operations import DATES
from perpend.language.operations.operation import Constant
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.program import Block, Expr, Program, Read
from perpend.language.program.required_columns import reads_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.core.objects.inventory import CloudObject

_MAX_CANDIDATES: Final = 4_000
_GOALS: Final = {
    Status.INCOMPLIANT: (Status.COMPLIANT, Status.INAPPLICABLE, Status.UNDETERMINED),
    Status.COMPLIANT: (Status.INCOMPLIANT, Status.INAPPLICABLE, Status.UNDETERMINED),
    Status.INAPPLICABLE: (Status.COMPLIANT, Status.INCOMPLIANT, Status.UNDETERMINED),
    Status.UNDETERMINED: (Status.COMPLIANT, Status.INCOMPLIANT, Status.INAPPLICABLE),
    Status.DISAPPEARED: (Status.COMPLIANT, Status.INCOMPLIANT, Status.INAPPLICABLE, Status.UNDETERMINED),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one value that gives another status. ``before`` and ``after`` are JSON texts.

    ``collected``: the object has the field, or the document the key; otherwise ``before`` is null.
    """

    place: ReadPlace
    before: str
    after: str
    status: Status
    message: str
    collected: bool = True


def smallest_change(program: Program, object_: CloudObject, time: int, index: int) -> Change | None:
    """Return the best change of one value that gives another status, None if no candidate does.

    Values that name the object (its ID, its ARN) are never changed. Candidates are constants that the program compares with,
    dates around its limits, and blanks. A change is better if its status is preferred, then if the value is nearer to the
    present one, then if the program reads it first. ``index`` is the index of the verdict. For an unreadable object, candidates
    of every form are tried. A change that makes the object unreadable does not count.
    """
    interpreter = Interpreter([program])
    status = program.verdicts[index].status
    goals = _GOALS[status]
    best: tuple[tuple[int, int, int], Change] | None = None
    tried = 0
    for source in _single_values(program):
        before, collected = _read(object_, source)
        if before in (object_.id, object_.external_id, object_.name):
            continue
        for after in _candidates(program, before, time, any_form=index == UNREADABLE):
            tried += 1
            if tried > _MAX_CANDIDATES:
                break
            fields = _changed(object_, source, after)
            if fields is None or _json(after) == _json(before):
                continue
            verdict = program.verdicts[interpreter.evaluate(fields, time, complete=False)[0][0]]
            if verdict.index == UNREADABLE or verdict.status is status or verdict.status not in goals:
                continue
            rank = (goals.index(verdict.status), _distance(before, after), tried)
            if best is None or rank < best[0]:
                place = place_of(object_, source.path, column=source.key)
                best = rank, Change(place, _json(before), _json(after), verdict.status, verdict.message, collected)
    return best[1] if best else None


def _single_values(program: Program) -> list[Read]:
    """Return the values that a program reads, each once; keys of a document instead of the document."""
    reads = dict.fromkeys(_inputs(program))
    documents = {source.path for source in reads if source.key is not None}
    return [source for source in reads if source.key is not None or source.path not in documents]


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


def _read(object_: CloudObject, source: Read) -> tuple[Any, bool]:
    """Return a value of an object, and whether the object has it."""
    value = object_.fields.get(source.path)
    if source.key is None:
        return value, source.path in object_.fields
    document = document_of(value)
    members = document if isinstance(document, dict) else {}
    return members.get(source.key), source.key in members


def _changed(object_: CloudObject, source: Read, after: Any) -> dict[str, Any] | None:
    if source.key is None:
        return with_value(object_.fields, source.path, after)
    document = document_of(object_.fields.get(source.path))
    if not isinstance(document, dict):
        return None
    return with_value(object_.fields, source.path, json.dumps({**document, source.key: after}, ensure_ascii=False))


def _candidates(program: Program, before: Any, time: int, *, any_form: bool) -> Iterator[Any]:
    candidates: dict[str, Any] = {}
    for expression in _expressions(program.block):
        for value in _constants(expression, time):
            candidates.setdefault(_json(value), value)
    for value in (True, False, None, "", "true", "false", "N/A"):
        candidates.setdefault(_json(value), value)
    for value in candidates.values():
        if any_form or before is None or value is None or isinstance(value, type(before)):
            yield value


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
    """Return the distance between two values.

    True and false are nearest to each other, then values of one form. Blank, null and the loss of a document are farthest.
    """
    if {_json(before).strip('"'), _json(after).strip('"')} == {"true", "false"} and type(before) is type(after):
        return -1
    if after in (None, "") or isinstance(document_of(before), dict):
        return 3
    return 0 if type(before) is type(after) and before not in (None, "") else 1


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
