"""Each requirement of a framework has exactly one status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import (
    NOT_DIRECT,
    FrameworkSelection,
    HumanDecisions,
    Requirement,
    RequirementPolicy,
    RequirementResult,
    RequirementStatus,
    Scorecard,
    framework_selection,
    scorecards_of,
)
from perpend.language.compiler.frameworks import FrameworkMappings
from perpend.language.syntax.repository import Repository
from tests.repositories import logic, write

NAMES = {"full": "A", "contextual": "A"}
Counts = dict[str, dict[Status, int]]


def policy(*sections: str, **more: Any) -> dict[str, Any]:
    return {"names": NAMES, "description": "", "frameworkMappings": [f"/frameworks/f/{one}" for one in sections], **more}


SECTIONS = {
    "01": "1 Fails",
    "02": "2. Undetermined",
    "03": "3 Met",
    "04": "4 Nothing to judge",
    "05": "5 Left out",
    "06": "6 By hand",
    "07": "7 Without a policy",
    "08": "8 Asked in part",
    "09": "Group",
    "09/01": "Similar to the third",
}
FILES: dict[str, Any] = {
    **{f"ce/{name}/prod.logic.yaml": logic(True) for name in "abcdeg"},
    "ce/a/policy.yaml": policy("01"),
    "ce/b/policy.yaml": policy("02"),
    "ce/c/policy.yaml": policy("03", "08"),
    "ce/d/policy.yaml": policy("04"),
    "ce/e/policy.yaml": policy("05", "08"),
    "ce/f/policy.yaml": policy("06"),
    "ce/g/policy.yaml": policy(),
    "frameworks/f/section.yaml": {"name": "The framework"},
    **{f"frameworks/f/{place}/section.yaml": {"name": name} for place, name in SECTIONS.items()},
}
FILES["frameworks/f/09/01/section.yaml"] = {"name": SECTIONS["09/01"], "similar": {"sections": ["/frameworks/f/03"]}}
COUNTS: Counts = {
    "/ce/a": {Status.INCOMPLIANT: 1, Status.UNDETERMINED: 5, Status.COMPLIANT: 2},
    "/ce/b": {Status.UNDETERMINED: 1, Status.COMPLIANT: 2},
    "/ce/c": {Status.COMPLIANT: 1, Status.INAPPLICABLE: 3},
    "/ce/d": {Status.INAPPLICABLE: 2, Status.DISAPPEARED: 1},
}


@pytest.fixture
def card(tmp_path: Path) -> Callable[..., Scorecard]:
    repository = Repository(write(tmp_path, FILES))

    def made(*tops: str, inherited: bool = False, left_out: str = "/ce/e", in_part: str = "") -> Scorecard:
        asked = framework_selection(
            repository,
            FrameworkMappings(repository),
            tops or ("/frameworks/f",),
            inherited=inherited,
            why_not=lambda policy_id: "left out" if policy_id == left_out else "",
        )
        whole = {policy_id: dict.fromkeys(Status, 0) | counts for policy_id, counts in COUNTS.items()}
        waived = HumanDecisions({"/ce/a": 1}) if in_part else HumanDecisions()
        return scorecards_of([asked], whole, waived, {in_part: "denied"})[0]

    return made


def test_every_requirement_is_in_one_class(card: Callable[..., Scorecard]) -> None:
    found = card()
    expected = [
        ("1", "Fails", RequirementStatus.FAILS),
        ("2", "Undetermined", RequirementStatus.UNDETERMINED),
        ("3", "Met", RequirementStatus.MET),
        ("4", "Nothing to judge", RequirementStatus.NOTHING_TO_JUDGE),
        ("5", "Left out", RequirementStatus.NOT_ASKED),
        ("6", "By hand", RequirementStatus.MANUAL),
        ("7", "Without a policy", RequirementStatus.UNANSWERED),
        ("8", "Asked in part", RequirementStatus.UNDETERMINED),
        ("01", "Similar to the third", RequirementStatus.NOT_ASKED),
    ]
    assert expected == [(one.requirement.number, one.requirement.name, one.standing) for one in found.results]
    assert (9, 5, False) == (sum(found.counts.values()), found.asked, found.all_asked)
    assert "The framework" == found.framework.name


@pytest.mark.parametrize(("place", "policy_id"), [(0, "/ce/a"), (2, "/ce/c"), (3, "/ce/d")])
def test_what_was_judged_in_part_is_never_known_to_be_met(card: Callable[..., Scorecard], place: int, policy_id: str) -> None:
    result = card(in_part=policy_id).results[place]
    [asked] = result.requirement.policies
    assert (RequirementStatus.UNDETERMINED, policy_id, "denied") == (result.standing, asked.policy_id, asked.reason)
    section = card(result.requirement.id, in_part=policy_id)
    assert (1, False) == (section.asked, section.all_asked)


def test_what_reaches_a_requirement_indirectly_counts_when_asked_for(card: Callable[..., Scorecard]) -> None:
    direct, inherited = card().results[-1], card(inherited=True).results[-1]
    assert {"/ce/c": NOT_DIRECT} == {one.policy_id: one.why_not for one in direct.requirement.policies}
    assert (RequirementStatus.NOT_ASKED, RequirementStatus.MET) == (direct.standing, inherited.standing)
    assert {"/ce/c": ""} == {one.policy_id: one.why_not for one in inherited.requirement.policies}


def test_a_policy_has_one_reason_for_all_requirements(card: Callable[..., Scorecard]) -> None:
    found = card(left_out="/ce/c")
    reasons = {one.why_not for result in found.results for one in result.requirement.policies if one.policy_id == "/ce/c"}
    assert {"left out"} == reasons


@pytest.mark.parametrize(
    ("section", "complete"), [("01", True), ("04", True), ("05", False), ("06", False), ("07", False), ("08", False)]
)
def test_a_section_is_covered_where_all_that_can_judge_it_did(
    card: Callable[..., Scorecard], section: str, complete: bool
) -> None:
    found = card(f"/frameworks/f/{section}")
    assert (1, complete) == (len(found.results), found.all_asked)
    assert (f"/frameworks/f/{section}",) == found.framework.sections
    assert found.framework.name.startswith("The framework, section ")


def test_sections_of_a_framework_are_counted_together_and_once(card: Callable[..., Scorecard]) -> None:
    found = card("/frameworks/f/09", "/frameworks/f/03", "/frameworks/f/09/01")
    assert ["3", "01"] == [one.requirement.number for one in found.results]
    assert "The framework, sections 3, 09, 01" == found.framework.name
    assert ((), 9) == (card("/frameworks/f/03", "/frameworks/f").framework.sections, len(card("/frameworks/f").results))


def test_a_policy_without_verdicts_was_not_asked(card: Callable[..., Scorecard]) -> None:
    results = card(left_out="/ce/nothing").results
    assert (RequirementStatus.NOT_ASKED, "was not evaluated") == (
        results[4].standing,
        results[4].requirement.policies[0].why_not,
    )


def asked_of(files: dict[str, Any], root: Path, top: str, left_out: tuple[str, ...] = ()) -> FrameworkSelection:
    repository = Repository(write(root, {**FILES, **files}))
    return framework_selection(
        repository,
        FrameworkMappings(repository),
        [top],
        inherited=False,
        why_not=lambda policy_id: "left out" if policy_id in left_out else "",
    )


def test_a_section_by_itself_is_named_in_full(tmp_path: Path) -> None:
    found = asked_of({}, tmp_path, "/frameworks/f/03")
    assert ("/frameworks/f", "The framework, section 3 Met") == (found.id, found.name)


def test_a_policy_that_names_a_requirement_and_reaches_it_otherwise_too_names_it(tmp_path: Path) -> None:
    files = {"ce/b/policy.yaml": policy("09/01"), "ce/c/policy.yaml": policy("03", "09/01")}
    [found] = asked_of(files, tmp_path, "/frameworks/f/09").requirements
    assert {"/ce/b": "", "/ce/c": ""} == {one.policy_id: one.why_not for one in found.policies}


def test_who_reaches_a_requirement_otherwise_is_told_where_nobody_who_names_it_judges(tmp_path: Path) -> None:
    [found] = asked_of({"ce/b/policy.yaml": policy("09/01")}, tmp_path, "/frameworks/f/09").requirements
    assert ["/ce/b"] == [one.policy_id for one in found.policies]
    [found] = asked_of({"ce/b/policy.yaml": policy("02")}, tmp_path, "/frameworks/f/09", left_out=("/ce/c",)).requirements
    assert [RequirementPolicy("/ce/c", judges=True, why_not=NOT_DIRECT)] == list(found.policies)


def test_a_policy_that_cannot_judge_needs_no_reason(tmp_path: Path) -> None:
    [found] = asked_of({}, tmp_path, "/frameworks/f/06", left_out=("/ce/f",)).requirements
    assert (RequirementPolicy("/ce/f", judges=False),) == found.policies


def test_a_section_without_a_name_is_called_by_its_id(tmp_path: Path) -> None:
    [found] = asked_of({"frameworks/f/10/section.yaml": {"name": ""}}, tmp_path, "/frameworks/f/10").requirements
    assert ("10", "/frameworks/f/10") == (found.number, found.name)


ONE, OTHER, LEFT_OUT, BY_HAND = (
    RequirementPolicy("/ce/1", judges=True),
    RequirementPolicy("/ce/2", judges=True),
    RequirementPolicy("/ce/3", judges=True, why_not="left out"),
    RequirementPolicy("/ce/4", judges=False),
)


def result_of(
    policies: tuple[RequirementPolicy, ...], counts: Counts, answered: HumanDecisions, in_part: dict[str, str] | None = None
) -> RequirementResult:
    requirement = Requirement("/frameworks/f/1", "1", "Name", policies)
    whole = {policy_id: dict.fromkeys(Status, 0) | of_policy for policy_id, of_policy in counts.items()}
    [card] = scorecards_of([FrameworkSelection("/frameworks/f", "F", (), (requirement,))], whole, answered, in_part)
    [found] = card.results
    return found


BAD, OPEN, GOOD = Status.INCOMPLIANT, Status.UNDETERMINED, Status.COMPLIANT


@pytest.mark.parametrize(
    ("policies", "counts", "waived", "standing"),
    [
        ((ONE,), {"/ce/1": {BAD: 1, GOOD: 2}}, {"/ce/1": 1}, RequirementStatus.WAIVED),
        ((ONE,), {"/ce/1": {BAD: 2}}, {"/ce/1": 1}, RequirementStatus.FAILS),
        ((ONE,), {"/ce/1": {BAD: 1}}, {"/ce/2": 1}, RequirementStatus.FAILS),
        ((ONE,), {"/ce/1": {BAD: 1, OPEN: 1}}, {"/ce/1": 1}, RequirementStatus.UNDETERMINED),
        ((ONE, OTHER), {"/ce/1": {BAD: 1}, "/ce/2": {BAD: 1}}, {"/ce/1": 2}, RequirementStatus.FAILS),
        ((ONE, LEFT_OUT), {"/ce/1": {BAD: 1}}, {"/ce/1": 1}, RequirementStatus.UNDETERMINED),
        ((ONE, BY_HAND), {"/ce/1": {BAD: 1}}, {"/ce/1": 1}, RequirementStatus.WAIVED),
        ((ONE,), {"/ce/1": {GOOD: 1}}, {"/ce/1": 1}, RequirementStatus.MET),
    ],
)
def test_what_is_waived_is_a_class_of_its_own_where_nothing_else_is_left(
    policies: tuple[RequirementPolicy, ...], counts: Counts, waived: dict[str, int], standing: RequirementStatus
) -> None:
    assert standing is result_of(policies, counts, HumanDecisions(waived)).standing


def test_what_people_attest_is_a_class_of_its_own_where_no_policy_can_judge() -> None:
    attested = HumanDecisions(attested=("/ce/4", "/ce/1"))
    found = result_of((BY_HAND,), {}, attested)
    assert (RequirementStatus.ATTESTED, (BY_HAND,)) == (found.standing, found.requirement.policies)
    assert RequirementStatus.MANUAL is result_of((BY_HAND,), {}, HumanDecisions(attested=("/ce/1",))).standing
    assert RequirementStatus.MET is result_of((ONE,), {"/ce/1": {GOOD: 1}}, attested).standing


def test_why_a_policy_has_judged_in_part_is_told_of_those_that_judged() -> None:
    found = result_of(
        (ONE, OTHER, LEFT_OUT),
        {"/ce/1": {GOOD: 1}, "/ce/2": {}, "/ce/3": {}},
        HumanDecisions(),
        {"/ce/1": "denied", "/ce/3": "x"},
    )
    assert [("/ce/1", "denied"), ("/ce/2", ""), ("/ce/3", "")] == [
        (one.policy_id, one.in_part) for one in found.requirement.policies
    ]
