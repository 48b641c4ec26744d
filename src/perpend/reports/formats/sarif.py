"""Write findings as a SARIF 2.1.0 log with one run and one result a line, for code scanning and aggregators.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0 with Errata 01. An undetermined finding has the kind ``open``.
"""

from __future__ import annotations

from dataclasses import field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import encodable
from perpend.core.diagnostics.markdown import span
from perpend.core.diagnostics.sarif import sarif_location, sarif_log, sarif_message, sarif_run
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import SeverityLevel
from perpend.reports.formats.finding import CHANGED, CLOSED, NEW, SAME, not_evaluated_lines
from perpend.reports.formats.finding_texts import FindingTexts
from perpend.reports.formats.guide import PolicyGuide
from perpend.reports.formats.json_text import json_of, uuid_of, write_items
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.reports.formats.finding import ReportedFinding, ReportedPolicy, ReportedRun
    from perpend.reports.formats.guide import PolicyGuides

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


def write_sarif(
    run: ReportedRun,
    findings: Iterable[ReportedFinding],
    stream: TextIO,
    guides: PolicyGuides | None = None,
    *,
    github: bool = False,
) -> None:
    """Write a log. ``guides`` are the texts about policies.

    For ``github``, undetermined findings are counted in a notification for each policy, and are not results. Code scanning
    might show a result of the kind ``open`` as a failure. It also shows only 5,000 results: more findings are grouped by policy
    and account.
    """
    rules = sorted(run.policies.values(), key=lambda policy: policy.id)
    numbers = {policy.id: number for number, policy in enumerate(rules)}
    head = sarif_run(
        {
            "semanticVersion": __version__,
            "rules": [_rule(policy, guides.of(policy.id) if guides else PolicyGuide()) for policy in rules],
        },
        originalUriBaseIds={"REPO": {"description": {"text": "The root of the policy repository."}}},
        automationDetails={"id": f"perpend/check/{run.day}"},
        invocations=[_invocation(run, rules, numbers, github=github)],
        **({"properties": {"perpendFrameworks": [*map(_framework, run.scorecards)]}} if run.scorecards else {}),
    )
    before, empty, after = json_of(sarif_log(head)).rpartition("[]")
    stream.write(f"{before}{empty[0]}")
    if github:
        shown = grouped(one for one in findings if one.status is not Status.UNDETERMINED)
        write_items((json_of(_shown(one, numbers, run.addresses)) for one in shown), stream)
    elif run.addresses:
        write_items((json_of(_result(one, numbers[one.policy.id], run.addresses)) for one in findings), stream)
    else:
        write_items(FindingTexts(lambda finding: _result(finding, numbers[finding.policy.id], {})).of(findings), stream)
    stream.write(f"\n{empty[1]}{after}\n")


def _rule(policy: ReportedPolicy, guide: PolicyGuide) -> dict[str, Any]:
    tags = {"tags": [f"{framework}/{number}" for framework, number in policy.requirements]} if policy.requirements else {}
    properties = {**tags, **_security_severity(policy)}
    return {
        "id": policy.id,
        "name": "".join(word.capitalize() for word in policy.name.split("-")),
        "shortDescription": {"text": policy.title},
        "fullDescription": {"text": guide.description or policy.title},
        "help": _help(policy, guide),
        **({"helpUri": guide.url} if guide.url else {}),
        **({"defaultConfiguration": {"level": _LEVELS[policy.rating.level]}} if policy.rating else {}),
        **({"properties": properties} if properties else {}),
    }


def _help(policy: ReportedPolicy, guide: PolicyGuide) -> dict[str, str]:
    """Return the description, the remediation and the command that shows the policy, as text and as Markdown."""
    remediation = guide.remediation.strip()
    command = f"perpend show {policy.id}"
    text = (guide.description, f"Remediation\n\n{remediation}" if remediation else "", command)
    markdown = (guide.description, f"## Remediation\n\n{remediation}" if remediation else "", span(command))
    return {name: "\n\n".join(filter(None, parts)) for name, parts in (("text", text), ("markdown", markdown))}


def _security_severity(policy: ReportedPolicy) -> dict[str, str]:
    """Return the number by which GitHub sorts alerts: the middle of its range for the rated level."""
    number = _NUMBERS.get(policy.rating.level) if policy.rating else None
    return {"security-severity": number} if number else {}


def _invocation(run: ReportedRun, rules: Iterable[ReportedPolicy], numbers: dict[str, int], *, github: bool) -> dict[str, Any]:
    notifications: list[dict[str, Any]] = [
        {"level": "error", "message": sarif_message(encodable(f"not evaluated: {line}"))}
        for line in not_evaluated_lines(run.not_evaluated)
    ]
    undetermined = [policy for policy in rules if policy.counts.get(Status.UNDETERMINED)] if github else []
    notifications += [
        {
            "level": "warning",
            "message": sarif_message(f"{policy.title}: {policy.counts[Status.UNDETERMINED]} undetermined"),
            "associatedRule": {"id": policy.id, "index": numbers[policy.id]},
        }
        for policy in undetermined
    ]
    more = {"toolExecutionNotifications": notifications} if notifications else {}
    return {"executionSuccessful": True, "endTimeUtc": run.time, **more}


def _framework(card: Scorecard) -> dict[str, Any]:
    """Return how many requirements of a framework were evaluated, as numbers and in words."""
    about = card.framework
    named = {"id": encodable(about.id), "name": encodable(about.name)}
    return {**named, "requirements": len(card.results), "asked": card.asked, "text": card.coverage_text}


def _shown(shown: ReportedFinding | SarifGroup, numbers: dict[str, int], addresses: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(shown, SarifGroup):
        return _result(shown, numbers[shown.policy.id], addresses)
    finding = shown.first
    result = _result(finding, numbers[finding.policy.id], addresses)
    where = "several accounts" if shown.account is None else f"account {shown.account}" if shown.account else "no known account"
    named = ", ".join(shown.names)
    message = f"{shown.number:,} objects in {where} (first {len(shown.names)}: {named}): {finding.message}"
    place = {"fullyQualifiedName": where, "name": where, "kind": "account"}
    parts = (finding.policy.id, where, finding.status.value, str(bool(finding.life.waiver)))
    return {
        **result,
        "message": sarif_message(message),
        "locations": [{**result["locations"][0], "logicalLocations": [place]}],
        "partialFingerprints": {_OF_GROUP: uuid_of("sarif-group", *parts)},
        "occurrenceCount": shown.number,
    }


def _result(finding: ReportedFinding, number: int, addresses: Mapping[str, str]) -> dict[str, Any]:
    kind, level = _KINDS[finding.life.last or finding.status]
    subject, life, rating = finding.subject, finding.life, finding.rating
    state = CLOSED if finding.is_archived else life.change
    waived = [{"kind": "external", "status": "accepted", "justification": life.waiver}] if life.waiver else []
    resource = {"fullyQualifiedName": subject.id, "name": subject.shown_name, "kind": "resource"}
    places = [resource]
    if address := addresses.get(subject.id):
        places.append({"fullyQualifiedName": address, "kind": "terraformResource"})
    location = sarif_location(finding.policy.path, "REPO", {"startLine": finding.line}, logicalLocations=places)
    return {
        "ruleId": finding.policy.id,
        "ruleIndex": number,
        "kind": kind,
        "level": _LEVELS[rating.level] if rating and kind == "fail" else level,
        "message": sarif_message(f"{subject.shown_name}: {finding.message}"),
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


MOST: Final = 5_000
"""The largest number of results that code scanning shows of one run."""

_NAMED: Final = 5

_Key = tuple[str, str, "Status", bool]


@dataclass(slots=True)
class SarifGroup:
    """Findings of one policy and status, all waived or all not. ``first`` is the first one, with the highest severity of all.

    ``account`` is the account of all of them: "" if it is not known, None if there are several.
    """

    first: ReportedFinding
    account: str | None
    number: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, finding: ReportedFinding) -> None:
        """Add a finding."""
        self.merge(finding, 1, [finding.subject.shown_name])

    def merge(self, finding: ReportedFinding, number: int, names: list[str]) -> None:
        """Add some findings that are like one."""
        worst = max((self.first.rating, finding.rating), key=lambda rating: rating.level.rank if rating else 0)
        same = finding.life.change == self.first.life.change
        life = self.first.life if same else replace(self.first.life, change=CHANGED)
        self.first = replace(self.first, rating=worst, life=life)
        self.number += number
        self.names += names[: _NAMED - len(self.names)]


def grouped(findings: Iterable[ReportedFinding], most: int = MOST) -> Iterator[ReportedFinding | SarifGroup]:
    """Yield the findings, or groups of them if there are more than ``most``: by policy and account, else by policy."""
    remaining = iter(findings)
    first = list(islice(remaining, most + 1))
    if len(first) <= most:
        yield from first
        return
    groups: dict[_Key, SarifGroup] = {}
    for finding in chain(first, remaining):
        account = finding.subject.account or ""
        key = (finding.policy.id, account, finding.status, finding.life.waiver is not None)
        groups.setdefault(key, SarifGroup(finding, account)).add(finding)
    yield from (groups if len(groups) <= most else _by_policy(groups)).values()


def _by_policy(groups: dict[_Key, SarifGroup]) -> dict[_Key, SarifGroup]:
    by_policy: dict[_Key, SarifGroup] = {}
    for (policy_id, _, status, waived), group in groups.items():
        of_policy = by_policy.setdefault((policy_id, "", status, waived), SarifGroup(group.first, None))
        of_policy.merge(group.first, group.number, group.names)
    return by_policy
