"""Which waivers hold for a command: its options, the files that they mean, and what is told of them on standard error."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.config.command import is_from_file
from perpend.cli.options.streams import colours
from perpend.core.diagnostics.directories import no_directory
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.plural import counted
from perpend.core.diagnostics.text import render_text
from perpend.core.errors import PerpendError
from perpend.findings.waivers.read import FOLDER, WaiverFiles, waivers_below
from perpend.language.syntax.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

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
    """The waivers that options of a command select. Prints warnings about them on standard error."""

    files: WaiverFiles = field(default_factory=WaiverFiles)
    repository: Repository | None = None

    @classmethod
    def here(cls, repository: Repository, directory: str | None, *, none: bool) -> ActiveWaivers:
        """Return the waivers that options select. Raises UnusableEntries."""
        return cls(waivers_here(repository, directory, none=none), repository)

    def covered(self, evaluation: Evaluation) -> WaiverMatches | None:
        """Return the findings of an evaluation that waivers cover, None if there are no waivers."""
        if self.repository is None or not (self.files.waivers or self.files.attestations):
            return None
        from perpend.findings.waivers.active import matches_in_evaluation

        matches, warnings = matches_in_evaluation(evaluation, self.files, self.repository)
        tell(warnings)
        return matches

    def waived_objects(self, evaluation: Evaluation) -> frozenset[tuple[str, str]]:
        """Return the pairs of policy and object Id that waivers in force cover."""
        from perpend.findings.waivers.active import waived_objects

        matches = self.covered(evaluation)
        return waived_objects(evaluation, matches) if matches is not None else frozenset()

    def answered(self, evaluation: Evaluation, covering: WaiverMatches | None) -> AnsweredFor:
        """Return the number of waived findings of each policy of an evaluation, and the attested policies."""
        from perpend.evaluation.verdicts.requirements import AnsweredFor
        from perpend.findings.waivers.active import answers_in_evaluation

        if covering is None or self.repository is None:
            return AnsweredFor()
        return answers_in_evaluation(evaluation, covering, self.files, self.repository)

    def covered_findings(self, connection: Connection, head: HistoryManifest, *, replayed: bool = False) -> WaiverMatches:
        """Return the findings of a history that waivers cover on the day of its newest run; store them in a table there."""
        from perpend.findings.waivers.active import matches_in_history

        known = self.repository.policy_ids if self.repository is not None else ()
        return matches_in_history(connection, head, self.files, known, replayed=replayed)

    def answered_in_history(
        self, place: HistoryStorage, accounts: Sequence[str], counts: Mapping[str, Mapping[Status, int]]
    ) -> AnsweredFor:
        """Return the number of waived findings of each policy in a history, and the attested policies."""
        from perpend.evaluation.verdicts.requirements import AnsweredFor
        from perpend.findings.waivers.active import answers_in_history

        if self.repository is None:
            return AnsweredFor()
        answered, warnings = answers_in_history(place, accounts, counts, self.files, self.repository)
        tell(warnings)
        return answered

    def attested(self, head: HistoryManifest, counts: Mapping[str, Mapping[Status, int]]) -> frozenset[str]:
        """Return the policies with a valid attestation on the day of the newest run and today."""
        if self.repository is None or not self.files.attestations:
            return frozenset()
        from perpend.findings.waivers.active import attested_in_history

        attested, warnings = attested_in_history(head, counts, self.files, self.repository)
        tell(warnings)
        return attested


def waiver_views(place: HistoryStorage, repository: Repository) -> list[str]:
    """Return the statements that make two views for SQL, as of the day of the newest run, without what has ended since.

    ``waiver`` says how each stands, ``waived`` by which one each waived finding is shown to be.
    """
    from perpend.findings.history.queries.rows import rows_statement
    from perpend.findings.history.queries.views import asking
    from perpend.findings.waivers.match_history import waived_statement
    from perpend.reports.formats.as_waivers import standing_document

    waiving = ActiveWaivers.here(repository, None, none=False)
    with asking(place, *(("finding",) if waiving.files.waivers else ("run",))) as connection:
        covering = waiving.covered_findings(connection, place.head())
        waived = waived_statement(connection)
    documents = [standing_document(standing, covering) for standing in covering.standings]
    rows = [tuple(document.values()) for document in documents] or [(None,) * len(_WAIVER_COLUMNS.split())]
    return [rows_statement("waiver", _WAIVER_COLUMNS, rows, is_row="id IS NOT NULL"), waived]


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
