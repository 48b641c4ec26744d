"""Decide whether a waiver is in force on a day: begun, not ended, and approved.

A waiver ends by the calendar, however old the facts are; only an explicit day selects the waivers of that day.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.findings.waivers.entries import matching_policies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from perpend.findings.waivers.read import Attestation, Waiver, WaiverFiles

SOON: Final = 14
"""How many days before its end a waiver counts as expiring."""


class Force(StrEnum):
    """Whether a waiver is in force on a day."""

    IN_FORCE = "in force"
    NOT_BEGUN = "not begun"
    EXPIRED = "expired"
    NOT_APPROVED = "not approved"
    OVER_LIMIT = "over its limit"


@dataclass(frozen=True, slots=True)
class DecisionDay:
    """The day on which to apply waivers. Waivers that ended before ``last`` are not in force, whatever the day is."""

    day: date
    last: date

    @classmethod
    def of(cls, day: date, *, named: bool) -> DecisionDay:
        """Return the day itself if it was ``named``, else one on which waivers that ended before today are not in force."""
        return cls(day, day if named else max(day, datetime.now(UTC).date()))


@dataclass(frozen=True, slots=True)
class WaiverStatus:
    """A waiver on a day, with the policies of a repository that it names."""

    waiver: Waiver
    force: Force
    policies: tuple[str, ...] = ()

    @property
    def scope(self) -> Mapping[str, tuple[str, ...]]:
        """The scope of its findings."""
        return self.waiver.scope

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses of its findings."""
        return self.waiver.statuses


def waiver_statuses_on(files: WaiverFiles, day: DecisionDay, policy_ids: Iterable[str]) -> tuple[WaiverStatus, ...]:
    """Return the status of waivers on a day, those that end first first: the first that covers a finding is shown."""
    known = sorted(policy_ids)
    waiver_statuses = [
        WaiverStatus(waiver, force_of(waiver, day, files.approvers), matching_policies(waiver.policies, known))
        for waiver in files.waivers
    ]
    return tuple(sorted(waiver_statuses, key=_end))


def _end(waiver_status: WaiverStatus) -> tuple[bool, int, str]:
    until = waiver_status.waiver.until
    return until is None, until.toordinal() if until else 0, waiver_status.waiver.id


def force_of(entry: Waiver | Attestation, on: DecisionDay, approvers: Collection[str]) -> Force:
    """Return whether an entry is in force on a day, by the files alone."""
    if entry.begins is not None and on.day < entry.begins:
        return Force.NOT_BEGUN
    if entry.until is not None and on.last > entry.until:
        return Force.EXPIRED
    if approvers and (entry.approved_by not in approvers or approves_itself(entry)):
        return Force.NOT_APPROVED
    return Force.IN_FORCE


def approves_itself(entry: Waiver | Attestation) -> bool:
    """Whether owner and approver are the same person; case and blank space do not matter."""
    return entry.approved_by is not None and _person(entry.approved_by) == _person(entry.owner)


def _person(written: str) -> str:
    return "".join(unicodedata.normalize("NFKC", written).casefold().split())
