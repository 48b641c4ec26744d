"""Compute scorecards of frameworks from the newest verdicts of a history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.core.objects.ids import framework_of
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.framework_mapping import carry_over
from perpend.evaluation.verdicts.requirements import HumanDecisions, framework_selection, scorecards_of
from perpend.findings.history.queries.findings import newest_counts
from perpend.findings.history.queries.rows import scorecard_statement
from perpend.findings.history.queries.views import asking
from perpend.language.compiler.frameworks import FrameworkMappings
from perpend.language.compiler.names import find_section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from perpend.evaluation.verdicts.framework_mapping import CarryOver
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.syntax.repository import Repository

    Counts: TypeAlias = Mapping[str, Mapping[Status, int]]

NOT_KNOWN = "no run of this history has asked it"


def scorecards_from_history(
    place: HistoryStorage,
    repository: Repository,
    frameworks: Sequence[str] = (),
    accounts: Sequence[str] = (),
    answer: Callable[[HistoryStorage, Sequence[str], Counts], HumanDecisions] | None = None,
    *,
    inherited: bool = False,
) -> list[Scorecard]:
    """Return the scorecards of frameworks, of all if none is named. ``inherited`` counts inherited mappings, too.

    ``answer`` returns the numbers of waived findings and the attested policies, by the counts of verdicts.
    """
    counts = newest_counts_of(place, accounts)
    answered = answer(place, accounts, counts) if answer else None
    head = place.head()
    return scorecards_of_counts(
        repository, counts, frameworks, answered, head.in_part(accounts), stale_reasons(head), inherited=inherited
    )


def stale_reasons(head: HistoryManifest) -> dict[str, str]:
    """Return, by policy, that the newest run did not evaluate it, with the day of its last verdicts."""
    return {
        policy_id: f"not asked in the newest run, last verdicts of {run.time[:10]}"
        for policy_id, run in head.stale_policies().items()
    }


def framework_carry_over(repository: Repository, before: str, after: str) -> CarryOver:
    """Return the policies of one version of a framework that another version inherits.

    Raises PerpendError if a name means no framework, or both mean the same.
    """
    older, newer = (find_section(name, repository) for name in (before, after))
    if f"{older}/".startswith(f"{newer}/") or f"{newer}/".startswith(f"{older}/"):
        raise PerpendError(f"--from and --framework both name {visible(older)}: nothing is carried over")
    return carry_over(FrameworkMappings(repository), older, newer)


def requirement_statuses(repository: Repository, counts: Counts, in_part: Mapping[str, str]) -> dict[str, str]:
    """Return the status of each requirement of a repository's frameworks, by counts of the verdicts of its policies."""
    cards = scorecards_of_counts(repository, counts, in_part=in_part)
    return {result.requirement.id: result.standing.value for card in cards for result in card.results}


def scorecards_of_counts(
    repository: Repository,
    counts: Counts,
    frameworks: Sequence[str] = (),
    answered: HumanDecisions | None = None,
    in_part: Mapping[str, str] | None = None,
    stale: Mapping[str, str] | None = None,
    *,
    inherited: bool = False,
) -> list[Scorecard]:
    """Return the scorecards of frameworks, by the counts of the verdicts of policies.

    Without ``frameworks`` it is all of them: first those of which a requirement was asked.

    ``in_part`` tells why not all objects of a policy were read, ``stale`` why its counts are of an earlier run.
    ``inherited`` counts inherited mappings, too.
    """
    mappings = FrameworkMappings(repository)
    named = [find_section(name, repository) for name in frameworks] or _frameworks(repository)
    tops: dict[str, list[str]] = {}
    for top in named:
        tops.setdefault(framework_of(top), []).append(top)

    def why_not(policy_id: str) -> str:
        return "" if policy_id in counts else NOT_KNOWN

    selections = [
        framework_selection(repository, mappings, of_one, inherited=inherited, why_not=why_not) for of_one in tops.values()
    ]
    cards = scorecards_of(selections, counts, answered or HumanDecisions(), in_part, stale)
    return list(cards) if frameworks else sorted(cards, key=lambda card: not card.asked)


def _frameworks(repository: Repository) -> list[str]:
    return [section for section in repository.section_ids if section.count("/") == 2]


def newest_counts_of(
    place: HistoryStorage, accounts: Sequence[str] = (), until: int | None = None
) -> dict[str, dict[Status, int]]:
    """Return the newest counts of verdicts of each policy that is not retired, by its current id.

    A policy that was evaluated without any object has zeros.
    ``until`` is the number of the last run that counts.
    """
    with asking(place, "ledger", accounts=accounts) as connection:
        return newest_counts_in(connection, place.head(), accounts, until)


def newest_counts_in(
    connection: Connection, head: HistoryManifest, accounts: Sequence[str] = (), until: int | None = None
) -> dict[str, dict[Status, int]]:
    """Return the same as ``newest_counts_of`` from a database with the view ``ledger`` of a history."""
    gone = head.retired_in(until)
    last = until if until is not None else head.next_run
    live = {policy.policy_id for policy in head.policies if policy.number not in gone and policy.first_run <= last}
    rows = connection.execute(*newest_counts(accounts, until)).fetchall()
    counts = {policy_id: dict.fromkeys(Status, 0) for policy_id in sorted(live)}
    for policy_id, *numbers in rows:
        if policy_id in live:
            counts[policy_id] |= zip(_COUNTED, map(int, numbers), strict=True)
    return counts


_COUNTED = (Status.COMPLIANT, Status.INCOMPLIANT, Status.INAPPLICABLE, Status.UNDETERMINED)


def scorecard_view(place: HistoryStorage, repository: Repository) -> str:
    """Return the SQL statement that creates the view ``scorecard`` with all frameworks of a repository."""
    return scorecard_statement(
        [
            (
                card.framework.id,
                result.requirement.id,
                result.requirement.number,
                result.requirement.name,
                result.standing.value,
                result.counts[Status.COMPLIANT],
                result.counts[Status.INCOMPLIANT],
                result.counts[Status.INAPPLICABLE],
                result.counts[Status.UNDETERMINED],
            )
            for card in scorecards_from_history(place, repository)
            for result in card.results
        ]
    )
