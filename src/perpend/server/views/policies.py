"""The policies of the repository with the newest numbers of their verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.ids import production_of
from perpend.core.objects.status import Status
from perpend.findings.history.compliance import newest_counts_in, stale_reasons
from perpend.findings.history.queries.views import asking
from perpend.findings.severity.levels import severity_order
from perpend.reports.overview import are_of_several_clouds, service_of
from perpend.server.answers import Coverage, PolicyList, PolicyRow
from perpend.server.views.run_state import accounts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState


def policy_list(state: RunState, scope: ReaderScope) -> PolicyList:
    """Return all policies of the repository, and those of the history that it does not have any more."""
    accounts = accounts_of(scope)
    with asking(state.history, "ledger") as connection:
        counts = newest_counts_in(connection, state.head, accounts)
    waived = state.decisions(accounts, counts).waived
    rated, stale = state.severities.in_force, stale_reasons(state.head)
    rows, types = [], types_of_services(state)
    for policy_id in sorted({*state.repository.policy_ids, *counts}):
        rating = rated.by_policy.get(policy_id)
        coverage = _coverage(counts.get(policy_id, {}), waived.get(policy_id, 0))
        title = state.title_of(policy_id)
        service = service_of(state.repository, policy_id, _type_of(state, policy_id, types) if types else None)
        level = rating.level if rating else None
        row = PolicyRow(
            policy_id, title, service, level.value if level else None, policy_id in counts, stale.get(policy_id), coverage
        )
        has_findings = bool(coverage.failing or coverage.unknown)
        order = severity_order(level, coverage.failing, title, unknown=coverage.unknown)
        rows.append(((not coverage.failing, not has_findings, not row.evaluated), order, policy_id, row))
    return PolicyList(state.run.number, tuple(row for *_, row in sorted(rows, key=lambda one: one[:3])))


def types_of_services(state: RunState) -> dict[str, str]:
    """Return by folder an input type of its policies that were evaluated; nothing if they are all of one cloud.

    It is what ``service_of`` names the cloud of a service by.
    """
    policies = state.head.policies
    if not are_of_several_clouds(policy.type_name for policy in policies):
        return {}
    return {policy.policy_id.rpartition("/")[0]: policy.type_name for policy in policies}


def _type_of(state: RunState, policy_id: str, types: Mapping[str, str]) -> str | None:
    """Return an input type of a policy's service: as recorded, else as the policy's logic declares it."""
    folder, logic_id = policy_id.rpartition("/")[0], production_of(policy_id)
    if folder in types or logic_id not in state.repository.logic_ids:
        return types.get(folder)
    return state.repository.input_type(logic_id)


def _coverage(counts: Mapping[Status, int], waived: int) -> Coverage:
    return Coverage(
        counts.get(Status.COMPLIANT, 0),
        counts.get(Status.INCOMPLIANT, 0) - waived,
        waived,
        counts.get(Status.UNDETERMINED, 0),
        counts.get(Status.INAPPLICABLE, 0),
    )
