"""What a command line says of a run in, a pack of it out: its snapshot and time, the policies that it asked, what is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.config.command import is_from_file
from perpend.cli.config.configuration import is_address
from perpend.cli.options.programs import chosen_policies, tell_refused
from perpend.cli.options.repository import repository_here, store_named
from perpend.cli.options.severity import rating_files
from perpend.cli.options.streams import output_bytes
from perpend.cli.options.tree_faults import tell_tree_faults
from perpend.cli.options.waivers import ActiveWaivers
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.plural import counted
from perpend.core.values.age import written_age
from perpend.evaluation.verdicts.selection import select_policies
from perpend.inventory.snapshots.store import NoSnapshot
from perpend.language.compiler.analyzer import Analyzer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import timedelta

    from perpend.core.objects.status import Status
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.findings.history.manifest import HistoryManifest, Run
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository
    from perpend.reports.evidence.verify import PackChecked
    from perpend.reports.evidence.write import EvidenceRequest

NOT_KNOWN: Final = 3
"""Exit code where the pack was written, and not all of it is known to be what the run was."""

_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class EvidenceOptions:
    """What was asked of a pack, by the names of its options."""

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
    snapshot_time: datetime | None
    max_age: timedelta | None

    @property
    def chooses(self) -> bool:
        """Whether the command line itself says which policies judge."""
        context = click.get_current_context()
        names = ("policies", "frameworks", "exclude")
        return any(context.params[name] and not is_from_file(context, name) for name in names)


@dataclass(frozen=True, slots=True)
class RunReference:
    """The run that a command line means: a snapshot, and what the history knows of it, where it knows it."""

    snapshot: str | None
    head: HistoryManifest
    ran: Run | None = None

    @property
    def policies(self) -> tuple[str, ...]:
        """The ids of the policies that the run asked, as they are called now; empty where no history knows."""
        if self.ran is None:
            return ()
        numbers = self.head.was_asked(self.ran)
        return tuple(sorted({policy.policy_id for policy in self.head.policies if policy.number in numbers}))

    def times(self, snapshot: Snapshot, stated: datetime | None, max_age: bool) -> tuple[datetime, bool, datetime | None]:
        """Return the run's time, whether somebody stated it, and what ages are counted to where they count.

        Ages of a run of the history are counted to when it was committed, all others to now.
        """
        from perpend.evaluation.verdicts.stores.evaluate_tables import held_day

        ran = self.ran if stated is None else None
        now = datetime.fromisoformat(ran.committed) if ran else datetime.now(UTC).replace(microsecond=0)
        time = held_day(snapshot, stated, now).time
        is_stated = stated is not None
        if ran is not None and datetime.fromisoformat(ran.time) != _to_milliseconds(time):
            time, is_stated = datetime.fromisoformat(ran.time), True
        return time, is_stated, now if max_age and not is_stated else None

    def document(self, repository: Repository, programs: Iterable[Program]) -> dict[str, Any] | None:
        """Return what the history knows of the run, and which policies mean something else by now; None without a run."""
        if self.ran is None:
            return None
        return {
            "run": self.ran.number,
            "committed": self.ran.committed,
            "judgedBy": self.ran.engine,
            "changedSince": self._changed(repository, programs),
        }

    def counts(self, directory: str, changed: Iterable[str]) -> dict[str, dict[Status, int]]:
        """Return how verdicts were counted after the run, by the policies that it asked, those left out that have changed."""
        from perpend.findings.history.compliance import counts_known
        from perpend.findings.history.storage import HistoryStorage

        if self.ran is None:
            return {}
        counts, asked = counts_known(HistoryStorage(directory), until=self.ran.number), {*self.policies} - {*changed}
        return {policy_id: of_policy for policy_id, of_policy in counts.items() if policy_id in asked}

    def _changed(self, repository: Repository, programs: Iterable[Program]) -> list[str]:
        """Return the policies of which the history does not say that they meant then what they mean now."""
        from perpend.findings.history.identity import lineage_of, program_hash
        from perpend.language.syntax.companions.renames import Renames

        assert self.ran is not None
        former = (repository.renames.value or Renames()).former
        known = {(policy.lineage, policy.type_name): policy for policy in self.head.policies}
        changed = []
        for program in programs:
            policy = known.get((lineage_of(program.policy_id, former), program.input_type))
            same = policy is not None and policy.program == program_hash(program)
            if policy is None or not same or policy.program_run > self.ran.number:
                changed.append(program.policy_id)
        return changed


def run_meant(store: Store, directory: str, name: str | None) -> RunReference:
    """Return the run that a name means: a snapshot's id or its beginning, or a number of the history.

    Without a name it is the history's last run, and where there is no history, the snapshot in force.
    """
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.queries.findings import run_named
    from perpend.findings.history.storage import HistoryStorage

    head = HistoryManifest() if is_address(directory) else HistoryStorage(directory).head()
    if name is None:
        ran = head.runs[-1] if head.runs else None
        return RunReference(ran.snapshot if ran else None, head, ran)
    if name in store.runs() or not head.runs:
        ran = next((run for run in reversed(head.runs) if run.snapshot == name), None)
        return RunReference(name, head, ran)
    ran = run_named(head, name)
    if ran.snapshot not in store.runs():
        raise NoSnapshot(f"run {ran.number} judged the snapshot {ran.snapshot}, which the store holds no more")
    return RunReference(ran.snapshot, head, ran)


def _to_milliseconds(moment: datetime) -> datetime:
    """Return a moment as a history keeps it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def pack_run(asked: EvidenceOptions) -> int:
    """Write the pack that options ask for, and say what is odd about it; return 3 where not all of it is known, else 0."""
    repository = repository_here(asked.repo)
    tell_tree_faults(repository)
    waiving = ActiveWaivers.here(repository, asked.waivers_dir, none=asked.no_waivers)
    rating_files(repository, asked.ratings_dir)
    store = store_named(asked.directory)
    meant = run_meant(store, asked.directory, asked.run)
    with store.reading(meant.snapshot) as snapshot:
        selection = _selected(Analyzer(repository), asked, meant, snapshot)
        told = _pack_asked(asked, meant, snapshot, selection, repository)
        attested = tuple(
            attestation.policy for attestation in waiving.files.attestations if attestation.policy in repository.policy_ids
        )
        return _write(asked, repository, snapshot, selection, told, attested)


def _write(
    asked: EvidenceOptions,
    repository: Repository,
    snapshot: Snapshot,
    selection: Selection,
    told: EvidenceRequest,
    attested: tuple[str, ...],
) -> int:
    from perpend.reports.evidence.write import write_pack

    with output_bytes(asked.out) as stream:
        packed = write_pack(stream, repository, snapshot, selection, replace(told, attested=attested))
    by = counted(packed.policies, "policy", "policies")
    click.echo(f"{counted(packed.verdicts, 'verdict')} by {by}, {counted(packed.members, 'file')}")
    click.echo(f"statement sha256:{packed.statement}")
    for failure in snapshot.failures:
        click.echo(f"perpend: not in the snapshot: {visible(failure.source)}: {visible(failure.reason)}", err=True)
    changed = (told.history or {}).get("changedSince", [])
    _tell_policies("not known to mean what they meant in the run", changed)
    aged = "" if told.run.max_age else " (name its --max-age, where it had one)"
    _tell_policies(f"more is compliant or inapplicable here than the history knows of the run{aged}", packed.more)
    return NOT_KNOWN if changed or packed.more or selection.refused or snapshot.failures else 0


def _tell_policies(what: str, policy_ids: Sequence[str]) -> None:
    """Say on standard error what is odd about some policies, naming the first ones; nothing where there are none."""
    if policy_ids:
        names = ", ".join(map(visible, policy_ids[:_MOST_NAMED]))
        more = f" and {len(policy_ids) - _MOST_NAMED:,} more" if len(policy_ids) > _MOST_NAMED else ""
        click.echo(f"perpend: {what}: {names}{more}: the pack says so", err=True)


def _selected(analyzer: Analyzer, asked: EvidenceOptions, meant: RunReference, snapshot: Snapshot) -> Selection:
    """Return the policies that judge, having told which cannot: those of the run, unless the command line chooses some."""
    if asked.chooses or not meant.policies:
        return chosen_policies(analyzer, asked, snapshot)
    selection = select_policies(analyzer, meant.policies, standing=True, over=snapshot)
    tell_refused(analyzer.repository, selection)
    return selection


def _pack_asked(
    asked: EvidenceOptions, meant: RunReference, snapshot: Snapshot, selection: Selection, repository: Repository
) -> EvidenceRequest:
    from perpend.reports.evidence.statement import RunPacked
    from perpend.reports.evidence.write import EvidenceRequest

    time, stated, counted_to = meant.times(snapshot, asked.snapshot_time, asked.max_age is not None)
    max_age = written_age(asked.max_age) if asked.max_age is not None else None
    ids = tuple(program.policy_id for program in selection.programs)
    sections = tuple(framework.id for framework in selection.frameworks)
    tops = tuple(top for framework in selection.frameworks for top in framework.sections or (framework.id,))
    run = RunPacked(
        snapshot.id,
        snapshot.content_hash,
        time,
        ids,
        stated,
        max_age,
        counted_to,
        inputs=not asked.no_inputs,
        frameworks=tops,
        inherited=asked.inherited and bool(tops),
    )
    chosen = asked.chooses or not meant.policies
    words = {
        "policies": list(asked.policies) if chosen else [],
        "frameworks": list(asked.frameworks) if chosen else [],
        "inherited": asked.inherited and chosen,
        "exclude": list(asked.exclude) if chosen else [],
        "maxAge": max_age,
        "waivers": not asked.no_waivers,
    }
    beside = {"waivers": "" if asked.no_waivers else asked.waivers_dir, "ratings": asked.ratings_dir}
    history = meant.document(repository, selection.programs)
    counts = meant.counts(asked.directory, history["changedSince"] if history else ())
    return EvidenceRequest(run, beside, sections, (), words, history, counts, _commands(run.time, snapshot, max_age, asked))


def _commands(time: datetime, snapshot: Snapshot, max_age: str | None, asked: EvidenceOptions) -> tuple[str, ...]:
    """Return what somebody types to see the same without `perpend evidence verify`."""
    check = (
        f"perpend check --store pack/snapshot --run {snapshot.id} --repo pack/policies --snapshot-time {time.isoformat()} "
        "--no-history --no-config --format csv --out again.csv"
    )
    unpacked = (
        () if asked.no_inputs or max_age is not None else ("unzip PACK.zip -d pack", check, "cmp again.csv pack/verdicts.csv")
    )
    return ("perpend evidence verify PACK.zip", *unpacked)


def checked_document(outcome: PackChecked) -> dict[str, Any]:
    """Return what checking a pack has found, as JSON has it; ``holds`` is null where not all could be checked."""
    return {
        "holds": outcome.holds,
        "statement": outcome.statement,
        "checked": outcome.checked,
        "faults": [{"member": fault.member or None, "reason": fault.reason} for fault in outcome.faults],
        "notChecked": outcome.unchecked,
        "doubts": outcome.doubts,
    }


def checked_lines(outcome: PackChecked) -> Iterator[str]:
    """Yield what checking a pack has found, a line each, for people."""
    if outcome.statement is not None:
        yield f"statement    sha256:{outcome.statement}"
    yield from (f"checked      {visible(line)}" for line in outcome.checked)
    for fault in outcome.faults:
        yield f"otherwise    {visible(fault.member)}{': ' if fault.member else ''}{visible(fault.reason)}"
    yield from (f"not checked  {visible(line)}" for line in outcome.unchecked)
    yield from (f"in doubt     {visible(line)}" for line in outcome.doubts)
    yield {True: "the pack holds", False: "the pack does not hold", None: "not everything was checked"}[outcome.holds]
