"""Conditions in words: what each leaves of those who ask, or why it narrows nobody. What they decide stands in ``spec/``."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.iam.levels import PolicyKind, access_of_statements
from tests.unit.core.iam.vectors import KNOWN, document

ACCOUNT = {"aws:PrincipalAccount": "111122223333"}
OF_BOTH = "leaves principals of the own account or services of AWS on behalf of the own account"
OF_NAMED = "leaves services of AWS that are named, or for things that are named, of whatever account"
OF_NETWORK = "leaves requests from a named network or access point, by any principal"
OF_TEXTS = (
    "aws:PrincipalServiceName",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:PrincipalTag/a",
)


def sentences(condition: dict[str, Any]) -> list[str]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    named, *told, _ = access_of_statements(document(statement), PolicyKind.RESOURCE, KNOWN)[0].because
    assert named == "names everybody"
    return told


@pytest.mark.parametrize(
    ("operator", "keys", "words"),
    [
        ("StringNotEquals", ACCOUNT, "leaves everybody else"),
        ("NumericLessThan", {"s3:max-keys": "10"}, "says nothing of who asks"),
        ("StringEquals", {"s3:x-amz-acl": "private"}, "says nothing of who asks"),
        ("Null", {"s3:x-amz-acl": "false"}, "says nothing of who asks"),
        ("StringEqualsIfExists", ACCOUNT, "lets requests without the key pass"),
        ("ForAllValues:StringEquals", ACCOUNT, "lets requests without the key pass"),
        ("StringEquals", {"aws:PrincipalAccount": []}, "has no fixed value"),
        ("StringLike", {"aws:PrincipalArn": "${aws:ResourceArn}"}, "has no fixed value"),
        ("StringEquals", {"aws:PrincipalOrgID": "o-*"}, "has a wildcard, which is no fixed value here"),
        ("StringEquals", {"aws:PrincipalAccount": "nobody"}, "has a value that fixes nobody"),
        ("StringEquals", ACCOUNT, "leaves principals of the own account"),
        ("Null", {"aws:PrincipalTag/team": "false"}, "leaves principals of any account"),
        ("Null", {"aws:SourceArn": "false"}, "leaves services of AWS on behalf of anybody"),
        ("ArnLike", {"aws:SourceArn": "arn:aws:sns:*:*:*"}, "leaves services of AWS on behalf of anybody"),
        ("ArnLike", {"aws:SourceArn": "arn:aws:s3:::reports"}, OF_NAMED),
        ("ArnLike", {"aws:SourceArn": "arn:aws:s3:::reports*"}, "leaves services of AWS on behalf of anybody"),
        ("StringLike", {"aws:PrincipalServiceName": "sns.amazonaws.com"}, OF_NAMED),
        ("StringLike", {"aws:userid": "AROASOMEBODYELSE00001:*"}, "leaves principals that are named, of whatever account"),
        ("StringLike", {"aws:userid": "AROA*:ci"}, "leaves principals of any account"),
        ("StringEquals", {"aws:SourceOwner": "111122223333"}, OF_BOTH),
        ("StringEquals", {"aws:SourceOwner": "nobody"}, "has a value that fixes nobody"),
        ("Bool", {"aws:MultiFactorAuthPresent": "true"}, "leaves principals of any account"),
        ("Bool", {"aws:MultiFactorAuthPresent": True}, "leaves principals of any account"),
        ("Bool", {"aws:MultiFactorAuthPresent": False}, "has a value that fixes nobody"),
        ("Bool", {"aws:MultiFactorAuthPresent": "false"}, "has a value that fixes nobody"),
        ("IpAddress", {"aws:SourceIp": "198.51.100.7/24"}, OF_NETWORK),
        ("IpAddress", {"aws:SourceIp": "2001:db8::/32"}, OF_NETWORK),
        ("IpAddress", {"aws:SourceIp": "198.51.100.0/255.255.255.0"}, "has a value that fixes nobody"),
        ("IpAddress", {"aws:SourceIp": "198.51.100.0/\N{ARABIC-INDIC DIGIT TWO}4"}, "has a value that fixes nobody"),
        ("IpAddress", {"aws:SourceIp": "::ffff:0:0/96"}, "has a value that fixes nobody"),
        ("StringLike", {"s3:DataAccessPointAccount": "111122223333"}, OF_NETWORK),
        ("StringLike", {"s3:DataAccessPointAccount": "1111*"}, "has a value that fixes nobody"),
        ("ArnLike", {"s3:DataAccessPointArn": "arn:*:s3:*:111122223333:*"}, OF_NETWORK),
        ("StringLike", {"s3:DataAccessPointArn": "arn:*:s3:*:111122223333:*"}, "has a value that fixes nobody"),
        ("StringLike", {"s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:111122223333*"}, OF_NETWORK),
        ("ArnLike", {"s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:111122223333*"}, "has a value that fixes nobody"),
        ("IpAddress", {"s3:DataAccessPointAccount": "111122223333"}, "has a value that fixes nobody"),
        ("IpAddress", {"s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:111122223333:x"}, "has a value that fixes nobody"),
        *(("IpAddress", {key: "198.51.100.7"}, "has a value that fixes nobody") for key in OF_TEXTS),
    ],
)
def test_what_a_condition_leaves_or_why_it_leaves_all(operator: str, keys: dict[str, Any], words: str) -> None:
    assert [f"`{operator} {next(iter(keys))}` {words}"] == sentences({operator: keys})


def test_a_key_that_must_be_there_makes_a_condition_count() -> None:
    told = sentences({"StringEqualsIfExists": ACCOUNT, "Null": {"aws:PrincipalAccount": "false"}})
    assert "`StringEqualsIfExists aws:PrincipalAccount` leaves principals of the own account" == told[0]
