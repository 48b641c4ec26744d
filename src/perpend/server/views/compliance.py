"""The status of frameworks and of their requirements after a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.findings.history.compliance import newest_counts_in, scorecards_of_counts, stale_reasons
from perpend.findings.history.queries.views import asking
from perpend.reports.terminal.history.compliance import fractions
from perpend.server.answers import Compliance, FrameworkRow, RequirementPolicyRow, RequirementRow, Share
from perpend.server.views.run_state import accounts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState


def compliance_of(state: RunState, scope: ReaderScope, framework: str | None = None, *, inherited: bool = False) -> Compliance:
    """Return all frameworks, or one with its requirements. Raises UnknownName for one that the repository does not have.

    Policies that reach a requirement only through rules or similar sections count if ``inherited``.
    """
    cards = scorecards_seen(state, scope, () if framework is None else (framework,), inherited=inherited)
    results = [result for card in cards for result in card.results] if framework is not None else []
    return Compliance(
        state.run.number,
        tuple(_framework_row(card, inherited=inherited) for card in cards),
        tuple(_requirement_row(state, result) for result in results),
    )


def scorecards_seen(
    state: RunState, scope: ReaderScope, frameworks: Sequence[str] = (), *, inherited: bool = False
) -> list[Scorecard]:
    """Return the scorecards of frameworks, of all if none is named, by the verdicts that a reader may see."""
    accounts = accounts_of(scope)
    with asking(state.history, "ledger") as connection:
        counts = newest_counts_in(connection, state.head, accounts)
    return scorecards_of_counts(
        state.repository,
        counts,
        frameworks,
        state.decisions(accounts, counts),
        state.in_part(scope),
        stale_reasons(state.head),
        inherited=inherited,
    )


def _framework_row(card: Scorecard, *, inherited: bool) -> FrameworkRow:
    return FrameworkRow(
        card.framework.id,
        card.framework.name,
        len(card.results),
        {requirement_status.value: number for requirement_status, number in card.counts.items()},
        {name: Share(part, of) for name, (part, of) in fractions(card).items()},
        inherited,
    )


def _requirement_row(state: RunState, result: RequirementResult) -> RequirementRow:
    requirement = result.requirement
    return RequirementRow(
        requirement.id,
        requirement.number,
        requirement.name,
        result.standing.value,
        {status.value: number for status, number in result.counts.items() if number},
        tuple(
            RequirementPolicyRow(
                policy.policy_id,
                state.title_of(policy.policy_id),
                policy.was_evaluated,
                policy.reason or None,
                policy.looser or None,
            )
            for policy in requirement.policies
        ),
    )
