"""A simulated cloud: what it denies is as unknown as what AWS denies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perpend.collectors.aws.cloud import CLOUD
from perpend.collectors.aws.simulation import IncompleteObject, SimulatedAws
from perpend.collectors.protocol import CannotPush, CollectedRow, CollectOptions
from perpend.collectors.runs.checkpoint import Checkpoint
from perpend.collectors.simulated import SimulatedAccount, SimulatedEstate, SimulatedObject
from perpend.core.objects.claims import Claim, FailedCall, Scope

AT = datetime(2026, 11, 30, tzinfo=UTC)
NUMBER, HERE, THERE = "111122220101", "eu-central-1", "eu-west-1"
KEY, BUCKET = "CA10__CaAwsKmsKey__c", "CA10__CaAwsBucket__c"
POLICY = "CA10__CaAwsIamPolicy__c"
PLAN = CLOUD.plan(
    {POLICY: ["CA10__arn__c"], KEY: ["CA10__rotationEnabled__c", "CA10__state__c"], BUCKET: ["CA10__policyDocumentExt__c"]}
)


def key(region: str, **more: Any) -> SimulatedObject:
    arn = f"arn:aws:kms:{region}:{NUMBER}:key/1"
    stated = {"keyId": "1", "arn": arn, "state": "Enabled", "keySpec": "SYMMETRIC_DEFAULT", "keyManager": "CUSTOMER"}
    stated |= {"keyUsage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS", "multiRegion": False, "rotationEnabled": True}
    stated |= {"policyDocument": "{}", **more}
    return SimulatedObject(KEY, arn, {f"CA10__{name}__c": value for name, value in stated.items()}, region)


def bucket(document: str | None) -> SimulatedObject:
    stated = {"regionName": HERE, "name": "b", "arn": "arn:aws:s3:::b", "policyDocument": document}
    return SimulatedObject(BUCKET, "arn:aws:s3:::b", {f"CA10__{name}__c": value for name, value in stated.items()}, HERE)


def collected(
    directory: Path, *objects: SimulatedObject, denied: tuple[tuple[str, str], ...] = ()
) -> tuple[list[CollectedRow], list[FailedCall], list[Claim]]:
    """Return rows, causes and claims of a collection from one invented account."""
    account = SimulatedAccount(NUMBER, "One", (HERE, THERE), objects, frozenset(denied))
    api, checkpoint = SimulatedAws(SimulatedEstate(AT, "o-1", (account,))), Checkpoint(directory / "c", "plan")
    api.collect(PLAN, [account], checkpoint, CollectOptions())
    rows = [*checkpoint.rows(NUMBER, PLAN.all_listings)]
    known = CLOUD.completeness(PLAN, [*checkpoint.entries.values()], checkpoint.results, checkpoint.parts)
    checkpoint.close()
    return rows, [*known.unread], [claim for source in known.sources for claim in source.coverage]


def test_objects_are_collected_in_their_regions_and_listings_are_complete(tmp_path: Path) -> None:
    rows, unread, claims = collected(tmp_path, key(HERE), key(THERE))
    keys = [row for row in rows if row.type_name == KEY]
    assert [HERE, THERE] == [row.fields["CA10__regionName__c"] for row in keys]
    assert [True, True] == [row.fields["CA10__rotationEnabled__c"] for row in keys]
    assert ([], {Claim(name, Scope(NUMBER)) for name in (KEY, BUCKET, POLICY)}) == (unread, {*claims})


def test_a_denied_detail_leaves_a_reason_and_a_cause_with_the_number_of_objects(tmp_path: Path) -> None:
    rows, unread, claims = collected(tmp_path, key(HERE), key(THERE), denied=(("kms:GetKeyRotationStatus", HERE),))
    here, there = (row for row in rows if row.type_name == KEY)
    reason = f"was not read: denied kms:GetKeyRotationStatus (AccessDenied) in {NUMBER}/{HERE}"
    assert {"CA10__rotationEnabled__c": reason} == here.reasons and "CA10__rotationEnabled__c" not in here.fields
    assert not there.reasons and there.fields["CA10__rotationEnabled__c"] is True
    assert [("kms:GetKeyRotationStatus", HERE, 1)] == [(cause.label, cause.region, cause.objects) for cause in unread]
    assert Claim(KEY, Scope(NUMBER)) in claims


def test_a_denied_listing_claims_nothing_of_its_region(tmp_path: Path) -> None:
    rows, unread, claims = collected(tmp_path, key(HERE), key(THERE), denied=(("kms:ListKeys", HERE),))
    why = f"denied kms:ListKeys (AccessDenied) in {NUMBER}/{HERE}"
    assert [THERE] == [row.fields["CA10__regionName__c"] for row in rows if row.type_name == KEY]
    assert [why] == [*map(str, unread)]
    assert {Claim(KEY, Scope(NUMBER, HERE), why), Claim(KEY, Scope(NUMBER, THERE))} == {
        one for one in claims if one.type_name == KEY
    }


def test_a_region_may_deny_everything(tmp_path: Path) -> None:
    rows, unread, _ = collected(tmp_path, key(HERE), key(THERE), denied=(("*", HERE),))
    assert [THERE] == [row.fields["CA10__regionName__c"] for row in rows if row.type_name == KEY]
    assert {HERE} == {cause.region for cause in unread}


def test_an_object_of_a_type_with_several_listings_is_shown_once(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{NUMBER}:policy/p"
    stated = {"name": "p", "arn": arn, "policyType": "Customer managed", "attachable": True, "attachmentCount": 1}
    policy = SimulatedObject(POLICY, f"{NUMBER}|{arn}", {f"CA10__{name}__c": value for name, value in stated.items()})
    rows, _, _ = collected(tmp_path, policy)
    assert [arn] == [row.fields["CA10__arn__c"] for row in rows if row.type_name == POLICY]


def test_access_levels_of_a_document_are_those_of_the_organization(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Action": "*", "Resource": "*"}
    rows, _, _ = collected(tmp_path, bucket(json.dumps({"Version": "2012-10-17", "Statement": [statement]})))
    (document,) = (json.loads(row.fields["CA10__policyDocumentExt__c"]) for row in rows if row.type_name == BUCKET)
    assert "EXTERNAL_PRINCIPAL" == document["Statement"][0]["AccessLevel"]


def test_an_object_without_a_field_that_aws_always_gives_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IncompleteObject, match="has no CA10__arn__c"):
        collected(tmp_path, key(HERE)._replace(fields={"CA10__keyId__c": "1"}))


def test_a_simulated_cloud_takes_no_findings() -> None:
    with pytest.raises(CannotPush):
        SimulatedAws(SimulatedEstate(AT, "o-1", ())).findings_service(None, None, HERE)
