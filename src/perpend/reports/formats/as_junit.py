"""A judgement in, JUnit XML out: a case for each requirement of the frameworks asked, else for each policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus, standing_of_counts
from perpend.reports.formats.junit import write_xml, xml_text
from perpend.reports.formats.tally import tally_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import RequirementResult, Scorecard
    from perpend.findings.severity.levels import FindingSeverity
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.tally import PolicyTally


@dataclass(frozen=True, slots=True)
class _Case:
    """What is asked, by id and name, its class, one line that says what was found, and the objects to act on.

    ``rating`` is how severe somebody says that is.
    """

    id: str
    name: str
    standing: RequirementStatus
    sentence: str
    text: str = ""
    rating: FindingSeverity | None = None


_ELEMENTS = {RequirementStatus.FAILS: "failure", RequirementStatus.UNDETERMINED: "error", RequirementStatus.MET: ""}
"""What a case holds; a requirement that was not judged, or where there was nothing to judge, is skipped."""


def write_junit(evaluation: Evaluation, stream: TextIO, *, limit: int = 20, weighed: RatedEvaluation | None = None) -> None:
    """Write a suite per framework with a case per requirement; without frameworks one suite with a case per policy.

    Incompliant is a failure, undetermined or judged in part an error, what was not judged is skipped, with the reason. Of the
    objects that share a message ``limit`` are named at most. ``weighed`` is how severe findings are: of a failure it is the
    type.
    """
    tallies = {tally.policy.id: tally for tally in tally_of(evaluation, limit=limit)}
    cards = evaluation.scorecards()
    suites = [(card.framework.name, list(_requirement_cases(card, tallies, weighed))) for card in cards]
    _write_suites(suites or [("perpend", list(_policy_cases(evaluation, tallies, weighed)))], stream)


def write_cards_junit(cards: Iterable[Scorecard], stream: TextIO) -> None:
    """Write a suite per framework with a case per requirement, by scorecards alone: no object is named."""
    _write_suites([(card.framework.name, list(_requirement_cases(card, {}, None))) for card in cards], stream)


def _write_suites(suites: Iterable[tuple[str, list[_Case]]], stream: TextIO) -> None:
    root = ElementTree.Element("testsuites")
    for name, cases in suites:
        suite = ElementTree.SubElement(root, "testsuite", {"name": xml_text(name), **_numbers(cases)})
        for case in cases:
            element = ElementTree.SubElement(suite, "testcase", classname=xml_text(case.id), name=xml_text(case.name))
            _say(element, case)
    write_xml(root, stream)


def _say(element: ElementTree.Element, case: _Case) -> None:
    """Put what was found of a case into it: a failure, an error, or why it was skipped; nothing of what is met."""
    kind = _ELEMENTS.get(case.standing, "skipped")
    if not kind:
        return
    rated = case.rating if kind != "skipped" else None
    said = ElementTree.SubElement(element, kind, message=xml_text(case.sentence))
    if rated:
        said.set("type", rated.level.value)
    said.text = xml_text("\n".join(filter(None, (_severity(case, rated), case.text)))) or None


def _numbers(cases: Iterable[_Case]) -> dict[str, str]:
    kinds = [_ELEMENTS.get(case.standing, "skipped") for case in cases]
    counted = {"failures": kinds.count("failure"), "errors": kinds.count("error"), "skipped": kinds.count("skipped")}
    return {"tests": str(len(kinds)), **{name: str(number) for name, number in counted.items()}}


def _severity(case: _Case, rated: FindingSeverity | None) -> str:
    """Return how severe a case is, in words."""
    status = Status.INCOMPLIANT if case.standing is RequirementStatus.FAILS else Status.UNDETERMINED
    return f"severity: {rated.text(status)}" if rated else ""


def _worst(
    asked: Iterable[PolicyTally], standing: RequirementStatus, weighed: RatedEvaluation | None
) -> FindingSeverity | None:
    """Return the rating of the worst policy that has given a case its class; None where nobody has rated one."""
    status = Status.INCOMPLIANT if standing is RequirementStatus.FAILS else Status.UNDETERMINED
    ratings = [weighed.in_force.of(tally.policy.id) for tally in asked if tally.counts[status]] if weighed else []
    return max((rating for rating in ratings if rating), key=lambda rating: rating.level.rank, default=None)


def _requirement_cases(card: Scorecard, tallies: Mapping[str, PolicyTally], weighed: RatedEvaluation | None) -> Iterator[_Case]:
    for result in card.results:
        requirement = result.requirement
        asked = [
            tallies[policy.policy_id] for policy in requirement.policies if policy.was_asked and policy.policy_id in tallies
        ]
        name = f"{requirement.number} {requirement.name}"
        rating = _worst(asked, result.standing, weighed)
        yield _Case(requirement.id, name, result.standing, _found(result), "\n".join(map(_objects, asked)), rating)


def _policy_cases(
    evaluation: Evaluation, tallies: Mapping[str, PolicyTally], weighed: RatedEvaluation | None
) -> Iterator[_Case]:
    selection = evaluation.selection
    whys, unread = evaluation.in_part(), {*evaluation.unread_policies}
    for policy_id, tally in tallies.items():
        standing, sentence = standing_of_counts(tally.counts), _counts(tally.counts)
        if policy_id in unread:
            standing = standing if standing is RequirementStatus.FAILS else RequirementStatus.UNDETERMINED
            sentence = f"{sentence}; not every object was read: {whys[policy_id]}"
        rating = _worst([tally], standing, weighed)
        yield _Case(policy_id, tally.policy.contextual_name, standing, sentence, _objects(tally), rating)
    for policy_id, problems in selection.refused.items():
        reasons = "\n".join(f"{problem.span.path}:{problem.span.line}: {problem.message}" for problem in problems)
        yield _Case(policy_id, policy_id, RequirementStatus.UNDETERMINED, "the policy cannot be used", reasons)
    for policy_id in selection.set_aside:
        yield _Case(
            policy_id,
            policy_id,
            RequirementStatus.NOT_ASKED,
            "not asked: needs objects or fields that these inputs do not list",
        )
    for policy_id in selection.excluded:
        yield _Case(policy_id, policy_id, RequirementStatus.NOT_ASKED, "not asked: left out by --exclude")


def _found(result: RequirementResult) -> str:
    reasons = dict.fromkeys(policy.reason for policy in result.requirement.policies if policy.judges and policy.reason)
    counts = _counts(result.counts) if result.standing.was_asked else result.standing.value
    return "; ".join([counts, *reasons])


def _counts(counts: Mapping[Status, int]) -> str:
    return ", ".join(f"{counts[status]:,} {status.value.lower()}" for status in Status if counts[status]) or "no objects"


def _objects(tally: PolicyTally) -> str:
    """Return the first objects to act on below their messages."""
    lines = []
    for group in tally.groups:
        lines.append(f"{group.status.value} ({group.objects:,}): {' '.join(group.message.split())}")
        lines += [f"  {judged.name or judged.id}{f': {error}' if error else ''}" for judged, error in group.shown]
    return "\n".join(lines)
