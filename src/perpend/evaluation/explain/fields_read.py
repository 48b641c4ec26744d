"""The events of one judgement in, the fields out that each condition looked at: what the object says, nothing derived."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perpend.core.values.jmespath_query import plain_key
from perpend.evaluation.explain.sources import LONGEST_QUERY, ReadPlace, has_document, place_of, shown_value, text_at
from perpend.language.interpreter.context import CheckTriggered, EvaluationContext, InvalidData
from perpend.language.operations.operation import DELETION_FIELD, Constant
from perpend.language.program.program import Expr, Read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.core.objects.inventory import CloudObject

Event = tuple[Expr, EvaluationContext, Any]
"""An expression that was evaluated, its frame, and its value or what ended it."""

_NAMING = (Constant.FIELD_PATH, Constant.LOOKUP_PATH)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field, or one key of the document in it, and what it holds, as text."""

    place: ReadPlace
    value: str


@dataclass(slots=True)
class LookedAt:
    """Finds what conditions looked at, one after the other.

    An extract is computed once per object and a related list judged once; what they looked at then counts for every
    condition that asks again.
    """

    judged: CloudObject
    complete: bool = False
    _extracts: dict[tuple[str, int], dict[Read, str]] = field(default_factory=dict)
    _all: dict[Read, str] = field(default_factory=dict)

    def of_condition(self, events: Iterable[Event]) -> tuple[FieldValue, ...]:
        """Return what a condition looked at in the order of looking, each field once."""
        pending: list[tuple[Expr, dict[Read, str]]] = []
        for expression, frame, value in events:
            below = self._popped(pending, expression)
            pending.append((expression, self._reads(expression, frame, value, below)))
        values = {read: value for _, reads in pending for read, value in reads.items()}
        keyed = {read.path for read in values if read.key is not None and len(read.key) <= LONGEST_QUERY}
        own = [(read, value) for read, value in values.items() if read.key is not None or read.path not in keyed]
        return tuple(FieldValue(place_of(self.judged, read.path, column=read.key), value) for read, value in own)

    def _popped(self, pending: list[tuple[Expr, dict[Read, str]]], expression: Expr) -> dict[Read, str]:
        """Take what the operands of an expression looked at from the end of the list."""
        operands = {id(operand) for operand in expression.operands}
        taken: list[dict[Read, str]] = []
        while pending and id(pending[-1][0]) in operands:
            taken.append(pending.pop()[1])
        return {read: value for reads in reversed(taken) for read, value in reads.items()}

    def _reads(self, expression: Expr, frame: EvaluationContext, value: Any, below: dict[Read, str]) -> dict[Read, str]:
        operation = expression.operation
        values = dict(below)
        if expression.extract is not None:
            memory = (f"{frame.path}{expression.extract.prefix}", id(expression.extract.body))
            return self._extracts.setdefault(memory, values)
        named = [str(expression.constant(name)) for name in operation.taking(*_NAMING)]
        for name in (*named, *(expression.deletion_field if one == DELETION_FIELD else one for one in operation.reads)):
            path = f"{frame.path}{name}"
            values[Read(path)] = text_at(self.judged.fields, path, complete=self.complete)
        for name in operation.taking(Constant.JMESPATH):
            values = dict(self._queried(values, str(expression.constant(name)), value, expression))
        for name in operation.taking(Constant.RELATIONSHIP):
            values |= self._children(f"{frame.path}{expression.constant(name)}")
        self._all |= values
        return values

    def _queried(self, below: dict[Read, str], query: str, value: Any, expression: Expr) -> Iterator[tuple[Read, str]]:
        """Yield what a query looked at: a key of a document; of another query what came of it, and of a long one the field."""
        key, fields = plain_key(query), self.judged.fields
        for read, shown in below.items():
            if key is not None and has_document(fields, read.path):
                yield Read(read.path, key), text_at(fields, read.path, key, complete=self.complete)
            elif key is None and read.key is None and not isinstance(value, CheckTriggered | InvalidData):
                if len(query) > LONGEST_QUERY:
                    yield read, shown
                yield Read(read.path, query), shown_value(value, expression.type)
            else:
                yield read, shown

    def _children(self, path: str) -> dict[Read, str]:
        """Return what was looked at in the objects of a list, or the list where nothing was."""
        held = {read: value for read, value in self._all.items() if read.path.startswith(f"{path}[")}
        return held or {Read(path): text_at(self.judged.fields, path, complete=self.complete)}
