"""Transform values that all REST APIs write alike. A value of another form is an error, which makes a field unknown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def json_text(value: Any) -> str:
    """Return a value as JSON without blanks, with keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def boolean(value: Any) -> bool:
    """Return a Boolean. Raises TypeError for another value."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def text(value: Any) -> str:
    """Return a text. Raises TypeError for another value."""
    if not isinstance(value, str):
        raise TypeError
    return value


def enabled(value: Any) -> str:
    """Return Enabled for true and Disabled for false. Raises TypeError for another value."""
    return "Enabled" if boolean(value) else "Disabled"


def moment(value: str) -> str:
    """Return a time in UTC, in whole seconds. Google writes up to nine digits of a second."""
    return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
