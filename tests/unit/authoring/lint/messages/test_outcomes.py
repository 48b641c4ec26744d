"""Messages without a finding, remediations without a step, numbers that the logic does not know."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import field, found


def outcomes(tmp_path, code, *, status="INCOMPLIANT", check=None, **more):
    document = logic(check or field("a__c"), statuses=[status])
    document["conditions"][0] |= more
    return [(each.span.line, each.message) for each in found(tmp_path, code, document)]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("A policy.", "the message only repeats the policy's name"),
        ("The object is not compliant", "the message does not describe the finding"),
        ("MFA is off", None),
        ("The thing is not configured correctly.", "the message does not describe the finding"),
        ("Its status is failed", None),
    ],
)
def test_a_fault_says_what_was_found(tmp_path, message, problem):
    expected = [] if problem is None else [problem]
    assert expected == [said for _, said in outcomes(tmp_path, "A313", currentStateMessage=message)]


def test_other_statuses_may_say_what_they_want(tmp_path):
    assert [] == outcomes(tmp_path, "A313", status="COMPLIANT", currentStateMessage="A policy")


@pytest.mark.parametrize(
    ("remediation", "flagged"),
    [
        ("Please fix the issue.", True),
        ("See the documentation", True),
        ("https://docs.aws.amazon.com/IAM/latest/UserGuide/mfa.html", True),
        ("Delete the object", False),
        ("`aws iam delete-login-profile --user-name <user>`", False),
        (" ", False),
    ],
)
def test_a_remediation_names_a_step(tmp_path, remediation, flagged):
    assert flagged is bool(outcomes(tmp_path, "A314", remediationMessage=remediation))


DATE = {"DATE_TIME_FROM": {"arg": field("a__c"), "format": "ISO_8601", "undeterminedIf": {"invalidFormat": "odd"}}}
BEYOND_90 = {"IS_BEYOND_LAST_DAYS": {"arg": DATE, "offsetDays": 90}}


@pytest.mark.parametrize(
    ("message", "odd"),
    [
        ("The key is older than 30 days.", "30 days"),
        ("The key is older than 90 days.", None),
        ("It has 14 characters, since 2026-01-30 days count.", "14 characters"),
        ("The key is older than 13 weeks.", None),
        ("The key is older than 7200 seconds, 30% of keys are.", "7200 seconds"),
        ("The key has 1024-bit length.", "1024-bit"),
        ("100 % of the keys", None),
    ],
)
def test_a_number_in_a_message_is_a_limit_of_the_logic(tmp_path, message, odd):
    expected = [] if odd is None else [f"the text names {odd}, but the logic compares with 90"]
    assert expected == [said for _, said in outcomes(tmp_path, "A317", check=BEYOND_90, currentStateMessage=message)]


@pytest.mark.parametrize(("name", "odd"), [("Key older than 30 days", True), ("Key older than 90 days", False)])
def test_a_number_in_the_name_of_a_policy_is_a_limit_of_its_logic(tmp_path, name, odd):
    document = logic(BEYOND_90, statuses=["INCOMPLIANT"])
    policy = {"names": {"full": name, "contextual": "Old key"}, "description": "What it asks."}
    expected = ["the policy's name has 30 days, but the logic compares with 90"] if odd else []
    assert expected == [each.message for each in found(tmp_path, "A317", document, {"ce/policy/policy.yaml": policy})]
