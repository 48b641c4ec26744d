"""Findings in, a SARIF 2.1.0 log with one run out, each result on a line; for code scanning and aggregators.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0 with Errata 01. What is not known is ``open``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from perpend.core.diagnostics.escape import encodable
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import SeverityLevel
from perpend.reports.formats.exchange.finding import CHANGED, CLOSED, NEW, SAME, lines_not_judged
from perpend.reports.formats.exchange.groups import FindingGroup, grouped
from perpend.reports.formats.exchange.text import json_of, uuid_of, write_items
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.reports.formats.exchange.finding import ReportedFinding, ReportedPolicy, ReportedRun

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS: Final = {
    Status.COMPLIANT: ("pass", "none"),
    Status.INCOMPLIANT: ("fail", "warning"),
    Status.INAPPLICABLE: ("notApplicable", "none"),
    Status.UNDETERMINED: ("open", "none"),
    Status.DISAPPEARED: ("notApplicable", "none"),
}
_LEVELS: Final = {
    SeverityLevel.CRITICAL: "error",
    SeverityLevel.HIGH: "error",
    SeverityLevel.MEDIUM: "warning",
    SeverityLevel.LOW: "note",
    SeverityLevel.INFO: "note",
}
_NUMBERS: Final = {
    SeverityLevel.CRITICAL: "9.5",
    SeverityLevel.HIGH: "8.0",
    SeverityLevel.MEDIUM: "5.5",
    SeverityLevel.LOW: "2.0",
}
_STATES: Final = {NEW: "new", SAME: "unchanged", CHANGED: "updated", CLOSED: "absent"}
_FINGERPRINT: Final = "perpendFinding/v1"
_OF_GROUP: Final = "perpendGroup/v1"


def write_sarif(run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO, *, github: bool = False) -> None:
    """Write a log. For ``github`` what is undetermined is told in notifications, policy by policy, not in results.

    Whether code scanning honours the kind ``open`` is not known: it might show such a result as one that fails. Nor does it
    show very many results: of these there is one for each policy and account.
    """
    rules = sorted(run.policies.values(), key=lambda policy: policy.id)
    numbers = {policy.id: number for number, policy in enumerate(rules)}
    driver = {"name": "Perpend", "semanticVersion": __version__, "rules": [_rule(policy) for policy in rules]}
    opening = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {"REPO": {"description": {"text": "The root of the policy repository."}}},
        "automationDetails": {"id": f"perpend/check/{run.day}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(run, rules, numbers, github=github)],
        **({"properties": {"perpendFrameworks": [*map(_asked, run.scorecards)]}} if run.scorecards else {}),
    }
    stream.write(f'{{"$schema":{json_of(_SCHEMA)},"version":"2.1.0","runs":[{json_of(opening)[:-1]},\n"results":[')
    shown = grouped(one for one in findings if one.status is not Status.UNDETERMINED) if github else findings
    write_items((_shown(one, numbers) for one in shown), stream)
    stream.write("\n]}]}\n")


def _rule(policy: ReportedPolicy) -> dict[str, Any]:
    tags = {"tags": [f"{framework}/{number}" for framework, number in policy.requirements]} if policy.requirements else {}
    properties = {**tags, **_security_severity(policy)}
    return {
        "id": policy.id,
        "name": "".join(word.capitalize() for word in policy.name.split("-")),
        "shortDescription": {"text": policy.title},
        "help": {"text": f"perpend show {policy.id}"},
        **({"properties": properties} if properties else {}),
    }


def _security_severity(policy: ReportedPolicy) -> dict[str, str]:
    """Return what GitHub sorts alerts by: the middle of the numbers that it calls by the level that somebody has named."""
    number = _NUMBERS.get(policy.rating.level) if policy.rating else None
    return {"security-severity": number} if number else {}


def _invocation(run: ReportedRun, rules: Iterable[ReportedPolicy], numbers: dict[str, int], *, github: bool) -> dict[str, Any]:
    told: list[dict[str, Any]] = [
        {"level": "error", "message": {"text": literal(encodable(f"not judged: {line}"))}}
        for line in lines_not_judged(run.not_judged)
    ]
    undetermined = [policy for policy in rules if policy.counts.get(Status.UNDETERMINED)] if github else []
    told += [
        {
            "level": "warning",
            "message": {"text": f"{literal(policy.title)}: {policy.counts[Status.UNDETERMINED]} undetermined"},
            "associatedRule": {"id": policy.id, "index": numbers[policy.id]},
        }
        for policy in undetermined
    ]
    return {"executionSuccessful": True, "endTimeUtc": run.time, **({"toolExecutionNotifications": told} if told else {})}


def _asked(card: Scorecard) -> dict[str, Any]:
    """Return how much of a framework was asked, as numbers and in words."""
    about = card.framework
    named = {"id": encodable(about.id), "name": encodable(about.name)}
    return {**named, "requirements": len(card.results), "asked": card.asked, "text": card.asked_in_words}


def _shown(shown: ReportedFinding | FindingGroup, numbers: dict[str, int]) -> dict[str, Any]:
    if not isinstance(shown, FindingGroup):
        return _result(shown, numbers[shown.policy.id])
    finding = shown.first
    result = _result(finding, numbers[finding.policy.id])
    where = "several accounts" if shown.account is None else f"account {shown.account}" if shown.account else "no known account"
    named = ", ".join(shown.names)
    said = f"{shown.number:,} objects in {where} (first {len(shown.names)}: {named}): {finding.message}"
    place = {"fullyQualifiedName": where, "name": where, "kind": "account"}
    parts = (finding.policy.id, where, finding.status.value, str(bool(finding.life.waiver)))
    return {
        **result,
        "message": {"text": literal(said)},
        "locations": [{**result["locations"][0], "logicalLocations": [place]}],
        "partialFingerprints": {_OF_GROUP: uuid_of("sarif-group", *parts)},
        "occurrenceCount": shown.number,
    }


def _result(finding: ReportedFinding, number: int) -> dict[str, Any]:
    kind, level = _KINDS[finding.life.last or finding.status]
    subject, life, rating = finding.subject, finding.life, finding.rating
    state = CLOSED if finding.is_archived else life.change
    waived = [{"kind": "external", "status": "accepted", "justification": life.waiver}] if life.waiver else []
    location = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(encodable(finding.policy.path)), "uriBaseId": "REPO"},
            "region": {"startLine": finding.line},
        },
        "logicalLocations": [{"fullyQualifiedName": subject.id, "name": subject.shown_name, "kind": "resource"}],
    }
    return {
        "ruleId": finding.policy.id,
        "ruleIndex": number,
        "kind": kind,
        "level": _LEVELS[rating.level] if rating and kind == "fail" else level,
        "message": {"text": literal(f"{subject.shown_name}: {finding.message}")},
        "locations": [location],
        "partialFingerprints": {_FINGERPRINT: finding.uid},
        **({"baselineState": _STATES[state]} if state else {}),
        "suppressions": waived,
        "properties": {
            "perpendStatus": finding.status.value,
            "conditionIndex": finding.index,
            **({"perpendRating": encodable(rating.text(finding.status))} if rating else {}),
        },
    }


def literal(text: str) -> str:
    """Return a message in which nothing is a placeholder (section 3.11.5) or a link (section 3.11.6)."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")
