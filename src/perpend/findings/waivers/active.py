"""The waivers and attestations that are active in a run: read them, match them with findings, warn about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.directories import no_directory
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.plural import counted
from perpend.core.diagnostics.warn import diagnostic_lines, warn, warn_diagnostics
from perpend.core.errors import PerpendError, about
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.requirements import AnsweredFor
from perpend.findings.waivers.attestations import attested_on, attested_policies
from perpend.findings.waivers.match_history import waived_findings
from perpend.findings.waivers.match_results import waived
from perpend.findings.waivers.read import FOLDER, WaiverFiles, waivers_below
from perpend.findings.waivers.status import DayAsked
from perpend.findings.waivers.warnings import Looked, told_of, told_of_attestations
from perpend.language.syntax.files import Files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.status import Status
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.syntax.repository import Repository

_MOST_WARNINGS: Final = 20


class UnusableEntries(PerpendError):
    """Waivers or severity ratings that cannot be read. The command does nothing."""


def read_waivers(repository: Repository, directory: str | None) -> WaiverFiles:
    """Read the waivers in a directory; for None, in ``waivers`` of the repository. Raises UnusableEntries for a faulty file."""
    files, folder = entry_files(repository, FOLDER, directory)
    waivers = waivers_below(files, folder)
    raise_faults(waivers.diagnostics, files, FOLDER)
    return waivers


def entry_files(repository: Repository, folder: str, directory: str | None) -> tuple[Files, str]:
    """Return the files to read entries from, and their folder: a directory, or for None a folder of the repository.

    Raises PerpendError if the directory is missing.
    """
    if directory is None:
        return repository.files, folder
    if wrong := no_directory(directory):
        raise about(directory, PerpendError(f"{visible(directory)}: {wrong}"))
    return Files(Path(directory)), ""


def raise_faults(faults: Collection[Diagnostic], files: Files, kind: str) -> None:
    """Show the faults of waivers or ratings and raise UnusableEntries, if there are any."""
    if faults:
        warn_diagnostics(list(faults), files.source_line)
        raise UnusableEntries(f"{kind} that cannot be read ({counted(len(faults), 'fault')}): nothing was done")


@dataclass(frozen=True, slots=True)
class ActiveWaivers:
    """The waivers and attestations of a run, and the repository that defines their policies."""

    files: WaiverFiles = field(default_factory=WaiverFiles)
    repository: Repository | None = None

    @classmethod
    def here(cls, repository: Repository, directory: str | None, *, none: bool) -> ActiveWaivers:
        """Read the waivers of a directory or a repository; ``none`` leaves all out. Raises UnusableEntries."""
        return cls(WaiverFiles() if none else read_waivers(repository, directory), repository)

    def covered(self, evaluation: Evaluation) -> WaiverMatches | None:
        """Match the waivers with an evaluation and warn about them. Return None if there are none."""
        if self.repository is None or not (self.files.waivers or self.files.attestations):
            return None
        judged = waived(evaluation, self.files, self.repository.policy_ids, replayed=evaluation.day.given)
        accounts = frozenset(number for source in evaluation.inventory.sources for number in source.accounts)
        looked = Looked(frozenset(program.policy_id for program in evaluation.programs), accounts, judged.in_scope)
        counts = {column.program.policy_id: counts_of(column) for column in evaluation.verdicts}
        attested = attested_on(self.files, judged.covering.day, self.repository, counts)
        warn_about_waivers([*told_of(judged.covering, self.files.approvers, looked), *told_of_attestations(attested)])
        return judged.covering

    def answered(self, evaluation: Evaluation, covering: WaiverMatches | None) -> AnsweredFor:
        """Return the number of waived findings by policy, and the attested policies, of an evaluation."""
        if covering is None or self.repository is None:
            return AnsweredFor()
        counts = {column.program.policy_id: counts_of(column) for column in evaluation.verdicts}
        attested = attested_on(self.files, covering.day, self.repository, counts)
        return AnsweredFor({policy_id: covering.waived_of(policy_id) for policy_id in counts}, attested_policies(attested))

    def covered_findings(self, connection: Connection, head: HistoryManifest, *, replayed: bool = False) -> WaiverMatches:
        """Match the waivers with a history's findings, as of the day of its newest run, and store the matches in a table.

        A waiver that has ended before today matches nothing, unless ``replayed``.
        """
        known = self.repository.policy_ids if self.repository is not None else ()
        return waived_findings(connection, self.files, known, DayAsked.of(day_of(head), named=replayed))

    def attested(self, head: HistoryManifest, counts: Mapping[str, Mapping[Status, int]]) -> frozenset[str]:
        """Return the policies with an attestation that is active on the newest run's day and today. Warn about the others."""
        if self.repository is None or not self.files.attestations:
            return frozenset()
        attested = attested_on(self.files, DayAsked.of(day_of(head), named=False), self.repository, counts)
        warn_about_waivers(told_of_attestations(attested))
        return attested_policies(attested)


def day_of(head: HistoryManifest) -> date:
    """Return the day of a history's newest run, in UTC."""
    return max(datetime.fromisoformat(run.time) for run in head.runs).astimezone(UTC).date()


def warn_about_waivers(diagnostics: Collection[Diagnostic]) -> None:
    """Write the first diagnostics of waivers on standard error, one line each."""
    for line in diagnostic_lines(list(diagnostics)[:_MOST_WARNINGS]):
        warn(line)
    if len(diagnostics) > _MOST_WARNINGS:
        warn(f"{FOLDER}: {len(diagnostics) - _MOST_WARNINGS:,} more: `perpend waivers lint` shows all")
