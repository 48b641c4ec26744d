"""What of a judgement is reported, in which form, where to, and with which exit code: options, and what they do."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from perpend.cli.config.command import configuration_of, deciding_settings, deciding_text, tell_deciding
from perpend.cli.config.settings import FAIL_ON
from perpend.cli.options.completion import complete_categories
from perpend.cli.options.format import FormatOptions, form_option, form_options, write_findings
from perpend.cli.options.severity import SEVERITIES, ActiveSeverities, is_severity, ratings_option, unrated_passes_option
from perpend.cli.options.streams import CannotWrite, output_stream, terminal
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.reports.formats.registry import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdict_filter import Filter
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.language.syntax.repository import Repository
    from perpend.reports.html.history import ReportHistory
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand

    Command = TypeVar("Command", bound=Callable[..., Any])

_MOST_UNREAD: Final = 5


def report_options(command: Command) -> Command:
    """Add the options that say what is reported."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def words_of_report(context: click.Context) -> list[str]:
    """Return the options of a report as a command line says them: what was typed, not what a configuration says."""
    named = {field.name for field in fields(ReportOptions)}
    words: list[str] = []
    for option in context.command.params:
        typed = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if option.name not in named or not isinstance(option, click.Option) or not typed:
            continue
        value = context.params[option.name]
        name = option.opts[0]
        words += (
            [name] if option.is_flag else [word for one in (value if option.multiple else [value]) for word in (name, str(one))]
        )
    return words


_OPTIONS: Final = (
    form_option("check"),
    form_options,
    click.option(
        "--compact", is_flag=True, help="With --format ndjson: say what verdicts have in common once, in a first line."
    ),
    click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output."),
    click.option(
        "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Objects shown per message in the table."
    ),
    click.option("--summary", is_flag=True, help="The table without objects."),
    click.option("-q", "--quiet", is_flag=True, help="Of the table, totals only."),
    click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice([status.value for status in Status], case_sensitive=False),
        help="Report verdicts of this status only; may be repeated. Totals and exit code stay those of all.",
    ),
    click.option(
        "--category",
        "categories",
        multiple=True,
        metavar="NAME",
        shell_complete=complete_categories,
        help="Report policies of this category only, such as SECURITY; likewise.",
    ),
    click.option(
        "--account",
        "accounts",
        multiple=True,
        metavar="ID|NAME",
        help="Report what belongs to this account only, by number or by the name that the configuration gives it; likewise.",
    ),
    click.option(
        "--requirements",
        metavar="FILE",
        type=click.Path(),
        help="With --framework: also write a row per requirement; the ending says how: .json, .ndjson or .csv.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice((*FAIL_ON, *SEVERITIES)),
        default="undetermined",
        show_default=True,
        help="Which verdicts make the exit code 1 or 3, those that are worse included; by severity only where some is rated.",
    ),
    ratings_option,
    unrated_passes_option,
    click.option(
        "--require-coverage",
        is_flag=True,
        help="With --framework: exit code 3 unless every requirement was asked, by all policies of it that can judge.",
    ),
)


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What was asked of a report, by the names of its options."""

    form: str
    every: bool
    ocsf_version: str | None
    unrated: str | None
    github: bool
    compact: bool
    out: str | None
    limit: int
    summary: bool
    quiet: bool
    statuses: tuple[str, ...]
    categories: tuple[str, ...]
    accounts: tuple[str, ...]
    requirements: str | None
    fail_on: str
    ratings_dir: str | None
    unrated_passes: bool
    require_coverage: bool

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> ReportOptions:
        """Return what options say of the report, and take that out of them."""
        return cls(**{field.name: given.pop(field.name) for field in fields(cls)})

    def refuse_contradictions(self, frameworks: tuple[str, ...]) -> None:
        """Raise where options do not go together."""
        from perpend.reports.formats.requirements import FORMS as ENDINGS

        self.form_asked.refuse_contradictions()
        if self.compact and self.form != "ndjson":
            raise click.UsageError(f"--compact goes with --format ndjson, not {self.form}")
        if self.summary and self.quiet:
            raise click.UsageError("--summary and --quiet exclude each other")
        for option, given in (("--summary", self.summary), ("--quiet", self.quiet)):
            if given and self.form != "table":
                raise click.UsageError(f"{option} goes with --format table, not {self.form}")
        if FORMS[self.form].counts_all and self.filter():
            raise click.UsageError(f"--format {self.form} counts all verdicts: it does not go with {self.filter().words}")
        for option, given in (("--require-coverage", self.require_coverage), ("--requirements", self.requirements is not None)):
            if given and not frameworks:
                raise click.UsageError(f"{option} goes with --framework")
        if (
            self.requirements is not None
            and self.out is not None
            and Path(self.out).resolve() == Path(self.requirements).resolve()
        ):
            raise click.UsageError("--out and --requirements name the same file")
        if self.requirements is not None and not self.requirements.lower().endswith(ENDINGS):
            raise click.UsageError(
                f"--requirements {visible(self.requirements)}: the file's name ends in {' or '.join(ENDINGS)}"
            )

    @property
    def form_asked(self) -> FormatOptions:
        """What was asked of the form."""
        return FormatOptions(self.form, self.out, self.every, self.ocsf_version, self.unrated, self.github)

    @property
    def weighs(self) -> bool:
        """Whether it matters how severe findings are: to what makes the run fail, or in what is written."""
        return is_severity(self.fail_on) or self.form != "parquet"

    def rating(self, repository: Repository) -> ActiveSeverities:
        """Return the ratings that hold. Raises where a severity is asked for, and no policy is rated."""
        return ActiveSeverities.here(repository, self.ratings_dir, fail_on=self.fail_on, unrated_passes=self.unrated_passes)

    def filter(self) -> Filter:
        """Return which verdicts are reported."""
        from perpend.evaluation.verdicts.verdict_filter import Filter

        return Filter(tuple(map(Status, self.statuses)), self.categories, self.accounts)


@dataclass(frozen=True, slots=True)
class Annotations:
    """What is said of a judgement beside its verdicts: what is waived of it, how severe it is, what a history knows of it."""

    covering: WaiverMatches | None = None
    weighed: RatedEvaluation | None = None
    history: ReportHistory | None = None


def write(evaluation: Evaluation, asked: ReportOptions, explained: ExplainCommand, said: Annotations) -> None:
    """Write a judgement in the form that was asked for. ``explained`` says how its verdicts are explained."""
    from perpend.evaluation.verdicts.verdict_filter import filter_verdicts

    accounts = configuration_of(click.get_current_context()).accounts
    evaluation = filter_verdicts(evaluation, asked.filter(), accounts)
    _tell_old_reports(evaluation)
    _tell_unread(evaluation)
    _write(evaluation, asked, explained, said)
    if asked.requirements is not None:
        from perpend.reports.formats.requirements import write_requirements

        with output_stream(asked.requirements) as stream:
            write_requirements(evaluation.scorecards(), asked.requirements, stream)


def _write(evaluation: Evaluation, asked: ReportOptions, explained: ExplainCommand, said: Annotations) -> None:
    accounts, covering, weighed = configuration_of(click.get_current_context()).accounts, said.covering, said.weighed
    if asked.form not in ("table", "json"):
        _tell_waived(covering)
    if asked.form not in ("table", "json") or asked.quiet:
        tell_deciding(click.get_current_context())
    if asked.form != "table":
        _tell_beside(evaluation, asked.form)
    if asked.form != "table" or asked.require_coverage:
        _tell_coverage(evaluation)
    if asked.form == "table":
        from perpend.reports.terminal.verdicts.terminal import Detail, print_judgement

        detail = Detail.TOTALS if asked.quiet else Detail.SUMMARY if asked.summary else Detail.ALL
        with terminal(asked.out) as console:
            print_judgement(
                evaluation,
                console,
                limit=asked.limit,
                explained=explained,
                accounts=accounts,
                detail=detail,
                covering=covering,
                weighed=weighed,
                decided=deciding_text(click.get_current_context()),
            )
    elif asked.form == "parquet":
        from perpend.reports.formats.parquet import write_parquet

        try:
            write_parquet(evaluation, asked.out or "")
        except OSError as error:
            raise CannotWrite(f"{asked.out}: cannot be written: {(error.strerror or str(error)).lower()}") from None
    elif asked.form == "html":
        _write_page(evaluation, asked, explained, said)
    elif FORMS[asked.form].lists_findings:
        _write_findings(evaluation, asked, weighed)
    elif asked.form in ("junit", "markdown", "oscal-ar"):
        _write_counts(evaluation, asked, weighed)
    else:
        from perpend.reports.formats.csv import write_csv
        from perpend.reports.formats.json import write_json, write_ndjson

        with output_stream(asked.out, long=True) as stream:
            if asked.form == "ndjson":
                write_ndjson(evaluation, stream, accounts=accounts, compact=asked.compact, weighed=weighed)
            elif asked.form == "csv":
                write_csv(evaluation, stream, accounts=accounts, weighed=weighed)
            else:
                decided = deciding_settings(click.get_current_context())
                write_json(evaluation, stream, accounts=accounts, covering=covering, weighed=weighed, decided=decided)


def _write_page(evaluation: Evaluation, asked: ReportOptions, explained: ExplainCommand, said: Annotations) -> None:
    from perpend.reports.html.page import write_handout
    from perpend.reports.terminal.verdicts.decisions import waived_text

    accounts = configuration_of(click.get_current_context()).accounts
    with output_stream(asked.out) as stream:
        write_handout(
            evaluation,
            stream,
            accounts=accounts,
            explain=_explain_words(evaluation, explained),
            history=said.history,
            waived=waived_text(said.covering) or "",
            weighed=said.weighed,
        )


def _tell_waived(covering: WaiverMatches | None) -> None:
    """Say on standard error how many verdicts are waived, where the output has no place for it."""
    from perpend.reports.terminal.verdicts.decisions import waived_text

    if text := waived_text(covering):
        click.echo(f"perpend: {text}", err=True)


def _explain_words(evaluation: Evaluation, explained: ExplainCommand) -> list[str | int | None]:
    """Return the words of the command that explains a finding, with marks for policy and object; none if none holds for all."""
    from perpend.core.objects.inventory import CloudObject, Origin
    from perpend.reports.html.page import OBJECT_WORD, POLICY_WORD

    if explained.names_some or not explained.is_kept:
        return []
    marks: dict[str, int | None] = {"\0policy": POLICY_WORD, "\0object": OBJECT_WORD}
    policy, judged = marks
    words = explained.words(policy, CloudObject("", judged, "", "", {}, Origin("")), evaluation.day)
    return [marks.get(word, word) for word in words]


def _write_findings(evaluation: Evaluation, asked: ReportOptions, weighed: RatedEvaluation | None) -> None:
    from perpend.reports.formats.finding import OPEN, findings_of, run_of

    statuses = tuple(Status) if asked.every or asked.statuses else OPEN
    run = run_of(evaluation, weighed)
    write_findings(run, findings_of(evaluation, run, statuses, weighed), asked.form_asked)


def _write_counts(evaluation: Evaluation, asked: ReportOptions, weighed: RatedEvaluation | None) -> None:
    """Write a form that tells of policies and requirements, and names the first objects only."""
    from perpend.reports.formats.junit import write_junit
    from perpend.reports.formats.markdown import write_markdown
    from perpend.reports.formats.oscal import write_oscal_results

    with output_stream(asked.out) as stream:
        if asked.form == "markdown":
            write_markdown(evaluation, stream, weighed=weighed)
        else:
            write_form = {"junit": write_junit, "oscal-ar": write_oscal_results}[asked.form]
            write_form(evaluation, stream, limit=asked.limit, weighed=weighed)


def _tell_beside(evaluation: Evaluation, form: str) -> None:
    """Say on standard error what a form for machines leaves open: what was not asked, and what is not written."""
    excluded = bool(evaluation.selection.excluded) and form != "json"
    if excluded or evaluation.filter_verdicts:
        from perpend.reports.terminal.verdicts.terminal import excluded_text, narrowed_text

        told = [excluded_text(evaluation)] if excluded else []
        for text in [*told, *([narrowed_text(evaluation)] if evaluation.filter_verdicts else [])]:
            click.echo(f"perpend: {visible(text)}", err=True)


def _tell_old_reports(evaluation: Evaluation) -> None:
    """Say on standard error which credential reports are older than AWS lets them become: more may have happened since."""
    from perpend.core.values.age import age_text
    from perpend.evaluation.verdicts.staleness import old_reports

    now = evaluation.day.time if evaluation.day.given else datetime.now(UTC)
    old = old_reports(evaluation.inventory.sources, now)
    if old:
        name, age = max(old.items(), key=lambda one: one[1])
        others = f" and {counted(len(old) - 1, 'other credential report')}" if len(old) > 1 else ""
        are = "are" if others else "is"
        asked = click.get_current_context().params.get("max_age") is not None
        click.echo(
            f"perpend: {visible(name)}{others} {are} older than 4 hours (up to {age_text(age)}): what happened since is not in "
            f"it{'' if asked else '; --max-age says how old facts may be'}",
            err=True,
        )


def _tell_unread(evaluation: Evaluation) -> None:
    """Say on standard error of which types not all objects were read. Inputs that could not be read are told elsewhere."""
    unread = evaluation.unread(beside=evaluation.inventory.unread)
    for name, why in islice(unread.items(), _MOST_UNREAD):
        told = visible(f"{evaluation.type_label(name)} was judged: {why}")
        click.echo(f"perpend: it is not known whether every {told}", err=True)
    if len(unread) > _MOST_UNREAD:
        click.echo(f"perpend: nor is it of {counted(len(unread) - _MOST_UNREAD, 'other type')}", err=True)


def _tell_coverage(evaluation: Evaluation) -> None:
    """Say on standard error how much was asked of frameworks that were not asked in full."""
    for card in evaluation.scorecards():
        if not card.all_asked:
            click.echo(f"perpend: {visible(card.framework.id)}: {card.asked_in_words}", err=True)


def exit_code(evaluation: Evaluation, asked: ReportOptions, said: Annotations, rating: ActiveSeverities) -> int:
    """Return 1 or 3 where ``--fail-on`` says so of some verdict, 3 where ``--require-coverage`` does, else 0.

    What is incompliant and waived does not count. What is undetermined does, waived or not: it is not known to be a pass. So
    does what could not be read, of which there are no verdicts; what nobody wanted to be read does not.
    """
    code = _exit_code_of_verdicts(evaluation, asked, said, rating)
    return code or (3 if asked.require_coverage and not all(card.all_asked for card in evaluation.scorecards()) else 0)


def _exit_code_of_verdicts(evaluation: Evaluation, asked: ReportOptions, said: Annotations, rating: ActiveSeverities) -> int:
    if rating.least is not None and said.weighed is not None:
        return rating.exit_code_of(said.weighed, rating.least, evaluation.unread_policies)
    counts = evaluation.ledger.counts
    waived = said.covering.number(Status.INCOMPLIANT) if said.covering else 0
    if counts[Status.INCOMPLIANT] > waived and asked.fail_on != "never":
        return 1
    return 3 if (counts[Status.UNDETERMINED] or evaluation.unread_policies) and asked.fail_on == "undetermined" else 0
