"""Each critical and high policy of the library has commands that fix its objects, or says why no command does."""

from __future__ import annotations

from perpend.core.objects.ids import production_of
from perpend.findings.remediation.read import remedy_of
from perpend.findings.severity.active import ActiveSeverities
from perpend.findings.severity.levels import SeverityLevel
from perpend.language.syntax.repository import LIBRARY, Repository

REPOSITORY = Repository(LIBRARY)


def test_each_critical_and_high_policy_has_a_remedy_or_the_reason_why_there_is_none() -> None:
    rated = ActiveSeverities.here(REPOSITORY, None, defaults=True).in_force.by_policy
    levels = (SeverityLevel.CRITICAL, SeverityLevel.HIGH)
    judging = [policy_id for policy_id in rated if production_of(policy_id) in REPOSITORY.logic_ids]
    severe = [policy_id for policy_id in judging if rated[policy_id].level in levels]
    assert len(severe) > 40
    remedies = {policy_id: remedy_of(REPOSITORY, policy_id) for policy_id in severe}
    assert [] == [policy_id for policy_id, loaded in remedies.items() if loaded.value is None or loaded.diagnostics]
    assert [] == [
        policy_id
        for policy_id, loaded in remedies.items()
        if loaded.value and not (loaded.value.steps or loaded.value.no_commands)
    ]
