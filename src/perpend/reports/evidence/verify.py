"""Verify evidence packs: compare each digest, evaluate the run again, and compare the results byte for byte.

Nothing in an evidence pack is executed, and nothing is used before all names, sizes and digests are right. A part that
cannot be checked is reported, and never counts as valid.
"""

from __future__ import annotations

import json
from dataclasses import field
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.files import shown
from perpend.inventory.snapshots.store import Store
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.syntax.repository import open_repository
from perpend.reports.evidence.archive import DamagedMember, EvidenceFault, open_evidence
from perpend.reports.evidence.results import INVENTORY, MAY_BE_MADE, RUNS, VERSIONS, evaluate_evidence
from perpend.reports.evidence.statement import (
    MOST,
    PREDICATE_TYPE,
    Statement,
    UnusableStatement,
    digest_of_bytes,
    run_from_predicate,
    statement_from,
)
from perpend.reports.evidence.write import POLICIES, README, README_TEXT, STATEMENT, inputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.reports.evidence.archive import EvidenceArchive
    from perpend.reports.evidence.statement import EvidenceRun

_MOST_FAULTS: Final = 1_000
_LONGEST: Final = 1 << 20
_MOST_NAMED: Final = 3
_DOUBTS: Final = {
    "changedSince": "changed since the run, or not known from it",
    "moreThanFound": "more is compliant or inapplicable now than in the run",
}
"""Warnings about policies in the predicate's ``history``. An evidence pack with some can be valid."""


@dataclass(slots=True)
class Verification:
    """The result of verifying an evidence pack: the parts that were checked, the faults, and the parts not checked.

    ``doubts`` are warnings from its creation: an evidence pack that has some can be valid.
    """

    statement: str | None = None
    checked: list[str] = field(default_factory=list)
    faults: list[EvidenceFault] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool | None:
        """Whether the evidence pack is valid; None if there is no fault, but a part could not be checked."""
        return False if self.faults else None if self.unchecked else True


def verify_evidence(path: Path, store: Store | None = None) -> Verification:
    """Verify an evidence pack. ``store`` has the inputs of one that was packed without them.

    Raises NotAnEvidencePack for another file, and StoreError if there is no room to unpack it.
    """
    outcome = Verification()
    with open_evidence(path) as archive, scratch() as directory:
        outcome.faults += archive.faults
        statement = None if archive.faults else _statement(archive, outcome)
        if statement is None:
            return outcome
        unpacked = directory / "pack"
        _compare_digests(archive, statement, unpacked, outcome)
        if outcome.faults:
            outcome.unchecked.append("evaluating again: an evidence pack with faults is not used")
        elif statement.predicate_type != PREDICATE_TYPE:
            kind = shown(statement.predicate_type)
            outcome.unchecked.append(f"the predicate of the statement: this version does not know {kind}")
        else:
            outcome.doubts += _doubts(statement.predicate.get("history"))
            _Reevaluation(statement, unpacked, directory, outcome).compare(store)
        return outcome


def _doubts(history: object) -> Iterator[str]:
    """Return the warnings from the creation of the evidence pack. A value that is not a list of names is ignored."""
    for key, what in _DOUBTS.items():
        named = history.get(key) if isinstance(history, dict) else None
        names = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
        if names:
            more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
            yield f"{what}: {', '.join(map(shown, names[:_MOST_NAMED]))}{more}"


def _statement(archive: EvidenceArchive, outcome: Verification) -> Statement | None:
    if STATEMENT not in archive.names:
        outcome.faults.append(EvidenceFault(STATEMENT, "is missing: nothing says what the pack holds"))
        return None
    try:
        content = archive.content(STATEMENT, most=MOST)
        outcome.statement = digest_of_bytes(content)
        return statement_from(content)
    except (DamagedMember, UnusableStatement) as error:
        outcome.faults.append(EvidenceFault(STATEMENT, str(error)))
        return None


def _compare_digests(archive: EvidenceArchive, statement: Statement, unpacked: Path, outcome: Verification) -> None:
    """Compare each member with its digest, and unpack it."""
    names = [name for name in archive.names if name != STATEMENT]
    missing = sorted(statement.subjects.keys() - set(names))
    outcome.faults += [EvidenceFault(name, "is missing, but the statement names it") for name in missing[:_MOST_FAULTS]]
    for name in names:
        reason = _member_fault(archive, name, statement, unpacked)
        if reason is not None and len(outcome.faults) < _MOST_FAULTS:
            outcome.faults.append(EvidenceFault(name, reason))
    if not outcome.faults:
        outcome.checked.append(f"{counted(len(names), 'member')}, each by its SHA-256")


def _member_fault(archive: EvidenceArchive, name: str, statement: Statement, unpacked: Path) -> str | None:
    if name not in statement.subjects:
        return "is not named by the statement"
    if statement.predicate_type == PREDICATE_TYPE and not _is_member_name(name):
        return "does not belong in an evidence pack"
    try:
        digest = archive.digest(name, unpacked / name)
    except DamagedMember as error:
        return str(error)
    return None if digest == statement.subjects[name] else "was changed: its SHA-256 differs from the statement"


def _is_member_name(name: str) -> bool:
    """Whether an evidence pack may have a member with this name. Only the snapshot's own files are allowed in its store."""
    return name == README or name in MAY_BE_MADE or name.startswith((POLICIES, RUNS, INVENTORY))


@dataclass(slots=True)
class _Reevaluation:
    """The second evaluation of an evidence pack whose members agree with the statement."""

    statement: Statement
    unpacked: Path
    directory: Path
    outcome: Verification

    def compare(self, store: Store | None) -> None:
        """Evaluate and compare, if that is possible."""
        try:
            run = run_from_predicate(self.statement.predicate)
        except UnusableStatement as error:
            self._fault(STATEMENT, str(error))
            return
        if not run.inputs and store is None:
            self.outcome.unchecked.append("evaluating again: the inputs were left out; name their store with --inputs")
            return
        try:
            with self._snapshot(run, store) as snapshot:
                if self._is_packed_snapshot(run, snapshot):
                    self._evaluate(run, snapshot)
        except PerpendError as error:
            self._differ("", f"the run cannot be evaluated again: {error}")

    def _snapshot(self, run: EvidenceRun, store: Store | None) -> AbstractContextManager[Snapshot]:
        own = Store(self.unpacked / "snapshot")
        if not run.inputs and store is not None:
            return store.reading(run.snapshot)
        return own.reading(run.snapshot)

    def _is_packed_snapshot(self, run: EvidenceRun, snapshot: Snapshot) -> bool:
        """Whether the snapshot is the packed one, file by file."""
        faults = len(self.outcome.faults)
        predicate = self.statement.predicate.get("inputs", {}).get("files")
        inputs = inputs_of(snapshot)
        listed = [{"name": name, **one} for name, one in inputs.items()]
        if snapshot.content_hash != run.content or predicate != listed:
            self._fault(f"{RUNS}{run.snapshot}.json", "is not the snapshot of the statement")
        packed = {name for name in self.statement.subjects if name.startswith(INVENTORY)}
        for name in sorted(packed ^ (inputs.keys() if run.inputs else set())):
            self._fault(name, "is either not packed, or not in the manifest of the snapshot")
        return len(self.outcome.faults) == faults

    def _evaluate(self, run: EvidenceRun, snapshot: Snapshot) -> None:
        made = self.directory / "again"
        made.mkdir(mode=0o700)
        repository = open_repository(self.unpacked / POLICIES, parameters=run.parameters)
        results = evaluate_evidence(repository, snapshot, run, made)
        before = len(self.outcome.faults) + len(self.outcome.unchecked)
        readme = self.unpacked / README
        if readme.exists() and readme.read_bytes() != README_TEXT.encode():
            self._differ(README, "differs from the text of this version")
        for name, path in results.members.items():
            if not (self.unpacked / name).exists():
                self._differ(name, "is missing, but evaluating again writes it")
            elif (reason := _first_difference(self.unpacked / name, path)) is not None:
                self._differ(name, reason)
        for name in sorted(MAY_BE_MADE - results.members.keys()):
            if (self.unpacked / name).exists():
                self._differ(name, "exists, but evaluating again does not write it")
        predicate = self.statement.predicate
        for key, value in results.described.items():
            if json.loads(json.dumps(value)) != predicate.get(key):
                self._differ(STATEMENT, f"evaluating again gives another `{key}`")
        if len(self.outcome.faults) + len(self.outcome.unchecked) == before:
            counts = results.described["verdicts"]
            number = sum(counts.values()) - counts["objects"]
            by = counted(len(results.described["policies"]), "policy", "policies")
            self.outcome.checked.append(f"evaluated again: {counted(number, 'verdict')} by {by}, equal byte for byte")
            if predicate.get("versions") != VERSIONS:
                self.outcome.checked.append(f"by another version: {_versions(predicate)} then, {_versions(None)} now")

    def _differ(self, member: str, reason: str) -> None:
        """Record a difference of the second evaluation: a fault, or not checked if another version may be the cause."""
        predicate = self.statement.predicate
        if predicate.get("versions") == VERSIONS:
            self._fault(member, reason)
        else:
            what = f"{member}: " if member else ""
            by = f"created by {_versions(predicate)}, verified by {_versions(None)}"
            self.outcome.unchecked.append(f"{what}{reason}; {by}")

    def _fault(self, member: str, reason: str) -> None:
        self.outcome.faults.append(EvidenceFault(member, reason))


def _versions(predicate: Any) -> str:
    """Return the versions of a predicate in words, our own for None."""
    versions = VERSIONS if predicate is None else predicate.get("versions")
    if not isinstance(versions, dict):
        return "an unknown version"
    return shown(", ".join(f"{name} {version}" for name, version in versions.items()))


def _first_difference(packed: Path, made: Path) -> str | None:
    """Return the line in which two files differ, None if they are equal."""
    with packed.open("rb") as first, made.open("rb") as second:
        for number, (left, right) in enumerate(_pairs(first, second), 1):
            if left != right:
                return f"evaluating again gives another line {number:,}"
    return None


def _pairs(first: Any, second: Any) -> Iterator[tuple[bytes, bytes]]:
    """Yield pairs of lines of two files, long lines in pieces."""
    yield from zip_longest(*(iter(partial(stream.readline, _LONGEST), b"") for stream in (first, second)), fillvalue=b"")
