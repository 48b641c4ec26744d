"""The object under evaluation: its fields, the objects of its lookups, and cached results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.objects.object_types import UNKNOWN_TYPE, ObjectType, Types
from perpend.core.objects.relations import lookup_target
from perpend.core.values.partial_object import MISSING, PartialObject, doubt_of, reason_of
from perpend.core.values.types import ValueType
from perpend.core.values.values import DAY, NEVER_SET, collection, date_time_from_text, duration_from_iso, is_empty_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NOTHING: Mapping[str, Any] = {}
_NO_TYPES = Types()


class CheckTriggered(Exception):
    """A check fired and ends the condition. ``index`` counts from the condition's own base."""

    def __init__(self, index: int, error: str | None = None) -> None:
        self.index = index
        self.error = error


class InvalidData(Exception):
    """The object's data do not have the form that the program expects."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class EvaluationContext:
    """One object under evaluation, of a type. ``today`` is the snapshot's day at 00:00 UTC in milliseconds.

    ``complete``: a missing key is null, as in test data. For a collected object it is unknown.
    """

    __slots__ = ("complete", "fields", "memo", "object_type", "path", "today", "types")

    def __init__(
        self,
        fields: Mapping[str, Any],
        today: int,
        path: str = "",
        *,
        object_type: ObjectType = UNKNOWN_TYPE,
        types: Types = _NO_TYPES,
        complete: bool = True,
    ) -> None:
        self.fields = fields
        self.today = today
        self.path = path
        self.object_type = object_type
        self.types = types
        self.complete = complete
        self.memo: dict[Any, Any] = {}

    def for_other_object(
        self, fields: Mapping[str, Any], path: str, object_type: ObjectType, *, complete: bool
    ) -> EvaluationContext:
        """Return the context of another object in the same evaluation."""
        return EvaluationContext(fields, self.today, path, object_type=object_type, types=self.types, complete=complete)

    def with_type(self, type_name: str) -> EvaluationContext:
        """Return the object as one of a type, if its type is unknown."""
        if self.object_type.name or not type_name:
            return self
        frame: EvaluationContext | None = self.memo.get(("as", type_name))
        if frame is None:
            frame = self.for_other_object(self.fields, self.path, self.types.named(type_name), complete=self.complete)
            self.memo["as", type_name] = frame
        return frame

    def has_disappeared(self) -> bool:
        """Whether the object's deletion field holds a time up to the snapshot's day. Raises :class:`InvalidData`.

        A missing field means no, even if ``complete`` is not set. With a value of another form, or in the future, the object
        cannot be evaluated.
        """
        fields = self.fields
        if isinstance(fields, PartialObject):
            for name in self.object_type.deletion_names(fields.reasons):
                if (reason := reason_of(fields, name)) != MISSING:
                    raise InvalidData(f"{self.path}{name} {reason}")
        return True in [self._is_past(name) for name in self.object_type.deletion_names(fields)]

    def _is_past(self, name: str) -> bool:
        value = self.fields[name]
        if value is None:
            return False
        if value.__class__ is float and value != value:
            raise InvalidData(f"{self.path}{name} holds NaN, which is no number")
        try:
            instant = _date_time(value)
        except _WrongForm:
            raise InvalidData(f"{self.path}{name} holds {_described(value)}, not {ValueType.DATE_TIME.value}") from None
        if instant is not None and instant >= self.today + DAY:
            raise InvalidData(f"{self.path}{name} holds {_described(value)}, a time after the snapshot")
        if instant is not None and instant < NEVER_SET:
            raise InvalidData(f"{self.path}{name} holds {_described(value)}, where clocks begin: it was never set")
        return instant is not None

    def get(self, name: str) -> Any:
        """Return the value of a key. Raises :class:`InvalidData` if it was not collected."""
        value = self.fields.get(name)
        if value is None and not self.complete and name not in self.fields:
            raise InvalidData(f"{self.path}{name} {reason_of(self.fields, name)}")
        return value

    def through(self, lookup: str) -> EvaluationContext:
        """Return the context of a lookup's target; an empty one if there is none."""
        frame: EvaluationContext | None = self.memo.get(lookup)
        if frame is None:
            self.get(lookup)
            target, reason = lookup_target(self.object_type, self.fields, lookup, complete=self.complete)
            if reason is not None:
                raise InvalidData(f"{self.path}{lookup} {reason}")
            if target is not None and (doubt := doubt_of(target)):
                raise InvalidData(f"{self.path}{lookup}: {doubt}")
            path, object_type = f"{self.path}{lookup}.", self.types.type_of_lookup(self.object_type, lookup)
            frame = None if target is None else self.for_other_object(target, path, object_type, complete=self.complete)
            if frame is None or frame.has_disappeared():
                frame = self.for_other_object(NOTHING, path, object_type, complete=True)
            self.memo[lookup] = frame
        return frame

    def along(self, lookups: Iterable[str]) -> EvaluationContext:
        """Return the context of the object at the end of a path of lookups."""
        frame = self
        for lookup in lookups:
            frame = frame.through(lookup)
        return frame


def field_reader(path: str, value_type: ValueType, *, missing_is_null: bool = False) -> Callable[[EvaluationContext], Any]:
    """Return a closure that reads a field as a value of a type. It raises :class:`InvalidData` for data of another form.

    ``missing_is_null``: the policy has a check for a field that was not collected. This does not apply to child objects: the
    child would become UNDETERMINED, and a parent may ignore such children.
    """
    *lookups, name = path.split(".")
    convert = _CONVERSIONS.get(value_type) or (_collection(value_type) if value_type.item else _anything)

    def read(frame: EvaluationContext) -> Any:
        if lookups:
            frame = frame.along(lookups)
        value = frame.fields.get(name)
        if value.__class__ is float and value != value:
            raise InvalidData(f"{frame.path}{name} holds NaN, which is no number")
        if value is None:
            silent = missing_is_null and "[" not in frame.path and reason_of(frame.fields, name) == MISSING
            return None if frame.complete or silent else frame.get(name)
        try:
            return convert(value)
        except _WrongForm:
            raise InvalidData(f"{frame.path}{name} holds {_described(value)}, not {value_type.value}") from None

    return read


class _WrongForm(Exception):
    """A value that does not have the form of its type."""


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    raise _WrongForm


def _number(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise _WrongForm


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    raise _WrongForm


def _date_time(value: Any) -> Any:
    if not isinstance(value, str):
        raise _WrongForm
    if is_empty_text(value):
        return None
    instant = date_time_from_text(value)
    if instant is None:
        raise _WrongForm
    return instant


def _duration(value: Any) -> Any:
    if isinstance(value, str) and is_empty_text(value):
        return None
    length = duration_from_iso(value) if isinstance(value, str) else None
    if length is None:
        raise _WrongForm
    return length


def _collection(value_type: ValueType) -> Callable[[Any], Any]:
    a_set = value_type in (ValueType.SET_OF_TEXT, ValueType.SET_OF_BYTES)

    def convert(value: Any) -> Any:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return collection(value, value_type.item or ValueType.TEXT, skip_empty=a_set, skip_repeated=a_set, ordered=a_set)
        raise _WrongForm

    return convert


def _never(value: Any) -> Any:
    raise _WrongForm


def _json(value: Any) -> Any:
    if isinstance(value, str):
        raise _WrongForm
    return value


def _anything(value: Any) -> Any:
    return value


_CONVERSIONS: dict[ValueType, Callable[[Any], Any]] = {
    ValueType.TEXT: _text,
    ValueType.BYTES: _text,
    ValueType.NUMBER: _number,
    ValueType.BOOLEAN: _boolean,
    ValueType.DATE_TIME: _date_time,
    ValueType.DURATION: _duration,
    ValueType.ATTRIBUTES: _never,
    ValueType.JSON: _json,
}


def _described(value: Any) -> str:
    if isinstance(value, bool):
        return f"the Boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text '{value[:40]}{'…' if len(value) > 40 else ''}'"
    return "a list" if isinstance(value, list) else "an object"
