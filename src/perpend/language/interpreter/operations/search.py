"""Search texts and collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import re2

from perpend.core.values.types import ValueType
from perpend.core.values.values import norm, written
from perpend.language.interpreter.context import EvaluationContext, InvalidData

if TYPE_CHECKING:
    from perpend.language.interpreter.use import Closure, Compilers, Use


def search(use: Use) -> Closure:
    """Evaluate CONTAINS, STARTS_WITH and ENDS_WITH of the newer dialects, and COLLECTION_CONTAINS."""
    arg, needle, value_type = use["arg"], use["search"], use.type_of("arg")
    exact = use.type_of("search") is ValueType.BYTES
    where = use.expression.operation.name.removeprefix("COLLECTION_")

    def run(frame: EvaluationContext) -> bool:
        hay, wanted = arg(frame), needle(frame)
        if value_type.item is None and value_type is not ValueType.JSON:
            return _found(_plain(hay, exact=exact), _plain(wanted, exact=exact), where)
        items = _items(hay, exact=exact)
        if items is None or wanted is None:
            return False
        wanted = _plain(wanted, exact=exact)
        if where == "CONTAINS":
            return wanted in items
        return bool(items) and items[0 if where == "STARTS_WITH" else -1] == wanted

    return run


def search_items(use: Use) -> Closure:
    """Evaluate CONTAINS_ALL and CONTAINS_ANY."""
    arg, needles, value_type = use["arg"], use["search"], use.type_of("arg")
    quantifier = all if use.expression.operation.name == "CONTAINS_ALL" else any
    exact = ValueType.BYTES in (use.type_of("search").item, value_type, value_type.item)

    def run(frame: EvaluationContext) -> bool:
        hay, wanted = arg(frame), _needles(needles(frame), exact=exact)
        if not wanted:
            return False
        if value_type.item is None and value_type is not ValueType.JSON:
            text = _plain(hay, exact=exact)
            return quantifier(item in text for item in wanted)
        items = _items(hay, exact=exact)
        return items is not None and quantifier(item in items for item in wanted)

    return run


def _plain(text: str | None, *, exact: bool) -> str:
    return (text or "") if exact else norm(text)


def _needles(value: Any, *, exact: bool) -> tuple[str, ...] | None:
    """Return the items to search for. Each must be a text: otherwise the search would silently ignore some."""
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        raise InvalidData("a JSON array that is searched for holds more than texts")
    return _items(value, exact=exact)


def _items(value: Any, *, exact: bool) -> tuple[str, ...] | None:
    """Return the items of a collection. Of a JSON array, only its texts count."""
    if value is None or isinstance(value, tuple):
        return value
    if not isinstance(value, list):
        raise InvalidData("a JSON value that is no array was searched as a collection")
    return tuple(_plain(item, exact=exact) for item in value if isinstance(item, str))


def _found(hay: str, needle: str, where: str) -> bool:
    if where == "CONTAINS":
        return needle in hay
    return hay.startswith(needle) if where == "STARTS_WITH" else hay.endswith(needle)


def old_search(use: Use) -> Closure:
    """Evaluate the searches of the first dialect: white space counts, and so does case unless the name says otherwise."""
    name = use.expression.operation.key
    arg, needle = use["arg"], use[use.expression.operation.parameters[1].name]
    folded = name.endswith("_IGNORE_CASE")
    where = name.removesuffix("_IGNORE_CASE")

    def run(frame: EvaluationContext) -> bool:
        hay, wanted = arg(frame) or "", needle(frame) or ""
        return _found(hay.lower(), wanted.lower(), where) if folded else _found(hay, wanted, where)

    return run


def regex_matches(use: Use) -> Closure:
    arg = use["arg"]
    options = re2.Options()
    options.log_errors = False
    pattern = re2.compile(use.constant("regex"), options=options)
    return lambda frame: pattern.search(written(arg(frame) or "")) is not None


COMPILERS: Compilers = {
    "CONTAINS": search,
    "STARTS_WITH": search,
    "ENDS_WITH": search,
    "COLLECTION_CONTAINS": search,
    "CONTAINS_ALL": search_items,
    "CONTAINS_ANY": search_items,
    "CONTAINS (substring)": old_search,
    "CONTAINS_IGNORE_CASE": old_search,
    "STARTS_WITH (prefix)": old_search,
    "STARTS_WITH_IGNORE_CASE": old_search,
    "ENDS_WITH (suffix)": old_search,
    "ENDS_WITH_IGNORE_CASE": old_search,
    "REGEX_MATCHES": regex_matches,
}
