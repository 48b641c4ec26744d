"""The repository with the values of parameters that a past run was evaluated with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.language.syntax.repository import Repository


def with_values_of_run(repository: Repository, head: HistoryManifest, run: int) -> Repository:
    """Return a repository with the values of a run, by its number; the same one if none of them differs."""
    past = {policy.policy_id: head.values_in(policy.policy_id, run) for policy in head.policies}
    differing = {
        policy_id: {value.name: value.value for value in values}
        for policy_id, values in past.items()
        if values and policy_id in repository.policy_ids and values != repository.values(policy_id)
    }
    return repository.with_parameters({**repository.parameters, **differing}) if differing else repository
