"""Convert texts to other values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.values import tags
from perpend.core.values.values import (
    date_time_from_text,
    duration_from_gcp,
    duration_from_iso,
    is_empty,
    is_empty_text,
    json_from_text,
    norm,
)
from perpend.language.interpreter.context import CheckTriggered, EvaluationContext, InvalidData
from perpend.language.interpreter.use import collected

if TYPE_CHECKING:
    from perpend.language.interpreter.use import Closure, Compilers, Use


def boolean_from(use: Use) -> Closure:
    arg, true, empty = use["arg"], norm(use.constant("trueValue")), use.required_slot("isEmpty")
    value_type = use.type_of("arg")

    def run(frame: EvaluationContext) -> bool:
        text = arg(frame)
        if is_empty(text, value_type):
            raise CheckTriggered(empty)
        return norm(text) == true

    return run


def date_time_from(use: Use) -> Closure:
    arg, nulls = use["arg"], {norm(text) for text in use.constant("nullValues")}
    empty, invalid = use.slot("isEmpty"), use.required_slot("invalidFormat")

    def run(frame: EvaluationContext) -> int | None:
        text = arg(frame)
        if is_empty_text(text) or (nulls and norm(text) in nulls):
            if empty is not None:
                raise CheckTriggered(empty)
            return None
        instant = date_time_from_text(text)
        if instant is None:
            raise CheckTriggered(invalid)
        return instant

    return run


def duration_from(use: Use) -> Closure:
    arg, empty, invalid = use["arg"], use.slot("isEmpty"), use.slot("invalidFormat")
    parse = duration_from_gcp if use.constant("format") == "GCP" else duration_from_iso

    def run(frame: EvaluationContext) -> int | None:
        text = arg(frame)
        if is_empty_text(text):
            if empty is not None:
                raise CheckTriggered(empty)
            return None
        length = parse(text)
        if length is None and invalid is not None:
            raise CheckTriggered(invalid)
        return length

    return run


def collection_from(use: Use) -> Closure:
    arg, separator = use["arg"], use.constant("separator")

    def run(frame: EvaluationContext) -> Any:
        text = arg(frame)
        if text is None:
            return None
        return collected(use, text.split(separator) if separator else list(text) or [""])

    return run


def size(use: Use) -> Closure:
    arg = use["arg"]

    def run(frame: EvaluationContext) -> int:
        value = arg(frame)
        if not isinstance(value, tuple | list | None):
            raise InvalidData("the size of a JSON value that is no array was asked for")
        return len(value or ())

    return run


def json_from(use: Use) -> Closure:
    arg, empty, invalid, value_type = use["arg"], use.slot("isEmpty"), use.required_slot("isInvalid"), use.type_of("arg")

    def run(frame: EvaluationContext) -> Any:
        text = arg(frame)
        if is_empty(text, value_type):
            if empty is not None:
                raise CheckTriggered(empty)
            return None
        try:
            return json_from_text(text)
        except ValueError as error:
            raise CheckTriggered(invalid, str(error)) from None

    return run


def attributes_from(use: Use) -> Closure:
    arg = use["arg"]

    def run(frame: EvaluationContext) -> Any:
        text = arg(frame)
        return None if text is None else tags.attributes_from(text)

    return run


def attribute_value(use: Use) -> Closure:
    arg, key = use["arg"], use["key"]
    repeated, absent, empty = use.required_slot("duplicateKey"), use.slot("keyNotFound"), use.slot("valueIsEmpty")

    def run(frame: EvaluationContext) -> Any:
        name = key(frame)
        values = tags.attribute_values(arg(frame) or (), name)
        if len(values) > 1:
            raise CheckTriggered(repeated)
        if not values and absent is not None:
            raise CheckTriggered(absent)
        value = values[0] if values else None
        if empty is not None and is_empty_text(value):
            raise CheckTriggered(empty)
        return value

    return run


COMPILERS: Compilers = {
    "BOOLEAN_FROM": boolean_from,
    "DATE_TIME_FROM": date_time_from,
    "DURATION_FROM": duration_from,
    "COLLECTION_FROM": collection_from,
    "COLLECTION_FROM (flags)": collection_from,
    "LIST_FROM": collection_from,
    "SET_FROM": collection_from,
    "SIZE": size,
    "COLLECTION_SIZE": size,
    "JSON_FROM": json_from,
    "ATTRIBUTES_FROM": attributes_from,
    "ATTRIBUTE_VALUE": attribute_value,
}
