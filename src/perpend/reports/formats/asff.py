"""Write findings for AWS Security Hub (ASFF, 2018-10-08), as the argument of BatchImportFindings.

Source: the service model of Security Hub, and its user guide. ASFF requires a severity: the user chooses one for findings
without a rating, and each of these is marked as not rated. A resource has a region only if it is known; the region in
``ProductArn`` is then the first one of the partition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import is_account, is_account_type
from perpend.core.diagnostics.phrases import shorten
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import SeverityLevel
from perpend.reports.formats.finding import moment_text
from perpend.reports.formats.finding_texts import FindingTexts
from perpend.reports.formats.json_text import write_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from perpend.reports.formats.finding import ReportedFinding, ReportedRun

LEVELS: Final = ("low", "medium", "high", "critical")
"""The severities that the user can choose for findings without a rating."""

_GLOBAL_REGIONS: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_TITLE, _DESCRIPTION, _ID, _FIELD, _REASON, _TEXT, _ORIGINAL, _MOST = 256, 1_024, 512, 2_048, 2_048, 512, 64, 32
_TYPES: Final = ["Software and Configuration Checks/Industry and Regulatory Standards"]

_STATUSES: Final = {
    Status.COMPLIANT: "PASSED",
    Status.INCOMPLIANT: "FAILED",
    Status.INAPPLICABLE: "NOT_AVAILABLE",
    Status.UNDETERMINED: "WARNING",
    Status.DISAPPEARED: "NOT_AVAILABLE",
}


def write_asff(run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO, *, unrated: str) -> int:
    """Write the findings as ``{"Findings": […]}``, one a line. Return the number left out because no AWS account is known.

    ``unrated`` is the severity of incompliant and undetermined findings without a rating.
    """
    left_out = 0

    def with_account() -> Iterator[ReportedFinding]:
        nonlocal left_out
        for finding in findings:
            if is_account(finding.subject.account or "", AWS):
                yield finding
            else:
                left_out += 1

    stream.write('{"Findings":[')
    write_items(FindingTexts(lambda finding: asff_of(run, finding, unrated=unrated)).of(with_account()), stream)
    stream.write("\n]}\n")
    return left_out


def asff_of(run: ReportedRun, finding: ReportedFinding, *, unrated: str) -> dict[str, Any]:
    """Return a finding as ASFF. Raises ValueError if its account is not known, because Security Hub requires one."""
    subject, opened, seen = finding.subject, finding.life.opened, finding.life.seen
    if subject.account is None:
        raise ValueError("no account")
    partition = subject.partition or AWS.usual_partition
    region = {"Region": subject.region} if subject.region else {}
    product_region = subject.region or _GLOBAL_REGIONS.get(partition, "us-east-1")
    account = is_account_type(subject.type_name)
    identity = f"AWS::::Account:{subject.account}" if account else _filled(subject.id, _ID)
    first = moment_text(opened) if opened is not None else run.time
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"perpend/{finding.uid}",
        "ProductArn": f"arn:{partition}:securityhub:{product_region}:{subject.account}:product/{subject.account}/default",
        "GeneratorId": shorten(finding.policy.id, _ID),
        "AwsAccountId": subject.account,
        "CreatedAt": first,
        "FirstObservedAt": first,
        "LastObservedAt": moment_text(seen) if seen is not None else run.time,
        "UpdatedAt": run.time,
        "Title": _filled(finding.policy.title, _TITLE),
        "Description": _filled(finding.message, _DESCRIPTION),
        "FindingProviderFields": {"Severity": _severity(finding, unrated), "Types": _TYPES},
        "Resources": [{"Type": subject.resource_type, "Id": identity, "Partition": partition, **region}],
        "Compliance": _compliance(finding),
        "RecordState": "ARCHIVED" if finding.is_archived else "ACTIVE",
        **_remediation(finding),
        "ProductFields": {
            "perpend/status": finding.status.value,
            "perpend/conditionIndex": str(finding.index),
            "perpend/objectName": _filled(subject.shown_name, _FIELD),
            "perpend/typeApiName": _filled(subject.type_name, _FIELD),
            **({"perpend/waiver": _filled(finding.life.waiver, _FIELD)} if finding.life.waiver else {}),
        },
    }


def _severity(finding: ReportedFinding, unrated: str) -> dict[str, str]:
    # INVARIANT: INFORMATIONAL means that no issue was found, so incompliant and undetermined findings never have it.
    if finding.status not in (Status.INCOMPLIANT, Status.UNDETERMINED):
        return {"Label": "INFORMATIONAL"}
    if finding.rating is not None:
        least = max(finding.rating.level, SeverityLevel.LOW, key=lambda level: level.rank)
        return {"Label": least.upper(), "Original": _filled(finding.rating.text(finding.status), _ORIGINAL)}
    return {"Label": unrated.upper(), "Original": f"not rated (--unrated {unrated})"}


def _compliance(finding: ReportedFinding) -> dict[str, Any]:
    compliance: dict[str, Any] = {"Status": _STATUSES[finding.life.last or finding.status]}
    if finding.policy.requirements:
        requirements = (shorten(f"{framework}/{number}", 64) for framework, number in finding.policy.requirements)
        compliance["RelatedRequirements"] = [*requirements][:_MOST]
    if finding.status is Status.UNDETERMINED:
        reason = {"ReasonCode": f"UNDETERMINED_{finding.index}", "Description": _filled(finding.message, _REASON)}
        compliance["StatusReasons"] = [reason]
    return compliance


def _remediation(finding: ReportedFinding) -> dict[str, Any]:
    if finding.status is not Status.INCOMPLIANT or not finding.remediation:
        return {}
    return {"Remediation": {"Recommendation": {"Text": _filled(finding.remediation, _TEXT)}}}


def _filled(text: str, most: int) -> str:
    """Return a text, or a dash for a blank one, which the service rejects."""
    return shorten(text, most) if text.strip() else "–"
