"""The words of a finding's life: what a policy said of an object and when, which life that gives, what happened, and why.

Times are numbers of runs of one history; the history says when each was. Refuses to know how rows are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from perpend.core.objects.status import Status
from perpend.language.program.numbering import DISAPPEARED

STATUSES: Final = tuple(Status)
"""The statuses by the number that stands for each in a value."""

_RADIX: Final = 8


class State(StrEnum):
    """Where a finding stands, which is more than its last verdict says."""

    CLEAR = "clear"
    UNKNOWN = "unknown"
    OPEN = "open"
    UNCONFIRMED = "unconfirmed"
    RESOLVED = "resolved"
    GONE = "gone"
    RETIRED = "retired"


OPEN_LIVES: Final = (State.OPEN, State.UNCONFIRMED)
"""Lives of findings that nobody has seen an end of."""


class Event(StrEnum):
    """What happened to a finding in a run."""

    OPENED = "opened"
    REOPENED = "reopened"
    LOST_SIGHT = "lost sight"
    SEEN_AGAIN = "seen again"
    CHANGED = "changed"
    RESOLVED = "resolved"
    GONE = "gone"
    RETIRED = "retired"


class Cause(StrEnum):
    """What made a verdict another one: the estate, the policy, what is known, the engine; or that cannot be told any more."""

    ESTATE = "estate"
    POLICY = "policy"
    KNOWLEDGE = "knowledge"
    ENGINE = "engine"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class FindingState:
    """What is known of one policy and one object. All times are numbers of runs.

    ``value`` is the last verdict; ``seen`` the last run that said something. ``status_run``, ``inc_start`` and ``inc_end``
    mean what the vendor's dates mean: the last change of status, the first incompliant verdict ever, when it was left for
    whatever. The others are ours: ``open_since`` and ``ended`` of the newest episode, how many ``episodes`` there were, and
    ``known_at``, the last run that confirmed the status before this one.
    """

    value: int
    seen: int
    status_run: int
    inc_start: int | None = None
    inc_end: int | None = None
    life: State = State.CLEAR
    open_since: int | None = None
    ended: int | None = None
    episodes: int = 0
    known_at: int | None = None


def value_of(code: int, status: Status) -> int:
    """Return the whole number that holds a verdict: its index and its status."""
    return max(code, 0) * _RADIX + STATUSES.index(status)


def status_of(value: int) -> Status:
    """Return the status that a value holds."""
    return STATUSES[value % _RADIX]


ABSENT: Final = value_of(DISAPPEARED, Status.DISAPPEARED)
"""What is said of an object that is surely not there any more."""
