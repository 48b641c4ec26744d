"""Rules for values of the language: equality, emptiness, normal forms, dates, durations and JSON.

Runtime forms: Text, Bytes ``str``; Number ``int`` or ``float``; Boolean ``bool``; DateTime, Duration ``int`` milliseconds; Json
plain Python; a collection a ``tuple`` of normal items; null of each type ``None``. Source: specification, section 3.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

from perpend.core.diagnostics.phrases import shorten
from perpend.core.values.types import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable

WHITE_SPACE: Final = " \t\n\r\f\v"
"""The white space that Text normalisation folds, on every engine. Other Unicode spaces do not count."""

DAY: Final = 86_400_000
"""Milliseconds of a day."""

NEVER_SET: Final = DAY
"""Earlier times are defaults (1970, year 1) of clocks and programs, not times that were set."""

_RUNS = re.compile(f"[{WHITE_SPACE}]+")
_UNSPACED = re.compile(f"[^{WHITE_SPACE}]*")
_ISO_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_ISO_DURATION = re.compile(
    r"P(?=[\dT])(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?",
    re.ASCII,
)
_GCP_DURATION = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?([smhd])", re.ASCII)
_GCP_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62_135_596_800_000
_LAST = 253_402_300_799_999
_LARGEST_EXACT = 2**53
_MAX_DIGITS = 18
_LARGEST_OFFSET = 18 * 60
_ENDLESS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_SHORT = 48
_MAX_JSON_DEPTH = 200
_MOST_FINITE_DIGITS = 300
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


class PlainJson(str):
    """JSON text written by this package that every engine parses alike: no escapes, no repeated keys, no huge numbers."""

    __slots__ = ()
    MOST: Final = 1_000_000


def norm(text: str | None) -> str:
    """Return a Text's normal form: runs of white space are one space, ends trimmed, lower case. Null gives ``""``."""
    if text is None:
        return ""
    return _short_norm(text) if len(text) <= _SHORT else _norm(text)


def _norm(text: str) -> str:
    if _UNSPACED.fullmatch(text):
        return text.lower()
    return _RUNS.sub(" ", text).strip(" ").lower()


_short_norm = lru_cache(maxsize=4096)(_norm)
"""Cached normal forms of the few short texts that fill an inventory: flags, statuses, sentinels. Bounded in number and length.
"""


def is_empty_text(text: str | None) -> bool:
    """Whether a Text is null or all white space."""
    return text is None or not text.strip(WHITE_SPACE)


def is_empty(value: Any, value_type: ValueType) -> bool:
    """Whether a value is empty by the rules of its type. For type Any, its Python type decides."""
    match value_type:
        case ValueType.TEXT:
            return is_empty_text(value)
        case ValueType.BYTES:
            return value is None or value == ""
        case ValueType.JSON:
            return value is None or value == [] or (isinstance(value, dict) and all(item is None for item in value.values()))
        case ValueType.ATTRIBUTES:
            return value is None
        case ValueType.ANY if isinstance(value, str):
            return is_empty_text(value)
    if isinstance(value, tuple | list):
        return not value
    return value is None


def json_normal(value: Any) -> Any:
    """Return a JSON value in the form in which the language compares it: null keys dropped, ``{}`` null, types distinct.

    ``1`` equals ``1.0`` but not ``true``; arrays keep their order. Source: specification, section 3.8.
    """
    if isinstance(value, dict):
        filled = {key: json_normal(item) for key, item in value.items() if item is not None}
        return filled or None
    if isinstance(value, list | tuple):
        return [json_normal(item) for item in value]
    if isinstance(value, bool):
        return (bool, value)
    return double(value) if isinstance(value, int) else value


def double(number: float) -> int | float:
    """Return a number as an IEEE double: whole numbers are exact only up to 2**53."""
    return number if -_LARGEST_EXACT <= number <= _LARGEST_EXACT else float(number)


def collection(
    items: list[str] | tuple[str, ...], item_type: ValueType, *, skip_empty: bool, skip_repeated: bool, ordered: bool
) -> tuple[str, ...]:
    """Return a collection's runtime form: Text items normalised, then skipped and sorted as the flags say."""
    members = [norm(item) for item in items] if item_type is ValueType.TEXT else list(items)
    if skip_empty:
        members = [item for item in members if item]
    if skip_repeated:
        members = list(dict.fromkeys(members))
    return tuple(sorted(members) if ordered else members)


def date_time_from_text(text: str) -> int | None:
    """Return the milliseconds since 1970 (UTC) of an ISO 8601 text, or None if it is not a time.

    A date alone is midnight UTC; a time without an offset is UTC. ``24:00``, leap seconds and times outside the years 1 to 9999
    (UTC) give None.
    """
    match = _ISO_DATE.fullmatch(text.strip(WHITE_SPACE))
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(group or 0) for group in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    offset = _offset(match[8])
    if offset is None:
        return None
    instant = milliseconds_from_datetime(moment) + _thousandths(match[7]) - offset * 60_000
    return instant if _FIRST <= instant <= _LAST else None


def _thousandths(digits: str | None) -> int:
    """Return the milliseconds in the digits of a fraction of a second."""
    return int(f"{digits or '0':0<3.3}")


def _offset(text: str | None) -> int | None:
    """Return an ISO offset in minutes, 0 for ``Z`` and for no offset; None if it is out of range."""
    if text is None:
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if minutes > 59 or hours * 60 + minutes > _LARGEST_OFFSET:
        return None
    return (hours * 60 + minutes) * (-1 if text[0] == "-" else 1)


def in_utc(moment: datetime) -> datetime:
    """Return a time in UTC. Raises ValueError if it has no time zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"the time {moment} has no time zone")
    return moment.astimezone(UTC)


def milliseconds_from_datetime(moment: datetime) -> int:
    """Return an aware datetime as milliseconds since 1970."""
    elapsed = moment - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000 + elapsed.microseconds // 1_000


def iso_from_milliseconds(instant: int) -> str:
    """Return an instant as ``YYYY-MM-DDThh:mm:ss[.mmm]Z``."""
    seconds, rest = divmod(instant, 1_000)
    moment = _EPOCH.replace(tzinfo=None) + timedelta(seconds=seconds)
    return f"{moment.isoformat()}{f'.{rest:03d}' if rest else ''}Z"


def duration_from_iso(text: str) -> int | None:
    """Return an ISO 8601 duration in milliseconds, with 30 days a month and 12 months a year; None for other texts.

    Durations have no sign, ADR 14.
    """
    match = _ISO_DURATION.fullmatch(text.strip(WHITE_SPACE))
    if match is None or max(len(group or "") for group in match.groups()) > _MAX_DIGITS:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups()[:7])
    whole_days = (years * 12 + months) * 30 + weeks * 7 + days
    length = whole_days * DAY + hours * 3_600_000 + minutes * 60_000 + seconds * 1_000
    return length + _thousandths(match[8])


def duration_from_gcp(text: str) -> int | None:
    """Return Google's form of a duration (``3600s``, ``1.5s``, ``7d``) in milliseconds; None for other texts."""
    match = _GCP_DURATION.fullmatch(text.strip(WHITE_SPACE))
    if match is None:
        return None
    unit = _GCP_UNITS[match[3]]
    fraction = match[2] or ""
    return int(match[1]) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)


def number_text(number: float) -> str:
    """Return a number as Java's ``Double.toString`` writes it: ``90.0``, ``1.5E10``, ``1.0E-4``."""
    value = float(number)
    if not math.isfinite(value):
        return _ENDLESS[repr(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    shortest = Decimal(repr(value)).normalize()
    figures = "".join(map(str, shortest.as_tuple().digits))
    return f"{'-' if shortest.is_signed() else ''}{figures[0]}.{figures[1:] or '0'}E{shortest.adjusted()}"


def json_from_text(text: str, *, repeated: list[str] | None = None) -> Any:
    """Return the JSON document in a text. Raises ``ValueError`` with the reason and its place.

    The grammar is RFC 8259 (no NaN, no comments), no object has a key twice, whole numbers beyond 2**53 are doubles, at most
    200 levels are read, half a surrogate pair is U+FFFD. With ``repeated``, keys that an object has twice are added to it, and
    the last of them wins.
    """
    return _document(text, _DECODER if repeated is None else strict_decoder(repeated=repeated))


def strict_decoder(
    *,
    error: type[Exception] = ValueError,
    whole: Callable[[str], float] | None = None,
    real: Callable[[str], float] = float,
    repeated: list[str] | None = None,
) -> json.JSONDecoder:
    """Return a decoder that rejects repeated keys, NaN and Infinity. It raises ``error`` with the reason.

    ``whole`` and ``real`` convert the digits of numbers; without ``whole``, whole numbers beyond 2**53 are doubles. With
    ``repeated``, repeated keys are added to it instead of rejected.
    """

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        unique = dict(pairs)
        if len(unique) < len(pairs):
            if repeated is None:
                raise error(_twice(pairs))
            repeated.extend(_repeated(pairs))
        return unique

    def constant(name: str) -> NoReturn:
        raise error(f"`{name}` is not a JSON number")

    return json.JSONDecoder(parse_constant=constant, parse_int=whole or _whole, parse_float=real, object_pairs_hook=members)


def is_plain_json(text: str) -> bool:
    """Whether a text is a JSON object or array without repeated or escaped keys, lone surrogates and infinite numbers.

    A text longer than :attr:`PlainJson.MOST` characters is not plain: some engines read only a part of it.
    """
    if text[:1] not in ("{", "[") or len(text) > PlainJson.MOST:
        return False
    return "\\" not in text and is_strict_json(text)


def is_strict_json(text: str) -> bool:
    """Whether a text is JSON by RFC 8259: no NaN, no infinities, no key twice in an object."""
    try:
        _document(text, _FINITE_DECODER)
    except ValueError:
        return False
    return True


def _document(text: str, decoder: json.JSONDecoder) -> Any:
    if text.count("[") + text.count("{") > _MAX_JSON_DEPTH and _depth(text) > _MAX_JSON_DEPTH:
        raise ValueError(f"the document is nested more than {_MAX_JSON_DEPTH} levels deep")
    try:
        document = decoder.decode(text)
        return _encodable(document) if "\\u" in text and _SURROGATE.search(text) else document
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None


def document_of(value: Any) -> Any:
    """Return the JSON document in a field's text, or the value itself if it is not JSON."""
    try:
        return json_from_text(value) if isinstance(value, str) else value
    except ValueError:
        return value


def written(text: str) -> str:
    """Return a text that UTF-8 can encode: halves of broken surrogate pairs become U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _encodable(value: Any) -> Any:
    """Return a JSON value whose texts every engine can store."""
    if isinstance(value, str):
        return written(value)
    if isinstance(value, dict):
        members = {written(key): _encodable(item) for key, item in value.items()}
        if len(members) < len(value):
            raise ValueError(_twice([(written(key), None) for key in value]))
        return members
    return list(map(_encodable, value)) if isinstance(value, list) else value


def _depth(text: str) -> int:
    """Return the nesting depth of the brackets in a JSON text, without those in strings."""
    depth = deepest = 0
    for bracket in _BRACKETS.finditer(text):
        if bracket[0] in ("[", "{"):
            depth += 1
            deepest = max(deepest, depth)
        elif bracket[0] in ("]", "}"):
            depth -= 1
    return deepest


def _whole(digits: str) -> int | float:
    if len(digits) > _MAX_DIGITS:
        return float(digits)
    return double(int(digits))


def _finite(digits: str) -> float:
    if len(digits) > _MOST_FINITE_DIGITS or not math.isfinite(float(digits)):
        raise ValueError("a number is too large")
    return 0.0


def _twice(pairs: list[tuple[str, Any]]) -> str:
    return f"an object has the key `{shorten(written(_repeated(pairs)[0]))}` twice"


def _repeated(pairs: list[tuple[str, Any]]) -> list[str]:
    """Return the keys that occur more than once, each once."""
    counts = Counter(key for key, _ in pairs)
    return [key for key, count in counts.items() if count > 1]


_DECODER: Final = strict_decoder()
_FINITE_DECODER: Final = strict_decoder(whole=_finite, real=_finite)
