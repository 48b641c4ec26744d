"""What a plan asks of JSON documents by functions of this package: validity, JMESPath, equality, items.

Each takes and gives only texts, numbers, Booleans, lists of texts and nulls, and never raises. A result that may be no
value is a text whose first letter says which: ``v`` with the value behind it, or another letter for what kept it away.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from perpend.core.values.jmespath_query import QueryFailed, compile_query
from perpend.core.values.types import ValueType
from perpend.core.values.values import is_empty, json_from_text, json_normal, norm, written

if TYPE_CHECKING:
    from collections.abc import Callable

MISMATCH, FAILED, UNUSABLE, REPEATED, ABSENT = "m", "e", "u", "r", "a"
"""First letters of results that are no value."""


def packed(value: Any) -> str:
    """Return a value as the text of a result."""
    if isinstance(value, bool):
        return "vtrue" if value else "vfalse"
    return f"v{written(value)}" if isinstance(value, str) else f"v{float(value)!r}"


def token(value: Any) -> str:
    """Return a value as an engine reads it out of a plain document: a text between quotes, as it is, lists by their sign."""
    if isinstance(value, str):
        return f'"{written(value)}"'
    if isinstance(value, list | dict):
        return "[" if isinstance(value, list) else "{"
    if isinstance(value, float) and math.isinf(value):
        return "1e999" if value > 0 else "-1e999"
    return packed(value)[1:]


def _packed_as(*forms: type) -> Callable[[Any], str]:
    def run(value: Any) -> str:
        return packed(value) if isinstance(value, forms) and isinstance(value, bool) is (bool in forms) else MISMATCH

    return run


_WRITTEN: Final[dict[str, Callable[[Any], str]]] = {
    "text": _packed_as(str),
    "number": _packed_as(int, float),
    "boolean": _packed_as(bool),
    "token": token,
}
"""How a query's result is written, by the form that is asked for."""


@lru_cache(maxsize=256)
def _document(text: str) -> Any:
    return json_from_text(text)


def _parsed(text: str | None) -> Any:
    """Return a document that is known to be JSON, or one that is not as null: then a check has spoken already."""
    try:
        return None if not text else _document(text) if len(text) < 4096 else json_from_text(text)
    except ValueError:
        return None


def invalid_json() -> Callable[[str | None], str | None]:
    """Why a text is not JSON, null where it is."""

    def run(text: str | None) -> str | None:
        try:
            if text is not None:
                json_from_text(text)
        except ValueError as error:
            return written(str(error))
        return None

    return run


def queries(*wanted: tuple[str, str]) -> Callable[[str | None], list[str | None]]:
    """The results of JMESPath expressions over one document, each in the form that is asked for."""
    compiled = [(compile_query(expression).search, _WRITTEN[form]) for expression, form in wanted]

    def run(text: str | None) -> list[str | None]:
        document = _parsed(text)
        return [_result(search, document, write) for search, write in compiled]

    return run


def _result(search: Callable[[Any], Any], document: Any, write: Callable[[Any], str]) -> str | None:
    try:
        value = search(document)
    except QueryFailed as error:
        return FAILED + written(str(error))
    return None if value is None else write(value)


def json_empty() -> Callable[[str | None], bool]:
    """Whether a JSON document is empty."""
    return lambda text: is_empty(_parsed(text), ValueType.JSON)


def json_same() -> Callable[[str | None, str | None], bool]:
    """Whether two JSON documents are equal."""
    return lambda left, right: bool(json_normal(_parsed(left)) == json_normal(_parsed(right)))


def json_size() -> Callable[[str | None], float]:
    """How many items a JSON array has, -1 for what is no array."""

    def run(text: str | None) -> float:
        document = _parsed(text)
        if document is None:
            return 0.0
        return float(len(document)) if isinstance(document, list) else -1.0

    return run


def json_texts(*, exact: bool) -> Callable[[str | None], list[str] | None]:
    """The texts among the items of a JSON array, in normal form unless ``exact``; null for what is no array."""

    def run(text: str | None) -> list[str] | None:
        document = _parsed(text)
        if not isinstance(document, list):
            return None
        return [written(item) if exact else norm(written(item)) for item in document if isinstance(item, str)]

    return run


def json_kind() -> Callable[[str | None], str | None]:
    """``texts`` for an array of texts only, ``list`` for another array, ``other`` for anything else; null for null."""

    def run(text: str | None) -> str | None:
        document = _parsed(text)
        if document is None:
            return None
        if not isinstance(document, list):
            return "other"
        return "texts" if all(isinstance(item, str) for item in document) else "list"

    return run


def json_quote() -> Callable[[Any], str | None]:
    """A text, number or Boolean as JSON text."""
    return lambda value: None if value is None else json.dumps(value, ensure_ascii=False)
