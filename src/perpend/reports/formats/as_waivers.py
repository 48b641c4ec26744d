"""What waivers cover in, a block of JSON out that stands beside verdicts and in none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.objects.status import Status
from perpend.reports.formats.as_csv import cell_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from perpend.findings.waivers.attestations import Attested
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.status import WaiverStatus


def waivers_document(covering: WaiverMatches | None) -> dict[str, Any] | None:
    """Return what is waived, by status and policy, and how each waiver stands; None where none was asked."""
    if covering is None:
        return None
    policies: dict[str, dict[str, int]] = {}
    for (policy_id, status), number in covering.waived.items():
        policies.setdefault(policy_id, {})[status.value] = number
    return {
        **day_document(covering),
        "waived": {status.value: covering.number(status) for status in (Status.INCOMPLIANT, Status.UNDETERMINED)},
        "policies": dict(sorted(policies.items())),
        "waivers": [standing_document(standing, covering) for standing in covering.standings],
    }


def write_covered(rows: Iterable[tuple[WaiverStatus, tuple[str, ...], bool]], stream: TextIO) -> None:
    """Write a row of CSV for each finding that a waiver in force covers: ``shown`` where it is the one that is named for it."""
    stream.write("waiver,policyId,typeApiName,objectId,status,shown\r\n")
    for standing, finding, is_shown in rows:
        stream.write(",".join(map(cell_text, (standing.waiver.id, *finding, str(is_shown).lower()))) + "\r\n")


def day_document(covering: WaiverMatches) -> dict[str, str]:
    """Return the day that waivers are asked on, and where it is another, the day before which none may have ended."""
    day, last = covering.day.day.isoformat(), covering.day.last.isoformat()
    return {"day": day} if day == last else {"day": day, "endsCountedTo": last}


def standing_document(standing: WaiverStatus, covering: WaiverMatches | None = None) -> dict[str, Any]:
    """Return a waiver as JSON has it; ``covers`` is what it would cover, ``waives`` what it is shown for."""
    waiver = standing.waiver
    document: dict[str, Any] = {
        "id": waiver.id,
        "force": standing.force.value,
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
    if covering is not None:
        waives = sum(number for (name, _), number in covering.by_waiver.items() if name == waiver.id)
        document |= {"covers": covering.covers.get(waiver.id, 0), "waives": waives}
    return document


def attested_document(attested: Attested) -> dict[str, Any]:
    """Return an attestation as JSON has it; ``ended`` says why it does not hold, null where it does."""
    said = attested.attestation
    return {
        "id": said.id,
        "policy": said.policy,
        "ended": attested.ended or None,
        "owner": said.owner,
        "approvedBy": said.approved_by,
        "reason": said.reason,
        "evidence": said.evidence,
        "from": said.begins.isoformat(),
        "until": said.until.isoformat(),
    }
