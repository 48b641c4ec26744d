"""Read waivers and attestations, and apply them to an evaluation or to the findings of a history.

Most repositories have none, so the modules that match them are imported when they are used.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.directories import why_not_a_directory
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import diagnostic_lines, warn, warn_diagnostics
from perpend.core.errors import PerpendError, about
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.requirements import HumanDecisions
from perpend.findings.waivers.attestations import attested_on, attested_policies
from perpend.findings.waivers.entries import by_tags
from perpend.findings.waivers.read import FOLDER, WaiverFiles, waivers_below
from perpend.findings.waivers.status import DecisionDay
from perpend.findings.waivers.warnings import EvaluatedScope, attestation_warnings, waiver_warnings
from perpend.language.syntax.files import Files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.status import Status
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage
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
    if wrong := why_not_a_directory(directory):
        raise about(directory, PerpendError(f"{visible(directory)}: {wrong}"))
    return Files(Path(directory)), ""


def raise_faults(faults: Collection[Diagnostic], files: Files, kind: str) -> None:
    """Show the faults of waivers or ratings and raise UnusableEntries, if there are any."""
    if faults:
        warn_diagnostics(list(faults), files.source_line)
        raise UnusableEntries(f"{kind} that cannot be read ({counted(len(faults), 'fault')}): nothing was done")


def matches_in_history(
    connection: Connection, head: HistoryManifest, files: WaiverFiles, policy_ids: Collection[str], *, replayed: bool = False
) -> WaiverMatches:
    """Return the findings of a history that waivers cover on the day of its newest run; store them in a table there.

    Unless ``replayed``, waivers that ended before today cover nothing.
    """
    from perpend.findings.waivers.match_history import history_findings
    from perpend.findings.waivers.matches import match_waivers

    return match_waivers(connection, history_findings, files, policy_ids, DecisionDay.of(day_of(head), named=replayed))


def day_of(head: HistoryManifest) -> date:
    """Return the day of a history's newest run, in UTC."""
    return head.time.date()


def _counts(evaluation: Evaluation) -> dict[str, dict[Status, int]]:
    return {column.program.policy_id: counts_of(column) for column in evaluation.verdicts}


@dataclass(frozen=True, slots=True)
class ActiveWaivers:
    """The waivers and attestations of a run, and the repository with their policies. Warnings go to standard error."""

    files: WaiverFiles = field(default_factory=WaiverFiles)
    repository: Repository | None = None

    @classmethod
    def here(cls, repository: Repository, directory: str | None, *, none: bool) -> ActiveWaivers:
        """Read the waivers of a directory or a repository; ``none`` leaves all out. Raises UnusableEntries."""
        return cls(WaiverFiles() if none else read_waivers(repository, directory), repository)

    @property
    def by_tags(self) -> bool:
        """Whether some waiver names tags."""
        return by_tags(self.files.waivers)

    def covered(self, evaluation: Evaluation) -> WaiverMatches | None:
        """Return the findings of an evaluation that waivers cover, None if there are no waivers."""
        if self.repository is None or not (self.files.waivers or self.files.attestations):
            return None
        from perpend.findings.waivers.run_findings import unused_scopes, waived

        matches = waived(evaluation, self.files, self.repository.policy_ids, replayed=evaluation.day.given)
        accounts = frozenset(number for source in evaluation.inventory.sources for number in source.accounts)
        policies = frozenset(program.policy_id for program in evaluation.programs)
        in_scope, named = unused_scopes(evaluation, matches)
        evaluated = EvaluatedScope(policies, accounts | named, in_scope)
        attested = attested_on(self.files, matches.day, self.repository, _counts(evaluation))
        warned = waiver_warnings(matches, self.files.approvers, evaluated, self.repository.values)
        warn_about_waivers([*warned, *attestation_warnings(attested)])
        return matches

    def waived_objects(self, evaluation: Evaluation) -> frozenset[tuple[str, str]]:
        """Return the pairs of policy and object Id that waivers in force cover."""
        matches = self.covered(evaluation)
        if matches is None:
            return frozenset()
        from perpend.findings.waivers.run_findings import covered

        with covered(evaluation, matches) as rows:
            return frozenset((finding[0], finding[2]) for _, finding, _ in rows)

    def answered(self, evaluation: Evaluation, waiver_matches: WaiverMatches | None) -> HumanDecisions:
        """Return the number of waived findings of each policy of an evaluation, and the attested policies."""
        if waiver_matches is None or self.repository is None:
            return HumanDecisions()
        counts = _counts(evaluation)
        attested = attested_on(self.files, waiver_matches.day, self.repository, counts)
        return HumanDecisions(
            {policy_id: waiver_matches.waived_of(policy_id) for policy_id in counts}, attested_policies(attested)
        )

    def covered_findings(self, connection: Connection, head: HistoryManifest, *, replayed: bool = False) -> WaiverMatches:
        """Return the findings of a history that waivers cover on the day of its newest run; store them in a table there."""
        known = self.repository.policy_ids if self.repository is not None else ()
        return matches_in_history(connection, head, self.files, known, replayed=replayed)

    def answered_in_history(
        self, place: HistoryStorage, accounts: Sequence[str], counts: Mapping[str, Mapping[Status, int]]
    ) -> HumanDecisions:
        """Return the number of waived findings of each policy in a history, and the attested policies.

        ``counts`` are the newest counts of verdicts by policy. Without ``accounts``, all are counted.
        """
        if self.repository is None:
            return HumanDecisions()
        head, numbers = place.head(), dict[str, int]()
        if self.files.waivers:
            from perpend.findings.history.queries.views import asking
            from perpend.findings.waivers.match_history import waived_counts

            with asking(place, "finding", tags=self.by_tags) as connection:
                self.covered_findings(connection, head)
                numbers = waived_counts(connection, accounts)
        return HumanDecisions(numbers, self.attested(head, counts))

    def attested(self, head: HistoryManifest, counts: Mapping[str, Mapping[Status, int]]) -> frozenset[str]:
        """Return the policies with a valid attestation on the day of the newest run and today."""
        if self.repository is None or not self.files.attestations:
            return frozenset()
        attested = attested_on(self.files, DecisionDay.of(day_of(head), named=False), self.repository, counts)
        warn_about_waivers(attestation_warnings(attested))
        return attested_policies(attested)


def warn_about_waivers(diagnostics: Collection[Diagnostic]) -> None:
    """Write the first diagnostics of waivers on standard error, one line each."""
    for line in diagnostic_lines(list(diagnostics)[:_MOST_WARNINGS]):
        warn(line)
    if len(diagnostics) > _MOST_WARNINGS:
        warn(f"{FOLDER}: {len(diagnostics) - _MOST_WARNINGS:,} more: `perpend waivers lint` shows all")
