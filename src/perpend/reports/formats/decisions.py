"""Return severity ratings, waivers and attestations as JSON documents, and write the findings that waivers cover as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.escape import encodable
from perpend.core.objects.status import Status
from perpend.core.values.age import format_age
from perpend.findings.severity.effective import RATED_STATUSES
from perpend.findings.severity.levels import LEVELS
from perpend.findings.waivers.changed_values import changed_values
from perpend.reports.formats.csv import cell_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from perpend.findings.severity.effective import EffectiveRatings
    from perpend.findings.severity.levels import FindingSeverity
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.attestations import Attested
    from perpend.findings.waivers.changed_values import ValuesOf
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.read import Waiver
    from perpend.findings.waivers.status import WaiverStatus


def ratings_document(in_force: EffectiveRatings, published: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, Any]:
    """Return the rating of each rated policy, the adjustments of ratings, and the policies without a rating.

    ``published`` are the severities of controls of Security Hub, by policy.
    """
    ratings = [
        {
            "policy": policy_id,
            "severity": rating.level.value,
            "because": rating.because,
            "source": rating.source,
            "vector": rating.vector,
            "resolveWithin": format_age(rating.within) if rating.within else None,
            "file": rating.span.path,
            "line": rating.span.line,
            **({"securityHub": dict(published.get(policy_id, {}))} if published is not None else {}),
        }
        for policy_id, rating in sorted(in_force.by_policy.items())
    ]
    shifts = [
        {
            "steps": in_place.shift.steps,
            "scope": {key: list(values) for key, values in in_place.scope.items()},
            "policies": len(in_place.policies),
            "whereAlso": list(in_place.shift.also),
            "because": in_place.shift.because,
            "source": in_place.shift.source,
            "file": in_place.shift.span.path,
            "line": in_place.shift.span.line,
        }
        for in_place in in_force.shifts
    ]
    return {"ratings": ratings, "shifts": shifts, "unrated": list(in_force.unrated)}


def rating_document(rating: FindingSeverity | None, status: Status) -> dict[str, Any] | None:
    """Return the rating of a finding, None if it has none. ``wouldBe`` marks the rating of an undetermined finding."""
    if rating is None or status not in RATED_STATUSES:
        return None
    would = {"wouldBe": True} if status is Status.UNDETERMINED else {}
    return {"severity": rating.level.value, "source": encodable(rating.source), "because": encodable(rating.because), **would}


def severities_document(rated_evaluation: RatedEvaluation) -> dict[str, dict[str, int]]:
    """Return the number of findings of each severity, the highest first. Waived incompliant findings are left out."""
    counts = {(level, status): number for (level, status), number in rated_evaluation.numbers.items() if number}
    named = [*((level.value, level) for level in reversed(LEVELS)), ("notRated", None)]
    return {name: {status: counts.get((level, Status(status)), 0) for status in RATED_STATUSES} for name, level in named}


def waivers_document(waiver_matches: WaiverMatches | None) -> dict[str, Any] | None:
    """Return the waived verdicts, by status and policy, and the state of each waiver; None if waivers were not read."""
    if waiver_matches is None:
        return None
    policies: dict[str, dict[str, int]] = {}
    for (policy_id, status), number in waiver_matches.waived.items():
        policies.setdefault(policy_id, {})[status.value] = number
    return {
        **day_document(waiver_matches),
        "waived": {status.value: waiver_matches.number(status) for status in (Status.INCOMPLIANT, Status.UNDETERMINED)},
        "policies": dict(sorted(policies.items())),
        "waivers": [waiver_document(waiver_status, waiver_matches) for waiver_status in waiver_matches.waiver_statuses],
    }


def write_waived_findings(rows: Iterable[tuple[WaiverStatus, tuple[str, ...], bool]], stream: TextIO) -> None:
    """Write a row of CSV for each finding that an active waiver covers. ``shown`` marks the waiver that reports name for it."""
    stream.write("waiver,policyId,typeApiName,objectId,status,shown\r\n")
    for waiver_status, finding, is_shown in rows:
        stream.write(",".join(map(cell_text, (waiver_status.waiver.id, *finding, str(is_shown).lower()))) + "\r\n")


def day_document(waiver_matches: WaiverMatches) -> dict[str, str]:
    """Return the day for which waivers are evaluated, and ``endsCountedTo`` if end dates count to another day."""
    day, last = waiver_matches.day.day.isoformat(), waiver_matches.day.last.isoformat()
    return {"day": day} if day == last else {"day": day, "endsCountedTo": last}


def waiver_document(waiver_status: WaiverStatus, waiver_matches: WaiverMatches | None = None) -> dict[str, Any]:
    """Return a waiver. ``covers`` counts the findings that match it, ``waives`` those that reports name it for."""
    waiver = waiver_status.waiver
    document: dict[str, Any] = {
        "id": waiver.id,
        "force": waiver_status.force.value,
        "kind": waiver.kind,
        "owner": waiver.owner,
        "approvedBy": waiver.approved_by,
        "reason": waiver.reason,
        "ticket": waiver.ticket,
        "from": waiver.begins.isoformat() if waiver.begins else None,
        "until": waiver.until.isoformat() if waiver.until else None,
        "limit": waiver.limit,
        "file": waiver.span.path,
        "line": waiver.span.line,
    }
    if waiver_matches is not None:
        waives = sum(number for (name, _), number in waiver_matches.by_waiver.items() if name == waiver.id)
        document |= {"covers": waiver_matches.covers.get(waiver.id, 0), "waives": waives}
    return document


def changed_document(waiver: Waiver, values_of: ValuesOf) -> dict[str, Any]:
    """Return the values of parameters that differ from those of a waiver: it needs a review. ``now`` is null for none."""
    changed = [
        {"policyId": change.written.policy, "name": change.written.name, "value": change.written.value, "now": change.now}
        for change in changed_values(waiver, values_of)
    ]
    return {"changedParameters": changed}


def attestation_document(attested: Attested) -> dict[str, Any]:
    """Return an attestation. ``why_invalid`` is the reason why it is not active, null if it is."""
    attestation = attested.attestation
    return {
        "id": attestation.id,
        "policy": attestation.policy,
        "ended": attested.why_invalid or None,
        "owner": attestation.owner,
        "approvedBy": attestation.approved_by,
        "reason": attestation.reason,
        "evidence": attestation.evidence,
        "from": attestation.begins.isoformat(),
        "until": attestation.until.isoformat(),
    }
