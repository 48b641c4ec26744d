"""Read fields, lookups and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.values import tags
from perpend.core.values.types import ValueType
from perpend.core.values.values import is_empty
from perpend.language.interpreter.context import NOTHING, CheckTriggered, EvaluationContext, InvalidData, field_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.language.interpreter.use import Closure, Compilers, Use


def field(use: Use) -> Closure:
    value_type = use.expression.type
    denied, empty, delegate = use.slot("noAccessDelegate"), use.slot("isEmpty"), use.delegate
    read = field_reader(use.constant("path"), value_type, missing_is_null=empty is not None)
    if denied is None and empty is None:
        return read
    read_delegate = field_reader(delegate, ValueType.ANY, missing_is_null=True) if delegate else None

    def run(frame: EvaluationContext) -> Any:
        if denied is not None and read_delegate and is_empty(read_delegate(frame), ValueType.ANY):
            raise CheckTriggered(denied)
        value = read(frame)
        if empty is not None and is_empty(value, value_type):
            raise CheckTriggered(empty)
        return value

    return run


def is_empty_lookup(use: Use) -> Closure:
    lookups = use.constant("path").split(".")

    def run(frame: EvaluationContext) -> bool:
        for lookup in lookups:
            frame = frame.through(lookup)
            if frame.fields is NOTHING or is_empty(frame.get("Id"), ValueType.ANY):
                return True
        return False

    return run


def not_empty_lookup(use: Use) -> Closure:
    empty = is_empty_lookup(use)
    return lambda frame: not empty(frame)


def tag_exists(use: Use) -> Closure:
    name, exact, tags_of = use["name"], use.type_of("name") is ValueType.BYTES, _tags(use)

    def run(frame: EvaluationContext) -> Any:
        wanted = name(frame)  # the name comes first: if a check of it fires, the tags are not read
        return tags.has_tag(tags_of(frame), wanted, exact=exact)

    return run


def tag_value(use: Use) -> Closure:
    name, exact, tags_of = use["name"], use.type_of("name") is ValueType.BYTES, _tags(use)

    def run(frame: EvaluationContext) -> Any:
        wanted = name(frame)  # the name comes first: if a check of it fires, the tags are not read
        return tags.tag_value(tags_of(frame), wanted, exact=exact)

    return run


def _tags(use: Use) -> Callable[[EvaluationContext], Mapping[str, Any]]:
    field = use.constant("tagsJson")
    read = field_reader(field, ValueType.ANY)

    def run(frame: EvaluationContext) -> Mapping[str, Any]:
        try:
            return tags.tags_from(read(frame))
        except tags.NoTagsError as error:
            raise InvalidData(f"{field} {error}") from None

    return run


COMPILERS: Compilers = {
    "FIELD": field,
    "IS_EMPTY_LOOKUP": is_empty_lookup,
    "NOT_EMPTY_LOOKUP": not_empty_lookup,
    "TAG_EXISTS": tag_exists,
    "TAG_VALUE_TEXT": tag_value,
    "TAG_VALUE_BYTES": tag_value,
}
