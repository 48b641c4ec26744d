"""Write programs as JSON and read them again, for a cache. Expressions that programs share are written once.

The text is a list of the shared objects, each behind the objects that it refers to, and a list of the programs. A list in it
begins with the number of its kind.
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.model import Span
from perpend.core.objects.object_types import Children, Field, Lookup, ObjectType, Types
from perpend.core.objects.status import Status
from perpend.core.values.types import ValueType
from perpend.language.operations import OPERATIONS
from perpend.language.operations.operation import CheckDeclaration, Operation
from perpend.language.program.parameters import ParameterValue
from perpend.language.program.program import (
    Block,
    Check,
    Condition,
    DeclaredOutcome,
    Expr,
    ExtractReference,
    Outcome,
    Program,
    Read,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_TUPLE, _MAPPING, _SHARED, _OPERATION, _CHECK = range(5)
_ENUMS: Final = (ValueType, Status)
_CLASSES: Final = (
    *(Expr, ObjectType, Types),
    *(Program, Block, Condition, Outcome, DeclaredOutcome, Read, ExtractReference, Check, Span, Field, Lookup, Children),
    ParameterValue,
)
_ARE_SHARED: Final = frozenset({Expr, ObjectType, Types})
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_FIRST_ENUM: Final = _CHECK + 1
_FIRST_CLASS: Final = _FIRST_ENUM + len(_ENUMS)
_KINDS: Final = {cls: number for number, cls in enumerate((*_ENUMS, *_CLASSES), _FIRST_ENUM)}


class CannotBeWritten(Exception):
    """A program holds a value that the text has no form for."""


def text_of(programs: Iterable[Program]) -> str:
    """Return programs as text. Raises CannotBeWritten."""
    writer = _Writer()
    try:
        written = [writer.write(program) for program in programs]
        return json.dumps([writer.shared, written], separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise CannotBeWritten(str(error)) from None


def programs_from(text: str) -> list[Program]:
    """Return the programs in a text of ``text_of``. Raises ValueError for another text."""
    try:
        shared, written = json.loads(text)
        reader = _Reader()
        for value in shared:
            reader.shared.append(reader.made(value))
        programs = [reader.read(value) for value in written]
    except (TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a text of programs: {error}") from None
    if not all(isinstance(program, Program) for program in programs):
        raise ValueError("not a text of programs")
    return programs


def _getter(cls: type) -> Callable[[Any], Sequence[Any]]:
    """Return a function that returns the values from which an object of a class is made."""
    if cls is Types:
        return lambda types: (types.by_name,)
    getter: Callable[[Any], Sequence[Any]] = attrgetter(*(member.name for member in fields(cls) if member.init))
    return getter


_VALUES_OF: Final[dict[type, Callable[[Any], Sequence[Any]]]] = {cls: _getter(cls) for cls in _CLASSES}


@cache
def _places_of_checks() -> dict[int, tuple[str, int]]:
    """Return the operation and the position of each declaration of a check, by the declaration's identity."""
    operations = OPERATIONS.values()
    return {id(check): (each.name, number) for each in operations for number, check in enumerate(each.checks)}


class _Writer:
    def __init__(self) -> None:
        self.shared: list[Any] = []
        self._numbers: dict[int, tuple[Any, int]] = {}

    def write(self, value: Any) -> Any:
        cls = type(value)
        if cls in _PLAIN:
            return value
        if cls is tuple:
            return [_TUPLE, *map(self.write, value)]
        if cls is dict:
            return [_MAPPING, *(self.write(part) for pair in value.items() for part in pair)]
        if cls in _ARE_SHARED:
            return [_SHARED, self._number(value, cls)]
        if isinstance(value, Operation) and value is OPERATIONS.get(value.name):
            return [_OPERATION, value.name]
        if cls is CheckDeclaration and id(value) in _places_of_checks():
            return [_CHECK, *_places_of_checks()[id(value)]]
        if cls in _ENUMS:
            return [_KINDS[cls], value.value]
        if cls in _KINDS:
            return [_KINDS[cls], *map(self.write, _VALUES_OF[cls](value))]
        raise CannotBeWritten(f"a value of {cls.__name__}")

    def _number(self, value: Any, cls: type) -> int:
        if id(value) not in self._numbers:
            written = [_KINDS[cls], *map(self.write, _VALUES_OF[cls](value))]
            self._numbers[id(value)] = (value, len(self.shared))
            self.shared.append(written)
        return self._numbers[id(value)][1]


class _Reader:
    def __init__(self) -> None:
        self.shared: list[Any] = []

    def read(self, value: Any) -> Any:
        if type(value) is not list:
            if type(value) is dict:
                raise ValueError("an object of JSON")
            return value
        kind = value[0]
        if kind == _SHARED:
            return self.shared[value[1]]
        if kind == _TUPLE:
            return tuple([self.read(part) for part in value[1:]])
        if kind == _MAPPING:
            parts = [self.read(part) for part in value[1:]]
            return dict(zip(parts[::2], parts[1::2], strict=True))
        return self.made(value)

    def made(self, value: Any) -> Any:
        """Return the object that a list describes."""
        kind, *parts = value
        if kind >= _FIRST_CLASS:
            return _CLASSES[kind - _FIRST_CLASS](*[self.read(part) for part in parts])
        if kind >= _FIRST_ENUM:
            return _ENUMS[kind - _FIRST_ENUM](parts[0])
        operation = OPERATIONS[parts[0]]
        return operation if kind == _OPERATION else operation.checks[parts[1]]
