"""Read and write lengths of time (``24h``, ``7d``), and check observation times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

AHEAD: Final = timedelta(days=1)
"""The tolerance for times in the future, because clocks and time zones differ."""

_FIRST_SET_TIME: Final = datetime(1970, 1, 2, tzinfo=UTC)
"""Earlier times are defaults of clocks that were never set."""

_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_AGE: Final = re.compile(r"([0-9]{1,5})\s*([smhdw])")
_WORDS: Final = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
_FEW: Final = 2


def is_observation_time(time: datetime, now: datetime) -> bool:
    """Whether a time can be an observation: it was set, and is not in the future."""
    return _FIRST_SET_TIME <= time <= now + AHEAD


def age_from_text(text: str) -> timedelta | None:
    """Return a length of time: a whole number and a unit from seconds to weeks, such as ``24h``; None for any other text."""
    match = _AGE.fullmatch(text.strip().lower())
    return int(match[1]) * _UNITS[match[2]] if match else None


def format_age(age: timedelta) -> str:
    """Return a length of time in the form of ``age_from_text``, in the largest unit that divides it."""
    for unit in reversed(_UNITS):
        if age and not age % _UNITS[unit]:
            return f"{age // _UNITS[unit]}{unit}"
    return f"{age // _UNITS['s']}s"


def age_in_words(age: timedelta) -> str:
    """Return a length of time in words, rounded down: in days from two days on, in hours from two hours on, else in minutes."""
    for word, unit in _WORDS:
        if (number := age // unit) >= _FEW:
            return f"{number} {word}s"
    number = age // timedelta(minutes=1)
    return "1 minute" if number == 1 else f"{number} minutes"
