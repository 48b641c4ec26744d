"""Write JUnit XML, with a case for each requirement or policy of a run, or for each finding.

Incompliant is a failure and undetermined an error. A waived, archived or not evaluated case is skipped.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus, status_of_counts
from perpend.reports.formats.tally import tally_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.findings.severity.levels import FindingSeverity
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.finding import ReportedFinding, ReportedRun
    from perpend.reports.formats.tally import PolicyTally

MOST: Final = 5_000
"""The largest number of findings in a document."""

PASSED, FAILURE, ERROR, SKIPPED = "", "failure", "error", "skipped"
_RED: Final = (FAILURE, ERROR)
_BY_REQUIREMENT: Final = {
    RequirementStatus.FAILS: FAILURE,
    RequirementStatus.UNDETERMINED: ERROR,
    RequirementStatus.MET: PASSED,
}
"""The outcome of a requirement. All other ones were not evaluated, or had no objects, and are skipped."""

_BY_STATUS: Final = {
    Status.COMPLIANT: PASSED,
    Status.INCOMPLIANT: FAILURE,
    Status.UNDETERMINED: ERROR,
    Status.INAPPLICABLE: SKIPPED,
    Status.DISAPPEARED: SKIPPED,
}


@dataclass(frozen=True, slots=True)
class JUnitCase:
    """A case of a suite. ``outcome`` is the name of its element, empty for a case that passes.

    ``message``, ``text`` and ``type`` are the content of that element.
    """

    class_name: str
    name: str
    outcome: str = PASSED
    message: str = ""
    text: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class JUnitSuite:
    """A suite of cases, with properties."""

    name: str
    cases: Sequence[JUnitCase]
    properties: Mapping[str, str] = field(default_factory=dict)


def write_suites(suites: Iterable[JUnitSuite], stream: TextIO, *, properties: Mapping[str, str] | None = None) -> None:
    """Write a document of suites, each with the numbers of its cases. ``properties`` belong to the document."""
    suites = list(suites)
    root = ElementTree.Element("testsuites", _numbers([case for suite in suites for case in suite.cases]))
    _add_properties(root, properties or {})
    for suite in suites:
        element = ElementTree.SubElement(root, "testsuite", {"name": xml_text(suite.name), **_numbers(suite.cases)})
        _add_properties(element, suite.properties)
        for case in suite.cases:
            _add_case(element, case)
    ElementTree.indent(root)
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n")


def xml_text(text: str) -> str:
    """Return a text as XML can hold it: characters that XML forbids become escapes."""
    return "".join(character if _is_xml(character) else f"\\u{ord(character):04x}" for character in text)


def _is_xml(character: str) -> bool:
    code = ord(character)
    return character in "\t\n" or (code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code & 0xFFFE != 0xFFFE)


def _numbers(cases: Sequence[JUnitCase]) -> dict[str, str]:
    by_outcome = Counter(case.outcome for case in cases)
    names = {"failures": FAILURE, "errors": ERROR, "skipped": SKIPPED}
    return {"tests": str(len(cases)), **{name: str(by_outcome[outcome]) for name, outcome in names.items()}}


def _add_properties(element: ElementTree.Element, properties: Mapping[str, str]) -> None:
    if properties:
        parent = ElementTree.SubElement(element, "properties")
        for name, value in properties.items():
            ElementTree.SubElement(parent, "property", name=xml_text(name), value=value)


def _add_case(suite: ElementTree.Element, case: JUnitCase) -> None:
    element = ElementTree.SubElement(suite, "testcase", classname=xml_text(case.class_name), name=xml_text(case.name))
    if case.outcome:
        kind = {"type": case.type} if case.type else {}
        outcome = ElementTree.SubElement(element, case.outcome, {"message": xml_text(case.message), **kind})
        outcome.text = xml_text(case.text) or None


def write_junit(evaluation: Evaluation, stream: TextIO, *, limit: int = 20, weighed: RatedEvaluation | None = None) -> None:
    """Write a suite per framework with a case per requirement; without frameworks one suite with a case per policy.

    A case that was evaluated in part is an error. At most ``limit`` objects are named for each message. The severity in
    ``weighed`` becomes the type of a failure.
    """
    tallies = {tally.policy.id: tally for tally in tally_of(evaluation, limit=limit)}
    suites = [
        JUnitSuite(card.framework.name, list(_requirement_cases(card, tallies, weighed))) for card in evaluation.scorecards()
    ]
    write_suites(suites or [JUnitSuite("perpend", list(_policy_cases(evaluation, tallies, weighed)))], stream)


def write_cards_junit(cards: Iterable[Scorecard], stream: TextIO) -> None:
    """Write a suite per framework with a case per requirement, from scorecards alone: no object is named."""
    write_suites((JUnitSuite(card.framework.name, list(_requirement_cases(card, {}, None))) for card in cards), stream)


def _requirement_cases(
    card: Scorecard, tallies: Mapping[str, PolicyTally], weighed: RatedEvaluation | None
) -> Iterator[JUnitCase]:
    for result in card.results:
        requirement = result.requirement
        evaluated = [
            tallies[policy.policy_id] for policy in requirement.policies if policy.was_evaluated and policy.policy_id in tallies
        ]
        name = f"{requirement.number} {requirement.name}"
        yield _case(requirement.id, name, result.standing, _result_text(result), evaluated, weighed)


def _policy_cases(
    evaluation: Evaluation, tallies: Mapping[str, PolicyTally], weighed: RatedEvaluation | None
) -> Iterator[JUnitCase]:
    selection = evaluation.selection
    reasons, unread = evaluation.in_part(), {*evaluation.unread_policies}
    for policy_id, tally in tallies.items():
        requirement_status, sentence = status_of_counts(tally.counts), _counts_text(tally.counts)
        if policy_id in unread:
            requirement_status = (
                requirement_status if requirement_status is RequirementStatus.FAILS else RequirementStatus.UNDETERMINED
            )
            sentence = f"{sentence}; not every object was read: {reasons[policy_id]}"
        yield _case(policy_id, tally.policy.contextual_name, requirement_status, sentence, [tally], weighed)
    for policy_id, problems in selection.refused.items():
        text = "\n".join(f"{problem.span.path}:{problem.span.line}: {problem.message}" for problem in problems)
        yield JUnitCase(policy_id, policy_id, ERROR, "the policy cannot be used", text)
    for policy_id in selection.set_aside:
        yield JUnitCase(policy_id, policy_id, SKIPPED, "not evaluated: needs objects or fields that these inputs do not list")
    for policy_id in selection.excluded:
        yield JUnitCase(policy_id, policy_id, SKIPPED, "not evaluated: excluded by --exclude")


def _case(
    class_name: str,
    name: str,
    requirement_status: RequirementStatus,
    sentence: str,
    tallies: Sequence[PolicyTally],
    weighed: RatedEvaluation | None,
) -> JUnitCase:
    outcome = _BY_REQUIREMENT.get(requirement_status, SKIPPED)
    if outcome is PASSED:
        return JUnitCase(class_name, name)
    status = Status.INCOMPLIANT if requirement_status is RequirementStatus.FAILS else Status.UNDETERMINED
    rating = _worst(tallies, status, weighed) if outcome in _RED else None
    severity = f"severity: {rating.text(status)}" if rating else ""
    text = "\n".join(filter(None, (severity, "\n".join(map(_objects_text, tallies)))))
    return JUnitCase(class_name, name, outcome, sentence, text, rating.level.value if rating else "")


def _worst(tallies: Iterable[PolicyTally], status: Status, weighed: RatedEvaluation | None) -> FindingSeverity | None:
    """Return the highest rating of the policies that have verdicts of a status; None if none is rated."""
    ratings = [weighed.in_force.of(tally.policy.id) for tally in tallies if tally.counts[status]] if weighed else []
    return max((rating for rating in ratings if rating), key=lambda rating: rating.level.rank, default=None)


def _result_text(result: RequirementResult) -> str:
    reasons = dict.fromkeys(policy.reason for policy in result.requirement.policies if policy.judges and policy.reason)
    counts = _counts_text(result.counts) if result.standing.was_evaluated else result.standing.value
    return "; ".join([counts, *reasons])


def _counts_text(counts: Mapping[Status, int]) -> str:
    return ", ".join(f"{counts[status]:,} {status.value.lower()}" for status in Status if counts[status]) or "no objects"


def _objects_text(tally: PolicyTally) -> str:
    """Return the messages of a policy, each with its first objects below it."""
    lines = []
    for group in tally.groups:
        lines.append(f"{group.status.value} ({group.objects:,}): {' '.join(group.message.split())}")
        lines += [f"  {object_.name or object_.id}{f': {error}' if error else ''}" for object_, error in group.shown]
    return "\n".join(lines)


def write_findings_junit(
    run: ReportedRun, findings: Iterable[ReportedFinding], stream: TextIO, *, old: Collection[str] = (), most: int = MOST
) -> None:
    """Write a suite per policy with a case per finding. Findings whose state is in ``old`` are skipped.

    If there are more than ``most``, cases that pass or are skipped are left out first; a property counts the cases left out.
    """
    cases = _LimitedCases(most)
    titles: dict[str, str] = {}
    for finding in findings:
        titles[finding.policy.id] = finding.policy.title
        cases.add(_finding_case(finding, old))
    properties = {**{status.value: str(run.counts[status]) for status in Status}, "left out": str(cases.left_out)}
    suites = (JUnitSuite(titles[policy_id], of_policy) for policy_id, of_policy in sorted(cases.by_policy.items()))
    write_suites(suites, stream, properties=properties)


@dataclass(slots=True)
class _LimitedCases:
    """At most ``most`` cases, by policy. ``left_out`` counts the others."""

    most: int
    by_policy: dict[str, list[JUnitCase]] = field(default_factory=dict)
    number: int = 0
    left_out: int = 0
    only_red: bool = False

    def add(self, case: JUnitCase) -> None:
        """Add a case, or count it if there are too many."""
        is_red = case.outcome in _RED
        if self.number >= self.most and is_red and not self.only_red:
            self._drop_green()
        if self.number >= self.most or (self.only_red and not is_red):
            self.left_out += 1
            return
        self.by_policy.setdefault(case.class_name, []).append(case)
        self.number += 1

    def _drop_green(self) -> None:
        self.only_red = True
        for policy_id, cases in self.by_policy.items():
            red = [case for case in cases if case.outcome in _RED]
            self.by_policy[policy_id] = red
            self.left_out += len(cases) - len(red)
            self.number -= len(cases) - len(red)


def _finding_case(finding: ReportedFinding, old: Collection[str]) -> JUnitCase:
    life, message = finding.life, f"{finding.life.word}: {finding.message}" if finding.life.word else finding.message
    name = f"{finding.subject.shown_name} ({finding.subject.id})"
    if life.waiver:
        return JUnitCase(finding.policy.id, name, SKIPPED, f"WAIVED {life.waiver}", message)
    outcome = SKIPPED if finding.is_archived or life.word in old else _BY_STATUS[finding.status]
    if outcome not in _RED:
        return JUnitCase(finding.policy.id, name, outcome, message)
    rating = finding.rating
    severity = f"severity: {rating.text(finding.status)}" if rating else ""
    text = "\n".join(filter(None, (severity, finding.remediation)))
    return JUnitCase(finding.policy.id, name, outcome, message, text, rating.level.value if rating else "")
