"""Compare the verdicts of two revisions of a policy repository on one snapshot."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.core.schema.tables import ROW
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.findings.history.compliance import requirement_statuses
from perpend.findings.history.identity import lineage_of, program_hash
from perpend.findings.history.model import STATUSES
from perpend.findings.history.write.values import value_sql
from perpend.findings.waivers.run_findings import waived
from perpend.inventory.snapshots.database import opened, pattern, rows_of, translate_errors
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.renames import Renames

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.waivers.read import WaiverFiles
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository

_MOST_NAMED: Final = 100
"""The number of newly failing objects that are named for each policy."""


@dataclass(frozen=True, slots=True)
class StatusChanges:
    """The number of objects by status before and after, None if the policy does not exist then.

    ``failing`` are the rows of the first newly failing objects.
    """

    counts: Mapping[tuple[Status | None, Status | None], int]
    failing: tuple[int, ...] = ()

    @property
    def has_changed(self) -> bool:
        """Whether any object has another status."""
        return any(before is not after for before, after in self.counts)

    def between(self, before: Status | None, after: Status | None) -> int:
        """Return the number of objects that went from one status to another."""
        return self.counts.get((before, after), 0)

    @property
    def newly_incompliant(self) -> int:
        """The number of objects that become INCOMPLIANT."""
        return sum(
            number
            for (before, after), number in self.counts.items()
            if after is Status.INCOMPLIANT and before is not Status.INCOMPLIANT
        )


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A policy with other verdicts. ``kind`` is added, removed or changed; ``failing`` names newly failing objects."""

    policy_id: str
    kind: str
    changes: StatusChanges
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequirementChange:
    """A requirement with another status; None if it does not exist in that revision."""

    requirement: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class WaiverChange:
    """A waiver that covers other verdicts: its force and how many it waives before and after.

    The force is None if the waiver does not exist in that revision.
    """

    id: str
    force_before: str | None
    force_after: str | None
    waives_before: int
    waives_after: int

    @property
    def what(self) -> str:
        """The change in words."""
        if not self.waives_before:
            return "begins to cover"
        return "ceases to cover" if not self.waives_after else "covers otherwise"


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """The effect of a change of policies on one snapshot.

    ``before`` and ``after`` are revisions. ``same`` policies have the same meaning; ``untouched`` ones have another meaning
    and the same verdicts. ``refused`` policies have errors in the revision after.
    """

    before: str
    after: str
    snapshot: str
    policies: tuple[PolicyChange, ...]
    same: int
    untouched: int
    refused: tuple[str, ...]
    requirements: tuple[RequirementChange, ...]
    waivers: tuple[WaiverChange, ...] = ()

    @property
    def newly_incompliant(self) -> int:
        """The number of verdicts that become INCOMPLIANT."""
        return sum(policy.changes.newly_incompliant for policy in self.policies)

    @property
    def lost_sight(self) -> int:
        """The number of verdicts that go from INCOMPLIANT to UNDETERMINED."""
        return sum(policy.changes.between(Status.INCOMPLIANT, Status.UNDETERMINED) for policy in self.policies)

    @property
    def words(self) -> str:
        """A summary in one sentence."""
        parts = [
            f"{counted(len(self.policies), 'policy', 'policies')} of {self.before} and {self.after} have other verdicts",
            f"{counted(self.newly_incompliant, 'verdict')} newly incompliant",
            f"{self.lost_sight:,} became unknown",
            f"{counted(self.untouched, 'changed policy', 'changed policies')} with the same verdicts",
            f"{self.same:,} unchanged",
        ]
        return "; ".join(parts)


def policy_diff(
    before: Repository, after: Repository, snapshot: Snapshot, revisions: tuple[str, ...], waivers: tuple[WaiverFiles, ...]
) -> PolicyDiff:
    """Evaluate a snapshot by two revisions of a repository, each with its own waivers, and return the differences."""
    renames = (after.renames.value or Renames()).former
    selections = [select_policies(Analyzer(repository), over=snapshot) for repository in (before, after)]
    with ExitStack() as stack:
        old, new = (stack.enter_context(evaluate_snapshot(snapshot, selection)) for selection in selections)
        same = _unchanged(selections, renames)
        policies = list(_policies(old, new, renames, same, snapshot))
        requirements = tuple(_requirements((before, old), (after, new)))
        covers = tuple(_waivers((before, old, waivers[0]), (after, new, waivers[1])))
    return PolicyDiff(
        revisions[0],
        revisions[1],
        snapshot.id,
        tuple(policy for policy in policies if policy.changes.has_changed),
        len(same),
        sum(not policy.changes.has_changed for policy in policies),
        tuple(sorted(selections[1].refused)),
        requirements,
        covers,
    )


def _unchanged(selections: list[Selection], renames: Mapping[str, str]) -> set[str]:
    """Return the lineages of policies with the same meaning in both revisions."""
    old, new = (
        {lineage_of(program.policy_id, renames): program_hash(program) for program in selection.programs}
        for selection in selections
    )
    return {lineage for lineage, meaning in old.items() if new.get(lineage) == meaning}


def _policies(
    old: Evaluation, new: Evaluation, renames: Mapping[str, str], same: set[str], snapshot: Snapshot
) -> Iterator[PolicyChange]:
    """Yield the changes of each policy that was added, removed, or has another meaning."""
    before, after = _columns(old, renames), _columns(new, renames)
    for lineage in sorted((before.keys() | after.keys()) - same):
        old_column, new_column = before.get(lineage), after.get(lineage)
        kind = "changed" if old_column and new_column else "added" if new_column else "removed"
        if old_column and new_column and old_column.program.input_type != new_column.program.input_type:
            gone = _status_changes(old_column, None, limit=0, place=snapshot.directory)
            there = _status_changes(None, new_column, limit=_MOST_NAMED, place=snapshot.directory)
            changes = StatusChanges({**gone.counts, **there.counts}, there.failing)
        else:
            changes = _status_changes(old_column, new_column, limit=_MOST_NAMED, place=snapshot.directory)
        failing: tuple[str, ...] = ()
        if new_column is not None and changes.failing:
            objects = new_column.objects.at(changes.failing)
            failing = tuple(objects[row].name or objects[row].id for row in changes.failing)
        named = new_column or old_column
        assert named is not None
        yield PolicyChange(named.program.policy_id, kind, changes, failing)


def _columns(evaluation: Evaluation, renames: Mapping[str, str]) -> dict[str, Verdicts]:
    return {lineage_of(column.program.policy_id, renames): column for column in evaluation.verdicts}


def _waivers(*sides: tuple[Repository, Evaluation, WaiverFiles]) -> Iterator[WaiverChange]:
    """Yield the waivers that cover another number of verdicts."""
    before, after = (
        waived(evaluation, files, repository.policy_ids, replayed=False) for repository, evaluation, files in sides
    )
    forces = [
        {waiver_status.waiver.id: waiver_status.force.value for waiver_status in waiver_matches.waiver_statuses}
        for waiver_matches in (before, after)
    ]
    shown = [Counter[str](), Counter[str]()]
    for numbers, waiver_matches in zip(shown, (before, after), strict=True):
        for (name, _), number in waiver_matches.by_waiver.items():
            numbers[name] += number
    for name in sorted({*shown[0], *shown[1]}):
        if shown[0][name] != shown[1][name]:
            yield WaiverChange(name, forces[0].get(name), forces[1].get(name), shown[0][name], shown[1][name])


def _requirements(*sides: tuple[Repository, Evaluation]) -> Iterator[RequirementChange]:
    """Yield the requirements of all frameworks with another status."""
    before, after = (
        requirement_statuses(
            repository,
            {column.program.policy_id: counts_of(column) for column in evaluation.verdicts},
            evaluation.in_part(),
        )
        for repository, evaluation in sides
    )
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield RequirementChange(name, before.get(name), after.get(name))


def _statuses(column: Verdicts) -> str:
    """Return the query for the status of each row, as a number."""
    files = f"read_parquet([{', '.join(map(pattern, column.files.paths))}], hive_partitioning = false)"
    return f"SELECT {ROW}, {value_sql(column.program, f'v{column.number}')} % 8 AS s FROM {files}"


def _status_changes(before: Verdicts | None, after: Verdicts | None, *, limit: int, place: Path) -> StatusChanges:
    """Return the changes from one column to another over the rows of one table. One of the columns may be missing.

    ``limit`` bounds the rows of newly failing objects. ``place`` is named in errors if files cannot be read.
    """
    sides = [column for column in (before, after) if column is not None]
    paths = [path for column in sides for path in column.files.paths]
    with opened(paths=paths) as connection, translate_errors(place):
        parts = [*map(_statuses, sides)]
        on = f"a.{ROW} = b.{ROW}"
        joined = f"SELECT a.{ROW} AS number, a.s AS old, b.s AS new FROM ({parts[0]}) AS a JOIN ({parts[-1]}) AS b ON {on}"
        pairs = rows_of(connection, f"SELECT old, new, count(*) FROM ({joined}) GROUP BY 1, 2")
        fails = STATUSES.index(Status.INCOMPLIANT)
        newly = "true" if before is None else f"old <> {fails}"
        first = f"SELECT number FROM ({joined}) WHERE new = {fails} AND {newly} ORDER BY 1 LIMIT {limit}"
        failing = [] if after is None else rows_of(connection, first)
    counts: dict[tuple[Status | None, Status | None], int] = {}
    for old, new, number in pairs:
        key = (STATUSES[old] if before else None, STATUSES[new] if after else None)
        counts[key] = counts.get(key, 0) + number
    return StatusChanges(counts, tuple(number for (number,) in failing))
