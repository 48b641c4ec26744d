"""Evaluate policies over inputs or a store, record the run in the history, and report the verdicts.

``evaluate_and_report`` is the work of ``perpend check``, ``scan``, ``report html`` and ``export security-hub``.
"""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import warn, warn_diagnostics
from perpend.core.errors import InvalidOption, PerpendError
from perpend.core.objects.account import with_collected_names
from perpend.core.objects.status import Status
from perpend.evaluation.engines.by_name import engine_named
from perpend.findings.history.model import NOT_AWAY
from perpend.findings.severity.active import ActiveSeverities, is_severity
from perpend.inventory.importers.rules import REPEATED_BY_VERDICTS
from perpend.inventory.snapshots.open_store import is_address, open_store
from perpend.inventory.snapshots.queries.account_names import account_names
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.streams import progress
from perpend.runs.planned_findings import findings_on_changed, unchanged_objects
from perpend.runs.report import RunReport
from perpend.runs.request import POLICIES, UNUSABLE, RunOutcome, RunRequest, severities_of, waivers_of
from perpend.runs.warnings import warn_failures, warn_first, warn_found_settings, warn_tree_faults, warn_unusable_policies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.core.objects.inventory import Inventory
    from perpend.evaluation.engines.duckdb.column_cache import Cost
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store


def evaluate_and_report(request: RunRequest) -> RunOutcome:
    """Evaluate the policies, write the report, and return the exit code. Warnings go to standard error.

    Raises PerpendError for an unusable request, input or store.
    """
    if bool(request.inputs) is (request.store is not None):
        raise InvalidOption("name either inputs or a store")
    request.check()
    warn_tree_faults(request.repository)
    run = _Run(request, Analyzer(request.repository), waivers_of(request), severities_of(request))
    return run.evaluate_inputs() if request.store is None else run.evaluate_store(request.store)


def run_on_store(request: RunRequest, store: str, *, record: bool) -> RunOutcome:
    """Evaluate and report a store by its name. ``record`` writes the run to the store's history."""
    is_remote = is_address(store)
    outcome = evaluate_and_report(replace(request, store=open_store(store), record=record and not is_remote))
    if record and is_remote:
        warn(NOT_AWAY)
    return outcome


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of a request: the choice of the way to evaluate, and the report."""

    request: RunRequest
    analyzer: Analyzer
    waivers: ActiveWaivers
    severities: ActiveSeverities

    def evaluate_inputs(self) -> RunOutcome:
        """Evaluate inputs in a temporary snapshot."""
        from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot

        request, declared = self.request, self.request.repository.declared_type
        with ExitStack() as stack:
            with progress("reading") as done:
                read = stack.enter_context(
                    temporary_snapshot(request.inputs, declared=declared, keep_going=request.keep_going, progress=done)
                )
            warn_failures(read.failures)
            warn_diagnostics([problem for problem in read.problems if problem.code not in REPEATED_BY_VERDICTS])
            if read.snapshot is None:
                return RunOutcome(UNUSABLE)
            selection = self._select(read.snapshot)
            unread = [failure.source for failure in read.snapshot.failures]
            outcome = self._evaluate_snapshot(read.snapshot, selection, unread, cached=False)
            for reason, number in read.by_hand.items() if request.explain_cost else ():
                warn(f"by the readers' rules: {number:,} {reason}")
            warn_failures(read.failures, "not evaluated: ")
            return outcome.unless(bool(unread or selection.refused))

    def evaluate_store(self, store: Store) -> RunOutcome:
        """Evaluate a snapshot of a store."""
        with store.reading(self.request.run) as snapshot:
            selection = self._select(snapshot)
            outcome = self._evaluate_snapshot(snapshot, selection)
        warn_first([f"not in the snapshot: {visible(one.source)}: {visible(one.reason)}" for one in snapshot.failures])
        return outcome.unless(bool(snapshot.failures or selection.refused))

    def _evaluate_snapshot(
        self, snapshot: Snapshot, selection: Selection, unread: Sequence[str] = (), *, cached: bool = True
    ) -> RunOutcome:
        """Evaluate a snapshot, report, and record the run. ``unread`` are the inputs that failed."""
        from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot

        request = self.request
        total = sum(table.rows for table in snapshot.tables.by_name.values() if table.type_name)
        costs: list[Cost] = []
        # evaluate_snapshot uses DuckDB by default, and then also the column cache of the store.
        name = "" if request.engine == "duckdb" else request.engine
        with ExitStack() as stack:
            with progress("evaluating", total=total) as done:
                engine = stack.enter_context(engine_named(name, request.spark_master, request.spark_settings))
                evaluation = stack.enter_context(
                    evaluate_snapshot(
                        snapshot,
                        selection,
                        snapshot_time=request.snapshot_time,
                        engine=engine,
                        max_age=request.max_age,
                        progress=done,
                        costs=costs.extend,
                        cached=cached,
                        by_interpreter=request.engine == "interpreter",
                    )
                )
            # Recorded before the report, so that no progress bar follows its first line.
            is_unrecorded = request.record and not self._record(snapshot, evaluation)
            if not request.reported:
                return RunOutcome(0, evaluation.ledger)
            outcome = self._report(snapshot, evaluation, unread)
            for cost in costs if request.explain_cost else ():
                warn(f"{cost.table}: {cost.what}: {counted(cost.reused, 'column')} reused, {cost.computed} computed")
            return outcome.unless(is_unrecorded)

    def _record(self, snapshot: Snapshot, evaluation: Evaluation) -> bool:
        """Record the run in the store's history, and print its changes.

        Return False after a warning if the run cannot be recorded: the verdicts are valid, and the report follows.
        """
        from perpend.findings.history.model import in_words
        from perpend.findings.history.record import record_run

        try:
            with progress("recording the history"):
                changes = record_run(
                    snapshot,
                    evaluation,
                    self.request.repository,
                    self.severities.recorded,
                    configuration=self.request.configuration,
                )
        except (PerpendError, OSError) as error:
            if not self.request.reported:
                raise
            reason = str(error) if isinstance(error, PerpendError) else (error.strerror or str(error)).lower()
            warn(f"the run was not recorded in the history: {visible(reason)}")
            return False
        for warning in changes.warnings:
            warn(f"history: {warning}")
        if changes.events and self.request.reported:
            events = ", ".join(f"{number:,} {in_words(event)}" for event, number in changes.events.items())
            warn(f"since the last run: {events} ({visible(shlex.join(self._diff_words()))})")
        return True

    def _diff_words(self) -> list[str]:
        """Return the words of the command that shows the changes since the last run."""
        commands = self.request.commands(()) if self.request.commands is not None else None
        if commands is not None and commands.store is not None:
            return ["perpend", "diff", *commands.store]
        return ["perpend", "diff", "--store", self.request.store.place if self.request.store else ""]

    def _select(self, over: Inventory | Snapshot) -> Selection:
        selection = self.request.choice.select(self.analyzer, over)
        warn_found_settings(POLICIES, self.request.selected)
        warn_unusable_policies(self.request.repository, selection)
        return selection

    def _report(self, snapshot: Snapshot, evaluation: Evaluation, unread: Sequence[str]) -> RunOutcome:
        """Write the report of an evaluation with its waivers and severities. ``unread`` are the inputs that failed."""
        names = account_names(snapshot, self.request.repository.declared_type)
        request, history = replace(self.request, accounts=with_collected_names(self.request.accounts, names)), None
        if request.format.form == "html" and request.store is not None:
            from perpend.reports.html.load_history import load_history

            with progress("reading the history"):
                history = load_history(snapshot, evaluation, self.waivers)
        matches = self.waivers.covered(evaluation)
        needs_severities = is_severity(request.fail_on) or request.format.form != "parquet"
        rated = self.severities.rated_evaluation(evaluation, matches) if needs_severities else None
        answered = replace(evaluation, answered=self.waivers.answered(evaluation, matches))
        if request.filter:
            from perpend.findings.verdict_filter import filter_verdicts

            answered = filter_verdicts(answered, request.filter, request.accounts)
        RunReport(request, answered, matches, rated, history, unread, snapshot.calls).write()
        return RunOutcome(self._exit_code(evaluation, matches, rated), evaluation.ledger)

    def _exit_code(self, evaluation: Evaluation, matches: WaiverMatches | None, rated: RatedEvaluation | None) -> int:
        """Return 1 or 3 by ``fail_on``, 3 by ``require_coverage``, else 0.

        Incompliant findings that are waived do not count. Undetermined ones do, waived or not: they are not known to pass.
        Objects that could not be read count as undetermined.
        """
        fail_on, least, counts = self.request.fail_on, self.severities.least, evaluation.ledger.counts
        unchanged = unchanged_objects(evaluation)
        if unchanged and fail_on != "never":
            code = self._exit_code_of_plan(evaluation, matches, rated, unchanged)
        elif least is not None and rated is not None:
            code = self.severities.exit_code_of(rated, least, evaluation.unread_policies)
        elif counts[Status.INCOMPLIANT] > (matches.number(Status.INCOMPLIANT) if matches else 0) and fail_on != "never":
            code = 1
        else:
            undetermined = bool(counts[Status.UNDETERMINED] or evaluation.unread_policies)
            code = 3 if undetermined and fail_on == "undetermined" else 0
        covered = not self.request.require_coverage or all(card.all_asked for card in evaluation.scorecards())
        return code or (0 if covered else 3)

    def _exit_code_of_plan(
        self,
        evaluation: Evaluation,
        matches: WaiverMatches | None,
        rated: RatedEvaluation | None,
        unchanged: frozenset[str],
    ) -> int:
        """Return 1 or 3 by ``fail_on`` for the objects that plans create, update or replace."""
        least, unrated = self.severities.least, not self.severities.unrated_passes
        severe = least if rated is not None else None
        numbers = findings_on_changed(evaluation, matches, unchanged, rated=rated, least=severe, unrated=unrated)
        if severe is not None:
            return self.severities.exit_code(numbers[Status.INCOMPLIANT], numbers[Status.UNDETERMINED])
        if numbers[Status.INCOMPLIANT]:
            return 1
        undetermined = bool(numbers[Status.UNDETERMINED] or evaluation.unread_policies)
        return 3 if undetermined and self.request.fail_on == "undetermined" else 0
