"""Make objects that differ from a test object in one value: a field, a key of a document, or an item of a list.

The new values are constants of the programs, values of other test objects, null, blank, and dates near the programs' limits.
The identity of the object never changes.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.authoring.mutation.rewriting import blocks_of, expressions_of
from perpend.core.dataclass import dataclass
from perpend.core.objects.object_types import is_deletion_field
from perpend.core.values.values import DAY, date_time_from_text, document_of, iso_from_milliseconds
from perpend.language.operations import DATES
from perpend.language.operations.operation import Constant
from perpend.language.program.required_columns import reads_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perpend.language.program.program import Block, Expr

Path = tuple[str, ...]
"""The place of a value: names of fields and keys of documents. All objects of a list are at ``*``."""

_ALWAYS: Final[tuple[Any, ...]] = (None, "", True, False, 0)
_ODD_TEXT: Final = "other"
_ODD_NUMBER: Final = 17
"""Values of another form than the present one."""

_MOST_SEEN: Final = 12
_MOST_ENTRIES: Final = 20
_MOST_OBJECTS: Final = 3

Made = TypeVar("Made")


@dataclass(slots=True)
class Candidates:
    """Candidates for values, by place: constants and dates of programs, and values of test objects."""

    texts: dict[str, None] = field(default_factory=dict)
    numbers: dict[float, None] = field(default_factory=dict)
    days: dict[int, None] = field(default_factory=dict)
    seen: dict[Path, dict[str, Any]] = field(default_factory=dict)

    def learn_program(self, block: Block) -> None:
        """Take in the constants of a block and of its related lists."""
        for _, inner in blocks_of(block):
            for expression in expressions_of(inner):
                self._learn(expression)
        for read in reads_of(block):
            if read.key is not None and "." not in read.path:
                self.seen.setdefault((read.path, read.key), {}).setdefault("null", None)

    def learn_expression(self, expression: Expr) -> None:
        """Add the constants of an expression and its operands."""
        pending = [expression]
        while pending:
            inner = pending.pop()
            self._learn(inner)
            pending += inner.operands

    def learn_object(self, fields: Mapping[str, Any]) -> None:
        """Add the values of a test object."""
        for path, value in _leaves(fields):
            known = self.seen.setdefault(path, {})
            if len(known) < _MOST_SEEN:
                known.setdefault(_json(value), value)

    def keys_below(self, path: Path) -> list[str]:
        """Return the keys that other objects, or the programs, know of a document at a path."""
        return [known[-1] for known in self.seen if known[:-1] == path and known[-1] not in ("*", "[]")]

    def of(self, path: Path, before: Any, time: int) -> Iterator[Any]:
        """Yield candidates for the value at a path on a snapshot's day, likely ones first."""
        values: dict[str, Any] = {}
        seen = self.seen.get(path, {}).values()
        for several in zip_longest(seen, _ALWAYS, self._made(before, time), fillvalue=before):
            for value in several:
                values.setdefault(_json(value), value)
        values.pop(_json(before), None)
        for value in values.values():
            if before is None or value is None or isinstance(value, bool) is isinstance(before, bool):
                yield value
        yield _ODD_NUMBER if isinstance(before, str) else _ODD_TEXT

    def _made(self, before: Any, time: int) -> Iterator[Any]:
        if not isinstance(before, str):
            yield from self.numbers
        if isinstance(before, str) and date_time_from_text(before) is not None:
            yield from self._dates(time)
        elif isinstance(before, str):
            yield from (f"x{before}", f"{before}x", f"{before} ", before[:-1])
            for text in self.texts:
                yield from (text, f"{before}{text}", f"{text}{before}", before.replace(text, text[:-1], 1))
            yield _ODD_TEXT
            yield from self._dates(time)
        elif before is None:
            yield from self.texts
            yield _ODD_TEXT
            yield from self._dates(time)

    def _dates(self, time: int) -> Iterator[str]:
        today = time - time % DAY
        for days in dict.fromkeys((0, *self.days)):
            for shift in (-1, 0, 1):
                yield iso_from_milliseconds(today + (days + shift) * DAY)

    def _learn(self, expression: Expr) -> None:
        operation = expression.operation
        for parameter in operation.parameters:
            value = expression.constant(parameter.name) if parameter.matched else None
            if parameter.constant is Constant.TEXTS and len(value or ()) <= _MOST_ENTRIES:
                self.texts |= dict.fromkeys(value or ())
            elif isinstance(value, str):
                self.texts[value] = None
            elif isinstance(value, int | float) and not isinstance(value, bool):
                self.numbers |= dict.fromkeys((value, value - 1, value + 1))
        if operation.family == DATES:
            offset = expression.constant("offsetDays") or 0
            self.days[offset if "NEXT" in operation.name else -offset] = None


def neighbours(fields: Mapping[str, Any], candidates: Candidates, time: int) -> Iterator[dict[str, Any]]:
    """Yield objects that differ in one value, in turn for each field. Their ``Id`` is that of the object itself."""
    changed = [
        _changed(fields, name, value, candidates, time)
        for name, value in fields.items()
        if name != "Id" and not is_deletion_field(name)
    ]
    return in_turn(changed)


def _changed(fields: Mapping[str, Any], name: str, value: Any, candidates: Candidates, time: int) -> Iterator[dict[str, Any]]:
    for other in _others((name,), value, candidates, time):
        yield {**fields, name: other}


def in_turn(several: Iterable[Iterator[Made]]) -> Iterator[Made]:
    """Yield of each iterator in turn, so that a budget is spent on all of them."""
    pending = deque(several)
    while pending:
        iterator = pending.popleft()
        for made in iterator:
            yield made
            pending.append(iterator)
            break


def with_values(fields: Mapping[str, Any], values: Mapping[Path, Any]) -> dict[str, Any]:
    """Return an object with new values at the paths that it has."""
    return {name: _placed((name,), value, values) for name, value in fields.items()}


def leaves_of(fields: Mapping[str, Any]) -> dict[Path, Any]:
    """Return the values of an object by place. Lists give the values of their last object."""
    return dict(_leaves(fields))


def _placed(path: Path, value: Any, values: Mapping[Path, Any]) -> Any:
    if path in values:
        return values[path]
    if isinstance(value, dict):
        return {key: _placed((*path, key), inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_placed((*path, "*"), inner, values) for inner in value]
    document = document_of(value)
    if isinstance(document, dict):
        made = _placed(path, document, values)
        return value if made == document else _json(made)
    return value


def _others(path: Path, value: Any, candidates: Candidates, time: int) -> Iterator[Any]:
    """Yield replacements of a value, or of each value inside it in turn."""
    if isinstance(value, dict):
        keys = [*value, *(key for key in candidates.keys_below(path) if key not in value)]
        inside = [_with(value, key, (*path, key), candidates, time) for key in keys if not is_deletion_field(key)]
        yield from in_turn([*inside, iter((None,))])
    elif isinstance(value, list):
        yield from in_turn(_other_lists(path, value, candidates, time))
    elif isinstance(document := document_of(value), dict | list):
        written = (None if other is None else _json(other) for other in _others(path, document, candidates, time))
        fewer = (
            ({key: document[key] for key in document if key != dropped} for dropped in document)
            if isinstance(document, dict)
            else ()
        )
        yield from in_turn([written, map(_json, fewer), candidates.of(path, value, time)])
    else:
        yield from candidates.of(path, value, time)


def _with(value: dict[str, Any], key: str, path: Path, candidates: Candidates, time: int) -> Iterator[Any]:
    for other in _others(path, value.get(key), candidates, time):
        yield {**value, key: other}


def _other_lists(path: Path, value: list[Any], candidates: Candidates, time: int) -> list[Iterator[Any]]:
    """Return lists with another object, one less, one more."""

    def at(position: int) -> Iterator[Any]:
        for other in _others((*path, "*"), value[position], candidates, time):
            yield [*value[:position], other, *value[position + 1 :]]

    fewer = (value[:position] + value[position + 1 :] for position in range(len(value)))
    more = ([*value, other] for other in candidates.seen.get((*path, "[]"), {}).values())
    return [fewer, more, *map(at, range(min(len(value), _MOST_OBJECTS)))]


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    entries: Iterable[tuple[Path, Any]]
    document = document_of(value) if isinstance(value, str) else value
    if isinstance(document, dict):
        entries = (((*path, key), inner) for key, inner in document.items() if path or key != "Id")
    elif isinstance(document, list):
        yield from (((*path, "[]"), inner) for inner in document)
        entries = (((*path, "*"), inner) for inner in document)
    else:
        yield path, value
        return
    if isinstance(value, str):
        yield path, value
    for place, inner in entries:
        yield from _leaves(inner, place)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
