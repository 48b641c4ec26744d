"""Evaluate policies over inputs or a store, and report the verdicts.

``evaluate_and_report`` is the work of ``perpend check``, ``scan``, ``report html`` and ``export security-hub``.
"""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import sorted_diagnostics
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import warn, warn_diagnostics
from perpend.core.errors import InvalidOption, PerpendError
from perpend.core.objects.claims import NOT_ASKED
from perpend.core.objects.labels import Labels, Names
from perpend.core.objects.status import Status
from perpend.evaluation.engines.by_name import LOCAL, engine_named
from perpend.evaluation.verdicts.policy_choice import PolicyChoice
from perpend.findings.filters import STATUS, Filter
from perpend.findings.history.model import NOT_AWAY
from perpend.findings.severity.active import ActiveSeverities, is_severity
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.importers.rules import REPEATED_BY_VERDICTS
from perpend.inventory.snapshots.open_store import is_address, open_store
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.formats.registry import FORMS, forms_with
from perpend.reports.formats.write import FormatOptions, write_evaluation_findings
from perpend.reports.streams import CannotWrite, output_stream, progress, refuse_input_as_output, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from perpend.core.objects.account import Account
    from perpend.core.objects.claims import FailedCall
    from perpend.core.objects.inventory import Inventory
    from perpend.evaluation.engines.duckdb.column_cache import Cost
    from perpend.evaluation.verdicts.evaluation import Evaluation, Totals
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.importers.input import Input
    from perpend.inventory.importers.tables.table_bytes import UnreadableTable
    from perpend.inventory.readers import UnusableInput
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store
    from perpend.language.syntax.repository import Repository
    from perpend.reports.html.history import ReportHistory
    from perpend.reports.html.page import ReportCommands
    from perpend.reports.overview import Overview
    from perpend.reports.terminal.verdicts.next_command import RunCommands
    from perpend.reports.terminal.verdicts.summary import SummaryFacts

UNUSABLE: Final = 2
"""The exit code if an input, a policy, a part of the snapshot or the history cannot be used."""

EXIT_CODE, POLICIES = "exit code", "policies"
"""What settings of a configuration file decide that Perpend has found itself."""

MOST_LINES: Final = 60
"""The largest number of lines of a report that is printed whole without `--details`."""

_MOST_NAMED: Final = 10
_MOST_FAULTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """The inputs or the store to evaluate, the policies, and the report. Fields are named like options of ``perpend check``.

    Name either ``inputs`` or a ``store``. ``run`` is a snapshot of the store, None for the current one. ``waivers_dir`` and
    ``ratings_dir`` are directories, None for those of the repository. ``default_ratings`` are those of the library, for
    policies that no other rating names. ``accounts`` are names and owners by account number. ``decided`` are the settings
    of a configuration file that change the exit code: name, value, place; ``selected`` are those that choose policies.
    ``commands`` returns the commands that go on from the run, given the inputs that could not be read. ``scanned`` are facts
    of a collection before the run. ``record`` writes the run to the store's history, with the absolute path of the file,
    ``configuration``. Without ``reported``, no report is written, and a run that cannot be recorded is an error.
    """

    repository: Repository
    inputs: Sequence[Input] = ()
    store: Store | None = None
    run: str | None = None
    choice: PolicyChoice = field(default_factory=PolicyChoice)
    engine: str = "auto"
    spark_master: str = LOCAL
    spark_settings: Mapping[str, str] = field(default_factory=dict)
    snapshot_time: datetime | None = None
    max_age: timedelta | None = None
    keep_going: bool = False
    waivers_dir: str | None = None
    no_waivers: bool = False
    ratings_dir: str | None = None
    default_ratings: bool = True
    configuration: str | None = None
    unrated_passes: bool = False
    format: FormatOptions = field(default_factory=FormatOptions)
    references: str = "findings"
    limit: int = 20
    summary: bool = False
    details: bool = False
    quiet: bool = False
    filter: Filter = field(default_factory=Filter)
    requirements: str | None = None
    fail_on: str = "undetermined"
    require_coverage: bool = False
    explain_cost: bool = False
    names: str = Names.LABELS
    accounts: Mapping[str, Account] = field(default_factory=dict)
    decided: Sequence[tuple[str, str, str]] = ()
    selected: Sequence[tuple[str, str, str]] = ()
    commands: Callable[[Sequence[str]], Any] | None = None
    scanned: Sequence[str] | None = None
    record: bool = False
    reported: bool = True

    def with_inputs(self, inputs: Sequence[Input]) -> RunRequest:
        """Return this request for inputs."""
        return replace(self, inputs=inputs)

    def check(self) -> None:
        """Raise InvalidOption for options that do not go together, CannotWrite for an output that is an input as well."""
        if self.engine != "spark" and (self.spark_settings or self.spark_master != LOCAL):
            raise InvalidOption("--spark-master and --spark-conf go with --engine spark", "--spark-master", "--spark-conf")
        self._check_report()
        for out in (self.format.out, self.requirements):
            refuse_input_as_output(out, [input_.path for input_ in self.inputs])

    def _check_report(self) -> None:
        out, form, requirements = self.format.out, self.format.form, self.requirements
        self.format.check()
        if self.references == "all" and "--references" not in FORMS[form].options:
            formats = " or ".join(forms_with("--references"))
            raise InvalidOption(f"--references all goes with --format {formats}, not {form}", "--references", "--format")
        lengths = [("--summary", self.summary), ("--details", self.details), ("--quiet", self.quiet)]
        chosen = [option for option, is_given in lengths if is_given]
        if len(chosen) > 1:
            raise InvalidOption(f"{chosen[0]} and {chosen[1]} exclude each other", *chosen)
        for option in chosen:
            if form != "table":
                raise InvalidOption(f"{option} goes with --format table, not {form}", option, "--format")
        if FORMS[form].counts_all and self.filter:
            raise InvalidOption(f"--format {form} counts all verdicts: it does not go with {self.filter.words}", "--format")
        for option, given in (("--require-coverage", self.require_coverage), ("--requirements", requirements is not None)):
            if given and not self.choice.frameworks:
                raise InvalidOption(f"{option} goes with --framework", option)
        if requirements is None:
            return
        from perpend.reports.formats.requirements import FORMS as ENDINGS

        if out is not None and Path(out).resolve() == Path(requirements).resolve():
            raise InvalidOption("--out and --requirements name the same file", "--out", "--requirements")
        if not requirements.lower().endswith(ENDINGS):
            endings = " or ".join(ENDINGS)
            raise InvalidOption(f"--requirements {visible(requirements)}: the file's name ends in {endings}", "--requirements")


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The exit code of a run, and the totals of its verdicts: None if nothing was evaluated.

    Exit code 0: nothing is incompliant or undetermined. 1: something is incompliant. 2: something cannot be used, or the run
    was not recorded. 3: nothing is incompliant, but something is undetermined. ``fail_on`` changes 1 and 3.
    """

    exit_code: int
    totals: Totals | None = None

    def unless(self, unusable: bool) -> RunOutcome:
        """Return this outcome, with exit code 2 if something was unusable."""
        return replace(self, exit_code=UNUSABLE) if unusable else self


def waivers_of(request: RunRequest) -> ActiveWaivers:
    """Read the waivers of a request. Raises UnusableEntries for a faulty file."""
    return ActiveWaivers.here(request.repository, request.waivers_dir, none=request.no_waivers)


def severities_of(request: RunRequest) -> ActiveSeverities:
    """Read the ratings of a request. Raises UnusableEntries for a faulty file, InvalidOption if ``fail_on`` needs ratings."""
    return ActiveSeverities.here(
        request.repository,
        request.ratings_dir,
        defaults=request.default_ratings,
        fail_on=request.fail_on,
        unrated_passes=request.unrated_passes,
    )


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
            _warn_failures(read.failures)
            warn_diagnostics([problem for problem in read.problems if problem.code not in REPEATED_BY_VERDICTS])
            if read.snapshot is None:
                return RunOutcome(UNUSABLE)
            selection = self._select(read.snapshot)
            unread = [failure.source for failure in read.snapshot.failures]
            outcome = self._evaluate_snapshot(read.snapshot, selection, unread, cached=False)
            for reason, number in read.by_hand.items() if request.explain_cost else ():
                warn(f"by the readers' rules: {number:,} {reason}")
            _warn_failures(read.failures, "not evaluated: ")
            return outcome.unless(bool(unread or selection.refused))

    def evaluate_store(self, store: Store) -> RunOutcome:
        """Evaluate a snapshot of a store."""
        with store.reading(self.request.run) as snapshot:
            selection = self._select(snapshot)
            outcome = self._evaluate_snapshot(snapshot, selection)
        for failure in snapshot.failures:
            warn(f"not in the snapshot: {visible(failure.source)}: {visible(failure.reason)}")
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
                    self.severities.said,
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
        request, history = self.request, None
        if request.format.form == "html" and request.store is not None:
            from perpend.reports.html.load_history import load_history

            with progress("reading the history"):
                history = load_history(snapshot, evaluation, self.waivers)
        matches = self.waivers.covered(evaluation)
        needs_severities = is_severity(request.fail_on) or request.format.form != "parquet"
        rated = self.severities.weighed(evaluation, matches) if needs_severities else None
        answered = replace(evaluation, answered=self.waivers.answered(evaluation, matches))
        if request.filter:
            from perpend.findings.verdict_filter import filter_verdicts

            answered = filter_verdicts(answered, request.filter, request.accounts)
        _Report(request, answered, matches, rated, history, unread, snapshot.calls).write()
        return RunOutcome(self._exit_code(evaluation, matches, rated), evaluation.ledger)

    def _exit_code(self, evaluation: Evaluation, matches: WaiverMatches | None, rated: RatedEvaluation | None) -> int:
        """Return 1 or 3 by ``fail_on``, 3 by ``require_coverage``, else 0.

        Incompliant findings that are waived do not count. Undetermined ones do, waived or not: they are not known to pass.
        Objects that could not be read count as undetermined.
        """
        fail_on, least, counts = self.request.fail_on, self.severities.least, evaluation.ledger.counts
        if least is not None and rated is not None:
            code = self.severities.exit_code_of(rated, least, evaluation.unread_policies)
        elif counts[Status.INCOMPLIANT] > (matches.number(Status.INCOMPLIANT) if matches else 0) and fail_on != "never":
            code = 1
        else:
            undetermined = bool(counts[Status.UNDETERMINED] or evaluation.unread_policies)
            code = 3 if undetermined and fail_on == "undetermined" else 0
        covered = not self.request.require_coverage or all(card.all_asked for card in evaluation.scorecards())
        return code or (0 if covered else 3)


def warn_tree_faults(repository: Repository) -> None:
    """Show the files and links of a repository that are not read."""
    faults = sorted_diagnostics(repository.tree.diagnostics)
    warn_diagnostics(faults[:_MOST_FAULTS])
    if len(faults) > _MOST_FAULTS:
        warn(f"{len(faults) - _MOST_FAULTS:,} more files and links are not read: perpend lint names them")


def warn_unusable_policies(repository: Repository, selection: Selection) -> None:
    """Show the diagnostics of the policies that cannot be evaluated, and their number."""
    warn_diagnostics(selection.misspelt, repository.files.source_line)
    if selection.refused:
        problems = [problem for problems in selection.refused.values() for problem in problems]
        warn_diagnostics(problems, repository.files.source_line)
        number, names = len(selection.refused), ", ".join(islice(selection.refused, _MOST_NAMED))
        warn(f"{number} {'policy is' if number == 1 else 'policies are'} not evaluated: {names}")


def warn_found_settings(subject: str, settings: Sequence[tuple[str, str, str]]) -> None:
    """Warn about settings of a configuration file that Perpend has found itself, if there are any."""
    if text := found_settings_text(subject, settings):
        warn(visible(text))


def found_settings_text(subject: str, settings: Sequence[tuple[str, str, str]]) -> str:
    """Return what settings of a configuration that was found decide, in one line; empty without settings."""
    listed = ", ".join(f"{name} = {value} ({place})" for name, value, place in settings)
    return f"{subject} by a configuration that was found: {listed}; --no-config passes it over" if settings else ""


def _warn_failures(failures: Sequence[UnusableInput | UnreadableTable], prefix: str = "") -> None:
    for failure in failures:
        warn(f"{prefix}{failure}")


@dataclass(frozen=True, slots=True)
class _Report:
    """The report of one evaluation: its output, and the warnings about what the output does not show."""

    request: RunRequest
    evaluation: Evaluation
    matches: WaiverMatches | None
    rated: RatedEvaluation | None
    history: ReportHistory | None
    unread: Sequence[str]
    calls: Sequence[FailedCall]

    def write(self) -> None:
        """Write the report in its format, and the requirements if asked for."""
        self._warn()
        self._write()
        if self.request.requirements is not None:
            from perpend.reports.formats.requirements import write_requirements

            with output_stream(self.request.requirements) as stream:
                write_requirements(self.evaluation.scorecards(), self.request.requirements, stream)

    def _write(self) -> None:
        request, evaluation, form = self.request, self.evaluation, self.request.format.form
        if form == "table":
            self._print_table()
            return
        with self._writing():
            if form == "parquet":
                from perpend.reports.formats.parquet import write_parquet

                try:
                    write_parquet(evaluation, request.format.out or "", weighed=self.rated)
                except OSError as error:
                    raise CannotWrite.because(request.format.out, error) from None
            elif form == "html":
                self._write_html()
            elif FORMS[form].lists_findings:
                from perpend.reports.formats.finding import OPEN

                statuses = tuple(Status) if request.format.every or request.filter.of(STATUS.name) else OPEN
                write_evaluation_findings(evaluation, statuses, request.format, self.rated, request.repository)
            elif form in ("junit", "markdown", "oscal-ar"):
                self._write_summary()
            else:
                self._write_verdicts()

    def _writing(self) -> AbstractContextManager[object]:
        """Return a context that shows progress, unless the report itself goes to a terminal."""
        is_shown = self.request.format.out in (None, "-") and sys.stdout.isatty()
        return nullcontext() if is_shown else progress("writing the report")

    def _print_table(self) -> None:
        """Print the report for people: the summary if it is asked for, or if the whole report is too long."""
        request = self.request
        if request.summary and self.evaluation.ledger.objects:
            self._print_summary()
            return
        from perpend.reports.terminal.verdicts.terminal import TooLong, print_report

        commands = self._commands
        may_be_long = request.quiet or request.details or not self.evaluation.ledger.objects
        try:
            with terminal(request.format.out) as console:
                print_report(
                    self.evaluation,
                    console,
                    names=Names(request.names),
                    limit=request.limit,
                    explained=commands.explain if commands else None,
                    accounts=request.accounts,
                    only_totals=request.quiet,
                    covering=self.matches,
                    weighed=self.rated,
                    decided=found_settings_text(EXIT_CODE, request.decided),
                    most=None if may_be_long else MOST_LINES,
                )
        except TooLong:
            self._print_summary()

    def _print_summary(self) -> None:
        from perpend.reports.terminal.verdicts.summary import print_summary

        with progress("counting"):
            overview = self._overview()
        with terminal(self.request.format.out) as console:
            print_summary(overview, console, self._facts(), self._commands, self.evaluation.day)

    def _overview(self) -> Overview:
        from perpend.reports.overview import overview_of

        return overview_of(
            self.evaluation,
            self.request.repository,
            calls=self.calls,
            waivers=self.matches,
            rated=self.rated,
            accounts=self.request.accounts,
        )

    def _facts(self) -> SummaryFacts:
        from perpend.reports.terminal.verdicts.summary import SummaryFacts

        request = self.request
        names = [source.name for source in self.evaluation.inventory.sources]
        subject = names[0] if len(names) == 1 else counted(len(names), "input")
        return SummaryFacts(
            verb="Checked" if request.scanned is None else "Scanned",
            subject=subject,
            more=request.scanned or (),
            notes=self._notes(),
            decided=found_settings_text(EXIT_CODE, request.decided),
            coverage=[
                f"{card.framework.id.strip('/').rpartition('/')[2]}: {card.coverage_text}"
                for card in self.evaluation.scorecards()
            ],
        )

    def _notes(self) -> list[str]:
        """Return how many policies were excluded, and how many lack data."""
        selection = self.evaluation.selection
        notes = [f"{len(selection.excluded):,} excluded"] if selection.excluded else []
        if selection.set_aside:
            notes.append(f"{len(selection.set_aside):,} need data that these inputs do not list")
        return notes

    def _write_html(self) -> None:
        from perpend.reports.html.page import TITLE, write_html_report
        from perpend.reports.terminal.verdicts.decisions import waived_text

        with output_stream(self.request.format.out) as stream:
            write_html_report(
                self.evaluation,
                self._overview(),
                stream,
                title=self.request.format.title or TITLE,
                notes=self._notes(),
                accounts=self.request.accounts,
                commands=self._report_commands(),
                history=self.history,
                waived=waived_text(self.matches) or "",
                weighed=self.rated,
                names=Names(self.request.names),
            )

    def _write_summary(self) -> None:
        """Write a format that counts verdicts by policy or requirement, and names the first objects only."""
        from perpend.reports.formats.junit import write_junit
        from perpend.reports.formats.markdown import write_markdown
        from perpend.reports.formats.oscal import write_oscal_results

        with output_stream(self.request.format.out) as stream:
            if self.request.format.form == "markdown":
                write_markdown(self.evaluation, stream, weighed=self.rated, names=Names(self.request.names))
            else:
                write_form = {"junit": write_junit, "oscal-ar": write_oscal_results}[self.request.format.form]
                write_form(self.evaluation, stream, limit=self.request.limit, weighed=self.rated)

    def _write_verdicts(self) -> None:
        from perpend.reports.formats.csv import write_csv
        from perpend.reports.formats.json import write_json, write_ndjson

        request, evaluation, accounts = self.request, self.evaluation, self.request.accounts
        with output_stream(request.format.out) as stream:
            if request.format.form == "ndjson":
                write_ndjson(evaluation, stream, accounts=accounts, weighed=self.rated, references=request.references)
            elif request.format.form == "csv":
                write_csv(evaluation, stream, accounts=accounts, weighed=self.rated, references=request.references)
            else:
                write_json(
                    evaluation,
                    stream,
                    accounts=accounts,
                    covering=self.matches,
                    weighed=self.rated,
                    decided=list(request.decided),
                    references=request.references,
                )

    @property
    def _labels(self) -> Labels:
        return Labels(self.evaluation.selection.types, Names(self.request.names))

    @property
    def _commands(self) -> RunCommands | None:
        commands: RunCommands | None = self.request.commands(self.unread) if self.request.commands is not None else None
        return commands

    def _report_commands(self) -> ReportCommands:
        """Return the commands of the HTML report: those that single findings need have marks for policy and object."""
        from perpend.core.objects.inventory import CloudObject, Origin
        from perpend.findings.remediation.read import has_commands
        from perpend.reports.html.page import OBJECT_WORD, POLICY_WORD, ReportCommands

        if (commands := self._commands) is None:
            return ReportCommands()
        marks: dict[str, int | None] = {"\0policy": POLICY_WORD, "\0object": OBJECT_WORD}
        policy, object_id = marks
        explain: list[str] = []
        # No single command explains all findings if it names only the inputs that contain an object.
        if commands.explain.is_kept and not commands.explain.names_some:
            explain = commands.explain.words(policy, CloudObject("", object_id, "", "", {}, Origin("")), self.evaluation.day)
        remediate = ("perpend", "remediate", policy, *commands.store) if commands.store is not None else ()
        repository = self.request.repository
        return ReportCommands(
            explain=[marks.get(word, word) for word in explain],
            remediate=[marks.get(word, word) for word in remediate],
            remedies={policy_id for policy_id in self.evaluation.selection.policies if has_commands(repository, policy_id)},
            permissions=commands.permissions.text() if commands.permissions else "",
        )

    def _warn(self) -> None:
        """Warn about old and unread data, and about facts that the format cannot show."""
        request, evaluation = self.request, self.evaluation
        is_table, is_json = request.format.form == "table", request.format.form == "json"
        self._warn_old_reports()
        self._warn_unread_objects()
        if not (is_table or is_json):
            from perpend.reports.terminal.verdicts.decisions import waived_text

            if text := waived_text(self.matches):
                warn(text)
        if not (is_table or is_json) or request.quiet:
            warn_found_settings(EXIT_CODE, request.decided)
        excluded = evaluation.selection.excluded and not is_json
        if not is_table and (excluded or evaluation.filter_verdicts):
            from perpend.reports.terminal.verdicts.terminal import excluded_text, filter_text

            if excluded:
                warn(visible(excluded_text(evaluation)))
            if evaluation.filter_verdicts:
                warn(visible(filter_text(evaluation)))
        for card in evaluation.scorecards() if not is_table or request.require_coverage else ():
            if not card.all_asked:
                warn(f"{visible(card.framework.id)}: {card.coverage_text}")

    def _warn_old_reports(self) -> None:
        """Warn about credential reports that are older than the four hours after which AWS makes a new one."""
        from perpend.core.values.age import age_in_words
        from perpend.evaluation.verdicts.staleness import old_reports

        now = self.evaluation.day.time if self.evaluation.day.given else datetime.now(UTC)
        old = old_reports(self.evaluation.inventory.sources, now)
        if old:
            name, age = max(old.items(), key=lambda one: one[1])
            others = f" and {counted(len(old) - 1, 'other credential report')}" if len(old) > 1 else ""
            verb = "are" if others else "is"
            hint = "" if self.request.max_age is not None else "; --max-age says how old facts may be"
            since = "what happened since is not in it"
            warn(f"{visible(name)}{others} {verb} older than 4 hours (up to {age_in_words(age)}): {since}{hint}")

    def _warn_unread_objects(self) -> None:
        """Warn about object types of which not all objects were read. Unusable inputs have warnings of their own."""
        unread = self.evaluation.unread(beside=self.evaluation.inventory.unread)
        left_out = [name for name, reason in unread.items() if reason.startswith(NOT_ASKED)]
        for names, what in ((left_out, _left_out_text(self.evaluation)), ([*unread.keys() - {*left_out}], "")):
            if names:
                first = min(map(self.evaluation.type_label, names))
                reason = next(unread[name] for name in names if self.evaluation.type_label(name) == first)
                more = f" and {counted(len(names) - 1, 'more type')}" if len(names) > 1 else ""
                warn(visible(f"{first}{more}: some objects may not be evaluated: {what or self._labels.text(reason)}"))


def _left_out_text(evaluation: Evaluation) -> str:
    """Return how many regions a collection left out; empty if it left out something else."""
    claims = (claim for source in evaluation.inventory.sources for claim in source.coverage)
    regions = {claim.scope.region for claim in claims if claim.lacking and claim.lacking.startswith(NOT_ASKED)}
    number = len(regions - {None})
    return f"--regions left out {counted(number, 'region')}" if number else ""


def _short_id(card: Scorecard) -> str:
    return card.framework.id.rpartition("/")[2]
