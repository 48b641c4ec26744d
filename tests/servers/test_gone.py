"""What is gone: only what a later complete listing lacks. Neither what two answers of one collection contradict each other about,
nor what was seen in a region that is closed now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

from perpend.collectors.aws import responses as answers
from tests.servers.answers import REGIONS
from tests.servers.planted.account import Account
from tests.servers.planted.rounds import Rounds, account, command
from tests.servers.planted.tables import FAULTS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shared_database")]

LIBRARY = "/ce/ca/aws/"
NOT_FOUND = {
    "kms/symmetric-cmk-rotation": ("GetKeyRotationStatus", "NotFoundException", "kms:GetKeyRotationStatus"),
    "dynamodb/table-point-in-time-recovery": (
        "DescribeContinuousBackups",
        "TableNotFoundException",
        "dynamodb:DescribeContinuousBackups",
    ),
    "s3/bucket-versioning": ("GetBucketVersioning", "NoSuchBucket", "s3:GetBucketVersioning"),
}
"""Policies, each with a call that it reads, the code by which this call does not find an object, and its permission."""

STAGES = "apigateway/stage-tracing"


DELETED = {
    "dynamodb/table-point-in-time-recovery": ("dynamodb", "delete_table", "TableName"),
    "s3/bucket-versioning": ("s3", "delete_bucket", "Bucket"),
}
"""What deletes the things of policies: a call, and what it calls a thing. A key of KMS goes a week later at the earliest."""


@pytest.fixture(scope="module")
def rounds(moto_address: str) -> Iterator[Rounds]:
    named = [FAULTS[LIBRARY + name] for name in (*NOT_FOUND, STAGES)]
    with account(moto_address, named) as made:
        made.plant()
        yield made


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, rounds: Rounds) -> None:
    monkeypatch.setattr(answers, "PAUSE", 0.0)
    rounds.proxy.answers, rounds.proxy.asked = {}, []


class Story:
    """A policy over a store: what collections say, the verdict on a thing after each, planted unless named, and its finding's life."""

    def __init__(self, rounds: Rounds, policy: str, store: Path, thing: str = "") -> None:
        self._rounds, self._store = rounds, store
        self.policy = LIBRARY + policy
        self.thing = thing or rounds.planted[self.policy]

    def collected(self, *options: str, **answers: str) -> Any:
        """Collect, where the server answers some operations so, and judge."""
        self._rounds.proxy.answers, self._rounds.proxy.asked = answers, []
        ended = self._rounds.collect(self._store, "--policy", self.policy, *options)
        command("check", "--store", self._store, "--policy", self.policy)
        return ended

    @property
    def verdict(self) -> dict[str, Any]:
        return self._rounds.evaluate(self._store, "--policy", self.policy).get((self.policy, self.thing), {})

    @property
    def status(self) -> str:
        return str(self.verdict.get("status"))

    @property
    def life(self) -> str:
        query = f"SELECT life FROM finding WHERE object_id = '{self.thing}'"
        return command("inventory", "sql", query, "--store", self._store, "--format", "csv").out.split()[-1]


@pytest.mark.parametrize("policy", NOT_FOUND)
def test_what_is_listed_and_not_found_is_not_known_and_not_gone(rounds: Rounds, tmp_path: Path, policy: str) -> None:
    operation, code, permission = NOT_FOUND[policy]
    story = Story(rounds, policy, tmp_path / "store")
    assert (0, "INCOMPLIANT", "open") == (story.collected().code, story.status, story.life)
    ended = story.collected(**{operation: code})
    assert (3, "UNDETERMINED", "unconfirmed") == (ended.code, story.status, story.life)
    assert f"listed and not found: {permission} ({code}) in " in ended.err
    assert "disappeared" not in ended.out


@pytest.mark.parametrize("policy", NOT_FOUND)
def test_it_is_asked_once_more(rounds: Rounds, tmp_path: Path, policy: str) -> None:
    operation, code, _ = NOT_FOUND[policy]
    story = Story(rounds, policy, tmp_path / "store")
    ended = story.collected(**{operation: f"once {code}"})
    assert (0, "INCOMPLIANT", "open") == (ended.code, story.status, story.life)
    asked = rounds.proxy.asked.count(operation)
    story.collected()
    assert asked == rounds.proxy.asked.count(operation) + 1


def test_what_a_listing_within_a_listed_item_does_not_find_is_not_gone(rounds: Rounds, tmp_path: Path) -> None:
    story = Story(rounds, STAGES, tmp_path / "store")
    assert (0, "INCOMPLIANT", "open") == (story.collected().code, story.status, story.life)
    ended = story.collected(GetStages="NotFoundException")
    assert (3, "INCOMPLIANT", "open") == (ended.code, story.status, story.life)
    assert "not listed this time, unchanged in the store: " in ended.out
    assert "listed and not found: apigateway:GET (NotFoundException) in " in ended.err


@pytest.mark.parametrize("policy", DELETED)
def test_gone_is_what_a_later_complete_listing_lacks(rounds: Rounds, tmp_path: Path, policy: str) -> None:
    operation, code, _ = NOT_FOUND[policy]
    story = Story(rounds, policy, tmp_path / "store")
    story.collected()
    story.collected(**{operation: code})
    service, delete, called = DELETED[policy]
    getattr(rounds.aws.client(service), delete)(**{called: story.thing.rpartition("/")[2].rpartition(":")[2]})
    ended = story.collected()
    assert (0, "DISAPPEARED", "resource_deleted") == (ended.code, story.status, story.life)


FAR, TABLE = "af-south-1", "dynamodb/table-point-in-time-recovery"


def table(aws: Account, region: str = FAR) -> str:
    """A table that no backup is made of."""
    key = {"AttributeName": "id", "KeyType": "HASH"}
    kind = {"AttributeName": "id", "AttributeType": "S"}
    aws.client("dynamodb", region).create_table(
        TableName="far", KeySchema=[key], AttributeDefinitions=[kind], BillingMode="PAY_PER_REQUEST"
    )
    return f"arn:aws:dynamodb:{region}:123456789012:table/far"


def group(aws: Account) -> str:
    """A security group that lets everybody in."""
    ec2 = aws.client("ec2", FAR)
    network = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    name = ec2.create_security_group(GroupName="far", Description="far", VpcId=network)["GroupId"]
    allowed = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=name, IpPermissions=[allowed])
    return f"arn:aws:ec2:{FAR}:123456789012:security-group/{name}"


def trail(aws: Account) -> str:
    """A trail of one region that is not encrypted."""
    aws.client("s3").create_bucket(Bucket="far-trail")
    made = aws.client("cloudtrail", FAR).create_trail(Name="far", S3BucketName="far-trail", IsMultiRegionTrail=False)
    return f"123456789012|{made['TrailARN']}"


IN_A_REGION = {
    TABLE: table,
    "ec2/security-group-unrestricted-inbound-common-ports": group,
    "cloudtrail/encryption-with-kms-cmk": trail,  # its type has no field of a region
}


@pytest.fixture(scope="module")
def far(rounds: Rounds) -> dict[str, str]:
    """Return the things that stand in a region which may be closed, by policy."""
    return {policy: rounds.aws.there(thing) for policy, thing in IN_A_REGION.items()}


@pytest.mark.parametrize("policy", IN_A_REGION)
def test_what_was_seen_in_a_region_that_is_closed_stays_as_it_was(
    rounds: Rounds, far: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    story = Story(rounds, policy, tmp_path / "store", far[policy])
    monkeypatch.setitem(REGIONS, FAR, "opted-in")
    assert (0, "INCOMPLIANT", "open") == (story.collected().code, story.status, story.life)
    seen = story.verdict["object"]["observedAt"]
    monkeypatch.setitem(REGIONS, FAR, "not-opted-in")
    # Which rules a group has now is not known, while all that the other policies read stands in the object.
    expected = ("UNDETERMINED", "unconfirmed") if IN_A_REGION[policy] is group else ("INCOMPLIANT", "open")
    for _ in range(2):
        ended = story.collected()
        assert (3, *expected) == (ended.code, story.status, story.life)
        assert seen == story.verdict["object"]["observedAt"]
        assert f"region closed: {FAR} of 123456789012, with " in ended.err
        assert "disappeared" not in ended.out
    monkeypatch.setitem(REGIONS, FAR, "opted-in")
    assert (0, "INCOMPLIANT", "open") == (story.collected().code, story.status, story.life)
    assert seen < story.verdict["object"]["observedAt"]


def test_lists_of_its_account_are_not_known_unless_somebody_declares_it_empty(
    rounds: Rounds, far: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(rounds, "account/security-hub", tmp_path / "store", "123456789012")
    tables = Story(rounds, "dynamodb/table-point-in-time-recovery", tmp_path / "store", far[TABLE])
    monkeypatch.setitem(REGIONS, FAR, "opted-in")
    tables.collected()
    monkeypatch.setitem(REGIONS, FAR, "not-opted-in")
    ended = story.collected()
    assert (3, "UNDETERMINED") == (ended.code, story.status)
    assert f"region closed for securityhub:DescribeHub in 123456789012/{FAR}" in str(story.verdict)
    assert f"region closed: {FAR} of 123456789012, with 1 known object that cannot be read any more" in ended.err
    assert f"--closed-region {FAR}" in ended.err
    ended = story.collected("--closed-region", FAR)
    assert (0, "INCOMPLIANT") == (ended.code, story.status)
    rounds.aws.client("securityhub", "us-east-1").enable_security_hub()
    assert (3, "COMPLIANT") == (story.collected().code, story.status), "a known hub answers"
    assert (0, "INCOMPLIANT", "open") == (tables.collected("--closed-region", "af-*").code, tables.status, tables.life)


def test_a_region_that_is_closed_holds_nothing_where_all_that_was_seen_had_gone(
    rounds: Rounds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare = "me-south-1"
    monkeypatch.setitem(REGIONS, spare, "opted-in")
    story = Story(rounds, TABLE, tmp_path / "store", table(rounds.aws, spare))
    assert (0, "INCOMPLIANT", "open") == (story.collected().code, story.status, story.life)
    rounds.aws.client("dynamodb", spare).delete_table(TableName="far")
    story.collected()
    monkeypatch.setitem(REGIONS, spare, "not-opted-in")
    ended = story.collected()
    assert (0, "", "DISAPPEARED", "resource_deleted") == (ended.code, ended.err, story.status, story.life)
