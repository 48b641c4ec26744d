"""States of findings, events, and their causes.

Times are numbers of runs of one history; the history holds the time of each run.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.language.program.numbering import DISAPPEARED

STATUSES: Final = tuple(Status)
"""The statuses; the index of one is its number in a stored value."""

_RADIX: Final = 8


NOT_AWAY: Final = "only stores in directories have a history"
"""The error for a store on object storage."""


class State(StrEnum):
    """The state of a finding. It depends on earlier verdicts, too: UNDETERMINED after INCOMPLIANT is UNCONFIRMED."""

    PASSING = "passing"
    UNKNOWN = "unknown"
    OPEN = "open"
    UNCONFIRMED = "unconfirmed"
    RESOLVED = "resolved"
    RESOURCE_DELETED = "resource_deleted"
    POLICY_REMOVED = "policy_removed"


OPEN_STATES: Final = (State.OPEN, State.UNCONFIRMED)
"""The states of findings that have not ended."""


class Event(StrEnum):
    """A change of a finding's state in a run, or of the condition that it fails."""

    OPENED = "opened"
    REOPENED = "reopened"
    BECAME_UNKNOWN = "became_unknown"
    RECONFIRMED = "reconfirmed"
    CHANGED = "changed"
    RESOLVED = "resolved"
    RESOURCE_DELETED = "resource_deleted"
    POLICY_REMOVED = "policy_removed"


class Cause(StrEnum):
    """The reason for another verdict. UNKNOWN: the previous snapshot is no longer stored, so nothing can be compared."""

    RESOURCE_CHANGE = "resource_change"
    POLICY = "policy"
    PARAMETER = "parameter"
    VISIBILITY_CHANGE = "visibility_change"
    ENGINE = "engine"
    UNKNOWN = "unknown"


def in_words(value: str) -> str:
    """Return a state, an event or a cause as people read it: without underscores."""
    return value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class FindingState:
    """The state of one policy and one object. All times are numbers of runs.

    ``value`` is the last verdict; ``seen`` is the last run that evaluated the object. ``status_run``, ``inc_start`` and
    ``inc_end`` are the vendor's dates: the last change of status, the first INCOMPLIANT verdict ever, and the run that ended
    INCOMPLIANT, null while it lasts. ``open_since`` and ``ended`` are those of the newest episode, ``episodes`` is their
    number, and ``known_at`` is the last run that confirmed the previous status.
    """

    value: int
    seen: int
    status_run: int
    inc_start: int | None = None
    inc_end: int | None = None
    life: State = State.PASSING
    open_since: int | None = None
    ended: int | None = None
    episodes: int = 0
    known_at: int | None = None


def value_of(code: int, status: Status) -> int:
    """Return the integer that stores a verdict: its index and its status."""
    return max(code, 0) * _RADIX + STATUSES.index(status)


def status_of(value: int) -> Status:
    """Return the status of a stored value."""
    return STATUSES[value % _RADIX]


ABSENT: Final = value_of(DISAPPEARED, Status.DISAPPEARED)
"""The value of an object that certainly no longer exists."""
