"""Write findings as OCSF events, one a line: class 2003, Compliance Finding, version 1.5.0 or 1.8.0, with the cloud profile.

Source: schema.ocsf.io. An undetermined finding is a *Warning*, which OCSF defines as a result with missing information.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.status import Status
from perpend.findings.severity.levels import SeverityLevel
from perpend.reports.formats.decisions import rating_document
from perpend.reports.formats.finding import CHANGED, CLOSED, SAME
from perpend.reports.formats.finding_texts import FindingTexts
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from perpend.reports.formats.finding import ReportedFinding, ReportedRun

VERSIONS: Final = ("1.5.0", "1.8.0")
"""The versions of the schema; the last one is the default."""

_CLASS: Final = 2003
_CREATE, _UPDATE, _CLOSE = 1, 2, 3
_NEW, _SUPPRESSED, _RESOLVED, _ARCHIVED = 1, 3, 4, 5
_UNKNOWN, _INFORMATIONAL, _OTHER = 0, 1, 99

_COMPLIANCE: Final = {
    Status.COMPLIANT: (1, "Pass"),
    Status.INCOMPLIANT: (3, "Fail"),
    Status.INAPPLICABLE: (_OTHER, "Not Applicable"),
    Status.UNDETERMINED: (2, "Warning"),
    Status.DISAPPEARED: (_OTHER, "Disappeared"),
}
_SEVERITIES: Final = {
    SeverityLevel.INFO: (_INFORMATIONAL, "Informational"),
    SeverityLevel.LOW: (2, "Low"),
    SeverityLevel.MEDIUM: (3, "Medium"),
    SeverityLevel.HIGH: (4, "High"),
    SeverityLevel.CRITICAL: (5, "Critical"),
}
_PASSING: Final = (Status.COMPLIANT, Status.INAPPLICABLE)


def write_ocsf(run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO, *, version: str = VERSIONS[-1]) -> None:
    """Write each finding as one line of JSON."""
    for text in event_texts(run, version).of(findings):
        stream.write(f"{text}\n")


def event_texts(run: ReportedRun, version: str) -> FindingTexts:
    """Return the texts of findings as events."""
    return FindingTexts(lambda finding: _event(run, finding, version))


def _event(run: ReportedRun, finding: ReportedFinding, version: str) -> dict[str, Any]:
    activity, state = _activity(finding), _state(finding)
    subject = finding.subject
    account = {"account": {"uid": subject.account}} if subject.account else {}
    region = {"region": subject.region} if subject.region else {}
    waiver = {"status_detail": finding.life.waiver} if finding.life.waiver else {}
    return {
        "activity_id": activity,
        "category_uid": 2,
        "class_uid": _CLASS,
        "type_uid": 100 * _CLASS + activity,
        "time": run.milliseconds,
        **_severity(finding),
        "message": finding.message,
        "status_id": state,
        **waiver,
        "metadata": {
            "version": version,
            "profiles": ["cloud"],
            "product": {"name": "Perpend", "version": __version__, "vendor_name": "Perpend"},
        },
        "cloud": {"provider": subject.provider, **account, **region},
        "finding_info": _info(run, finding),
        "compliance": _compliance(finding),
        "resources": [{"uid": subject.id, "name": subject.shown_name, "type": subject.resource_type, **region}],
        **({"remediation": {"desc": finding.remediation}} if finding.remediation else {}),
        "unmapped": {
            "perpend": {
                "status": finding.status.value,
                "conditionIndex": finding.index,
                "typeApiName": subject.type_name,
                **_rating(finding),
            }
        },
    }


def _severity(finding: ReportedFinding) -> dict[str, Any]:
    if finding.status in _PASSING:
        return {"severity_id": _INFORMATIONAL}
    if finding.rating is None:
        return {"severity_id": _UNKNOWN}
    number, word = _SEVERITIES[finding.rating.level]
    return {"severity_id": number, "severity": word}


def _rating(finding: ReportedFinding) -> dict[str, Any]:
    """Return the rating of a finding, if it has one."""
    rating = rating_document(finding.rating, finding.status)
    return {"rating": rating} if rating else {}


def _activity(finding: ReportedFinding) -> int:
    if finding.status in (*_PASSING, Status.DISAPPEARED) or finding.life.change == CLOSED:
        return _CLOSE
    return _UPDATE if finding.life.change in (CHANGED, SAME) else _CREATE


def _state(finding: ReportedFinding) -> int:
    if finding.is_archived:
        return _ARCHIVED
    if finding.status in _PASSING:
        return _RESOLVED
    return _SUPPRESSED if finding.life.waiver else _NEW


def _info(run: ReportedRun, finding: ReportedFinding) -> dict[str, Any]:
    opened = finding.life.opened
    times = {"created_time": opened, "first_seen_time": opened} if opened is not None else {}
    seen = run.milliseconds if finding.life.seen is None else finding.life.seen
    return {
        "uid": finding.uid,
        "title": finding.policy.title,
        **times,
        "last_seen_time": seen,
        "analytic": {"uid": finding.policy.id, "type_id": 1},
    }


def _compliance(finding: ReportedFinding) -> dict[str, Any]:
    number, word = _COMPLIANCE[finding.life.last or finding.status]
    requirements = finding.policy.requirements
    standards = {
        "standards": list(dict.fromkeys(framework for framework, _ in requirements)),
        "requirements": list(dict.fromkeys(number for _, number in requirements)),
    }
    return {
        "control": finding.policy.id,
        "status_id": number,
        "status": word,
        "status_code": finding.status.value,
        "status_details": [finding.message],
        **(standards if requirements else {}),
    }
