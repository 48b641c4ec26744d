"""Every object has exactly one status, the totals add up, and verdicts have all details."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.core.objects.inventory import CloudObject, Inventory, Source
from perpend.core.objects.object_types import Field, Lookup, ObjectType
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation, counts_of, totals_of
from perpend.evaluation.verdicts.requirements import HumanDecisions, RequirementStatus
from perpend.evaluation.verdicts.selection import Selection, select_policies
from perpend.language.program.program import Read
from tests.reference import evaluate_objects
from tests.repositories import NAMES, logic, program_of, write
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer, evaluation, findings, inventory, thing

pytestmark = pytest.mark.usefixtures("shared_database")

ON = {"FIELD": {"path": "on"}}
CHECKED = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "The flag is unset."}}}


def test_the_ledger_counts_every_verdict_once(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, CHECKED))
    gone = {"CA10__disappearanceTime__c": "2026-01-01"}
    objects = [
        thing("a", flag="true"),
        thing("b", flag="x"),
        thing("c", flag="x"),
        thing("d"),
        thing("e", **gone),
        thing("f", flag=1),
    ]
    ledger = evaluation(inventory(*objects), program).ledger
    assert (6, 6, 3) == (ledger.objects, ledger.verdicts, ledger.known)
    expected = {"COMPLIANT": 2, "INCOMPLIANT": 1, "INAPPLICABLE": 0, "UNDETERMINED": 2, "DISAPPEARED": 1}
    assert expected == {status.value: number for status, number in ledger.counts.items()}


def test_every_policy_judges_every_object_of_its_type_only(tmp_path: Path) -> None:
    write(tmp_path, {"ce/b/prod.logic.yaml": logic(), "ce/c/prod.logic.yaml": logic(input_type="CA10__CaOther__c")})
    found = analyzer(tmp_path, ON)
    programs = [program_of(found, logic_id) for logic_id in found.repository.logic_ids]
    made = evaluation(inventory(thing("a", on=True), thing("b", on=False)), programs)
    assert (2, 4) == (made.ledger.objects, made.ledger.verdicts)
    rows = [(one.policy_id, one.object.id) for one in made.findings()]
    assert [("/ce/b", "a"), ("/ce/b", "b"), ("/ce/policy", "a"), ("/ce/policy", "b")] == rows
    assert {Status.COMPLIANT: 1, Status.INCOMPLIANT: 1} == {key: n for key, n in made.counts(programs[2]).items() if n}


def test_the_order_of_programs_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"ce/b/prod.logic.yaml": logic(CHECKED)})
    found = analyzer(tmp_path, ON)
    programs = [program_of(found, logic_id) for logic_id in found.repository.logic_ids]
    estate_ = inventory(thing("a", on=True), thing("b", flag="true"))
    one, other = (list(evaluation(estate_, order).findings()) for order in (programs, programs[::-1]))
    assert one == other


def test_what_was_not_read_is_told_by_what_nobody_could_read_first(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, ON))
    wanted = Claim(THING, Scope("1"), "not asked for: things")
    denied, users = Claim(THING, Scope("2"), "denied things"), Claim("User", lacking="denied users")
    of_a_list = Claim(THING, lacking="denied children", relation="children__r")

    def unread(*claims: Claim, unusable: tuple[str, ...] = (), objects: tuple[CloudObject, ...] = (thing("a"),)) -> Evaluation:
        source = Source("a.json", "test-data", None, 1, coverage=claims)
        return evaluation(Inventory((source,), {THING: objects}, unusable), program)

    assert {THING: "denied things"} == unread(wanted, denied, users, of_a_list).unread()
    assert ("/ce/policy",) == unread(wanted, denied).unread_policies
    left_out = unread(wanted, users)
    assert ({"/ce/policy": "not asked for: things"}, ()) == (left_out.in_part(), left_out.unread_policies)
    assert {THING: "b.json could not be read"} == unread(unusable=("b.json",)).unread()
    assert ({}, {}) == (unread().in_part(), unread(Claim(THING, Scope("1")), objects=()).in_part())
    assert "no input claims every" in unread(objects=()).in_part()["/ce/policy"]
    refused = Claim(THING, Scope("2"), "refused: things")
    assert {THING: "refused: things"} == unread(wanted, refused).unread(), "not by the alphabet"
    unusable = unread(unusable=("b.json", "c.json"))
    assert {THING: "c.json could not be read"} == unusable.unread(beside=["b.json"])
    assert {} == unusable.unread(beside=["b.json", "c.json"])
    nobody = {"/ce/policy": f"is not known in full: no input claims every `{THING}` there is (--complete all)"}
    assert nobody == unread(Claim(THING, relation="children__r"), objects=()).in_part() == unread(objects=()).in_part()
    wished = unread(wanted, objects=())
    assert (("/ce/policy",), ()) == (unread(objects=()).unread_policies, wished.unread_policies)


def test_an_empty_estate_has_an_empty_ledger(tmp_path: Path) -> None:
    made = evaluation(inventory(), program_of(analyzer(tmp_path, ON)))
    assert (0, 0) == (made.ledger.objects, made.ledger.verdicts)
    assert [] == list(made.findings())


def test_a_ledger_that_does_not_add_up_is_never_shown(tmp_path: Path) -> None:
    made = evaluation(inventory(), program_of(analyzer(tmp_path, ON)))
    with pytest.raises(AssertionError, match="the totals do not add up: 0 verdicts, 1 expected"):
        totals_of(inventory(thing("a")), made.verdicts)


def test_a_finding_tells_everything_about_a_verdict(tmp_path: Path) -> None:
    document = {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "Not JSON."}}}
    query = {"JSON_QUERY_BOOLEAN": {"arg": document, "expression": "on"}}
    query["JSON_QUERY_BOOLEAN"]["undeterminedIf"] = {"evaluationError": "failed", "resultTypeMismatch": "odd"}
    program = program_of(analyzer(tmp_path, {"AND": {"args": [query, {"FIELD": {"path": "owner__r.on"}}]}}))
    found = findings(inventory(thing("a", doc='{"on": true}', owner__r={"on": True}), thing("b", doc="{x")), program)
    one, other = found["a"], found["b"]
    assert ("/ce/policy", Status.INCOMPLIANT, Status.UNDETERMINED) == (one.policy_id, one.status, other.status)
    assert (program.verdicts[199].text, program.verdicts[101].text) == (one.condition_text, other.condition_text)
    assert (199, "condition 1", None) == (one.condition_index, one.current_state_message, one.runtime_error)
    assert "See the policy's remediation: perpend show /ce/policy" == one.remediation_message
    assert [("doc", True), ("owner__r.on", True)] == [(read.field, read.value) for read in one.references]
    assert (101, "Not JSON.", None) == (other.condition_index, other.current_state_message, other.remediation_message)
    assert other.runtime_error is not None
    assert [None, None] == [read.value for read in other.references]


def test_labels_come_from_the_types_and_keys(tmp_path: Path) -> None:
    field = {"label": Field("label", "text", "Nice label"), "bare": Field("bare", "text"), "on": Field("on", "checkbox", "On")}
    owner = ObjectType("Owner", "Owner", {"x": Field("x", "text", "Owner's x")})
    types = {THING: ObjectType(THING, "Thing", field, {"owner__r": Lookup("owner__r", "Owner")}), "Owner": owner}
    made = evaluate_objects(inventory(), Selection((program_of(analyzer(tmp_path, ON)),), types=types))
    paths = ["label", "bare", "none", "owner__r.x", "lost__r.x"]
    assert ["Nice label", "bare", "none", "Owner's x", "x"] == [made.label_of(THING, Read(path)) for path in paths]
    assert "user" == made.label_of(THING, Read("label", "user"))
    judged = evaluate_objects(inventory(thing("a", on=True, owner__r={"x": 1})), made.selection)
    assert [("on", "On", True)] == [(one.field, one.label, one.value) for one in next(judged.findings()).references]
    assert ["Thing", "Other"] == [made.type_label(name) for name in (THING, "Other")]


@pytest.mark.parametrize(("size", "lengths"), [(2, [2, 2, 1]), (5, [5]), (9, [5])])
def test_findings_come_in_batches(tmp_path: Path, size: int, lengths: list[int]) -> None:
    made = evaluation(inventory(*(thing(str(number), on=True) for number in range(5))), program_of(analyzer(tmp_path, ON)))
    batches = list(made.batches(size))
    assert lengths == [len(batch) for batch in batches]
    assert list(made.findings()) == [one for batch in batches for one in batch]


def test_statuses_are_counted_by_program(tmp_path: Path) -> None:
    flags = [None, "true", 1, "x", "true", "x", None, "x"]
    things = [thing(str(number), flag=flag) for number, flag in enumerate(flags)]
    made = evaluation(inventory(*things), program_of(analyzer(tmp_path, CHECKED)))
    [column] = made.verdicts
    assert made.counts(column.program) == counts_of(column)
    counted = {status: number for status, number in counts_of(column).items() if number}
    assert {Status.INCOMPLIANT: 2, Status.COMPLIANT: 3, Status.UNDETERMINED: 3} == counted
    assert 3 == len({index for index in column.counted() if column.program.verdicts[index].status is not Status.INCOMPLIANT})
    assert list(Status) == list(counts_of(column))


def test_scorecards_are_of_the_frameworks_that_policies_were_chosen_by(tmp_path: Path) -> None:
    policy = {"names": NAMES, "description": "", "frameworkMappings": ["/frameworks/f/1"]}
    sections = {"frameworks/f/section.yaml": {"name": "F"}, "frameworks/f/1/section.yaml": {"name": "1 One"}}
    found = analyzer(tmp_path, ON, files={"ce/policy/policy.yaml": policy, **sections})

    def standing(on: bool, *claims: Claim, waived: int = 0) -> tuple[str, RequirementStatus, dict[Status, int], str]:
        source = Source("a.json", "test-data", None, 1, coverage=claims)
        judged = Inventory((source,), {THING: (thing("a", on=on),)})
        made = evaluate_objects(judged, select_policies(found, framework="f", over=judged))
        [card] = replace(made, answered=HumanDecisions({"/ce/policy": waived})).scorecards()
        [result] = card.results
        [asked] = result.requirement.policies
        return card.framework.id, result.standing, {one: n for one, n in result.counts.items() if n}, asked.in_part

    whole, denied = Claim(THING), Claim(THING, lacking="denied things")
    assert ("/frameworks/f", RequirementStatus.FAILS, {Status.INCOMPLIANT: 1}, "") == standing(True, whole)
    assert ("/frameworks/f", RequirementStatus.WAIVED, {Status.INCOMPLIANT: 1}, "") == standing(True, whole, waived=1)
    assert ("/frameworks/f", RequirementStatus.UNDETERMINED, {Status.COMPLIANT: 1}, "denied things") == standing(False, denied)
    assert () == evaluate_objects(inventory(thing("a", on=True)), select_policies(found)).scorecards()


@pytest.mark.parametrize("size", [0, -1])
def test_batches_that_would_hold_nothing_are_refused(tmp_path: Path, size: int) -> None:
    judged = evaluation(inventory(thing("a", flag="x")), program_of(analyzer(tmp_path, CHECKED)))
    assert [1] == [len(batch) for batch in judged.batches(1)]
    with pytest.raises(ValueError, match=f"^a batch has at least one verdict, not {size}$"):
        list(judged.batches(size))


def test_a_program_that_did_not_judge_has_no_counts(tmp_path: Path) -> None:
    own, foreign = (program_of(analyzer(tmp_path / name, CHECKED)) for name in ("own", "foreign"))
    with pytest.raises(ValueError, match="is not in this evaluation: use one of `programs`"):
        evaluation(inventory(thing("a")), own).counts(foreign)
