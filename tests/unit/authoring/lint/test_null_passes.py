"""Fields whose null passes an object. The interpreter confirms each one over all objects of a few values."""

from __future__ import annotations

from itertools import product

import pytest

from perpend.core.objects.status import Status
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.syntax.repository import open_repository
from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, both, equal, field, found, no, query

VOLUME = "CA10__CaAwsVolume__c"
A, B = field("a__c"), field("b__c")
EMPTY_A, EMPTY_B = ({"IS_EMPTY": {"arg": one}} for one in (A, B))
GUARDED = field("a__c", isEmpty="a__c is empty.")
ORDER = {"GREATER_THAN": {"left": field("size__c"), "right": {"NUMBER": 100}}}
SMALL = {"LESS_THAN": {"left": field("size__c"), "right": {"NUMBER": 100}}}
FIELDS = [{"name": name, "type": "text"} for name in ("a__c", "b__c", "document__c")]
DECLARED = {
    f"types/{TYPE}/type.yaml": {
        "label": "Thing",
        "fields": [*FIELDS, {"name": "size__c", "type": "number", "label": "Size"}, {"name": "on__c", "type": "checkbox"}],
    }
}
OBJECTS = [
    {"a__c": a, "b__c": b, "size__c": size, "on__c": on, "document__c": document}
    for a, b, size, on, document in product(
        (None, "x", "y"), (None, "x", "y"), (None, 50, 500), (None, True, False), (None, '{"k": "x"}')
    )
]
PASSING: dict[str, tuple[list, list, str, list[str]]] = {
    "an equality": ([equal(A, "x")], [], "COMPLIANT", ["a__c"]),
    "an inequality": ([no(equal(A, "x"))], ["INAPPLICABLE"], "INCOMPLIANT", ["a__c"]),
    "an order": ([ORDER], [], "COMPLIANT", ["size__c"]),
    "a Boolean": ([field("on__c")], [], "COMPLIANT", ["on__c"]),
    "a part of a conjunction": ([both(equal(A, "x"), ORDER)], [], "COMPLIANT", ["a__c", "size__c"]),
    "the newcomer's policy": ([both(equal(A, "x"), no(SMALL)), SMALL], ["INCOMPLIANT", "INAPPLICABLE"], "COMPLIANT", ["a__c"]),
    "a query": ([equal(query("k"), "x")], [], "COMPLIANT", ["document__c"]),
    "two fields that are compared": ([{"NOT_EQUAL": {"left": A, "right": B}}], ["COMPLIANT"], "INCOMPLIANT", ["a__c", "b__c"]),
}
SILENT: dict[str, tuple[list, list, str]] = {
    "a fault for null": ([equal(A, "x")], ["COMPLIANT"], "INCOMPLIANT"),
    "nothing known for null": ([equal(A, "x"), equal(A, "y")], ["INCOMPLIANT", "COMPLIANT"], "UNDETERMINED"),
    "a check": ([equal(GUARDED, "x")], [], "COMPLIANT"),
    "a delegate": ([equal(field("a__c", noAccessDelegate={"path": "b__c", "currentStateMessage": "d"}), "x")], [], "COMPLIANT"),
    "a condition with IS_EMPTY": ([EMPTY_A, equal(A, "x")], ["COMPLIANT", "INCOMPLIANT"], "COMPLIANT"),
    "a check of a query": ([equal(query("k", resultIsEmpty="no k"), "x")], [], "COMPLIANT"),
    "an answer that decides nothing": ([both(equal(A, "x"), equal(B, "x")), equal(B, "x")], [], "UNDETERMINED"),
}


@pytest.mark.parametrize(("checks", "statuses", "otherwise", "paths"), PASSING.values(), ids=PASSING)
def test_a_null_that_passes_is_told_once_for_a_policy(tmp_path, checks, statuses, otherwise, paths):
    (flag,) = found(tmp_path, "A322", logic(*checks, statuses=statuses, otherwise=otherwise), DECLARED)
    assert flag.message.startswith(f"an object is {'COMPLIANT' if 'COMPLIANT' in statuses else flag.message.split()[3]} if `")
    told = [path for path in ("a__c", "b__c", "size__c", "on__c", "document__c") if f"`{path}`" in flag.message]
    assert paths == told
    assert set(paths) <= passing_by_trial(tmp_path)


@pytest.mark.parametrize(("checks", "statuses", "otherwise"), SILENT.values(), ids=SILENT)
def test_a_null_that_is_asked_for_or_harmless_is_not_told(tmp_path, checks, statuses, otherwise):
    assert [] == found(tmp_path, "A322", logic(*checks, statuses=statuses, otherwise=otherwise), DECLARED)


def passing_by_trial(root) -> set[str]:
    """Return the fields for which null passes some object that some value makes INCOMPLIANT, by evaluating all objects."""
    program = Analyzer(open_repository(root)).analyzed("/ce/policy/prod.logic.yaml").program
    interpreter = Interpreter([program])
    status = {tuple(one.values()): program.verdicts[interpreter.evaluate(one, 0)[0][0]].status for one in OBJECTS}
    passes = set()
    for one, other in product(OBJECTS, OBJECTS):
        differing = [name for name in one if one[name] != other[name]]
        if len(differing) == 1 and one[differing[0]] is None and status[tuple(other.values())] is Status.INCOMPLIANT:
            passes |= set(differing) if status[tuple(one.values())] in (Status.COMPLIANT, Status.INAPPLICABLE) else set()
    return passes


def test_the_help_holds_a_check_to_copy(tmp_path):
    (flag,) = found(tmp_path, "A322", logic(ORDER), DECLARED)
    check = '{FIELD: {path: size__c, undeterminedIf: {isEmpty: "Size is empty."}}}'
    assert f"if null means not known: write {check}; " in flag.help
    guarded = {"GREATER_THAN": {"left": field("size__c", isEmpty="Size is empty."), "right": {"NUMBER": 100}}}
    assert [] == found(tmp_path, "A322", logic(guarded), DECLARED)


def test_a_field_that_no_read_can_check_gets_a_condition(tmp_path):
    allows = {"policyExtField": "document__c", "widestAcceptableAccessLevel": "SAME_ACCOUNT", "actions": ["s3:*"]}
    (flag,) = found(tmp_path, "A322", logic({"AWS_POLICY_ALLOWS": allows}), DECLARED)
    condition = '{status: UNDETERMINED, currentStateMessage: "document__c is empty.", check: {IS_EMPTY: {arg: {FIELD: {path: document__c}}}}}'
    assert f"begin the conditions with {condition}" in flag.help


def test_fields_that_aws_leaves_out_to_say_none_are_not_told(tmp_path):
    def over(name: str) -> int:
        document = logic(equal(field(name), "x"), input_type="CA10__CaAwsSecurityGroupRule2__c")
        return len(found(tmp_path, "A322", document))

    assert (0, 1) == (over("CA10__sourceIpRange__c"), over("CA10__direction__c"))


def test_objects_of_lists_are_looked_at(tmp_path):
    inner = {
        "relationshipName": "disks__r",
        **{key: value for key, value in logic(equal(A, "x")).items() if key != "inputType"},
    }
    has = {"RELATED_LIST_HAS": {"relationshipName": "disks__r", "status": "INCOMPLIANT"}}
    (flag,) = found(tmp_path, "A322", logic(has, relatedLists=[inner]))
    assert "`a__c`" in flag.message


def test_a_lookup_that_is_asked_for_answers_for_its_fields(tmp_path):
    read = equal(field("owner__r.name__c"), "x")
    asked = {"IS_EMPTY_LOOKUP": "owner__r"}
    assert [1, 0] == [
        len(found(tmp_path, "A322", document))
        for document in (logic(read), logic(read, asked, statuses=["INCOMPLIANT", "COMPLIANT"]))
    ]


def test_each_field_has_the_status_with_which_null_ends(tmp_path):
    checks, statuses = [both(equal(A, "x"), no(SMALL)), equal(B, "x"), ORDER], ["INCOMPLIANT", "INAPPLICABLE", "INCOMPLIANT"]
    (flag,) = found(tmp_path, "A322", logic(*checks, statuses=statuses, otherwise="COMPLIANT"), DECLARED)
    assert flag.message == (
        "an object is COMPLIANT if `a__c` or `size__c` is null, though a known value can make it INCOMPLIANT"
    )
