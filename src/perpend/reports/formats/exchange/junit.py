"""Findings in, JUnit XML out: a suite for each policy, a case for each object.

What fails is a failure, what is not known an error, what is waived or not judged any more is skipped. Of very many findings
those that are green are left out, and how many were is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from perpend.core.objects.status import Status
from perpend.findings.history.model import in_words
from perpend.reports.formats.junit import write_xml, xml_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import TextIO

    from perpend.reports.formats.exchange.finding import ReportedFinding, ReportedRun

MOST: Final = 5_000
"""How many cases a document has at most."""

_ELEMENTS: Final = {
    Status.COMPLIANT: "",
    Status.INCOMPLIANT: "failure",
    Status.UNDETERMINED: "error",
    Status.INAPPLICABLE: "skipped",
    Status.DISAPPEARED: "skipped",
}
_RED: Final = ("failure", "error")


@dataclass(frozen=True, slots=True)
class _ObjectCase:
    """An object of a suite: the element that says how it ended, none where it passes, what it says, and how severe it is."""

    name: str
    element: str
    message: str
    text: str
    severity: str = ""


@dataclass(slots=True)
class _Suites:
    """Cases by policy, as many as a document has."""

    most: int
    by_policy: dict[str, list[_ObjectCase]] = field(default_factory=dict)
    kept: int = 0
    left_out: int = 0
    only_red: bool = False

    def add(self, policy_id: str, case: _ObjectCase) -> None:
        """Take in a case, or count it where there are too many."""
        is_red = case.element in _RED
        if self.kept >= self.most and is_red and not self.only_red:
            self._drop_green()
        if self.kept >= self.most or (self.only_red and not is_red):
            self.left_out += 1
            return
        self.by_policy.setdefault(policy_id, []).append(case)
        self.kept += 1

    def _drop_green(self) -> None:
        self.only_red = True
        for policy_id, cases in self.by_policy.items():
            red = [case for case in cases if case.element in _RED]
            self.by_policy[policy_id] = red
            self.left_out += len(cases) - len(red)
            self.kept -= len(cases) - len(red)


def write_findings_junit(
    run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO, *, old: Collection[str] = (), most: int = MOST
) -> None:
    """Write a suite per policy with a case per finding. ``old`` are words of lives that are no news: they are skipped."""
    suites = _Suites(most)
    titles = {}
    for finding in findings:
        titles[finding.policy.id] = finding.policy.title
        suites.add(finding.policy.id, _case(finding, old))
    root = ElementTree.Element("testsuites")
    _properties(root, {**{status.value: str(run.counts[status]) for status in Status}, "left out": str(suites.left_out)})
    for policy_id, cases in sorted(suites.by_policy.items()):
        counts = {name: str(sum(case.element == name for case in cases)) for name in (*_RED, "skipped")}
        numbers = {"tests": str(len(cases)), "failures": counts["failure"], "errors": counts["error"]}
        name = xml_text(titles[policy_id])
        suite = ElementTree.SubElement(root, "testsuite", {"name": name, **numbers, "skipped": counts["skipped"]})
        for case in cases:
            element = ElementTree.SubElement(suite, "testcase", classname=xml_text(policy_id), name=xml_text(case.name))
            if case.element:
                kind = {"type": case.severity} if case.severity else {}
                said = ElementTree.SubElement(element, case.element, {"message": xml_text(case.message), **kind})
                said.text = xml_text(case.text) or None
    write_xml(root, stream)


def _properties(root: ElementTree.Element, values: dict[str, str]) -> None:
    properties = ElementTree.SubElement(root, "properties")
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", name=name, value=value)


def _case(finding: ReportedFinding, old: Collection[str]) -> _ObjectCase:
    life = finding.life
    message = f"{in_words(life.word)}: {finding.message}" if life.word else finding.message
    name = f"{finding.subject.shown_name} ({finding.subject.id})"
    if life.waiver:
        return _ObjectCase(name, "skipped", f"WAIVED {life.waiver}", message)
    element = "skipped" if finding.is_archived or life.word in old else _ELEMENTS[finding.status]
    if element not in _RED:
        return _ObjectCase(name, element, message, "")
    rating = finding.rating
    said = (f"severity: {rating.text(finding.status)}" if rating else "", finding.remediation)
    return _ObjectCase(name, element, message, "\n".join(filter(None, said)), rating.level.value if rating else "")
