"""The input of a commit: snapshot, time, and the programs and verdicts of each object type.

A callback evaluates an older snapshot again, so this module does not depend on how verdicts are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import incomplete_by_type, unread_input
from perpend.core.values.age import is_observation_time
from perpend.core.values.values import in_utc, milliseconds_from_datetime

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.object_types import ObjectType
    from perpend.evaluation.engines.verdicts import VerdictFiles
    from perpend.findings.history.manifest import RecordedRatings
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.program.program import Program

MOST_ACCOUNTS: Final = 20
"""Of so many accounts it is remembered one by one that they were not read in full."""


@dataclass(frozen=True, slots=True)
class ReevaluationRequest:
    """A request to evaluate the snapshot of an older run, at its time, by the current programs of one type.

    The result is a Parquet file at ``out`` with the objects' ``id`` and codes ``v0``, ``v1``, … by program.
    """

    snapshot: str
    time: datetime
    programs: Sequence[Program]
    out: Path


Reevaluate: TypeAlias = Callable[[ReevaluationRequest], bool]
"""What answers: whether there was anything to judge."""


@dataclass(frozen=True, slots=True)
class EvaluatedType:
    """One object type of a run. ``files`` hold the verdicts of ``programs``, by number; None if there was no object.

    ``absent`` are policies over the type that were selected, too, but had no objects.
    """

    declared: ObjectType
    programs: Sequence[Program] = ()
    files: VerdictFiles | None = None
    absent: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The type's API name."""
        return self.declared.name

    @property
    def rows(self) -> int:
        """The number of objects."""
        return self.files.rows if self.files else 0

    @property
    def policies(self) -> tuple[str, ...]:
        """The ids of the selected policies, those with programs first, in the order of these."""
        return (*(program.policy_id for program in self.programs), *self.absent)


@dataclass(frozen=True)
class EvaluatedRun:
    """A run to commit. ``time`` is the time of the evaluation; ``assumed``: some source states no time.

    ``renames`` maps current ids of policies to former ones; ``retired`` are ids of retired policies. ``ratings`` are in force,
    None if nothing is rated. ``type_named`` gives a declared type. ``configuration`` is the path of the configuration file.
    """

    snapshot: Snapshot
    time: datetime
    engine: str
    types: Sequence[EvaluatedType]
    assumed: bool = False
    renames: Mapping[str, str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()
    reevaluate: Reevaluate = field(default=lambda _: False)
    ratings: RecordedRatings | None = None
    type_named: Callable[[str], ObjectType | None] = field(default=lambda _: None)
    configuration: str | None = None

    @cached_property
    def looked(self) -> list[int]:
        """The time of each source in milliseconds: at most the time of the run, which is also used if a source states none."""
        observed = [None if source.observed_at is None else in_utc(source.observed_at) for source in self.snapshot.sources]
        known = (time if time is not None and is_observation_time(time, self.time) else self.time for time in observed)
        return [milliseconds_from_datetime(min(time, self.time)) for time in known]

    @cached_property
    def claims(self) -> list[tuple[Claim, int]]:
        """The claims of the snapshot, each with its time: scopes that were read in full, and inputs that were not."""
        day = milliseconds_from_datetime(self.time)
        unread = [(unread_input(failure.source), day) for failure in self.snapshot.failures]
        seen = zip(self.snapshot.sources, self.looked, strict=True)
        return [*unread, *((claim, time) for source, time in seen for claim in source.coverage)]

    @cached_property
    def unread(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """By type, the accounts whose objects were not all read, "" for any account, and the reason."""
        unread = incomplete_by_type((claim for claim, _ in self.claims), most=MOST_ACCOUNTS)
        reasons_of = {evaluated.name: (*unread.get(evaluated.name, ()), *unread.get("", ())) for evaluated in self.types}
        return {name: of_type for name, of_type in reasons_of.items() if of_type}
