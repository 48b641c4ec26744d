"""Keys in two spellings: of two that are one but for upper and lower case nobody can say which counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.inventory import CloudObject
from perpend.core.values.partial_object import reason_of
from perpend.inventory.readers import UnusableInput, collect_files
from tests.formats import ADMIN, ANN, BOB, config_item
from tests.unit.inventory.readers.reports import USER, write

BAD: dict[str, tuple[Any, str]] = {
    "types": (
        {"configurationItems": [config_item("AWS::IAM::User", ANN, {}, ResourceType="AWS::IAM::Role")]},
        "item 1 has the key `resourcetype` in two spellings",
    ),
    "items": ({"configurationItems": [], "ConfigurationItems": []}, "`configurationItems` appears in two spellings"),
    "policies": ({"UserDetailList": [], "policies": []}, "`Policies` appears in another spelling"),
    "ARNs": (
        {"UserDetailList": [{"Arn": ANN, "ARN": BOB}]},
        "entry 1 of `UserDetailList` cannot be used: its `Arn` appears in two spellings",
    ),
}


def user_of(directory: Path, configuration: dict[str, Any]) -> CloudObject:
    items = [config_item("AWS::IAM::User", ANN, {"userName": "ann", **configuration})]
    (found,) = collect_files(write(directory, json.dumps({"configurationItems": items}))).inventory.objects[USER]
    return found


@pytest.mark.parametrize("case", BAD)
def test_what_tells_what_an_object_is_cannot_stand_there_in_two_spellings(tmp_path: Path, case: str) -> None:
    content, reason = BAD[case]
    with pytest.raises(UnusableInput) as raised:
        collect_files(write(tmp_path, json.dumps(content)))
    assert reason in str(raised.value)


def test_what_stands_there_in_two_spellings_is_not_known(tmp_path: Path) -> None:
    attached = {"attachedManagedPolicies": [], "AttachedManagedPolicies": [{"PolicyArn": ADMIN}]}
    fields = user_of(tmp_path, {**attached, "USERNAME": "bob", "userPolicyList": []}).fields
    twice = "is not known: `configuration.userName` appears in two spellings"
    assert {"CA10__userPolicies__r"} == {"CA10__AWS_IAM_Policy_User_Links__r", "CA10__userPolicies__r"} & fields.keys()
    assert twice == reason_of(fields, "CA10__userName__c")


def test_of_an_inline_policy_what_stands_there_in_two_spellings_is_not_known(tmp_path: Path) -> None:
    inline = {"policyName": "p", "policyDocument": {"Statement": []}}
    for odd, is_listed, is_known in (
        ({}, True, True),
        ({"PolicyName": "q"}, False, False),
        ({"POLICYDOCUMENT": {"Statement": [{}]}}, True, False),
    ):
        listed = user_of(tmp_path, {"userPolicyList": [inline | odd]}).fields.get("CA10__userPolicies__r")
        assert (is_listed, is_known) == (listed is not None, any("CA10__policyDocument__c" in one for one in listed or ()))
