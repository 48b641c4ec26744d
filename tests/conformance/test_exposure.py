"""Facts of exposure: what the library calls public, privileged and full of data, and where people read of it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from perpend.language.syntax.repository import LIBRARY
from tests.repositories import analyzer_of, judged, policy_files, program_of

REFERENCE = Path(__file__).parents[2] / "docs/reference/object-types.md"
FILES = sorted(LIBRARY.glob("types/*/exposure.extracts.yaml"))
FACTS = {(path.parent.name, fact) for path in FILES for fact in re.findall(r"name: (perpend\w+)", path.read_text("utf-8"))}
BUCKET, TABLE = "CA10__CaAwsBucket__c", "CA10__CaAwsDynamoDbTable__c"
JUDGED_HERE = {(BUCKET, "perpendIsPublic"), (TABLE, "perpendHoldsData")}
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
OPEN = {"ignorePublicAcls": "No", "restrictPublicBuckets": "No"}


def policy(action: str) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*", "AccessLevel": "ANONYMOUS_PRINCIPAL"}
    return json.dumps({"Statement": [statement]})


def acl(permission: str) -> str:
    return json.dumps([{"grantee": {"uri": EVERYBODY}, "permission": permission}])


def bucket(account: Mapping[str, str] = OPEN, **fields: str) -> dict[str, Any]:
    """Return a bucket whose public access is not blocked and that nobody else gets at, but for the fields."""
    own = '[{"grantee": {"id": "a"}, "permission": "FULL_CONTROL"}]'
    known = {"objectOwnership": "ObjectWriter", "aclGrantsJson": own, "policyDocument": None, "policyDocumentExt": None}
    mine = {**OPEN, **known, **fields}
    owner = {"Id": "o", **{f"CA10__{name}__c": value for name, value in account.items()}}
    return {"CA10__account__c": "o", "CA10__account__r": owner, **{f"CA10__{name}__c": value for name, value in mine.items()}}


CASES = {
    "nobody else gets at the bucket": (BUCKET, bucket(), "COMPLIANT"),
    "policy lets everybody read": (
        BUCKET,
        bucket(policyDocument=policy("s3:GetObject"), policyDocumentExt=policy("s3:GetObject")),
        "INCOMPLIANT",
    ),
    "policy lets everybody write": (
        BUCKET,
        bucket(policyDocument=policy("s3:PutObject"), policyDocumentExt=policy("s3:PutObject")),
        "INCOMPLIANT",
    ),
    "a policy that is not there lets everybody read": (
        BUCKET,
        bucket(policyDocumentExt=policy("s3:GetObject")),
        "UNDETERMINED",
    ),
    "a policy that is not there lets everybody write": (
        BUCKET,
        bucket(policyDocumentExt=policy("s3:PutObject")),
        "UNDETERMINED",
    ),
    "list lets everybody read": (BUCKET, bucket(aclGrantsJson=acl("READ")), "INCOMPLIANT"),
    "list lets everybody write": (BUCKET, bucket(aclGrantsJson=acl("WRITE")), "INCOMPLIANT"),
    "the account restricts policies": (
        BUCKET,
        bucket({**OPEN, "restrictPublicBuckets": "Yes"}, policyDocumentExt=policy("s3:PutObject")),
        "COMPLIANT",
    ),
    "lists are ignored": (BUCKET, bucket(ignorePublicAcls="Yes", aclGrantsJson=acl("WRITE")), "COMPLIANT"),
    "whether access is blocked is not known": (BUCKET, bucket({"ignorePublicAcls": "No"}), "UNDETERMINED"),
    "whom the policy lets in is not known": (BUCKET, bucket(policyDocument="{}"), "UNDETERMINED"),
    "the list is odd": (BUCKET, bucket(aclGrantsJson="[{}]"), "UNDETERMINED"),
    "a table with an item": (TABLE, {"CA10__itemCount__c": 1}, "INCOMPLIANT"),
    "an empty table": (TABLE, {"CA10__itemCount__c": 0}, "COMPLIANT"),
    "a table that nobody counted": (TABLE, {"CA10__itemCount__c": None}, "UNDETERMINED"),
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return programs that end INCOMPLIANT where a fact is true, and COMPLIANT where it is false."""
    found = {}
    for kind, fact in sorted(JUDGED_HERE):
        root = tmp_path_factory.mktemp("facts")
        for name in (kind, "CA10__CaAwsAccount__c"):
            shutil.copytree(LIBRARY / "types" / name, root / "types" / name)
        said = {"currentStateMessage": "So it is.", "remediationMessage": "Mend it.", "check": {"EXTRACT": fact}}
        logic = {
            "inputType": kind,
            "importExtracts": [{"file": f"/types/{kind}/exposure.extracts.yaml"}],
            "conditions": [{"status": "INCOMPLIANT", **said}],
            "otherwise": {"status": "COMPLIANT", "currentStateMessage": "It is not."},
        }
        found[kind] = program_of(analyzer_of(root, policy_files(logic)))
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_fact_is_true_or_false_or_not_known_and_then_a_command_would_tell(programs: dict[str, Any], case: str) -> None:
    kind, fields, status = CASES[case]
    ended = judged(programs[kind], {"Id": "it", **fields})
    assert (status, None) == (ended.status, ended.error)
    assert ("UNDETERMINED" == status) == ("`aws " in ended.message)


def test_each_fact_is_judged_by_and_listed_where_people_look_for_it() -> None:
    assert {"perpendIsPublic", "perpendIsPrivileged", "perpendHoldsData"} == {fact for _, fact in FACTS}
    logics = [
        text for path in LIBRARY.glob("ce/**/prod.logic.yaml") if "exposure.extracts" in (text := path.read_text("utf-8"))
    ]
    imported = {
        (kind, fact)
        for text in logics
        for kind in re.findall(r"/types/(\w+)/exposure\.extracts\.yaml", text)
        for fact in re.findall(r"EXTRACT: (perpend\w+)", text)
    }
    assert FACTS == imported | JUDGED_HERE
    section = REFERENCE.read_text("utf-8").split("## Facts of exposure")[1].split("\n## ")[0]
    listed = {
        (kind, part.split("`")[0])
        for part in section.split("### Types without facts")[0].split("\n`")[1:]
        for kind in re.findall(r"`(CA10\w+__c)`", part)
    }
    assert FACTS == listed
