"""Documents of the library's test objects: those that show a condition carry the level that is worked out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from perpend.core.iam.levels import PolicyKind, extended_document
from perpend.core.iam.surroundings import Surroundings
from perpend.language.syntax.repository import LIBRARY

KNOWN = Surroundings(
    account="111122223333",
    organization="o-abcde12345",
    organization_accounts=frozenset({"111122223333"}),
    collected_accounts=frozenset({"111122223333", "222233334444"}),
)
OF_PRINCIPALS = {"any-organization": "ANONYMOUS_PRINCIPAL", "any-principal": "ANONYMOUS_PRINCIPAL"}
OF_SOURCES = {
    **dict.fromkeys(("any-topic", "any-bucket"), "ANONYMOUS_PRINCIPAL"),
    "named-bucket": "EXTERNAL_PRINCIPAL",
    "named-bucket-of-own-account": "SAME_ACCOUNT",
}
OF_SERVICES = {
    "service": "AWS_SERVICE",
    **dict.fromkeys(("service-on-behalf-of-anybody", "service-and-any-bucket"), "ANONYMOUS_PRINCIPAL"),
    **dict.fromkeys(("service-and-named-bucket", "service-on-behalf-of-another-account"), "EXTERNAL_PRINCIPAL"),
    "service-on-behalf-of-own-account": "SAME_ACCOUNT",
}
SHOWN = {
    "cloudtrail/trail-bucket-open-to-everybody": OF_PRINCIPALS | OF_SOURCES,
    "iam/role-trusts-everybody": OF_PRINCIPALS,
    **{f"s3/bucket-public-{way}-access": OF_PRINCIPALS | OF_SOURCES for way in ("read", "write")},
    **{
        f"{what}-policy-open-to-{whom}": OF_PRINCIPALS | OF_SOURCES | (OF_SERVICES if what == "lambda/function" else {})
        for whom in ("everybody", "foreign-accounts")
        for what in (
            "ecr/repository",
            "kms/key",
            "lambda/function",
            "opensearch/domain",
            "secretsmanager/secret",
            "sns/topic",
            "sqs/queue",
        )
    },
}
"""What the test objects of policies show of who gets in, and how wide that is."""


def extended_documents(fields: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in fields.items():
        if name.endswith("Ext__c"):
            yield name, json.loads(value)
        elif isinstance(value, dict):
            yield from extended_documents(value)


@pytest.mark.parametrize("policy", SHOWN)
def test_the_documents_of_test_objects_carry_the_levels_that_are_worked_out(policy: str) -> None:
    objects = json.loads((LIBRARY / "ce/ca/aws" / policy / "test-data.json").read_text("utf-8"))
    by_id = {each["Id"].removeprefix("policy-"): each for each in objects}
    levels, worked_out, expected = {}, [], []
    for name in SHOWN[policy]:
        ((field, document),) = extended_documents(by_id[name])
        kind = PolicyKind.TRUST if "assumeRole" in field else PolicyKind.RESOURCE
        levels[name] = document["Statement"][0]["AccessLevel"]
        worked_out.append(extended_document(document, kind, KNOWN))
        expected.append(document)
    assert (SHOWN[policy], expected) == (levels, worked_out)
