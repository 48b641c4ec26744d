"""Documents with levels, and the reason where who can use a statement hangs on what the organization did not say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perpend.collectors.aws.policy_access_levels import MEMBERS, ORGANIZATION, extended
from perpend.collectors.items import ABOVE, NotThere

OWN, SISTER, OTHER = "111122223333", "222233334444", "999988887777"
ALONE = {ORGANIZATION: {"Organization": {"Id": "none"}}}
MEMBER = {ORGANIZATION: {"Organization": {"Id": "o-own0000001"}}}
MANAGEMENT = {**MEMBER, MEMBERS: {"Accounts": [{"Id": OWN}, {"Id": SISTER}]}}


def document(principal: Any, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def level(principal: Any, facts: dict[str, Any], **more: Any) -> str:
    found = json.loads(extended("extended_resource", document(principal, **more), facts, OWN))
    return str(found["Statement"][0]["AccessLevel"])


def test_levels_follow_what_is_known_of_the_organization() -> None:
    assert "EXTERNAL_PRINCIPAL" == level({"AWS": OTHER}, ALONE)
    assert ("SAME_ORG", "EXTERNAL_PRINCIPAL") == (level({"AWS": SISTER}, MANAGEMENT), level({"AWS": OTHER}, MANAGEMENT))
    of_organization = {"StringEquals": {"aws:PrincipalOrgID": "o-own0000001"}}
    assert "SAME_ORG" == level("*", MANAGEMENT, Condition=of_organization)
    assert "SAME_ACCOUNT" == level({"AWS": OWN}, {ABOVE: {}})
    assert "EXTERNAL_PRINCIPAL" == level({"AWS": OTHER}, {"Policy": "", ABOVE: ALONE})


def test_what_hangs_on_the_organization_names_the_call() -> None:
    for facts in ({}, MEMBER):
        with pytest.raises(NotThere, match="organizations:ListAccounts"):
            level({"AWS": OTHER}, facts)
    with pytest.raises(NotThere, match="organizations:DescribeOrganization"):
        level("*", {}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-own0000001"}})


@pytest.mark.parametrize("text", ["{", "{}", '{"Statement": [{"Effect": "Allow"}]}'])
def test_a_document_that_is_not_understood_has_no_levels(text: str) -> None:
    with pytest.raises(NotThere):
        extended("extended_resource", text, ALONE, OWN)
