"""Read rows of credential reports that other tools have stored. Values that a tool changed or left blank are unknown."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from perpend.inventory.readers.credential_report import ARN_OF_USER, Reading, repeated_column, row_writer
from perpend.inventory.readers.errors import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from perpend.core.objects.inventory import Origin

_ROOT: Final = "<root_account>"
_UNSAFE_FOR_ROOT: Final = "password_enabled"
"""Steampipe says true of the root user whatever the report says."""


def is_report_row(row: Any) -> bool:
    """Whether an object is a row of a credential report."""
    return isinstance(row, dict) and {"user", "arn", "user_creation_time"} <= row.keys()


def reading_of(row: Mapping[str, Any], origin: Origin, observed_at: datetime | None, *, raw: bool) -> Reading | str:
    """Return the reading of a row, or the reason why it is not one. ``raw``: values are as in the report, even blank ones."""
    known = {}
    for name, value in row.items():
        if type(value) is str and value:
            known[name] = value
        elif value is not None and (word := _word(value, raw=raw)) is not None:
            known[name] = word
    if not raw and row.get("user") == _ROOT:
        known.pop(_UNSAFE_FOR_ROOT, None)
    return _reading_of(row, known, origin, observed_at)


def reading_of_words(known: dict[str, str], origin: Origin, observed_at: datetime | None) -> Reading | str:
    """Return the reading of the cells of a row that are not blank, or the reason why it is not one."""
    if known.get("user") == _ROOT:
        known.pop(_UNSAFE_FOR_ROOT, None)
    return _reading_of(known, known, origin, observed_at)


def _reading_of(
    row: Mapping[str, Any], known: Mapping[str, str], origin: Origin, observed_at: datetime | None
) -> Reading | str:
    arn, user = row.get("arn"), row.get("user")
    matched = ARN_OF_USER.fullmatch(arn) if isinstance(arn, str) and arn == arn.strip() else None
    if matched is None:
        return "its `arn` is not the ARN of an IAM user or root user"
    if not isinstance(user, str) or not user:
        return "its `user` is no text"
    if (spelt := repeated_column(tuple(row))) is not None:
        return f"{excerpt(spelt)} appears in two spellings"
    return Reading(matched[1], user, str(arn), _writer_of(tuple(known))(known.values()), origin, observed_at)


@lru_cache(maxsize=1024)
def _writer_of(columns: tuple[str, ...]) -> Callable[[Iterable[str]], str]:
    return row_writer(columns)


def _word(value: Any, *, raw: bool) -> str | None:
    """Return a value as the report writes it, None if it is blank."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and (value or raw):
        return value
    return None
