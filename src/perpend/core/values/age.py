"""How old facts are: lengths of time as people write them (``24h``, ``7d``) in, and as they read them out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

AHEAD: Final = timedelta(days=1)
"""How far a time may be ahead of the clock here: clocks and zones differ. What is later is yet to come."""

_SET: Final = datetime(1970, 1, 2, tzinfo=UTC)
"""Times before this are where clocks begin, which say so of a time that nobody has set."""

_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_WRITTEN: Final = re.compile(r"([0-9]{1,5})\s*([smhdw])")
_WORDS: Final = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
_FEW: Final = 2


def may_be_seen(time: datetime, now: datetime) -> bool:
    """Whether somebody can have looked at something at a time: one that was set, and is not yet to come."""
    return _SET <= time <= now + AHEAD


def age_from_text(text: str) -> timedelta | None:
    """Return a length of time: a whole number of a unit from seconds to weeks, such as ``24h``; None for anything else."""
    match = _WRITTEN.fullmatch(text.strip().lower())
    return int(match[1]) * _UNITS[match[2]] if match else None


def written_age(age: timedelta) -> str:
    """Return a length of time as ``age_from_text`` reads it, in the largest unit that it is a whole number of."""
    for unit in reversed(_UNITS):
        if age and not age % _UNITS[unit]:
            return f"{age // _UNITS[unit]}{unit}"
    return f"{age // _UNITS['s']}s"


def age_text(age: timedelta) -> str:
    """Return a length of time in words, rounded down: in days from two days on, in hours from two hours on, else in minutes."""
    for word, unit in _WORDS:
        if (number := age // unit) >= _FEW:
            return f"{number} {word}s"
    number = age // timedelta(minutes=1)
    return "1 minute" if number == 1 else f"{number} minutes"
