"""Which waivers hold for a command: its options, the files that they mean, and what is told of them on standard error."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.config.command import is_from_file
from perpend.cli.options.streams import colours
from perpend.core.diagnostics.directories import no_directory
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.text import render_text
from perpend.core.errors import PerpendError
from perpend.findings.waivers.read import FOLDER, WaiverFiles, waivers_below
from perpend.language.syntax.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import date

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.status import Status
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import AnsweredFor
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.syntax.repository import Repository

    Command = TypeVar("Command", bound=Callable[..., Any])

_MOST_TOLD: Final = 20

_WAIVER_COLUMNS: Final = "id, force, kind, owner, approved_by, reason, ticket, begins, until, most, file, line, covers, waives"


class UnusableEntries(PerpendError):
    """Waivers or ratings that cannot be read: nothing is done with them."""


def waiver_options(command: Command) -> Command:
    """Add the options that say which waivers hold."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


waivers_option = click.option(
    "--waivers",
    "waivers_dir",
    metavar="DIR",
    type=click.Path(),
    help="Read waivers from this directory; without it, from `waivers` in the repository.",
)
_OPTIONS: Final = (
    waivers_option,
    click.option("--no-waivers", is_flag=True, help="Let no waiver and no attestation count."),
)


def waivers_here(repository: Repository, directory: str | None, *, none: bool = False) -> WaiverFiles:
    """Return the waivers that hold. Raises UnusableEntries where some cannot be read, having shown what is wrong with them."""
    if none and directory is not None and not is_from_file(click.get_current_context(), "waivers_dir"):
        raise click.UsageError("--waivers and --no-waivers exclude each other")
    if none:
        return WaiverFiles()
    files, folder = beside(repository, FOLDER, directory)
    return sound(waivers_below(files, folder), files)


def beside(repository: Repository, folder: str, directory: str | None) -> tuple[Files, str]:
    """Return the files and the directory among them that hold what stands beside policies. Raises PerpendError."""
    if directory is None:
        return repository.files, folder
    if wrong := no_directory(directory):
        raise PerpendError(f"{visible(directory)}: {wrong}")
    return Files(Path(directory)), ""


def sound(read: WaiverFiles, files: Files) -> WaiverFiles:
    """Return what was read where nothing is wrong with it. Raises UnusableEntries, having shown what is."""
    refuse_faults(read.diagnostics, files, FOLDER)
    return read


def refuse_faults(faults: Collection[Diagnostic], files: Files, what: str) -> None:
    """Raise UnusableEntries where something is wrong with what stands beside policies, having shown it."""
    if faults:
        click.echo(render_text(list(faults), source_line=files.source_line, colour=colours()), err=True, nl=False)
        raise UnusableEntries(f"{what} that cannot be read ({counted(len(faults), 'fault')}): nothing was done")


@dataclass(frozen=True, slots=True)
class ActiveWaivers:
    """The waivers that hold for a command, and the repository whose policies they mean."""

    files: WaiverFiles = field(default_factory=WaiverFiles)
    repository: Repository | None = None

    @classmethod
    def here(cls, repository: Repository, directory: str | None, *, none: bool) -> ActiveWaivers:
        """Return the waivers that options mean. Raises UnusableEntries."""
        return cls(waivers_here(repository, directory, none=none), repository)

    def covered(self, evaluation: Evaluation) -> WaiverMatches | None:
        """Return what waivers cover of a judgement, None where there are none; tell what is odd about them."""
        if self.repository is None or not (self.files.waivers or self.files.attestations):
            return None
        from perpend.evaluation.verdicts.evaluation import counts_of
        from perpend.findings.waivers.attestations import attested_on
        from perpend.findings.waivers.match_results import waived
        from perpend.findings.waivers.warnings import Looked, told_of, told_of_attestations

        judged = waived(evaluation, self.files, self.repository.policy_ids, replayed=evaluation.day.given)
        accounts = frozenset(number for source in evaluation.inventory.sources for number in source.accounts)
        looked = Looked(frozenset(program.policy_id for program in evaluation.programs), accounts, judged.in_scope)
        counts = {column.program.policy_id: counts_of(column) for column in evaluation.verdicts}
        attested = attested_on(self.files, judged.covering.day, self.repository, counts)
        tell([*told_of(judged.covering, self.files.approvers, looked), *told_of_attestations(attested)])
        return judged.covering

    def answered(self, evaluation: Evaluation, covering: WaiverMatches | None) -> AnsweredFor:
        """Return what people answer for of a judgement: what of its policies is waived, and which are attested."""
        from perpend.evaluation.verdicts.evaluation import counts_of
        from perpend.evaluation.verdicts.requirements import AnsweredFor
        from perpend.findings.waivers.attestations import attested_on, attested_policies

        if covering is None or self.repository is None:
            return AnsweredFor()
        counts = {column.program.policy_id: counts_of(column) for column in evaluation.verdicts}
        attested = attested_on(self.files, covering.day, self.repository, counts)
        return AnsweredFor({policy_id: covering.waived_of(policy_id) for policy_id in counts}, attested_policies(attested))

    def covered_findings(self, connection: Connection, head: HistoryManifest, *, replayed: bool = False) -> WaiverMatches:
        """Return what waivers cover of a history's findings on the day of its newest run, and leave it in a table there.

        If not ``replayed``, none does that has ended before today.
        """
        from perpend.findings.waivers.match_history import waived_findings
        from perpend.findings.waivers.status import DayAsked

        known = self.repository.policy_ids if self.repository is not None else ()
        return waived_findings(connection, self.files, known, DayAsked.of(day_of(head), named=replayed))

    def attested(self, head: HistoryManifest, counts: Mapping[str, Mapping[Status, int]]) -> frozenset[str]:
        """Return the policies of which an attestation holds on the newest run's day and today; tell which do not."""
        from perpend.findings.waivers.attestations import attested_on, attested_policies
        from perpend.findings.waivers.status import DayAsked
        from perpend.findings.waivers.warnings import told_of_attestations

        if self.repository is None or not self.files.attestations:
            return frozenset()
        attested = attested_on(self.files, DayAsked.of(day_of(head), named=False), self.repository, counts)
        tell(told_of_attestations(attested))
        return attested_policies(attested)


def waiver_views(place: HistoryStorage, repository: Repository) -> list[str]:
    """Return the statements that make two views for SQL, as of the day of the newest run, without what has ended since.

    ``waiver`` says how each stands, ``waived`` by which one each waived finding is shown to be.
    """
    from perpend.findings.history.queries.rows import rows_statement
    from perpend.findings.history.queries.views import asking
    from perpend.findings.waivers.match_history import waived_statement
    from perpend.reports.formats.decisions import standing_document

    waiving = ActiveWaivers.here(repository, None, none=False)
    with asking(place, *(("finding",) if waiving.files.waivers else ("run",))) as connection:
        covering = waiving.covered_findings(connection, place.head())
        waived = waived_statement(connection)
    documents = [standing_document(standing, covering) for standing in covering.standings]
    rows = [tuple(document.values()) for document in documents] or [(None,) * len(_WAIVER_COLUMNS.split())]
    return [rows_statement("waiver", _WAIVER_COLUMNS, rows, is_row="id IS NOT NULL"), waived]


def day_of(head: HistoryManifest) -> date:
    """Return the day of a history's newest run, by UTC."""
    return max(datetime.fromisoformat(run.time) for run in head.runs).astimezone(UTC).date()


def tell(diagnostics: Collection[Diagnostic]) -> None:
    """Say on standard error what is odd about waivers, a line each."""
    for line in lines_of(list(diagnostics)[:_MOST_TOLD]):
        click.echo(f"perpend: {line}", err=True)
    if len(diagnostics) > _MOST_TOLD:
        more = len(diagnostics) - _MOST_TOLD
        click.echo(f"perpend: {FOLDER}: {more:,} more: `perpend waivers lint` shows all", err=True)


def tell_all(diagnostics: Collection[Diagnostic]) -> int:
    """Say what ``lint`` has to tell of waivers or ratings; return its exit code."""
    for line in lines_of(diagnostics) or ["no problems found"]:
        click.echo(line)
    return int(bool(diagnostics))


def lines_of(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return diagnostics as one line each: place, code, message."""
    return [f"{visible(problem.span.path)}:{problem.span.line}: {problem.code}: {problem.message}" for problem in diagnostics]
