"""Check which attestations are valid on a day. An attestation is never a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.findings.waivers.status import Force, force_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from perpend.core.objects.status import Status
    from perpend.findings.waivers.read import Attestation, WaiverFiles
    from perpend.findings.waivers.status import DecisionDay
    from perpend.language.syntax.repository import Repository


@dataclass(frozen=True, slots=True)
class Attested:
    """An attestation on a day; ``why_invalid`` is the reason why it is not valid, empty if it is."""

    attestation: Attestation
    why_invalid: str = ""


def attested_on(
    files: WaiverFiles, day: DecisionDay, repository: Repository, counts: Mapping[str, Mapping[Status, int]]
) -> tuple[Attested, ...]:
    """Return the attestations on a day. ``counts`` are the verdicts of policies: they end an attestation."""
    return tuple(
        Attested(attestation, _why_invalid(attestation, day, files.approvers, repository, counts))
        for attestation in files.attestations
    )


def attested_policies(attestations: Collection[Attested]) -> frozenset[str]:
    """Return the policies with a valid attestation."""
    return frozenset(attested.attestation.policy for attested in attestations if not attested.why_invalid)


def _why_invalid(
    attestation: Attestation,
    day: DecisionDay,
    approvers: Collection[str],
    repository: Repository,
    counts: Mapping[str, Mapping[Status, int]],
) -> str:
    shown = visible(attestation.policy)
    force = force_of(attestation, day, approvers)
    if force is not Force.IN_FORCE:
        return f"{force.value} on {day.last if force is Force.EXPIRED else day.day}"
    if attestation.policy not in repository.policy_ids:
        return f"there is no policy {shown}"
    if any(counts.get(attestation.policy, {}).values()):
        return f"{shown} judges by now, and its verdicts count"
    policy = repository.policy(attestation.policy).value
    return "" if policy is not None and policy.impossible else f"{shown} is not called impossible: it can be automated"
