"""The report of a run: the choice of its writer, and warnings about facts that the output does not show."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import warn
from perpend.core.objects.claims import NOT_ASKED
from perpend.core.objects.labels import Labels, Names
from perpend.core.objects.status import Status
from perpend.findings.filters import STATUS
from perpend.reports.formats.registry import FORMS
from perpend.reports.formats.write import write_evaluation_findings
from perpend.reports.streams import CannotWrite, output_stream, progress, terminal
from perpend.runs.request import EXIT_CODE, RunRequest
from perpend.runs.warnings import found_settings_text, warn_found_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from perpend.core.objects.claims import FailedCall
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.reports.html.history import ReportHistory
    from perpend.reports.html.page import ReportCommands
    from perpend.reports.overview import Overview
    from perpend.reports.terminal.verdicts.next_command import RunCommands
    from perpend.reports.terminal.verdicts.summary import SummaryFacts

MOST_LINES: Final = 60
"""The largest number of lines of a report that is printed whole without `--details`."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """The report of one evaluation: its output, and the warnings about facts that the output does not show."""

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
            elif form in ("junit", "markdown", "github", "oscal-ar"):
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
                    waiver_matches=self.matches,
                    rated_evaluation=self.rated,
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
        from perpend.reports.formats.planned import planned_lines
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
            planned=planned_lines(self.evaluation),
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
                rated_evaluation=self.rated,
                names=Names(self.request.names),
            )

    def _write_summary(self) -> None:
        """Write a format that counts verdicts by policy or requirement, and names the first objects only."""
        from perpend.reports.formats.github import write_github
        from perpend.reports.formats.junit import write_junit
        from perpend.reports.formats.markdown import write_markdown
        from perpend.reports.formats.oscal import write_oscal_results

        with output_stream(self.request.format.out) as stream:
            if self.request.format.form == "github":
                write_github(self.evaluation, stream, rated_evaluation=self.rated)
            elif self.request.format.form == "markdown":
                write_markdown(self.evaluation, stream, rated_evaluation=self.rated, names=Names(self.request.names))
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
        if commands.explain.stays and not commands.explain.names_some:
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
