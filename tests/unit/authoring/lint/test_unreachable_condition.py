"""Conditions that can never decide. What is flagged never decides on any object, whatever the conditions are."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.authoring.lint import formulas, unreachable_condition
from perpend.authoring.lint.context import LintContext
from perpend.language.interpreter.interpreter import Interpreter
from tests.repositories import LOGIC, logic, policy_files, program_of, temporary_analyzer
from tests.unit.authoring.lint.linted import both, either, equal, field, found, messages, no

A, B, C = field("a__c"), field("b__c"), field("c__c")
TRUE, FALSE = {"BOOLEAN": True}, {"BOOLEAN": False}
STATE = field("state__c")
TIME = 1_768_068_000_000
STOPPED = "it expects an empty value, but the value's own check comes first"
DECIDED = "whenever it is true, condition {} has decided before"
EXTRACTS = "types/CA10__CaThing__c/object.extracts.yaml"


def numbered(number: int, reason: str) -> str:
    return f"condition {number} can never be true: {reason}"


FLAGGED = {
    "the same again": ([A, B, A], numbered(3, DECIDED.format(1))),
    "in another order": ([both(A, B), both(B, A)], numbered(2, DECIDED.format(1))),
    "narrower than before": ([A, both(A, B)], numbered(2, DECIDED.format(1))),
    "deep in the alternatives before": ([either(A, either(B, C)), both(no(no(C)), A)], numbered(2, DECIDED.format(1))),
    "behind a constant": ([TRUE, A], numbered(2, "condition 1 is always true")),
    "a constant": ([A, FALSE], numbered(2, "it is constant")),
    "a part and its negation": ([both(A, no(A))], numbered(1, "its parts contradict each other")),
    "a text and none at once": (
        [both(equal(field("s__c"), "on"), {"IS_EMPTY": {"arg": {"EXTRACT": "state"}}}, equal({"EXTRACT": "state"}, "on"))],
        numbered(1, "its parts contradict each other"),
    ),
    "left over by none of those before": (
        [both(A, B), both(A, no(B)), A],
        numbered(3, "whenever it is true, an earlier condition has decided"),
    ),
    "a disappeared object": ([{"IS_DISAPPEARED": {}}], numbered(1, "it is constant")),
    "what a check has stopped": (
        [{"IS_EMPTY": {"arg": field("a__c", isEmpty="a__c is empty")}}],
        numbered(1, STOPPED),
    ),
    "what a delegate has stopped": (
        [{"IS_EMPTY": {"arg": field("a__c", noAccessDelegate={"path": "a__c", "currentStateMessage": "no access"})}}],
        numbered(1, STOPPED),
    ),
    "what an extract says": ([{"EXTRACT": "on"}, equal({"EXTRACT": "state"}, "ON")], numbered(2, DECIDED.format(1))),
    "behind a debugged truth": (
        [{"DEBUG": {"name": "x", "returnTrue": True, "arg": A}}, B],
        numbered(2, "condition 1 is always true"),
    ),
}
SOUND = {
    "orders of null": [
        {"LESS_THAN": {"left": field("n__c"), "right": {"NUMBER": 1}}},
        {"GREATER_THAN_EQUAL": {"left": field("n__c"), "right": {"NUMBER": 1}}},
        no(A),
    ],
    "another object's field": [equal(field("x__r.state__c"), "on"), equal(STATE, "on")],
    "another object's extract": [equal({"EXTRACT": "x__r.state"}, "on"), equal({"EXTRACT": "state"}, "on")],
    "the delegate is another field": [
        {"IS_EMPTY": {"arg": field("a__c", noAccessDelegate={"path": "b__c", "currentStateMessage": "no access"})}}
    ],
    "case counts for Bytes": [
        both(
            equal({"FIELD": {"path": "b__c", "returnType": "BYTES"}}, {"BYTES": "on"}),
            no(equal({"FIELD": {"path": "b__c", "returnType": "BYTES"}}, {"BYTES": "On"})),
        )
    ],
    "Text and Bytes of one field": [
        both(equal(STATE, "on"), equal({"FIELD": {"path": "state__c", "returnType": "BYTES"}}, {"BYTES": "ON"}))
    ],
    "another status of the related list": [
        {"RELATED_LIST_HAS": {"status": status, "relationshipName": "disks__r"}} for status in ("COMPLIANT", "INCOMPLIANT")
    ],
}
FILES = {
    EXTRACTS: {
        "extracts": [
            {"name": "state", "value": field("state__c")},
            {"name": "on", "value": equal({"EXTRACT": "state"}, "on")},
        ]
    }
}
IMPORTS = {"importExtracts": [{"file": f"/{EXTRACTS}"}]}
DISKS = {"relationshipName": "disks__r", "conditions": [], "otherwise": {"status": "COMPLIANT", "currentStateMessage": "m"}}


@pytest.mark.parametrize(("checks", "message"), FLAGGED.values(), ids=FLAGGED.keys())
def test_a_condition_that_can_never_be_true_is_flagged(tmp_path, checks, message):
    assert [message] == messages(tmp_path, "A301", *checks, files=FILES, **IMPORTS)


@pytest.mark.parametrize("checks", SOUND.values(), ids=SOUND.keys())
def test_a_condition_that_can_be_true_is_not_flagged(tmp_path, checks):
    assert [] == messages(tmp_path, "A301", *checks, files=FILES, relatedLists=[DISKS], **IMPORTS)


def test_the_flag_stands_at_the_condition_s_check(tmp_path):
    text = """\
        inputType: CA10__CaThing__c
        conditions:
          - status: COMPLIANT
            currentStateMessage: m
            check: {FIELD: {path: a__c}}
          - status: INAPPLICABLE
            currentStateMessage: m
            check: {FIELD: {path: a__c}}
        otherwise: {status: COMPLIANT, currentStateMessage: m}
        """
    (flag,) = found(tmp_path, "A301", text)
    assert ("ce/policy/prod.logic.yaml", 8, 5) == (flag.span.path, flag.span.line, flag.span.column)


def test_only_the_first_condition_that_nothing_reaches_is_flagged(tmp_path):
    assert [numbered(2, "condition 1 is always true")] == messages(tmp_path, "A301", TRUE, A, B, C)


def test_conditions_of_related_lists_are_looked_at(tmp_path):
    outcome = {"status": "INCOMPLIANT", "currentStateMessage": "m"}
    disks = DISKS | {"conditions": [outcome | {"check": A}, outcome | {"check": A}]}
    assert [numbered(2, DECIDED.format(1))] == messages(tmp_path, "A301", B, relatedLists=[disks])


def test_unit_tests_are_left_alone(tmp_path):
    test = {"UNIT_TEST": {"id": "Test-1", "arg": FALSE}}
    assert [] == messages(tmp_path, "A301", test, both(FALSE, A), test)


def test_a_block_too_large_to_reason_about_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(formulas, "MAX_OPERATIONS", 400)
    large = [both(*(equal(STATE, f"s{part}") for part in range(20)), no(A)) for _ in range(20)]
    assert 9 == len(messages(tmp_path, "A301", *large))


ATOMS = [
    *(A, B, TRUE, FALSE, equal(A, {"BOOLEAN": False}), {"IS_EMPTY": {"arg": equal(STATE, "on")}}),
    *(equal(STATE, "on"), equal(STATE, "OFF "), equal(STATE, ""), {"NOT_EQUAL": {"left": STATE, "right": {"TEXT": "on"}}}),
    *({"IS_EMPTY": {"arg": {"EXTRACT": "state"}}}, {"NOT_EMPTY": {"arg": field("state__c", isEmpty="empty")}}),
    *({"EXTRACT": "on"}, {"IS_EMPTY": {"arg": field("state__c", isEmpty="empty")}}, equal(STATE, field("state__c"))),
    *(no(A), {"IS_EMPTY": {"arg": A}}),
]
CHECKS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: both(*parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: either(*parts)),
        inner.map(no),
    ),
    max_leaves=5,
)
OBJECTS = [
    {"Id": "x", "a__c": a, "b__c": b, "state__c": state}
    for a, b, state in itertools.product((True, False, None), (True, False, None), ("on", " OFF", "", None, "other", 5))
]


@pytest.mark.medium
@settings(max_examples=max(120, settings().max_examples))
@given(st.lists(CHECKS, min_size=1, max_size=8))
def test_what_is_flagged_decides_on_no_object(checks):
    files = policy_files(logic(*checks, **IMPORTS)) | FILES
    with temporary_analyzer(files) as analyzer:
        program = program_of(analyzer)
        flagged = {
            int(each.message.split()[1])
            for each in unreachable_condition.find(LintContext(analyzer))
            if each.span.path in LOGIC
        }
        interpreter = Interpreter([program])
        decided = {interpreter.evaluate(fields, TIME)[0][0] for fields in OBJECTS}
    assert not {number * 100 + 99 for number in flagged} & decided
