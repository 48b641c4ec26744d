"""What an index knows of one run beside its files: runs, policies, accounts, texts. It fits into memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from perpend.findings.history.model import Event, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from perpend.core.objects.claims import FailedCall
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.waivers.match_history import MatchedWaivers

LIVES: Final = tuple(State)
"""The states of findings; the index of one is its number in the files."""

EVENTS: Final = (None, *Event)
"""The events of the last run; the index of one is its number in the files, 0 for none."""


@dataclass(frozen=True, slots=True)
class KnownPolicy:
    """A policy of a history, by its number. ``service`` is the name of the folder that holds it."""

    number: int
    policy_id: str
    lineage: str
    type: str
    type_label: str
    title: str
    service: str


@dataclass(frozen=True, slots=True)
class KnownWaiver:
    """A waiver, by its place. ``until`` is its last day, None without an end. ``ends_soon``: it is in force and ends soon."""

    id: str
    until: date | None
    ends_soon: bool


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """The facts of one run. ``accounts`` and ``regions`` begin with None; the place of one is its number in the files.

    ``account_names`` are names by account. ``texts`` are the texts of conditions, by the numbers of policy and condition.
    ``rated``: some policy is rated. ``matched`` are the waivers with the numbers of the findings that they cover.
    """

    head: HistoryManifest
    policies: Mapping[int, KnownPolicy]
    accounts: tuple[str | None, ...]
    regions: tuple[str | None, ...]
    account_names: Mapping[str, str]
    waivers: tuple[KnownWaiver, ...]
    texts: Mapping[tuple[int, int], tuple[str | None, ...]]
    calls: tuple[FailedCall, ...] = ()
    rated: bool = True
    matched: MatchedWaivers | None = None
    times: Mapping[int, datetime] = field(default_factory=dict)
