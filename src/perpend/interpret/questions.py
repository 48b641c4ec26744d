"""What comparisons, searches, logic, dates and related lists answer: one function per operation."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import re2

from perpend.interpret.frame import Frame, Unreadable, field_reader
from perpend.ir.status import Status
from perpend.meaning.access_policy import AccessLevel, AccessPolicyError, policy_allows
from perpend.meaning.logging_query import logging_query_matches, parse_logging_query
from perpend.meaning.types import ValueType
from perpend.meaning.values import DAY, is_empty, is_empty_text, json_from_text, json_normal, norm, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.interpret.use import Closure, Use

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_EQUAL": operator.le,
}


def is_equal(use: Use) -> Closure:
    left, right, kind = use["left"], use["right"], use.type_of("left")
    if kind is ValueType.TEXT:
        fixed = use.expression.arguments["right"]
        if fixed.operation.name == "TEXT":
            wanted = norm(fixed.arguments["value"])
            return lambda frame: norm(left(frame)) == wanted
    normal = _normal_form(kind)
    return lambda frame: normal(left(frame)) == normal(right(frame))


def not_equal(use: Use) -> Closure:
    equal = is_equal(use)
    return lambda frame: not equal(frame)


def _normal_form(kind: ValueType) -> Callable[[Any], Any]:
    """Return the function whose results are equal exactly when values of the type are."""
    if kind is ValueType.TEXT:
        return norm
    if kind is ValueType.BYTES:
        return lambda value: value or ""
    if kind is ValueType.BOOLEAN:
        return lambda value: None if value is None else str(value)
    if kind is ValueType.JSON:
        return json_normal
    if kind is ValueType.ANY:
        return _open_form
    return (lambda value: value or ()) if kind.item else (lambda value: value)


def _open_form(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return norm(value)
    return json_normal(value)


def empty(use: Use) -> Closure:
    arg, kind = use["arg"], use.type_of("arg")
    return lambda frame: is_empty(arg(frame), kind)


def not_empty(use: Use) -> Closure:
    arg, kind = use["arg"], use.type_of("arg")
    return lambda frame: not is_empty(arg(frame), kind)


def compared(use: Use) -> Closure:
    left, right, order = use["left"], use["right"], _ORDERS[use.expression.operation.name]

    def run(frame: Frame) -> bool:
        one, other = left(frame), right(frame)
        return one is not None and other is not None and order(one, other)

    return run


def between(use: Use) -> Closure:
    arg, low, high = use["arg"], use["rangeFrom"], use["rangeTo"]
    above = operator.gt if use.constant("exclusiveFrom") else operator.ge
    below = operator.lt if use.constant("exclusiveTo") else operator.le

    def run(frame: Frame) -> bool:
        value, start, end = arg(frame), low(frame), high(frame)
        return None not in (value, start, end) and above(value, start) and below(value, end)

    return run


def search(use: Use) -> Closure:
    """CONTAINS, STARTS_WITH and ENDS_WITH of the newer dialects, and COLLECTION_CONTAINS."""
    arg, needle, kind = use["arg"], use["search"], use.type_of("arg")
    exact = use.type_of("search") is ValueType.BYTES
    where = use.expression.operation.name.removeprefix("COLLECTION_")

    def run(frame: Frame) -> bool:
        hay, wanted = arg(frame), needle(frame)
        if kind.item is None and kind is not ValueType.JSON:
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
    """CONTAINS_ALL and CONTAINS_ANY."""
    arg, needles, kind = use["arg"], use["search"], use.type_of("arg")
    quantifier = all if use.expression.operation.name == "CONTAINS_ALL" else any
    exact = ValueType.BYTES in (use.type_of("search").item, kind, kind.item)

    def run(frame: Frame) -> bool:
        hay, wanted = arg(frame), _needles(needles(frame), exact=exact)
        if not wanted:
            return False
        if kind.item is None and kind is not ValueType.JSON:
            text = _plain(hay, exact=exact)
            return quantifier(item in text for item in wanted)
        items = _items(hay, exact=exact)
        return items is not None and quantifier(item in items for item in wanted)

    return run


def _plain(text: str | None, *, exact: bool) -> str:
    return (text or "") if exact else norm(text)


def _needles(value: Any, *, exact: bool) -> tuple[str, ...] | None:
    """Return the items to look for: each has to be a text, or what is looked for would be less than what was asked."""
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        raise Unreadable("a JSON array that is searched for holds more than texts")
    return _items(value, exact=exact)


def _items(value: Any, *, exact: bool) -> tuple[str, ...] | None:
    """Return a collection's items; of a JSON array, those of its items that are texts."""
    if value is None or isinstance(value, tuple):
        return value
    if not isinstance(value, list):
        raise Unreadable("a JSON value that is no array was searched as a collection")
    return tuple(_plain(item, exact=exact) for item in value if isinstance(item, str))


def _found(hay: str, needle: str, where: str) -> bool:
    if where == "CONTAINS":
        return needle in hay
    return hay.startswith(needle) if where == "STARTS_WITH" else hay.endswith(needle)


def old_search(use: Use) -> Closure:
    """The first dialect's searches: white space counts, case does unless the name says otherwise."""
    name = use.expression.operation.key
    arg, needle = use["arg"], use[use.expression.operation.parameters[1].name]
    folded = name.endswith("_IGNORE_CASE")
    where = name.removesuffix("_IGNORE_CASE")

    def run(frame: Frame) -> bool:
        hay, wanted = arg(frame) or "", needle(frame) or ""
        return _found(hay.lower(), wanted.lower(), where) if folded else _found(hay, wanted, where)

    return run


def regex_matches(use: Use) -> Closure:
    arg = use["arg"]
    options = re2.Options()
    options.log_errors = False
    pattern = re2.compile(use.constant("regex"), options=options)
    return lambda frame: pattern.search(written(arg(frame) or "")) is not None


def conjunction(use: Use) -> Closure:
    args = use.many

    def run(frame: Frame) -> bool:
        for arg in args:  # noqa: SIM110 - twice as fast as a generator on the hottest path
            if arg(frame) is not True:
                return False
        return True

    return run


def disjunction(use: Use) -> Closure:
    args = use.many

    def run(frame: Frame) -> bool:
        for arg in args:  # noqa: SIM110 - twice as fast as a generator on the hottest path
            if arg(frame) is True:
                return True
        return False

    return run


def negation(use: Use) -> Closure:
    arg = use["arg"]
    return lambda frame: arg(frame) is not True


def _date(use: Use, test: Callable[[int, int], bool]) -> Closure:
    arg = use["arg"]

    def run(frame: Frame) -> bool:
        instant = arg(frame)
        return instant is not None and test(instant, frame.today)

    return run


def before_today(use: Use) -> Closure:
    return _date(use, lambda instant, today: instant < today)


def after_today(use: Use) -> Closure:
    return _date(use, lambda instant, today: instant >= today + DAY)


def within_last_days(use: Use) -> Closure:
    length = use.constant("offsetDays") * DAY
    return _date(use, lambda instant, today: today - length <= instant < today + DAY)


def beyond_last_days(use: Use) -> Closure:
    length = use.constant("offsetDays") * DAY
    return _date(use, lambda instant, today: instant < today - length)


def within_next_days(use: Use) -> Closure:
    length = use.constant("offsetDays") * DAY
    return _date(use, lambda instant, today: today <= instant < today + length + DAY)


def beyond_next_days(use: Use) -> Closure:
    length = use.constant("offsetDays") * DAY
    return _date(use, lambda instant, today: instant >= today + length + DAY)


def related_has(use: Use) -> Closure:
    status, count = Status(use.constant("status")), use.count(use.constant("relationshipName"))

    def run(frame: Frame) -> bool:
        number, doubt = count(frame, status)
        if number == 0 and doubt is not None:
            raise Unreadable(doubt)
        return number > 0

    return run


def related_has_no(use: Use) -> Closure:
    has = related_has(use)
    return lambda frame: not has(frame)


def related_count(use: Use) -> Closure:
    status, count = Status(use.constant("status")), use.count(use.constant("relationshipName"))

    def run(frame: Frame) -> int:
        number, doubt = count(frame, status)
        if doubt is not None:
            raise Unreadable(doubt)
        return number

    return run


def disappeared(_: Use) -> Closure:
    return Frame.has_disappeared


def access_policy_allows(use: Use) -> Closure:
    read, field = field_reader(use.constant("policyExtField"), ValueType.ANY), use.constant("policyExtField")
    actions, widest = use.constant("actions"), AccessLevel[use.constant("widestAcceptableAccessLevel")]

    def run(frame: Frame) -> bool:
        document = read(frame)
        try:
            if isinstance(document, str):
                document = None if is_empty_text(document) else json_from_text(document)
            return document is not None and policy_allows(document, actions, widest)
        except (AccessPolicyError, ValueError) as error:
            raise Unreadable(f"{field} is no extended policy document: {error}") from None

    return run


def logging_query_match(use: Use) -> Closure:
    arg, wanted = use["arg"], parse_logging_query(use.constant("value"))
    return lambda frame: logging_query_matches(arg(frame), wanted)


def unit_test(use: Use) -> Closure:
    arg, wanted = use["arg"], use.constant("id")

    def run(frame: Frame) -> Any:
        return arg(frame) if frame.fields.get("Id") == wanted else False

    return run
