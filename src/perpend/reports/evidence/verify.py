"""A foreign pack in, what holds of it out: each digest compared, and the run judged once more and compared byte for byte.

Nothing of a pack is executed, and nothing of it is used before all names, sizes and digests are what they have to be. What
cannot be checked is said, and is never a pass.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.files import shown
from perpend.inventory.snapshots.store import Store
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.syntax.repository import open_repository
from perpend.reports.evidence.archive import DamagedMember, PackFault, opened_pack
from perpend.reports.evidence.policies import POLICIES
from perpend.reports.evidence.results import INVENTORY, MAY_BE_MADE, RUNS, VERSIONS, evaluate_pack
from perpend.reports.evidence.statement import (
    MOST,
    PREDICATE_TYPE,
    Statement,
    UnusableStatement,
    digest_of_bytes,
    run_packed,
    statement_from,
)
from perpend.reports.evidence.write import README, README_TEXT, STATEMENT, inputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.reports.evidence.archive import PackArchive
    from perpend.reports.evidence.statement import RunPacked

_MOST_FAULTS: Final = 1_000
_LONGEST: Final = 1 << 20
_MOST_NAMED: Final = 3
_DOUBTS: Final = {
    "changedSince": "not known to mean what they meant in the run",
    "moreThanFound": "more is compliant or inapplicable than the history knew of the run",
}
"""What whoever packed says of policies in the predicate's ``history``. It follows from no member, and nobody can compare it."""


@dataclass(slots=True)
class PackChecked:
    """What checking a pack has found: what was checked, what is otherwise than it says, and what could not be checked.

    ``doubts`` are those that whoever packed it had: a pack with some can hold.
    """

    statement: str | None = None
    checked: list[str] = field(default_factory=list)
    faults: list[PackFault] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool | None:
        """Whether everything is as the pack says; None where nothing is otherwise, but something could not be checked."""
        return False if self.faults else None if self.unchecked else True


def verify_pack(path: Path, store: Store | None = None) -> PackChecked:
    """Check a pack. ``store`` is where the inputs of one are that was packed without them.

    Raises NotAPack for a file that is none, StoreError where there is no room to unpack it.
    """
    outcome = PackChecked()
    with opened_pack(path) as archive, scratch() as directory:
        outcome.faults += archive.faults
        statement = None if archive.faults else _statement(archive, outcome)
        if statement is None:
            return outcome
        unpacked = directory / "pack"
        _compare_digests(archive, statement, unpacked, outcome)
        if outcome.faults:
            outcome.unchecked.append("judging again: of a pack with faults nothing is used")
        elif statement.predicate_type != PREDICATE_TYPE:
            kind = shown(statement.predicate_type)
            outcome.unchecked.append(f"what the statement says beyond digests: this version does not know {kind}")
        else:
            outcome.doubts += _doubts(statement.predicate.get("history"))
            _Rejudging(statement, unpacked, directory, outcome).compare(store)
        return outcome


def _doubts(history: object) -> Iterator[str]:
    """Yield what whoever packed was not sure of. What is no list of names is none: anybody may have written it."""
    for key, what in _DOUBTS.items():
        named = history.get(key) if isinstance(history, dict) else None
        names = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
        if names:
            more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
            yield f"{what}: {', '.join(map(shown, names[:_MOST_NAMED]))}{more}"


def _statement(archive: PackArchive, outcome: PackChecked) -> Statement | None:
    if STATEMENT not in archive.names:
        outcome.faults.append(PackFault(STATEMENT, "is missing: nothing says what the pack holds"))
        return None
    try:
        content = archive.content(STATEMENT, most=MOST)
        outcome.statement = digest_of_bytes(content)
        return statement_from(content)
    except (DamagedMember, UnusableStatement) as error:
        outcome.faults.append(PackFault(STATEMENT, str(error)))
        return None


def _compare_digests(archive: PackArchive, statement: Statement, unpacked: Path, outcome: PackChecked) -> None:
    """Compare every member with its digest, and unpack it."""
    names = [name for name in archive.names if name != STATEMENT]
    missing = sorted(statement.subjects.keys() - set(names))
    outcome.faults += [PackFault(name, "is missing, and the statement names it") for name in missing[:_MOST_FAULTS]]
    for name in names:
        reason = _member_fault(archive, name, statement, unpacked)
        if reason is not None and len(outcome.faults) < _MOST_FAULTS:
            outcome.faults.append(PackFault(name, reason))
    if not outcome.faults:
        outcome.checked.append(f"{counted(len(names), 'member')}, each by its SHA-256")


def _member_fault(archive: PackArchive, name: str, statement: Statement, unpacked: Path) -> str | None:
    if name not in statement.subjects:
        return "is not named by the statement"
    if statement.predicate_type == PREDICATE_TYPE and not _has_a_place(name):
        return "has no place in a pack"
    try:
        digest = archive.digest(name, unpacked / name)
    except DamagedMember as error:
        return str(error)
    return None if digest == statement.subjects[name] else "was changed: its SHA-256 is not that of the statement"


def _has_a_place(name: str) -> bool:
    """Whether a pack holds members that are called so: beside a snapshot's tables nothing stands that a store would use."""
    return name == README or name in MAY_BE_MADE or name.startswith((POLICIES, RUNS, INVENTORY))


@dataclass(slots=True)
class _Rejudging:
    """A pack whose members are what the statement says, while it is judged once more."""

    statement: Statement
    unpacked: Path
    directory: Path
    outcome: PackChecked

    def compare(self, store: Store | None) -> None:
        """Judge and compare, where that is possible."""
        try:
            run = run_packed(self.statement.predicate)
        except UnusableStatement as error:
            self._fault(STATEMENT, str(error))
            return
        if not run.inputs and store is None:
            self.outcome.unchecked.append("judging again: the inputs were left out; name their store with --inputs")
            return
        try:
            with self._snapshot(run, store) as snapshot:
                if self._holds_the_same(run, snapshot):
                    self._judge(run, snapshot)
        except PerpendError as error:
            self._otherwise("", f"it cannot be judged again: {error}")

    def _snapshot(self, run: RunPacked, store: Store | None) -> AbstractContextManager[Snapshot]:
        own = Store(self.unpacked / "snapshot")
        if not run.inputs and store is not None:
            return store.reading(run.snapshot)
        return own.reading(run.snapshot)

    def _holds_the_same(self, run: RunPacked, snapshot: Snapshot) -> bool:
        """Whether the snapshot is the one that was packed, file by file."""
        faults = len(self.outcome.faults)
        said = self.statement.predicate.get("inputs", {}).get("files")
        inputs = inputs_of(snapshot)
        listed = [{"name": name, **one} for name, one in inputs.items()]
        if snapshot.content_hash != run.content or said != listed:
            self._fault(f"{RUNS}{run.snapshot}.json", "is another snapshot than the statement says")
        packed = {name for name in self.statement.subjects if name.startswith(INVENTORY)}
        for name in sorted(packed ^ (inputs.keys() if run.inputs else set())):
            self._fault(name, "the snapshot's manifest and the pack disagree whether it is a part of the snapshot")
        return len(self.outcome.faults) == faults

    def _judge(self, run: RunPacked, snapshot: Snapshot) -> None:
        again = self.directory / "again"
        again.mkdir(mode=0o700)
        judged = evaluate_pack(open_repository(self.unpacked / POLICIES), snapshot, run, again)
        before = len(self.outcome.faults) + len(self.outcome.unchecked)
        readme = self.unpacked / README
        if readme.exists() and readme.read_bytes() != README_TEXT.encode():
            self._otherwise(README, "says something else than in every pack")
        for name, path in judged.members.items():
            if not (self.unpacked / name).exists():
                self._otherwise(name, "is missing, and judging again writes it")
            elif (reason := _first_difference(self.unpacked / name, path)) is not None:
                self._otherwise(name, reason)
        for name in sorted(MAY_BE_MADE - judged.members.keys()):
            if (self.unpacked / name).exists():
                self._otherwise(name, "is there, and judging again writes none")
        said = self.statement.predicate
        for key, value in judged.described.items():
            if json.loads(json.dumps(value)) != said.get(key):
                self._otherwise(STATEMENT, f"judging again says otherwise of `{key}`")
        if len(self.outcome.faults) + len(self.outcome.unchecked) == before:
            counts = judged.described["verdicts"]
            number = sum(counts.values()) - counts["objects"]
            by = counted(len(run.policies), "policy", "policies")
            self.outcome.checked.append(f"judged again: {counted(number, 'verdict')} of {by}, byte for byte")
            if said.get("versions") != VERSIONS:
                self.outcome.checked.append(f"that by another version: {_versions(said)} then, {_versions(None)} now")

    def _otherwise(self, member: str, reason: str) -> None:
        """Take in that judging again ended otherwise: a fault, unless another version may be the cause, which nobody knows."""
        said = self.statement.predicate
        if said.get("versions") == VERSIONS:
            self._fault(member, reason)
        else:
            what = f"{member}: " if member else ""
            by = f"{_versions(said)} packed it, and this is {_versions(None)}"
            self.outcome.unchecked.append(f"{what}{reason}; {by}")

    def _fault(self, member: str, reason: str) -> None:
        self.outcome.faults.append(PackFault(member, reason))


def _versions(said: Any) -> str:
    """Return versions in words: those of a predicate, ours for None."""
    versions = VERSIONS if said is None else said.get("versions")
    if not isinstance(versions, dict):
        return "an unknown version"
    return shown(", ".join(f"{name} {version}" for name, version in versions.items()))


def _first_difference(packed: Path, again: Path) -> str | None:
    """Return in which line two texts differ, None where they are the same bytes."""
    with packed.open("rb") as first, again.open("rb") as second:
        for number, (left, right) in enumerate(_pairs(first, second), 1):
            if left != right:
                return f"judging again gives another line {number:,}"
    return None


def _pairs(first: Any, second: Any) -> Iterator[tuple[bytes, bytes]]:
    """Yield the lines of two files, long ones in pieces."""
    yield from zip_longest(*(iter(partial(stream.readline, _LONGEST), b"") for stream in (first, second)), fillvalue=b"")
