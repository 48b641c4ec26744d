"""Compile programs to closures and run them on objects, one at a time. Source: language specification, section 5."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.object_types import ObjectType, Types
from perpend.core.objects.relations import child_objects
from perpend.core.objects.status import Status
from perpend.core.values.partial_object import doubt_of, incomplete_list, reason_of
from perpend.core.values.values import DAY, norm
from perpend.language.interpreter.context import CheckTriggered, EvaluationContext, InvalidData
from perpend.language.interpreter.operations import COMPILERS
from perpend.language.interpreter.use import ChildrenWithStatus, Closure, Use
from perpend.language.program.numbering import (
    DISAPPEARED,
    LAST,
    OTHER_RECORD_TYPE,
    UNREADABLE,
    base_of,
    condition_index,
    otherwise_index,
    split,
)
from perpend.language.program.program import Block, Expr, ExtractReference, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SHORT: Final = 1_000

EvaluationOutcome = tuple[int, str | None]
"""The outcome of a program for an object: its index, and the runtime error if there was one."""


class Interpreter:
    """Evaluates objects by several programs of one input type. Raises TypesDiffer if their declarations differ.

    ``observe`` is called with every evaluated expression, its context, and its value or exception; ``reached`` with every block
    that ended for an object (related lists too), and the index of its outcome.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        observe: Callable[[Expr, EvaluationContext, Any], None] | None = None,
        reached: Callable[[Block, int], None] | None = None,
    ) -> None:
        self.observe = observe
        self.reached = reached
        self._extracts: dict[Expr, Closure] = {}
        self._lists: dict[int, Callable[[EvaluationContext], EvaluationOutcome]] = {}
        self._types = Types.together(program.types for program in programs)
        self._object_type = programs[0].block.type if programs else self._types.named("")
        self._blocks: list[Callable[[EvaluationContext], EvaluationOutcome]] = [
            self._block(program.block) for program in programs
        ]

    def evaluate(
        self, fields: Mapping[str, Any], snapshot_time: int, *, complete: bool = True, only: Sequence[int] | None = None
    ) -> list[EvaluationOutcome]:
        """Return the outcome of each program for an object. ``snapshot_time`` is in milliseconds since 1970 (UTC).

        ``complete``: missing keys are null (test data); otherwise they are unknown. ``only`` selects programs by their number.
        """
        today = snapshot_time - snapshot_time % DAY
        frame = EvaluationContext(fields, today, object_type=self._object_type, types=self._types, complete=complete)
        blocks = self._blocks if only is None else [self._blocks[number] for number in only]
        return [block(frame) for block in blocks]

    def _block(self, block: Block) -> Callable[[EvaluationContext], EvaluationOutcome]:
        conditions = [
            (self._expression(condition.expression, base_of(number), block), (condition_index(number), None))
            for number, condition in enumerate(block.conditions, 1)
        ]
        otherwise: EvaluationOutcome = (otherwise_index(len(conditions)), None)
        record_types = frozenset(map(norm, block.record_types))

        def run(frame: EvaluationContext) -> EvaluationOutcome:
            if doubt := doubt_of(frame.fields):
                return (UNREADABLE, f"{frame.path[:-1]}: {doubt}" if frame.path else doubt)
            try:
                if frame.has_disappeared():
                    return (DISAPPEARED, None)
                if record_types and norm(_record_type(frame)) not in record_types:
                    return (OTHER_RECORD_TYPE, None)
                for condition, end in conditions:
                    if condition(frame) is True:
                        return end
            except CheckTriggered as stopped:
                return (stopped.index, stopped.error)
            except InvalidData as unreadable:
                return (UNREADABLE, unreadable.reason)
            return otherwise

        reached = self.reached
        if reached is None:
            return run

        def noted(frame: EvaluationContext) -> EvaluationOutcome:
            end = run(frame)
            reached(block, end[0])
            return end

        return noted

    def _expression(self, expression: Expr, base: int, block: Block | None) -> Closure:
        """Return the closure of an expression. ``base`` is the index just before its first check slot."""
        closure = self._compiled(expression, base, block)
        return closure if self.observe is None else self._observed(expression, closure)

    def _compiled(self, expression: Expr, base: int, block: Block | None) -> Closure:
        if expression.extract is not None:
            return self._extract(expression.extract, base)
        operands: dict[str, Any] = {}
        for name, value in expression.arguments.items():
            if isinstance(value, Expr):
                operands[name] = self._expression(value, base, block)
                base += value.slots
            elif isinstance(value, tuple) and value and isinstance(value[0], Expr):
                parts = []
                for part in value:
                    parts.append(self._expression(part, base, block))
                    base += part.slots
                operands[name] = tuple(parts)
        use = Use(expression, operands, base, lambda relationship: self._children(block, relationship))
        return COMPILERS[expression.operation.name](use)

    def _extract(self, extract: ExtractReference, base: int) -> Closure:
        """Return a closure that computes an extract once per object and re-bases the checks that fire in it."""
        body, lookups, type_name = extract.body, extract.lookups, extract.type_name
        if body not in self._extracts:
            self._extracts[body] = self._expression(body, 0, None)
        compute = self._extracts[body]

        def run(frame: EvaluationContext) -> Any:
            frame = frame.along(lookups).with_type(type_name)
            result = frame.memo.get(body)
            if result is None:
                try:
                    result = (compute(frame), None)
                except CheckTriggered as stopped:
                    result = (None, stopped)
                frame.memo[body] = result
            if result[1] is not None:
                raise CheckTriggered(base + result[1].index, result[1].error)
            return result[0]

        return run

    def _children(self, block: Block | None, relationship: str) -> ChildrenWithStatus:
        """Return a closure that gives the children of a related list with a status. Each child is evaluated once.

        With them it returns the reason why there may be more: the list may hold more children, or some child could not be read.
        None if all are known.
        """
        assert block is not None
        child = block.related[relationship]
        *lookups, name = relationship.split(".")
        key = (id(child), relationship)
        if id(child) not in self._lists:
            self._lists[id(child)] = self._block(child)
        evaluate, status_of = self._lists[id(child)], _status_by_index(child)

        def children_with(frame: EvaluationContext, status: Status) -> tuple[list[EvaluationContext], str | None]:
            remembered = frame.memo.get(key)
            if remembered is None:
                children, incomplete = child_frames(frame.along(lookups), name, child.type)
                unreadable: str | None = None
                by_status: defaultdict[Status, list[EvaluationContext]] = defaultdict(list)
                for inner in children:
                    index, reason = evaluate(inner)
                    if index != OTHER_RECORD_TYPE:
                        by_status[status_of(index)].append(inner)
                        unreadable = unreadable or (reason if index == UNREADABLE else None)
                remembered = frame.memo[key] = by_status, incomplete, unreadable
            by_status, incomplete, unreadable = remembered
            return by_status.get(status, []), incomplete or (None if status is Status.UNDETERMINED else unreadable)

        return children_with

    def _observed(self, expression: Expr, closure: Closure) -> Closure:
        observe = self.observe
        assert observe is not None

        def run(frame: EvaluationContext) -> Any:
            try:
                value = closure(frame)
            except (CheckTriggered, InvalidData) as ended:
                observe(expression, frame, ended)
                raise
            observe(expression, frame, value)
            return value

        return run


def child_frames(frame: EvaluationContext, name: str, object_type: ObjectType) -> tuple[list[EvaluationContext], str | None]:
    """Return the contexts of a list's known objects, and why it may hold more. Raises :class:`InvalidData` if it is not known.

    Contexts of a short list are cached, so that other blocks do not compute them again.
    """
    remembered: tuple[list[EvaluationContext], str | None] | None = frame.memo.get(("children", name, id(object_type)))
    if remembered is not None:
        return remembered
    path, incomplete = f"{frame.path}{name}", None
    if incomplete_list(frame.fields, name) is None:
        frame.get(name)
    else:
        incomplete = f"{path} {reason_of(frame.fields, name)}"
    children, reason = child_objects(frame.object_type, frame.fields, name, complete=frame.complete)
    if reason is not None:
        raise InvalidData(f"{path} {reason}")
    frames = [
        frame.for_other_object(child, f"{path}[{at}].", object_type, complete=frame.complete)
        for at, child in enumerate(children)
    ]
    if len(frames) <= _SHORT:
        frame.memo["children", name, id(object_type)] = frames, incomplete
    return frames, incomplete


def _record_type(frame: EvaluationContext) -> str:
    record_type = frame.get("RecordType")
    name = record_type.get("DeveloperName") if isinstance(record_type, dict) else None
    if not isinstance(name, str) or not norm(name):
        raise InvalidData(f"{frame.path}RecordType.DeveloperName is missing")
    return name


def _status_by_index(block: Block) -> Callable[[int], Status]:
    statuses = [condition.outcome.status for condition in block.conditions]

    def status_of(index: int) -> Status:
        number, slot = split(index)
        if number == 0:
            return Status.DISAPPEARED if slot == DISAPPEARED else Status.UNDETERMINED
        if number > len(statuses):
            return block.otherwise.status
        return statuses[number - 1] if slot == LAST else Status.UNDETERMINED

    return status_of
