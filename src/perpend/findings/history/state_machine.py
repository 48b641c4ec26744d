"""The state machine of findings in Python, as the reference.

``state_machine_sql`` is the same in SQL; vectors and differential tests compare both.
"""

from __future__ import annotations

from dataclasses import replace

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.findings.history.model import ABSENT, OPEN_STATES, Event, FindingState, State, status_of


@dataclass(frozen=True, slots=True)
class Observation:
    """The verdict of one run on one policy and one object.

    ``value`` is None if the object was not evaluated. ``is_evaluated``: the run evaluated the policy on the objects of this
    account, and no newer run had observed them before. ``complete``: the run knows all objects in the scope of this one, so a
    missing object is deleted. ``retired``: the policy no longer exists.
    """

    value: int | None
    is_evaluated: bool = True
    complete: bool = False
    retired: bool = False


def step(known: FindingState | None, observation: Observation, run: int) -> tuple[FindingState | None, Event | None]:
    """Return the state of a finding after a run, None if nothing is known, and the event of the run."""
    if observation.retired:
        return _policy_removed(known, run)
    if not observation.is_evaluated or (observation.value is None and (known is None or not observation.complete)):
        return known, None
    value = ABSENT if observation.value is None else observation.value
    status = status_of(value)
    before = known or FindingState(value, run, run, life=State.PASSING)
    was = status_of(known.value) if known else None
    after = replace(before, value=value, seen=run)
    if status is not was:
        sure = known is not None and was is not Status.UNDETERMINED
        after = replace(after, status_run=run, known_at=before.seen if sure else before.known_at)
    if status is Status.INCOMPLIANT:
        return _incompliant(known, before, after, run)
    if was is Status.INCOMPLIANT:
        after = replace(after, inc_end=run)
    if status is Status.UNDETERMINED:
        return _undetermined(before, after)
    return _known(before, after, run, gone=status is Status.DISAPPEARED)


def _policy_removed(known: FindingState | None, run: int) -> tuple[FindingState | None, Event | None]:
    if known is None or known.life not in OPEN_STATES:
        return known, None
    return replace(known, life=State.POLICY_REMOVED, ended=run), Event.POLICY_REMOVED


def _incompliant(
    known: FindingState | None, before: FindingState, after: FindingState, run: int
) -> tuple[FindingState, Event | None]:
    after = replace(after, life=State.OPEN, inc_start=run if before.inc_start is None else before.inc_start, inc_end=None)
    if before.life is State.UNCONFIRMED:
        return after, Event.RECONFIRMED
    if before.life is State.OPEN:
        return after, Event.CHANGED if known and known.value != after.value else None
    after = replace(after, open_since=run, ended=None, episodes=before.episodes + 1)
    return after, Event.REOPENED if before.episodes else Event.OPENED


def _undetermined(before: FindingState, after: FindingState) -> tuple[FindingState, Event | None]:
    is_open = before.life in OPEN_STATES
    after = replace(after, life=State.UNCONFIRMED if is_open else State.UNKNOWN)
    return after, Event.BECAME_UNKNOWN if before.life is State.OPEN else None


def _known(before: FindingState, after: FindingState, run: int, *, gone: bool) -> tuple[FindingState, Event | None]:
    end = State.RESOURCE_DELETED if gone else State.RESOLVED
    if before.life in OPEN_STATES:
        return replace(after, life=end, ended=run), Event.RESOURCE_DELETED if gone else Event.RESOLVED
    return replace(after, life=end if before.episodes else State.PASSING), None
