"""Names of an object go into the places of a remedy, all of them or none."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.values.partial_object import PartialObject
from perpend.findings.remediation.fill import NotFilled, fill
from perpend.findings.remediation.model import Look, Remedy, RemedyStep, RemedyValue, Settings
from perpend.findings.remediation.name_kinds import NAME_KINDS

REMEDY = Remedy(
    (
        RemedyValue("bucket", "name__c", NAME_KINDS["s3-bucket"]),
        RemedyValue("account", "account__r.number__c", NAME_KINDS["aws-account"]),
    ),
    (Look("Who reads <it>?"), Look("Look.", ("aws", "s3api", "head-bucket", "--bucket", "<bucket>"))),
    (RemedyStep("Do.", ("aws", "s3api", "do", "Bucket=<bucket>,Owner=<account>"), ("aws", "s3api", "undo", "<bucket>")),),
    (Settings("aws_s3_bucket", {"bucket": "<bucket>", "block.on": True, "days": 7}),),
)
KNOWN = {"name__c": "reports", "account__r": {"number__c": "111122223333"}}


def test_names_stand_in_their_places() -> None:
    assert Remedy(
        (),
        (Look("Who reads <it>?"), Look("Look.", ("aws", "s3api", "head-bucket", "--bucket", "reports"))),
        (RemedyStep("Do.", ("aws", "s3api", "do", "Bucket=reports,Owner=111122223333"), ("aws", "s3api", "undo", "reports")),),
        (Settings("aws_s3_bucket", {"bucket": "reports", "block.on": True, "days": 7}),),
    ) == fill(REMEDY, KNOWN)


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        (
            {},
            (
                "name__c is missing from the data: it was not collected",
                "account__r.number__c is missing from the data: it was not collected",
            ),
        ),
        ({**KNOWN, "name__c": None}, ("name__c is empty",)),
        ({**KNOWN, "account__r": None}, ("account__r.number__c is not there: account__r leads nowhere",)),
        ({**KNOWN, "account__r": {}}, ("account__r.number__c is missing from the data: it was not collected",)),
        ({**KNOWN, "name__c": "a b"}, ("name__c holds a text that does not fit: `a b` is no name of a bucket",)),
        (PartialObject({"account__r": KNOWN["account__r"]}, {"name__c": "was denied"}), ("name__c was denied",)),
        (
            PartialObject(KNOWN, {}, "two sources say two things"),
            ("nothing is known for sure of the object: two sources say two things",),
        ),
    ],
)
def test_one_name_that_is_not_known_keeps_all_commands_back(fields: Any, reasons: tuple[str, ...]) -> None:
    with pytest.raises(NotFilled) as refused:
        fill(REMEDY, fields)
    assert reasons == refused.value.reasons
