"""Write findings in a format: the options of the formats, and the choice of the writer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import warn
from perpend.core.errors import InvalidOption
from perpend.reports.formats.registry import FORMS, OutputForm, forms_with
from perpend.reports.streams import CannotWrite, output_stream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from perpend.core.objects.status import Status
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.language.syntax.repository import Repository
    from perpend.reports.formats.finding import ReportedFinding, ReportedRun


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """A format and its options. The fields are named like the options of the command line.

    ``title`` is the title of an HTML report. ``site`` is the address of the repository's published site, by the configuration;
    empty if it has none.
    """

    form: str = "table"
    out: str | None = None
    every: bool = False
    ocsf_version: str | None = None
    unrated: str | None = None
    github: bool = False
    title: str | None = None
    site: str = ""

    def check(self) -> None:
        """Raise InvalidOption for an option that the format does not have, or lacks."""
        form = FORMS.get(self.form) or OutputForm(self.form)
        if form.to_file and self.out in (None, "-"):
            raise InvalidOption(f"--format {form.name} goes with --out FILE", "--format")
        if form.is_page and (self.out is None or (self.out == "-" and sys.stdout.isatty())):
            raise InvalidOption(f"--format {form.name} goes with --out FILE: a terminal shows no page", "--format")
        given = {
            "--all": self.every,
            "--ocsf-version": self.ocsf_version is not None,
            "--unrated": self.unrated is not None,
            "--github": self.github,
        }
        for option, is_given in given.items():
            if is_given and option not in form.options:
                formats = " or ".join(forms_with(option))
                raise InvalidOption(f"{option} goes with --format {formats}, not {form.name}", option, "--format")
        if "--unrated" in form.options and self.unrated is None:
            raise InvalidOption(
                f"--format {form.name} goes with --unrated LEVEL: Security Hub takes no finding without a severity, and a "
                "finding without a rating has none",
                "--format",
            )


def lists_history_findings(form: str) -> bool:
    """Whether a command on a history writes this format from reported findings, not from the rows of its query."""
    return form in ("junit", "markdown") or (form in FORMS and FORMS[form].lists_findings)


def write_history_findings(
    run: ReportedRun,
    findings: Iterable[ReportedFinding],
    options: FormatOptions,
    repository: Repository,
    *,
    old: Collection[str] = (),
) -> None:
    """Write findings of a history. ``old`` are the states that do not count as failures in JUnit: they are not new."""
    if FORMS[options.form].lists_findings:
        write_findings(run, findings, options, repository)
        return
    from perpend.reports.formats.junit import write_findings_junit
    from perpend.reports.formats.markdown import write_findings_markdown

    with output_stream(options.out) as stream:
        if options.form == "junit":
            write_findings_junit(run, findings, stream, old=old)
        else:
            write_findings_markdown(run, findings, stream)


def write_evaluation_findings(
    evaluation: Evaluation,
    statuses: Collection[Status],
    options: FormatOptions,
    rated_evaluation: RatedEvaluation | None,
    repository: Repository,
) -> None:
    """Write the findings of an evaluation that have some statuses. ``rated_evaluation`` are the severities."""
    from perpend.reports.formats.finding import findings_of, run_of

    run = run_of(evaluation, rated_evaluation)
    write_findings(run, findings_of(evaluation, run, statuses, rated_evaluation), options, repository)


def _warn_left_out(number: int) -> None:
    if number:
        warn(f"{counted(number, 'finding')} not written: ASFF needs an AWS account, and the object has none")


def write_findings(
    run: ReportedRun, findings: Iterable[ReportedFinding], options: FormatOptions, repository: Repository
) -> None:
    """Write findings in OCSF, ASFF, SARIF or an OSCAL plan of action and milestones."""
    from perpend.reports.formats.ocsf import VERSIONS, write_ocsf

    version = options.ocsf_version or VERSIONS[-1]
    if options.form == "ocsf-parquet":
        from perpend.reports.formats.ocsf_parquet import write_ocsf_parquet

        try:
            write_ocsf_parquet(run, findings, options.out or "", version=version)
        except OSError as error:
            raise CannotWrite.because(options.out, error) from None
        return
    with output_stream(options.out) as stream:
        if options.form == "ocsf":
            write_ocsf(run, findings, stream, version=version)
        elif options.form == "asff":
            from perpend.reports.formats.asff import write_asff

            _warn_left_out(write_asff(run, findings, stream, unrated=options.unrated or ""))
        elif options.form == "sarif":
            from perpend.reports.formats.guide import PolicyGuides
            from perpend.reports.formats.sarif import write_sarif

            write_sarif(run, findings, stream, PolicyGuides(repository, options.site), github=options.github)
        else:
            from perpend.reports.formats.oscal import write_oscal_poam

            write_oscal_poam(run, findings, stream)
