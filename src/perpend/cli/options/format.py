"""Which form findings are written in: the options of all commands that write some, and the way to each writer."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.options.streams import CannotWrite, output_stream
from perpend.core.diagnostics.phrases import counted
from perpend.reports.formats.registry import FORMS, WRITES, OutputForm, forms_with

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from perpend.reports.formats.finding import ReportedFinding, ReportedRun

    Command = TypeVar("Command", bound=Callable[..., Any])
    _Words = click.Choice[str]
else:
    _Words = click.Choice  # which takes no parameter before click 8.2


class FormOfCommand(_Words):
    """A form that a command writes. One that other commands write is refused with those that this one does."""

    def __init__(self, command: str) -> None:
        super().__init__(WRITES[command])
        self._command = command

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the form that a word means."""
        if value not in self.choices and any(value in forms for forms in WRITES.values()):
            self.fail(not_written(self._command, value), param, ctx)
        return super().convert(value, param, ctx)


def not_written(command: str, form: str) -> str:
    """Return what is said of a form that a command does not write."""
    *others, last = WRITES[command]
    return f"perpend {command} does not write {form}; it writes {', '.join(others)} or {last}"


def form_option(command: str, *, help: str = "The output's form.") -> Callable[[Command], Command]:
    """Return the option ``--format`` of a command."""
    return click.option(
        "--format", "form", type=FormOfCommand(command), default=WRITES[command][0], show_default=True, help=help
    )


def form_options(command: Command) -> Command:
    """Add the options that only some forms take."""
    return _ALL(listing_options(command))


def listing_options(command: Command) -> Command:
    """Add the options that only some forms take, but the one that asks for every status."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_ALL: Final = click.option(
    "--all",
    "every",
    is_flag=True,
    help="With ocsf, asff and sarif: findings of every status, not only what is incompliant or undetermined.",
)
_OPTIONS: Final = (
    click.option(
        "--ocsf-version",
        type=click.Choice(["1.5.0", "1.8.0"]),
        help="With ocsf: the version that documents say they are of; 1.8.0 unless named.",
    ),
    click.option(
        "--unrated",
        type=click.Choice(["low", "medium", "high", "critical"]),
        help="With asff, which takes no finding without a severity: that of findings which nobody rated.",
    ),
    click.option("--github", is_flag=True, help="With sarif: undetermined verdicts as notifications, not as results."),
)


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """What was asked of a form, by the names of its options."""

    form: str
    out: str | None = None
    every: bool = False
    ocsf_version: str | None = None
    unrated: str | None = None
    github: bool = False

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> FormatOptions:
        """Return what options say of the form, and take that out of them."""
        return cls(**{field.name: given.pop(field.name) for field in fields(cls) if field.name in given})

    def refuse_contradictions(self) -> None:
        """Raise where options do not go together."""
        form = FORMS.get(self.form) or OutputForm(self.form)
        if form.to_file and self.out in (None, "-"):
            raise click.UsageError(f"--format {form.name} goes with --out FILE")
        if form.is_page and (self.out is None or (self.out == "-" and sys.stdout.isatty())):
            raise click.UsageError(f"--format {form.name} goes with --out FILE: a terminal shows no page")
        given = {
            "--all": self.every,
            "--ocsf-version": self.ocsf_version is not None,
            "--unrated": self.unrated is not None,
            "--github": self.github,
        }
        for option, is_given in given.items():
            if is_given and option not in form.options:
                raise click.UsageError(f"{option} goes with --format {' or '.join(forms_with(option))}, not {form.name}")
        if "--unrated" in form.options and self.unrated is None:
            raise click.UsageError(
                f"--format {form.name} goes with --unrated LEVEL: Security Hub takes no finding without a severity, and "
                "what nobody has rated has none"
            )


def is_told(form: str) -> bool:
    """Whether a form of a history is written from findings as formats tell them."""
    return form in ("junit", "markdown") or (form in FORMS and FORMS[form].lists_findings)


def write_told(
    run: ReportedRun, findings: Iterable[ReportedFinding], asked: FormatOptions, *, old: Collection[str] = ()
) -> None:
    """Write findings of a history in a form that tells of them. ``old`` are words of lives that are no news."""
    if FORMS[asked.form].lists_findings:
        write_findings(run, findings, asked)
        return
    from perpend.reports.formats.junit import write_findings_junit
    from perpend.reports.formats.markdown import write_findings_markdown

    with output_stream(asked.out) as stream:
        if asked.form == "junit":
            write_findings_junit(run, findings, stream, old=old)
        else:
            write_findings_markdown(run, findings, stream)


def write_findings(run: ReportedRun, findings: Iterable[ReportedFinding], asked: FormatOptions) -> None:
    """Write findings in a form that lists them."""
    if asked.form == "ocsf-parquet":
        _write_parquet(run, findings, asked)
        return
    with output_stream(asked.out, long=True) as stream:
        if asked.form == "ocsf":
            from perpend.reports.formats.ocsf import VERSIONS, write_ocsf

            write_ocsf(run, findings, stream, version=asked.ocsf_version or VERSIONS[-1])
        elif asked.form == "asff":
            from perpend.reports.formats.asff import write_asff

            _tell_left_out(write_asff(run, findings, stream, unrated=asked.unrated or ""))
        elif asked.form == "sarif":
            from perpend.reports.formats.sarif import write_sarif

            write_sarif(run, findings, stream, github=asked.github)
        else:
            from perpend.reports.formats.oscal import write_oscal_poam

            write_oscal_poam(run, findings, stream)


def _write_parquet(run: ReportedRun, findings: Iterable[ReportedFinding], asked: FormatOptions) -> None:
    from perpend.reports.formats.ocsf import VERSIONS
    from perpend.reports.formats.ocsf_parquet import write_ocsf_parquet

    try:
        write_ocsf_parquet(run, findings, asked.out or "", version=asked.ocsf_version or VERSIONS[-1])
    except OSError as error:
        raise CannotWrite(f"{asked.out}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def _tell_left_out(number: int) -> None:
    if number:
        click.echo(
            f"perpend: {counted(number, 'finding')} not written: ASFF names an account, which the object does not", err=True
        )
