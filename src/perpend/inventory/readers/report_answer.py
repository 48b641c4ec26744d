"""The AWS CLI's JSON answer of ``aws iam get-credential-report`` in, the report's CSV and its time out.

Source: IAM API reference, GetCredentialReport. Refuses to know the report's columns.
"""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime
from typing import Any

from perpend.inventory.readers.errors import UnusableContent, excerpt
from perpend.inventory.readers.files import text_bytes
from perpend.inventory.readers.json_text import described, read_value

_COMMAND = "`aws iam get-credential-report`"
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)",
    re.ASCII,
)


def read_answer(content: bytes) -> tuple[bytes, datetime | None]:
    """Return the CSV and when the report was generated (UTC; None where the answer does not say)."""
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
    raise UnusableContent(f"`GeneratedTime` is {shown}, which is no time with an offset (such as `2026-11-20T08:15:00Z`)")
