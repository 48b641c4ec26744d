"""The reference: what is known of a finding and what a run says of it in, what is known then and what happened out.

``step_sql`` says the same to engines; tests hold them together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from perpend.core.objects.status import Status
from perpend.findings.history.model import ABSENT, OPEN_LIVES, Event, Known, Life, status_of


@dataclass(frozen=True, slots=True)
class Said:
    """What a run says of one policy and one object.

    ``value`` is the verdict, None where the object is not among those that were judged. ``asked``: the policy was asked in
    this run, of the objects of this account, and no newer run had looked there before. ``complete``: the run knows all
    objects of the scope in which the object was, so that absence is a fact. ``retired``: the policy is no more.
    """

    value: int | None
    asked: bool = True
    complete: bool = False
    retired: bool = False


def step(known: Known | None, said: Said, run: int) -> tuple[Known | None, Event | None]:
    """Return what is known after a run, None where nothing is, and what happened in it."""
    if said.retired:
        return _retired(known, run)
    if not said.asked or (said.value is None and (known is None or not said.complete)):
        return known, None
    value = ABSENT if said.value is None else said.value
    status = status_of(value)
    before = known or Known(value, run, run, life=Life.CLEAR)
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


def _retired(known: Known | None, run: int) -> tuple[Known | None, Event | None]:
    if known is None or known.life not in OPEN_LIVES:
        return known, None
    return replace(known, life=Life.RETIRED, ended=run), Event.RETIRED


def _incompliant(known: Known | None, before: Known, after: Known, run: int) -> tuple[Known, Event | None]:
    after = replace(after, life=Life.OPEN, inc_start=run if before.inc_start is None else before.inc_start, inc_end=None)
    if before.life is Life.UNCONFIRMED:
        return after, Event.SEEN_AGAIN
    if before.life is Life.OPEN:
        return after, Event.CHANGED if known and known.value != after.value else None
    after = replace(after, open_since=run, ended=None, episodes=before.episodes + 1)
    return after, Event.REOPENED if before.episodes else Event.OPENED


def _undetermined(before: Known, after: Known) -> tuple[Known, Event | None]:
    is_open = before.life in OPEN_LIVES
    after = replace(after, life=Life.UNCONFIRMED if is_open else Life.UNKNOWN)
    return after, Event.LOST_SIGHT if before.life is Life.OPEN else None


def _known(before: Known, after: Known, run: int, *, gone: bool) -> tuple[Known, Event | None]:
    end = Life.GONE if gone else Life.RESOLVED
    if before.life in OPEN_LIVES:
        return replace(after, life=end, ended=run), Event.GONE if gone else Event.RESOLVED
    return replace(after, life=end if before.episodes else Life.CLEAR), None
