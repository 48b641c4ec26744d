"""Create an evidence pack of a run, from the command's options, and describe the result of verifying one."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.values.age import format_age
from perpend.evaluation.verdicts.selection import policies_named
from perpend.evaluation.verdicts.stores.evaluate_snapshot import snapshot_evaluation_time
from perpend.findings.history.identity import lineage_of, program_hash, rule_hash
from perpend.findings.history.queries.findings import run_named
from perpend.findings.severity.active import rating_directories
from perpend.inventory.snapshots.store import NoSnapshot
from perpend.language.compiler.names import match_ids
from perpend.language.syntax.renames import Renames
from perpend.reports.evidence.results import passing_of
from perpend.reports.evidence.statement import EvidenceRun, RunRecord
from perpend.reports.evidence.write import EvidenceRequest, write_evidence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from perpend.core.objects.status import Status
    from perpend.evaluation.verdicts.policy_choice import PolicyChoice
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.findings.history.manifest import HistoryManifest, Run
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository
    from perpend.reports.evidence.verify import Verification
    from perpend.reports.evidence.write import WrittenEvidence

_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class EvidenceOptions:
    """The options of the command, by their names."""

    directory: str
    run: str | None
    out: str
    no_inputs: bool
    policies: tuple[str, ...]
    frameworks: tuple[str, ...]
    inherited: bool
    exclude: tuple[str, ...]
    repo: str | None
    waivers_dir: str | None
    no_waivers: bool
    ratings_dir: str | None
    default_ratings: bool
    snapshot_time: datetime | None
    max_age: timedelta | None


@dataclass(frozen=True, slots=True)
class RunReference:
    """The snapshot of an evidence pack, and the run of the history that evaluated it, None if no history knows one."""

    snapshot: str | None
    head: HistoryManifest
    run: Run | None = None

    @property
    def policies(self) -> tuple[str, ...]:
        """The current ids of the policies of the run; empty if no history knows the run."""
        if self.run is None:
            return ()
        numbers = self.head.was_evaluated(self.run)
        return tuple(sorted({policy.policy_id for policy in self.head.policies if policy.number in numbers}))

    def times(self, snapshot: Snapshot, stated: datetime | None, max_age: bool) -> tuple[datetime, bool, datetime | None]:
        """Return the time of the run, whether it was stated, and the moment to which ages count, None without a limit.

        Ages count to the commit of the run if the history knows it, else to now.
        """
        run = self.run if stated is None else None
        now = datetime.fromisoformat(run.committed) if run else datetime.now(UTC).replace(microsecond=0)
        time = snapshot_evaluation_time(snapshot, stated, now).time
        is_stated = stated is not None
        if run is not None and datetime.fromisoformat(run.time) != _in_milliseconds(time):
            time, is_stated = datetime.fromisoformat(run.time), True
        return time, is_stated, now if max_age and not is_stated else None

    def record(
        self, repository: Repository, programs: Iterable[Program], counts: Mapping[str, Mapping[Status, int]]
    ) -> RunRecord | None:
        """Return the run as the history knows it; None without a run. ``counts`` are those after the run, by policy."""
        if self.run is None:
            return None
        passing = {policy_id: passing_of(counts[policy_id]) for policy_id in self.policies if policy_id in counts}
        hashes = {program.policy_id: self._program_in(self.run, repository, program) for program in programs}
        return RunRecord(self.run.number, self.run.committed, self.run.engine, hashes, passing)

    def _program_in(self, run: Run, repository: Repository, program: Program) -> str | None:
        """Return the hash of a policy's program in the run, None if the history does not know it."""
        former = (repository.renames.value or Renames()).former
        lineage = lineage_of(program.policy_id, former)
        known = (policy for policy in self.head.policies if policy.lineage == lineage)
        policy = next((policy for policy in known if policy.type_name == program.input_type), None)
        if policy is None or policy.program_run <= run.number:
            return policy.program if policy is not None else None
        # A value of a parameter has changed since. The program is that of the run if nothing else has.
        recorded = next((recorded for recorded in self.head.parameters if recorded.policy == policy.number), None)
        is_same = (
            recorded is not None
            and recorded.rule_run <= run.number
            and recorded.rule == rule_hash(program)
            and recorded.in_run(run.number) == program.parameters
        )
        return program_hash(program) if is_same else None


def run_reference(store: Store, head: HistoryManifest, name: str | None) -> RunReference:
    """Return the run with a name: the id of a snapshot or its beginning, or a number of the history.

    Without a name, it is the last run of the history, or the current snapshot if there is no history.
    """
    if name is None:
        last = head.runs[-1] if head.runs else None
        return RunReference(last.snapshot if last else None, head, last)
    if name in store.runs() or not head.runs:
        return RunReference(name, head, head.run_of(name))
    run = run_named(head, name)
    if run.snapshot not in store.runs():
        raise NoSnapshot(f"run {run.number} evaluated the snapshot {run.snapshot}, which is no longer in the store")
    return RunReference(run.snapshot, head, run)


def _in_milliseconds(moment: datetime) -> datetime:
    """Return a moment with the precision of a history."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class CreatedEvidence:
    """A written evidence pack, and warnings for the user. ``complete``: it is known to be the whole run."""

    written: WrittenEvidence
    warnings: tuple[str, ...]
    complete: bool


def create_evidence(
    stream: BinaryIO,
    options: EvidenceOptions,
    reference: RunReference,
    repository: Repository,
    snapshot: Snapshot,
    selection: Selection,
    *,
    attested: Collection[str],
    counts: Mapping[str, Mapping[Status, int]],
    choice: PolicyChoice,
) -> CreatedEvidence:
    """Write the evidence pack of a run.

    ``attested`` are the policies with attestations. ``counts`` are the counts of the history after the run, by policy.
    ``choice`` has made the selection.
    """
    record = reference.record(repository, selection.programs, counts)
    run = _evidence_run(options, reference, snapshot, choice, record, selection.programs)
    request = EvidenceRequest(
        run,
        _named_policies(repository, choice),
        [policy_id for policy_id in attested if policy_id in repository.policy_ids],
        {
            "waivers": () if options.no_waivers else (options.waivers_dir,),
            "ratings": rating_directories(repository, options.ratings_dir, defaults=options.default_ratings),
        },
        _commands(run, by_run=choice.policies == reference.policies),
    )
    written = write_evidence(stream, repository, snapshot, request)
    warnings = [f"not in the snapshot: {visible(failure.source)}: {visible(failure.reason)}" for failure in snapshot.failures]
    warnings += _policy_warning("changed since the run, or not known from it", written.changed)
    hint = "" if request.run.max_age else " (give its --max-age, if it had one)"
    warnings += _policy_warning(f"more is compliant or inapplicable now than in the run{hint}", written.more)
    complete = not (written.changed or written.more or selection.refused or snapshot.failures)
    return CreatedEvidence(written, tuple(warnings), complete)


def _policy_warning(problem: str, policy_ids: Sequence[str]) -> list[str]:
    """Return a warning that names the first of some policies; none without policies."""
    if not policy_ids:
        return []
    names = ", ".join(map(visible, policy_ids[:_MOST_NAMED]))
    more = f" and {len(policy_ids) - _MOST_NAMED:,} more" if len(policy_ids) > _MOST_NAMED else ""
    return [f"{problem}: {names}{more}: recorded in the evidence pack"]


def _evidence_run(
    options: EvidenceOptions,
    reference: RunReference,
    snapshot: Snapshot,
    choice: PolicyChoice,
    record: RunRecord | None,
    programs: Iterable[Program],
) -> EvidenceRun:
    time, stated, counted_to = reference.times(snapshot, options.snapshot_time, options.max_age is not None)
    return EvidenceRun(
        snapshot.id,
        snapshot.content_hash,
        time,
        stated,
        format_age(options.max_age) if options.max_age is not None else None,
        counted_to,
        not options.no_inputs,
        choice,
        record,
        {
            program.policy_id: {value.name: value.value for value in program.parameters}
            for program in programs
            if program.parameters
        },
    )


def _named_policies(repository: Repository, choice: PolicyChoice) -> set[str]:
    """Return the policies that a choice names, excluded ones included, and all that map to its frameworks."""
    ids = repository.policy_ids
    named = match_ids(choice.policies, ids, "policy") if choice.policies or not choice.frameworks else []
    excluded = match_ids(choice.exclude, ids, "policy") if choice.exclude else []
    mapped = policies_named(repository, (), choice.frameworks, inherited=True) if choice.frameworks else []
    return {*named, *excluded, *mapped}


def _commands(run: EvidenceRun, *, by_run: bool) -> tuple[str, ...]:
    """Return the commands that verify the evidence pack, the last three without `perpend evidence verify`.

    ``by_run``: the policies are those of the run, so that all packed ones are evaluated.
    """
    if not run.inputs or run.max_age is not None:
        return ("perpend evidence verify PACK.zip",)
    choice = run.choice
    named = {"--policy": () if by_run else choice.policies, "--framework": choice.frameworks, "--exclude": choice.exclude}
    words = [word for option, names in named.items() for name in names for word in (option, name)]
    options = shlex.join([*words, *(["--inherited"] if choice.inherited else [])])
    check = (
        f"perpend check --store pack/snapshot --run {run.snapshot} --repo pack/policies {options}{' ' if options else ''}"
        f"--snapshot-time {run.time.isoformat()} --no-history --no-config --format csv "
        "--references all --out again.csv"
    )
    return ("perpend evidence verify PACK.zip", "unzip PACK.zip -d pack", check, "cmp again.csv pack/verdicts.csv")


def verification_document(outcome: Verification) -> dict[str, Any]:
    """Return the result of verifying an evidence pack for JSON. ``holds`` is null if a part could not be checked."""
    return {
        "holds": outcome.holds,
        "statement": outcome.statement,
        "checked": outcome.checked,
        "faults": [{"member": fault.member or None, "reason": fault.reason} for fault in outcome.faults],
        "notChecked": outcome.unchecked,
        "doubts": outcome.doubts,
    }


def verification_lines(outcome: Verification) -> Iterator[str]:
    """Yield the result of verifying an evidence pack as lines of text."""
    if outcome.statement is not None:
        yield f"statement    sha256:{outcome.statement}"
    yield from (f"checked      {visible(line)}" for line in outcome.checked)
    for fault in outcome.faults:
        yield f"different    {visible(fault.member)}{': ' if fault.member else ''}{visible(fault.reason)}"
    yield from (f"not checked  {visible(line)}" for line in outcome.unchecked)
    yield from (f"in doubt     {visible(line)}" for line in outcome.doubts)
    yield {
        True: "the evidence pack is valid",
        False: "the evidence pack is not valid",
        None: "not everything was checked",
    }[outcome.holds]
