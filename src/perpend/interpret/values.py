"""What fields, constants, conversions and JSON queries evaluate to: one function per operation."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from perpend.interpret.frame import NOTHING, Frame, Stopped, Unreadable, field_reader
from perpend.meaning.jmespath_query import QueryFailed, compile_query
from perpend.meaning.types import ValueType
from perpend.meaning.values import (
    WHITE_SPACE,
    collection,
    date_time_from_text,
    double,
    duration_from_gcp,
    duration_from_iso,
    is_empty,
    is_empty_text,
    json_from_text,
    norm,
)

if TYPE_CHECKING:
    from perpend.interpret.use import Closure, Use

_JSON_FORMS: dict[ValueType, tuple[type, ...]] = {
    ValueType.TEXT: (str,),
    ValueType.BYTES: (str,),
    ValueType.NUMBER: (int, float),
    ValueType.BOOLEAN: (bool,),
}
_LINE_ENDS = re.compile(r"\r\n|\n|\r")


def read_field(use: Use) -> Closure:
    kind = use.expression.type
    denied, empty, delegate = use.slot("noAccessDelegate"), use.slot("isEmpty"), use.delegate()
    read = field_reader(use.constant("path"), kind, missing_is_null=empty is not None)
    if denied is None and empty is None:
        return read
    read_delegate = field_reader(delegate, ValueType.ANY, missing_is_null=True) if delegate else None

    def run(frame: Frame) -> Any:
        if denied is not None and read_delegate and is_empty(read_delegate(frame), ValueType.ANY):
            raise Stopped(denied)
        value = read(frame)
        if empty is not None and is_empty(value, kind):
            raise Stopped(empty)
        return value

    return run


def is_empty_lookup(use: Use) -> Closure:
    lookups = use.constant("path").split(".")

    def run(frame: Frame) -> bool:
        for lookup in lookups:
            frame = frame.through(lookup)
            if frame.fields is NOTHING or is_empty(frame.get("Id"), ValueType.ANY):
                return True
        return False

    return run


def not_empty_lookup(use: Use) -> Closure:
    empty = is_empty_lookup(use)
    return lambda frame: not empty(frame)


def tag_value(use: Use) -> Closure:
    read = field_reader(use.constant("tagsJson"), ValueType.ANY)
    name, exact = use["name"], use.type_of("name") is ValueType.BYTES

    def run(frame: Frame) -> Any:
        wanted = name(frame) or ""
        wanted = wanted if exact else _letters(wanted)
        tags = _object_from(read(frame), use.constant("tagsJson"))
        value = next((value for key, value in tags.items() if (key if exact else _letters(key)) == wanted), None)
        return (
            value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        )

    return run


def tag_exists(use: Use) -> Closure:
    read = field_reader(use.constant("tagsJson"), ValueType.ANY)
    name, exact = use["name"], use.type_of("name") is ValueType.BYTES

    def run(frame: Frame) -> bool:
        wanted = name(frame) or ""
        tags = _object_from(read(frame), use.constant("tagsJson"))
        return wanted in tags if exact else _letters(wanted) in map(_letters, tags)

    return run


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def _object_from(value: Any, field: str) -> dict[str, Any]:
    if isinstance(value, str) and not is_empty_text(value):
        try:
            value = json_from_text(value)
        except ValueError as error:
            raise Unreadable(f"{field} is not JSON: {error}") from None
    elif isinstance(value, str):
        return {}
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"{field} is no JSON object")
    return value


def constant(use: Use) -> Closure:
    value = use.constant("value")
    match use.expression.type:
        case ValueType.DATE_TIME:
            value = date_time_from_text(value)
        case ValueType.DURATION:
            value = duration_from_iso(value)
        case ValueType.NUMBER:
            value = double(value)
    return lambda frame: value


def collection_constant(use: Use) -> Closure:
    value = _collected(use, use.constant("items"))
    return lambda frame: value


def collection_from(use: Use) -> Closure:
    arg, separator = use["arg"], use.constant("separator")

    def run(frame: Frame) -> Any:
        text = arg(frame)
        if text is None:
            return None
        return _collected(use, text.split(separator) if separator else list(text) or [""])

    return run


def _collected(use: Use, items: Any) -> tuple[str, ...]:
    """Return items as the collection that the operation makes of them."""
    kind = use.expression.type
    flags = use.expression.arguments
    a_set = kind in (ValueType.SET_OF_TEXT, ValueType.SET_OF_BYTES)
    return collection(
        tuple(items),
        kind.item or ValueType.TEXT,
        skip_empty=a_set or flags.get("emptyValues") == "SKIP",
        skip_repeated=a_set or flags.get("duplicateValues") == "SKIP",
        ordered=a_set or flags.get("ordering") == "SORTED",
    )


def size(use: Use) -> Closure:
    arg = use["arg"]

    def run(frame: Frame) -> int:
        value = arg(frame)
        if not isinstance(value, tuple | list | None):
            raise Unreadable("the size of a JSON value that is no array was asked for")
        return len(value or ())

    return run


def boolean_from(use: Use) -> Closure:
    arg, true, empty = use["arg"], norm(use.constant("trueValue")), use.slot("isEmpty") or 0
    kind = use.type_of("arg")

    def run(frame: Frame) -> bool:
        text = arg(frame)
        if is_empty(text, kind):
            raise Stopped(empty)
        return norm(text) == true

    return run


def date_time_from(use: Use) -> Closure:
    arg, nulls = use["arg"], {norm(text) for text in use.constant("nullValues")}
    empty, invalid = use.slot("isEmpty"), use.slot("invalidFormat") or 0

    def run(frame: Frame) -> int | None:
        text = arg(frame)
        if is_empty_text(text) or (nulls and norm(text) in nulls):
            if empty is not None:
                raise Stopped(empty)
            return None
        instant = date_time_from_text(text)
        if instant is None:
            raise Stopped(invalid)
        return instant

    return run


def duration_from(use: Use) -> Closure:
    arg, empty, invalid = use["arg"], use.slot("isEmpty"), use.slot("invalidFormat")
    parse = duration_from_gcp if use.constant("format") == "GCP" else duration_from_iso

    def run(frame: Frame) -> int | None:
        text = arg(frame)
        if is_empty_text(text):
            if empty is not None:
                raise Stopped(empty)
            return None
        length = parse(text)
        if length is None and invalid is not None:
            raise Stopped(invalid)
        return length

    return run


def json_from(use: Use) -> Closure:
    arg, empty, invalid, kind = use["arg"], use.slot("isEmpty"), use.slot("isInvalid") or 0, use.type_of("arg")

    def run(frame: Frame) -> Any:
        text = arg(frame)
        if is_empty(text, kind):
            if empty is not None:
                raise Stopped(empty)
            return None
        try:
            return json_from_text(text)
        except ValueError as error:
            raise Stopped(invalid, str(error)) from None

    return run


def json_query(use: Use) -> Closure:
    arg, search, kind = use["arg"], compile_query(use.constant("expression")).search, use.expression.type
    forms, is_boolean = _JSON_FORMS[kind], kind is ValueType.BOOLEAN
    mismatch, failed, empty = use.slot("resultTypeMismatch") or 0, use.slot("evaluationError") or 0, use.slot("resultIsEmpty")

    def run(frame: Frame) -> Any:
        try:
            value = search(arg(frame))
        except QueryFailed as error:
            raise Stopped(failed, str(error)) from None
        if value is not None and (not isinstance(value, forms) or isinstance(value, bool) is not is_boolean):
            raise Stopped(mismatch)
        if empty is not None and is_empty(value, kind):
            raise Stopped(empty)
        return value

    return run


def attributes_from(use: Use) -> Closure:
    arg = use["arg"]

    def run(frame: Frame) -> Any:
        text = arg(frame)
        if text is None:
            return None
        pairs = (line.partition(":") for line in _LINE_ENDS.split(text))
        return tuple((norm(key), value.strip(WHITE_SPACE)) for key, sign, value in pairs if sign)

    return run


def attribute_value(use: Use) -> Closure:
    arg, key = use["arg"], use["key"]
    repeated, absent, empty = use.slot("duplicateKey") or 0, use.slot("keyNotFound"), use.slot("valueIsEmpty")

    def run(frame: Frame) -> Any:
        wanted = norm(key(frame))
        values = [value for name, value in arg(frame) or () if name == wanted]
        if len({norm(value) for value in values}) > 1:
            raise Stopped(repeated)
        if not values and absent is not None:
            raise Stopped(absent)
        value = values[0] if values else None
        if empty is not None and is_empty_text(value):
            raise Stopped(empty)
        return value

    return run


def null(use: Use) -> Closure:
    return lambda frame: None


def runtime_error(use: Use) -> Closure:
    slot, message = use.slot("throw") or 0, use.constant("message")

    def run(frame: Frame) -> Any:
        raise Stopped(slot, message)

    return run


def debug(use: Use) -> Closure:
    arg = use["arg"]
    if not use.constant("returnTrue"):
        return arg

    def run(frame: Frame) -> Any:
        arg(frame)
        return True

    return run
