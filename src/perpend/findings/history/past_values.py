"""The repository with the values of parameters that a past run was evaluated with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.language.syntax.repository import Repository


def with_values_of_run(repository: Repository, head: HistoryManifest, run: int) -> Repository:
    """Return a repository with the values of a run, by its number; the same one if none of them differs."""
    ids = {policy.number: policy.policy_id for policy in head.policies}
    past = ((ids[recorded.policy], recorded.in_run(run)) for recorded in head.parameters)
    differing = {
        policy_id: {value.name: value.value for value in values}
        for policy_id, values in past
        if values and policy_id in repository.policy_ids and values != repository.values(policy_id)
    }
    return repository.with_parameters({**repository.parameters, **differing}) if differing else repository
