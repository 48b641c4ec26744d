"""Convert values of other tools' formats to field values, or state why they are unknown. Null is never a fact here."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from perpend.core.values.values import date_time_from_text
from perpend.inventory.readers.errors import UnusableContent, excerpt
from perpend.inventory.readers.json_text import described, other_spellings, read_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Form = Callable[[Any], Any]

ONE_RUN: Final = timedelta(hours=12)
"""How far the times of rows may be apart that one run of a tool has written."""

_EMPTY: Final = ("[]", "{}")
_EPOCHS: Final = 1e11
"""Seconds since 1970 are fewer; more are milliseconds."""

_INTEGER: Final = re.compile(r"-?[0-9]{1,15}")
_OFFSET: Final = re.compile(r".*(?:Z|[+-][0-9]{2}:?[0-9]{2})", re.DOTALL)


class UnknownValue(Exception):
    """A value is unknown; the text is the reason."""


def text(value: Any) -> str:
    """Return a non-empty text."""
    if isinstance(value, str) and value:
        return value
    raise UnknownValue(_is(value, "a text"))


def boolean(value: Any) -> bool:
    """Return a Boolean, also from the words ``true`` and ``false``."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise UnknownValue(_is(value, "true or false"))


def yes_no(value: Any) -> str:
    """Return ``Yes`` or ``No``."""
    return "Yes" if boolean(value) else "No"


def integer(value: Any) -> int:
    """Return an integer, also from digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise UnknownValue(_is(value, "a whole number"))


def digits(value: Any) -> str:
    """Return an integer as text."""
    return str(integer(value))


def document(value: Any) -> Any:
    """Return an object or a list, also from JSON text, which may be URL-encoded."""
    if value in _EMPTY:
        return json.loads(value)
    if isinstance(value, str) and value:
        plain = unquote(value) if value.startswith("%") else value
        try:
            value = read_value(plain.encode())
        except (UnusableContent, UnicodeError):
            raise UnknownValue("holds no JSON") from None
    if isinstance(value, dict | list):
        return value
    raise UnknownValue(_is(value, "JSON"))


def policy(value: Any) -> str:
    """Return a policy document as JSON text."""
    if not isinstance(document(value), dict):
        raise UnknownValue("holds no object")
    return json_text(value)


def time(value: Any) -> str:
    """Return a time in the notation of fields."""
    if (stated := moment(value)) is None:
        raise UnknownValue(_is(value, "a time with its offset"))
    return stated.strftime("%Y-%m-%dT%H:%M:%SZ")


def last_used(value: Any) -> str | None:
    """Return the time of a role's last use; null for an empty object, which AWS writes for unused roles."""
    if not isinstance(value, dict):
        raise UnknownValue(_is(value, "an object"))
    return time(value.get("LastUsedDate")) if value else None


def json_text(value: Any) -> str:
    """Return an object or a list as JSON text without white space, keys in order."""
    return json.dumps(document(value), ensure_ascii=False, separators=(",", ":"))


def selectors(value: Any) -> str:
    """Return a trail's event selectors as JSON text, keys in lower camel case. No selectors may mean advanced ones."""
    listed = document(value)
    if not isinstance(listed, list) or not listed:
        raise UnknownValue(_is(None if listed == [] else listed, "a list of selectors"))
    return json_text(lower_camel(listed))


def lower_camel(value: Any) -> Any:
    """Return an AWS answer with keys in lower camel case, ``ID`` as ``id``.

    Raises UnknownValue if an object has a key in two spellings, since neither can be trusted.
    """
    if isinstance(value, dict):
        renamed = {
            (key.lower() if key.isupper() else key[:1].lower() + key[1:]): lower_camel(inner) for key, inner in value.items()
        }
        if len(renamed) < len(value):
            raise UnknownValue("holds an object with a key in two spellings")
        return renamed
    return [lower_camel(inner) for inner in value] if isinstance(value, list) else value


def texts(value: Any) -> list[str]:
    """Return a list of texts."""
    listed = document(value)
    if isinstance(listed, list) and all(isinstance(one, str) and one for one in listed):
        return listed
    raise UnknownValue("holds no list of texts")


def texts_at(*names: str) -> Form:
    """Return a conversion that takes the texts under the first of some names in a list of objects."""

    def read(value: Any) -> list[str]:
        listed = document(value)
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise UnknownValue("holds no list of objects")
        if any(other_spellings(one, name) for one in listed for name in names if name in one):
            raise UnknownValue(f"holds an object with `{names[0]}` in two spellings")
        fields = [next((one[name] for name in names if name in one), None) for one in listed]
        if not all(isinstance(one, str) and one for one in fields):
            raise UnknownValue(f"holds an object without `{names[0]}`")
        return [str(one) for one in fields]

    return read


def policies_at(name: str, content: str) -> Form:
    """Return a conversion that takes the names in a list of inline policies, each with its document if it can be read."""
    read_names = texts_at(name)

    def read(value: Any) -> dict[str, dict[str, Any]]:
        policies: dict[str, dict[str, Any]] = {}
        for named, policy in zip(read_names(value), document(value), strict=True):
            is_known = _is_document(policy.get(content)) and not other_spellings(policy, content)
            known = {"CA10__policyDocument__c": json_text(policy[content])} if is_known else {}
            policies[named] = known if policies.get(named, known) == known else {}
        return policies

    return read


def _is_document(value: Any) -> bool:
    try:
        return isinstance(document(value), dict)
    except UnknownValue:
        return False


def either(fields: Mapping[str, Any], *names: str) -> Any:
    """Return the value of one of several spellings of a name, None if there is none. Raises UnknownValue if two disagree."""
    values = [fields[name] for name in names if name in fields]
    if len(values) > 1 and any(one != values[0] for one in values):
        raise UnknownValue(f"holds different values under {' and '.join(f'`{name}`' for name in names)}")
    return values[0] if values else None


def moment(value: Any) -> datetime | None:
    """Return a time with an offset, None if the value is not one."""
    return _moment(value) if isinstance(value, str) else None


@lru_cache(maxsize=1024)
def _moment(value: str) -> datetime | None:
    if not _OFFSET.fullmatch(value):
        return None
    instant = date_time_from_text(value)
    return None if instant is None else datetime.fromtimestamp(instant / 1000, UTC)


def seconds(value: Any) -> datetime | None:
    """Return the time of a number of seconds since 1970, None if the value is not one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return datetime.fromtimestamp(value, UTC) if is_number and 0 < value < _EPOCHS else None


def time_of_all(times: Iterable[datetime | None]) -> datetime | None:
    """Return the newest time of rows from one run, None if they are from several runs or some have no time.

    Rows left over from an earlier run are older than the rest, and the one time of a file must not hide that.
    """
    distinct = set(times)
    stated = {one for one in distinct if one is not None}
    if not stated or stated != distinct or max(stated) - min(stated) > ONE_RUN:
        return None
    return max(stated)


def _is(value: Any, wanted: str) -> str:
    shown = excerpt(value) if isinstance(value, str) and value else "nothing" if value in (None, "") else described(value)
    return f"holds {shown}, not {wanted}"
