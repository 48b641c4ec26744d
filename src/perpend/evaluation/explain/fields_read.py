"""The fields that each condition of an evaluated policy read: the place of each value, and the value as text."""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.values.jmespath_query import plain_key
from perpend.core.values.partial_object import MISSING, incomplete_list, reason_of
from perpend.core.values.types import ValueType
from perpend.core.values.values import document_of, iso_from_milliseconds
from perpend.language.interpreter.context import CheckTriggered, EvaluationContext, InvalidData
from perpend.language.operations.operation import DELETION_FIELD, Constant
from perpend.language.program.program import Expr, Read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perpend.core.objects.inventory import CloudObject


NOT_COLLECTED: Final = "not collected"
"""The text for a field that an object does not have."""

NOT_KNOWN: Final = "not known"
"""The text for a field that is not known; a colon and the reason follow."""

LONGEST_QUERY: Final = 60
"""The maximum length of a query to show. The field says more to a reader than a longer query."""

_STEP: Final = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class ReadPlace:
    """The place of a value: source and row of the object, field, key in the document (``column``), and extract."""

    source: str
    row: int | None
    field: str
    column: str | None = None
    extract: str | None = None


def place_of(object_: CloudObject, field: str, *, column: str | None = None, extract: str | None = None) -> ReadPlace:
    """Return the place of a field of an object, or of a key in it."""
    return ReadPlace(object_.origin.source, object_.origin.row, field, column, extract)


def text_at(fields: Mapping[str, Any], path: str, key: str | None = None, *, complete: bool = False) -> str:
    """Return the value at a path, or under a key of the document there, as text.

    A missing value is shown as not collected, or as null if the object is ``complete``.
    """
    value, unknown = _value_at(fields, path, complete=complete)
    if unknown is not None:
        return unknown
    if key is None:
        return shown_value(value)
    document = document_of(value)
    members = document if isinstance(document, dict) else {}
    return shown_value(members[key]) if key in members else "null" if complete else NOT_COLLECTED


def has_document(fields: Mapping[str, Any], path: str) -> bool:
    """Whether the value at a path is a JSON document with keys."""
    return isinstance(document_of(_value_at(fields, path, complete=False)[0]), dict)


def _value_at(fields: Mapping[str, Any], path: str, *, complete: bool) -> tuple[Any, str | None]:
    """Return the value at a path; if it is not known, None and the text to show."""
    *above, (last, _) = _STEP.findall(path)
    for name, position in above:
        beneath = fields.get(name, incomplete_list(fields, name))
        if position and isinstance(beneath, list) and int(position) < len(beneath):
            beneath = beneath[int(position)]
        if not isinstance(beneath, dict):
            return None, None if complete or name in fields else _unknown(fields, name)
        fields = beneath
    return fields.get(last), None if complete or last in fields else _unknown(fields, last)


def shown_value(value: Any, value_type: ValueType = ValueType.ANY) -> str:
    """Return a value as text: JSON, shortened if it is long; a date as a date."""
    if value is None:
        return "null"
    if value_type is ValueType.DATE_TIME and isinstance(value, int):
        return iso_from_milliseconds(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _unknown(fields: Mapping[str, Any], name: str) -> str:
    reason = reason_of(fields, name)
    return NOT_COLLECTED if reason == MISSING else f"{NOT_KNOWN}: {reason}"


Event = tuple[Expr, EvaluationContext, Any]
"""An evaluated expression, its context, and its value or the exception that ended it."""

_NAMING = (Constant.FIELD_PATH, Constant.LOOKUP_PATH)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field, or a key of the document in it, with its value as text."""

    place: ReadPlace
    value: str


@dataclass(slots=True)
class FieldTracker:
    """Collects the fields that conditions read, one condition after the other.

    An extract is computed once per object and a related list is evaluated once; the fields that they read count for every
    condition that uses them again.
    """

    object_: CloudObject
    complete: bool = False
    _extracts: dict[tuple[str, int], dict[Read, str]] = field(default_factory=dict)
    _all: dict[Read, str] = field(default_factory=dict)

    def of_condition(self, events: Iterable[Event]) -> tuple[FieldValue, ...]:
        """Return the fields that a condition read, in order, each once."""
        pending: list[tuple[Expr, dict[Read, str]]] = []
        for expression, frame, value in events:
            below = self._pop_operands(pending, expression)
            pending.append((expression, self._reads(expression, frame, value, below)))
        values = {read: value for _, reads in pending for read, value in reads.items()}
        keyed = {read.path for read in values if read.key is not None and len(read.key) <= LONGEST_QUERY}
        own = [(read, value) for read, value in values.items() if read.key is not None or read.path not in keyed]
        return tuple(FieldValue(place_of(self.object_, read.path, column=read.key), value) for read, value in own)

    def _pop_operands(self, pending: list[tuple[Expr, dict[Read, str]]], expression: Expr) -> dict[Read, str]:
        """Remove the reads of an expression's operands from the end of the list, and return them."""
        operands = {id(operand) for operand in expression.operands}
        popped: list[dict[Read, str]] = []
        while pending and id(pending[-1][0]) in operands:
            popped.append(pending.pop()[1])
        return {read: value for reads in reversed(popped) for read, value in reads.items()}

    def _reads(self, expression: Expr, frame: EvaluationContext, value: Any, below: dict[Read, str]) -> dict[Read, str]:
        operation = expression.operation
        values = dict(below)
        if expression.extract is not None:
            memory = (f"{frame.path}{expression.extract.prefix}", id(expression.extract.body))
            return self._extracts.setdefault(memory, values)
        named = [str(expression.constant(name)) for name in operation.taking(*_NAMING)]
        for name in (*named, *(expression.deletion_field if one == DELETION_FIELD else one for one in operation.reads)):
            path = f"{frame.path}{name}"
            values[Read(path)] = text_at(self.object_.fields, path, complete=self.complete)
        for name in operation.taking(Constant.JMESPATH):
            values = dict(self._queried(values, str(expression.constant(name)), value, expression))
        for name in operation.taking(Constant.RELATIONSHIP):
            values |= self._children(f"{frame.path}{expression.constant(name)}")
        self._all |= values
        return values

    def _queried(self, below: dict[Read, str], query: str, value: Any, expression: Expr) -> Iterator[tuple[Read, str]]:
        """Yield the reads of a query: a key of a document, or the query with its result; with a long query, the field, too."""
        key, fields = plain_key(query), self.object_.fields
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
        """Return the fields read in the objects of a list, or the list itself if there are none."""
        members = {read: value for read, value in self._all.items() if read.path.startswith(f"{path}[")}
        return members or {Read(path): text_at(self.object_.fields, path, complete=self.complete)}
