"""Read AWS IAM credential reports: CSV, or the AWS CLI's JSON answer of ``aws iam get-credential-report``.

Columns are found by name, never by position. Each reading keeps its row as JSON text. Source: IAM API reference,
GetCredentialReport.
"""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.core.clouds.aws import shown_name
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import normalized_key
from perpend.core.objects.inventory import Origin
from perpend.core.values.values import PlainJson
from perpend.inventory.readers.csv_text import check_quoting, read_rows, wide_fields
from perpend.inventory.readers.errors import UnusableContent, excerpt
from perpend.inventory.readers.files import text_bytes
from perpend.inventory.readers.json_text import described, read_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_COMMAND = "`aws iam get-credential-report`"
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)",
    re.ASCII,
)

ARN_OF_USER = re.compile(r"arn:[a-z0-9-]+:iam::([0-9]{12}):(?:root|user/[^:]+)")
_ESCAPED = tuple(bytes((code,)) for code in (*range(0x20), *b'"\\') if code not in b"\r\n")
"""What JSON escapes. A line end without quotes around it is never inside a field."""

_HTML = re.compile(rb"\s*<(?:!doctype|!--|\?xml|html|head|body)", re.IGNORECASE)
_NEEDED = ("user", "arn")
COLUMNS: Final = frozenset(
    f"{key}_{what}"
    for key in ("access_key_1", "access_key_2")
    for what in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
) | {
    *("user", "arn", "user_creation_time", "mfa_active"),
    *("password_enabled", "password_last_used", "password_last_changed", "password_next_rotation"),
    *("cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"),
}
"""The columns that reports have at all times."""

LATER_COLUMNS: Final = frozenset({"additional_credentials_info"})
"""The columns that older reports do not have."""

_OTHER_DELIMITERS = ((";", "`;`"), ("\t", "a tab"), ("|", "`|`"))
_PROGRESS_STEP = 4096


class Reading(NamedTuple):
    """One row in one source. ``row`` is its JSON text: columns in file order, every value as text."""

    account: str
    user: str
    arn: str
    row: str
    origin: Origin
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Layout:
    """The positions of needed columns in one report, and a function that writes its rows as JSON text."""

    user: int
    arn: int
    write: Callable[[list[str]], str]


def read_report(
    content: bytes, source: str, *, observed_at: datetime | None = None, progress: Callable[[int], None] | None = None
) -> list[Reading]:
    """Return the readings of a report in file order. Raises UnusableContent with the first fault and its line.

    ``progress`` is called with the number of rows read so far.
    """
    _check_kind(content)
    check_quoting(content)
    readings: list[Reading] = []
    accounts: dict[str, str] = {}
    with wide_fields():
        rows = read_rows(content)
        layout = _layout_of(next(rows)[1], content)
        user_place, arn_place, write = layout.user, layout.arn, layout.write
        for line, row in rows:
            arn = row[arn_place]
            matched = ARN_OF_USER.fullmatch(arn) if arn == arn.strip() else None
            if matched is None:
                raise UnusableContent(_arn_fault(line, arn))
            account = accounts.setdefault(matched[1], matched[1])
            user = shown_name(row[user_place], arn)
            readings.append(Reading(account, user, arn, write(row), Origin(source, line), observed_at))
            if progress and len(readings) % _PROGRESS_STEP == 0:
                progress(len(readings))
    if not readings:
        raise UnusableContent("a credential report without rows; each has at least the row of the root user")
    if progress:
        progress(len(readings))
    return readings


def row_writer(columns: Iterable[str], *, escaped: bool = True) -> Callable[[Iterable[str]], str]:
    """Return a function that writes rows as JSON objects with these columns in order, every value a string, without spaces.

    ``escaped``: values may contain characters that JSON escapes.
    """
    mark = "" if escaped else '"'
    keys = [f"{encode_basestring(column)}:{mark}" for column in columns]
    pieces = [f"{{{keys[0]}", *(piece for key in keys[1:] for piece in ("", f"{mark},{key}")), "", f"{mark}}}"]

    def write(values: Iterable[str]) -> str:
        pieces[1::2] = map(encode_basestring, values) if escaped else values
        text = "".join(pieces)
        return text if "\\" in text or len(text) > PlainJson.MOST else PlainJson(text)

    return write


@lru_cache(maxsize=1024)
def repeated_column(columns: tuple[str, ...]) -> str | None:
    """Return a column that is there twice except for case, white space and the like, None if there is none."""
    known: dict[str, str] = {}
    for column in columns:
        spelt = normalized_key(column)
        if spelt and known.setdefault(spelt, column) != column:
            return known[spelt]
    return None


def _check_kind(content: bytes) -> None:
    if _HTML.match(content):
        raise UnusableContent("not a credential report: it looks like an HTML page")
    header = content.partition(b"\n")[0].decode("utf-8")
    for delimiter, name in _OTHER_DELIMITERS:
        columns = [column.strip().strip('"') for column in header.split(delimiter)]
        if all(needed in columns for needed in _NEEDED):
            raise UnusableContent(f"fields are separated by {name}; a credential report separates them by commas")
    if header.strip() and not any(needed in header for needed in _NEEDED):
        raise _unknown_format(_NEEDED)


def _layout_of(header: list[str], content: bytes) -> _Layout:
    missing = [needed for needed in _NEEDED if needed not in header]
    if missing:
        raise _unknown_format(missing)
    if len(set(header)) < len(header):
        twice = next(column for place, column in enumerate(header) if column in header[:place])
        raise UnusableContent(f"line 1 names the column {excerpt(twice)} twice")
    if (spelt := repeated_column(tuple(header))) is not None:
        raise UnusableContent(f"line 1 names the column {excerpt(spelt)} in two spellings")
    escaped = any(character in content for character in _ESCAPED)
    return _Layout(header.index("user"), header.index("arn"), row_writer(header, escaped=escaped))


def _unknown_format(missing: Iterable[str]) -> UnusableContent:
    """Return the error for a text that could only be a credential report, but lacks columns of it."""
    columns = " and no column ".join(f"`{one}`" for one in missing)
    known = "not a format that Perpend knows, such as a credential report"
    return UnusableContent(f"{known}: its first line names no column {columns} (for a table, set its object type with --type)")


def _arn_fault(line: int, arn: str) -> str:
    if not arn:
        return f"line {line}: the column `arn` is empty"
    return f"line {line}: {excerpt(arn)} in column `arn` is not the ARN of an IAM user or root user"


def read_answer(content: bytes) -> tuple[bytes, datetime | None]:
    """Return the CSV of the AWS CLI's answer and the time at which the report was generated (UTC, None if not stated)."""
    answer = read_value(content)
    if "Content" not in answer:
        raise UnusableContent(_missing_content(answer))
    report_format = answer.get("ReportFormat", "text/csv")
    if report_format != "text/csv":
        shown = excerpt(report_format) if isinstance(report_format, str) else described(report_format)
        raise UnusableContent(f"`ReportFormat` is {shown}; only `text/csv` can be read")
    observed_at = _time(answer["GeneratedTime"]) if "GeneratedTime" in answer else None
    try:
        return text_bytes(_decode_base64(answer["Content"])), observed_at
    except UnusableContent as error:
        raise UnusableContent(f"`Content`: {error}") from None


def _missing_content(answer: dict[str, Any]) -> str:
    if "State" in answer:
        return f"the answer of `aws iam generate-credential-report`, which holds no report; run {_COMMAND}"
    return f"a JSON object without `Content`: neither the answer of {_COMMAND} nor an array of objects"


def _decode_base64(value: object) -> bytes:
    if not isinstance(value, str):
        raise UnusableContent(f"{described(value)} where base64 text is expected")
    try:
        content = binascii.a2b_base64(value, strict_mode=True)
    except ValueError as error:
        raise UnusableContent(f"not valid base64: {str(error)[:1].lower()}{str(error)[1:]}") from None
    if binascii.b2a_base64(content, newline=False) != value.encode("ascii"):
        raise UnusableContent("not valid base64: it does not end as base64 does")
    return content


def _time(value: object) -> datetime:
    try:
        if isinstance(value, str) and _TIME.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    shown = excerpt(value) if isinstance(value, str) else f"`{value}`" if isinstance(value, int | float) else described(value)
    raise UnusableContent(f"`GeneratedTime` is {shown}, which is not a time with an offset (such as `2026-11-20T08:15:00Z`)")
