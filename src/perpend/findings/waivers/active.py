"""Apply waivers and attestations to an evaluation, or to the findings of a history, and return warnings about them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.requirements import AnsweredFor
from perpend.findings.history.queries.views import asking
from perpend.findings.waivers.attestations import attested_on, attested_policies
from perpend.findings.waivers.match_history import waived_counts, waived_findings
from perpend.findings.waivers.match_results import covered, waived
from perpend.findings.waivers.status import DayAsked
from perpend.findings.waivers.warnings import Looked, told_of, told_of_attestations

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.status import Status
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.read import WaiverFiles
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.syntax.repository import Repository


def matches_in_evaluation(
    evaluation: Evaluation, files: WaiverFiles, repository: Repository
) -> tuple[WaiverMatches, list[Diagnostic]]:
    """Return the findings of an evaluation that waivers cover, and warnings about waivers and attestations."""
    matches = waived(evaluation, files, repository.policy_ids, replayed=evaluation.day.given)
    accounts = frozenset(number for source in evaluation.inventory.sources for number in source.accounts)
    looked = Looked(frozenset(program.policy_id for program in evaluation.programs), accounts, matches.in_scope)
    attested = attested_on(files, matches.covering.day, repository, _counts(evaluation))
    warnings = [*told_of(matches.covering, files.approvers, looked), *told_of_attestations(attested)]
    return matches.covering, warnings


def waived_objects(evaluation: Evaluation, matches: WaiverMatches) -> frozenset[tuple[str, str]]:
    """Return the pairs of policy and object Id that waivers in force cover."""
    with covered(evaluation, matches) as rows:
        return frozenset((finding[0], finding[2]) for _, finding, _ in rows)


def answers_in_evaluation(
    evaluation: Evaluation, matches: WaiverMatches, files: WaiverFiles, repository: Repository
) -> AnsweredFor:
    """Return the number of waived findings of each policy of an evaluation, and the attested policies."""
    counts = _counts(evaluation)
    attested = attested_on(files, matches.day, repository, counts)
    return AnsweredFor({policy_id: matches.waived_of(policy_id) for policy_id in counts}, attested_policies(attested))


def matches_in_history(
    connection: Connection, head: HistoryManifest, files: WaiverFiles, policy_ids: Collection[str], *, replayed: bool = False
) -> WaiverMatches:
    """Return the findings of a history that waivers cover on the day of its newest run; store them in a table there.

    Unless ``replayed``, waivers that ended before today cover nothing.
    """
    return waived_findings(connection, files, policy_ids, DayAsked.of(day_of(head), named=replayed))


def attested_in_history(
    head: HistoryManifest, counts: Mapping[str, Mapping[Status, int]], files: WaiverFiles, repository: Repository
) -> tuple[frozenset[str], list[Diagnostic]]:
    """Return the policies with a valid attestation, on the day of the newest run and today, and warnings about others."""
    attested = attested_on(files, DayAsked.of(day_of(head), named=False), repository, counts)
    return attested_policies(attested), told_of_attestations(attested)


def answers_in_history(
    place: HistoryStorage,
    accounts: Sequence[str],
    counts: Mapping[str, Mapping[Status, int]],
    files: WaiverFiles,
    repository: Repository,
) -> tuple[AnsweredFor, list[Diagnostic]]:
    """Return the number of waived findings of each policy in a history, the attested policies, and warnings.

    ``counts`` are the newest counts of verdicts by policy. Without ``accounts``, all are counted.
    """
    head, numbers = place.head(), dict[str, int]()
    if files.waivers:
        with asking(place, "finding") as connection:
            matches_in_history(connection, head, files, repository.policy_ids)
            numbers = waived_counts(connection, accounts)
    attested, warnings = attested_in_history(head, counts, files, repository)
    return AnsweredFor(numbers, attested), warnings


def day_of(head: HistoryManifest) -> date:
    """Return the day of a history's newest run, in UTC."""
    return max(datetime.fromisoformat(run.time) for run in head.runs).astimezone(UTC).date()


def _counts(evaluation: Evaluation) -> dict[str, dict[Status, int]]:
    return {column.program.policy_id: counts_of(column) for column in evaluation.verdicts}
