"""Python functions that engines call where their own functions mean something else: JSON, patterns, tags, dates, variants.

Each takes and returns only texts, numbers, Booleans, lists of texts and nulls, and never raises. If a result may be missing,
it is a text with a prefix: ``v`` and the value, or another letter that gives the reason.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import re2

from perpend.core.addresses import NotARange, are_open_to_internet
from perpend.core.iam.access_policy import AccessLevel, AccessPolicy, AccessPolicyError
from perpend.core.values import tags
from perpend.core.values.jmespath_query import QueryFailed, compile_query
from perpend.core.values.logging_query import logging_query_matches, parse_logging_query
from perpend.core.values.types import ValueType
from perpend.core.values.values import (
    collection,
    date_time_from_text,
    duration_from_gcp,
    duration_from_iso,
    is_empty,
    is_empty_text,
    json_from_text,
    json_normal,
    norm,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


MISMATCH, FAILED, UNUSABLE, REPEATED, ABSENT = "m", "e", "u", "r", "a"
"""Prefixes of results without a value."""


def packed(value: Any) -> str:
    """Return a value as a result text."""
    if isinstance(value, bool):
        return "vtrue" if value else "vfalse"
    return f"v{written(value)}" if isinstance(value, str) else f"v{float(value)!r}"


def token(value: Any) -> str:
    """Return a value as engines read it from a plain document: texts in quotes, lists and objects as ``[`` and ``{``."""
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
"""Functions that write the result of a query, by the required form."""


@lru_cache(maxsize=256)
def _document(text: str) -> Any:
    return json_from_text(text)


def _parsed(text: str | None) -> Any:
    """Return a parsed document; null if it is not JSON, because a check has stopped the program before that matters."""
    try:
        return None if not text else _document(text) if len(text) < 4096 else json_from_text(text)
    except ValueError:
        return None


def invalid_json() -> Callable[[str | None], str | None]:
    """The reason why a text is not JSON, null if it is."""

    def run(text: str | None) -> str | None:
        try:
            if text is not None:
                json_from_text(text)
        except ValueError as error:
            return written(str(error))
        return None

    return run


def queries(*required: tuple[str, str]) -> Callable[..., list[str | None]]:
    """The results of JMESPath expressions over one document, each in the required form; null for those without a mark."""
    compiled = [(compile_query(expression).search, _WRITTEN[form]) for expression, form in required]

    def run(text: str | None, marks: str | None = None) -> list[str | None]:
        document = _parsed(text)
        return [
            _result(search, document, write) if wanted else None
            for wanted, (search, write) in zip(_wanted(marks, compiled), compiled, strict=True)
        ]

    return run


def _wanted(marks: str | None, questions: Sequence[Any]) -> list[bool]:
    """Return which questions have a mark. Without marks, all are wanted."""
    return [True] * len(questions) if marks is None else [mark == "1" for mark in marks]


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
    """The number of items of a JSON array, 0 for null, -1 for anything else."""

    def run(text: str | None) -> float:
        document = _parsed(text)
        if document is None:
            return 0.0
        return float(len(document)) if isinstance(document, list) else -1.0

    return run


def json_texts(*, exact: bool) -> Callable[[str | None], list[str] | None]:
    """The texts among the items of a JSON array, in normal form unless ``exact``; null for anything else."""

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


def split(separator: str, kind: str, flags: tuple[bool, bool, bool]) -> Callable[[str | None], list[str] | None]:
    """The items of a text between separators, as a collection with the given flags."""
    skip_empty, skip_repeated, ordered = flags

    def run(text: str | None) -> list[str] | None:
        if text is None:
            return None
        items = text.split(separator) if separator else list(text) or [""]
        return list(collection(items, ValueType(kind), skip_empty=skip_empty, skip_repeated=skip_repeated, ordered=ordered))

    return run


def items(kind: str, flags: tuple[bool, bool, bool]) -> Callable[[str | None], list[str] | None]:
    """A collection from the JSON text of a list of texts; null for anything else."""
    skip_empty, skip_repeated, ordered = flags

    def run(text: str | None) -> list[str] | None:
        value = None if text is None else json.loads(text)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return None
        texts = collection(value, ValueType(kind), skip_empty=skip_empty, skip_repeated=skip_repeated, ordered=ordered)
        return list(texts)

    return run


def all_in() -> Callable[[Sequence[str] | None, Sequence[str] | None], bool]:
    """Whether all texts, and at least one, are among others or in a text."""
    return lambda required, texts: (
        bool(_texts(required)) and texts is not None and all(text in texts for text in _texts(required))
    )


def any_in() -> Callable[[Sequence[str] | None, Sequence[str] | None], bool]:
    """Whether any of the texts is among others or in a text."""
    return lambda required, texts: texts is not None and any(text in texts for text in _texts(required))


def _texts(texts: Sequence[str] | None) -> Sequence[str]:
    return () if texts is None else texts


def instant() -> Callable[[str | None], int | None]:
    """The milliseconds since 1970 of an ISO 8601 text."""
    return lambda text: None if text is None else date_time_from_text(text)


def duration(form: str) -> Callable[[str | None], str | None]:
    """The milliseconds of a duration as a text that sorts like the number, null for anything else."""
    parse = duration_from_gcp if form == "GCP" else duration_from_iso
    return lambda text: None if text is None or (length := parse(text)) is None else ordered_number(length)


def ordered_number(number: int) -> str:
    """Return a whole number as a text that sorts and compares like the number, however long it is."""
    width = 40
    return f"1{number:0{width}d}" if number >= 0 else f"0{10**width + number:0{width}d}"


def norm_of() -> Callable[[str | None], str]:
    """A text's normal form."""
    return norm


def lower_of() -> Callable[[str | None], str | None]:
    """A text in lower case."""
    return lambda text: None if text is None else text.lower()


def regex(pattern: str) -> Callable[[str | None], bool]:
    """Whether an RE2 pattern matches anywhere in a text."""
    options = re2.Options()
    options.log_errors = False
    compiled = re2.compile(pattern, options=options)
    return lambda text: compiled.search(text or "") is not None


def tag_exists(*, exact: bool) -> Callable[[str | None, str | None], str]:
    """Whether a JSON object of tags has a name: ``vtrue`` or ``vfalse``, ``u`` if it is not such an object."""

    def run(name: str | None, text: str | None) -> str:
        try:
            return packed(tags.has_tag(tags.tags_from(text), name, exact=exact))
        except tags.NoTagsError:
            return UNUSABLE

    return run


def tag_value(*, exact: bool) -> Callable[[str | None, str | None], str | None]:
    """The value of a tag by its name: ``v`` and the value, ``u`` if there is no object of tags, null if the tag is absent."""

    def run(name: str | None, text: str | None) -> str | None:
        try:
            value = tags.tag_value(tags.tags_from(text), name, exact=exact)
        except tags.NoTagsError:
            return UNUSABLE
        return None if value is None else packed(value)

    return run


def access_allowed(*questions: tuple[tuple[str, ...], str]) -> Callable[..., list[str | None]]:
    """Whether an extended policy document allows actions beyond a level: ``vtrue``, ``vfalse``, or ``u`` if it is unusable.

    The result has a text for each question, null for those without a mark.
    """
    levels = [(actions, AccessLevel[widest]) for actions, widest in questions]

    def run(text: str | None, marks: str | None = None) -> list[str | None]:
        if is_empty_text(text):
            return [packed(False)] * len(levels)
        try:
            policy = AccessPolicy(json_from_text(text or ""))
            return [
                packed(policy.allows(actions, level)) if wanted else None
                for wanted, (actions, level) in zip(_wanted(marks, levels), levels, strict=True)
            ]
        except (AccessPolicyError, ValueError):
            return [UNUSABLE] * len(levels)

    return run


def open_to_internet(version: int | None) -> Callable[[str | Sequence[str] | None], str]:
    """Whether ranges of addresses hold more than a sixteenth of the internet: ``vtrue``, ``vfalse``, or ``u`` for no ranges."""

    def run(ranges: str | Sequence[str] | None) -> str:
        try:
            return packed(are_open_to_internet(ranges, version))
        except NotARange:
            return UNUSABLE

    return run


def logging_match(required: str) -> Callable[[str | None], bool]:
    """Whether a logging filter is equivalent to another."""
    query = parse_logging_query(required)
    return lambda text: bool(logging_query_matches(text, query))


def attribute(text: str | None, name: str | None) -> str | None:
    """The value of one of the lines ``name: value``."""
    values = tags.attribute_values(tags.attributes_from(text or ""), name)
    if len(values) > 1:
        return REPEATED
    return packed(values[0]) if values else ABSENT


def attribute_of() -> Callable[[str | None, str | None], str | None]:
    """The value of an attribute: ``v`` and the value, ``r`` for several, ``a`` for none."""
    return attribute


def attributes_text() -> Callable[[str | None], str | None]:
    """Attributes as a text that is equal for equal attributes; null for null."""
    return lambda text: None if text is None else json.dumps(tags.attributes_from(text))


def variant_form() -> Callable[[str | None], str | None]:
    """The form of the value in a JSON text: ``text``, ``number``, ``boolean``, ``list`` or ``object``; null for null."""
    names = {str: "text", bool: "boolean", int: "number", float: "number", list: "list", dict: "object"}
    return lambda text: None if text is None else names.get(type(json.loads(text)))


def variant_value() -> Callable[[str | None], str | None]:
    """The text, number or Boolean in the JSON text of a value, as ``v`` and the value; null for anything else."""

    def run(text: str | None) -> str | None:
        value = None if text is None else json.loads(text)
        return packed(value) if isinstance(value, str | int | float) else None

    return run


def variant_document() -> Callable[[str | None], str | None]:
    """The text in a JSON text, or the JSON text itself for any other value."""

    def run(text: str | None) -> str | None:
        value = None if text is None else json.loads(text)
        return value if isinstance(value, str) else text

    return run


def variant_empty() -> Callable[[str | None], bool]:
    """Whether the value in a JSON text is empty by the rule for its form."""
    return lambda text: text is None or is_empty(json.loads(text), ValueType.ANY)


def variant_same() -> Callable[[str | None, str | None], bool]:
    """Whether the values in two JSON texts are equal by the rule for their forms."""

    def form(text: str | None) -> Any:
        value = None if text is None else json.loads(text)
        return norm(value) if value is None or isinstance(value, str) else json_normal(value)

    return lambda left, right: bool(form(left) == form(right))


NATIVES: Final[dict[str, Callable[..., Callable[..., Any]]]] = {
    "invalid json": invalid_json,
    "queries": queries,
    "json empty": json_empty,
    "json same": json_same,
    "json size": json_size,
    "json texts": lambda exact: json_texts(exact=exact),
    "json kind": json_kind,
    "split": split,
    "items": items,
    "all in": all_in,
    "any in": any_in,
    "instant": instant,
    "duration": duration,
    "norm": norm_of,
    "lower": lower_of,
    "regex": regex,
    "tag exists": lambda exact: tag_exists(exact=exact),
    "tag value": lambda exact: tag_value(exact=exact),
    "access allowed": access_allowed,
    "open to internet": open_to_internet,
    "logging match": logging_match,
    "attribute": attribute_of,
    "attributes text": attributes_text,
    "variant form": variant_form,
    "variant value": variant_value,
    "variant document": variant_document,
    "variant empty": variant_empty,
    "variant same": variant_same,
    "json quote": json_quote,
}
"""Functions that create each native from the constants of its use."""

TAKE_QUESTIONS: Final = frozenset({"queries", "access allowed"})
"""Functions whose constants are questions about one document; the result has a text for each."""

PARSING: Final = TAKE_QUESTIONS | {
    *("invalid json", "json empty", "json same", "json size", "json texts", "json kind"),
    *("tag exists", "tag value", "logging match", "open to internet"),
}
"""Functions that parse a document, so that a row which does not need the result should not call them."""
