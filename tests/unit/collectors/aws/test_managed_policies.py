"""The managed policies that are collected: those of the account, and those of AWS that are in use or asked for by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from perpend.core.objects.claims import Claim, Scope
from tests.unit.collectors.aws.answering import ACCOUNT, AnsweringClient, Reply, collected

POLICY = "CA10__CaAwsIamPolicy__c"
COUNT = "CA10__attachmentCount__c"
OF_AWS = "arn:aws:iam::aws:policy/"


def policy(arn: str, count: int) -> dict[str, Any]:
    return {"Arn": arn, "PolicyName": arn.rpartition("/")[2], "IsAttachable": True, "AttachmentCount": count}


def get_policy(parameters: Mapping[str, Any], _: str) -> Mapping[str, Any] | str:
    arn = str(parameters["PolicyArn"])
    return (
        "NoSuchEntity" if arn.endswith("Withdrawn") else {"Policy": {**policy(arn, int(arn.endswith("Attached"))), "Tags": []}}
    )


ANSWERS: dict[str, Reply] = {
    "iam.policies": {"Policies": [policy(f"arn:aws:iam::{ACCOUNT}:policy/own", 0)]},
    "iam.attached-policies": {"Policies": [policy(f"{OF_AWS}Attached", 1)]},
    "iam.boundary-policies": {"Policies": [policy(f"{OF_AWS}Attached", 1), policy(f"{OF_AWS}Boundary", 0)]},
    "iam.named-policies": get_policy,
}


def counts(client: AnsweringClient, **given: Any) -> dict[str, Any]:
    rows, _ = collected(client, {POLICY: {COUNT}}, **given)
    names = [row.fields["CA10__name__c"] for row in rows if row.type_name == POLICY]
    assert len(names) == len(set(names)), "each policy once"
    return {row.fields["CA10__name__c"]: row.fields[COUNT] for row in rows if row.type_name == POLICY}


def test_policies_of_aws_are_listed_if_they_are_attached_or_a_boundary() -> None:
    client = AnsweringClient(ANSWERS)
    assert {"own": 0, "Attached": 1, "Boundary": 0} == counts(client)
    assert "iam.named-policies" not in client.asked


def test_a_policy_of_aws_that_a_text_names_is_asked_for() -> None:
    texts = {f"{OF_AWS}Named", "arn:aws-cn:iam::aws:policy/Elsewhere", f"{OF_AWS}Withdrawn", "^arn:aws:iam::aws:policy/X$", "x"}
    assert {"own": 0, "Attached": 1, "Boundary": 0, "Named": 0} == counts(AnsweringClient(ANSWERS), texts=texts)


def test_a_policy_of_aws_that_was_in_use_is_asked_for_again() -> None:
    used = {POLICY: [f"{ACCOUNT}|{OF_AWS}Detached", f"{ACCOUNT}|{OF_AWS}Attached", f"444455556666|{OF_AWS}Other"]}
    client = AnsweringClient(ANSWERS)
    assert {"own": 0, "Attached": 1, "Boundary": 0, "Detached": 0} == counts(client, used=used)
    assert 2 == client.asked.count("iam.named-policies"), "the policy of another account is not asked for"


def test_listings_that_contradict_each_other_about_a_policy_are_both_kept() -> None:
    answers = {**ANSWERS, "iam.boundary-policies": {"Policies": [policy(f"{OF_AWS}Attached", 7)]}}
    rows, _ = collected(AnsweringClient(answers), {POLICY: {COUNT}})
    assert {1, 7} == {row.fields[COUNT] for row in rows if row.fields.get("CA10__name__c") == "Attached"}


@pytest.mark.parametrize("call", ["iam.policies", "iam.attached-policies", "iam.boundary-policies", "iam.named-policies"])
def test_policies_are_known_in_full_if_each_listing_is(call: str) -> None:
    named = {f"{OF_AWS}Named"}
    for answers in (ANSWERS, {**ANSWERS, call: "AccessDenied"}):
        _, found = collected(AnsweringClient(answers), {POLICY: {COUNT}}, texts=named)
        [claim] = [claim for source in found.sources for claim in source.coverage if claim.type_name == POLICY]
        permission = "iam:GetPolicy" if call == "iam.named-policies" else "iam:ListPolicies"
        lacking = None if answers is ANSWERS else f"denied {permission} (AccessDenied) in {ACCOUNT}"
        assert Claim(POLICY, Scope(ACCOUNT), lacking) == claim
