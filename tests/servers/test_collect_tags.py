"""Tags as moto shows them: of listings and of the tagging call, and unknown where that call is denied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

from perpend.collectors.aws.catalog import TYPES
from perpend.collectors.aws.client import CloudClient
from perpend.core.values.tags import TAGS_FIELD
from tests.servers.aws import Proxy
from tests.servers.gathered import gathered
from tests.servers.sessions import session_of

REGION = "eu-west-1"
TAGS = {"team": "payments", "Cost-Center": "7"}
PAIRS = [{"Key": key, "Value": value} for key, value in TAGS.items()]


@pytest.fixture(scope="module")
def proxy(moto_address: str) -> Iterator[Proxy]:
    make(moto_address)
    found = Proxy(moto_address)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "none", "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def make(url: str) -> None:
    session = session_of("id", "none")

    def client(service: str) -> Any:
        return session.create_client(service, region_name=REGION, endpoint_url=url)

    ec2, keys, iam, topics, tables = client("ec2"), client("kms"), client("iam"), client("sns"), client("dynamodb")
    ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": PAIRS}])
    ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=2)
    keys.create_key(Tags=[{"TagKey": key, "TagValue": value} for key, value in TAGS.items()])
    keys.create_key()
    topics.create_topic(Name="tagged", Tags=PAIRS)
    topics.create_topic(Name="plain")
    client("sqs").create_queue(QueueName="tagged", tags=TAGS)
    client("sqs").create_queue(QueueName="plain")
    for name, tags in (("tagged", PAIRS), ("plain", [])):
        attribute = {"AttributeName": "id", "AttributeType": "S"}
        schema = {"AttributeName": "id", "KeyType": "HASH"}
        tables.create_table(
            TableName=name,
            AttributeDefinitions=[attribute],
            KeySchema=[schema],
            BillingMode="PAY_PER_REQUEST",
            **({"Tags": tags} if tags else {}),
        )
        iam.create_user(UserName=name, Tags=tags)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Tags=tags)
    for name in ("tagged", "plain"):
        buckets = client("s3")
        buckets.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    buckets.put_bucket_tagging(Bucket="tagged", Tagging={"TagSet": PAIRS})


WANTED = {
    name: [*TYPES[name].fields]
    for name in (
        "CA10__CaAwsBucket__c",
        "CA10__CaAwsDynamoDbTable__c",
        "CA10__CaAwsKmsKey__c",
        "CA10__CaAwsRole__c",
        "CA10__CaAwsSnsTopic__c",
        "CA10__CaAwsSqsQueue__c",
        "CA10__CaAwsUser__c",
        "CA10__CaAwsUserPolicy__c",
        "CA10__CaAwsVolume__c",
    )
}
LISTED = {"CA10__CaAwsRole__c", "CA10__CaAwsUser__c", "CA10__CaAwsVolume__c"}


def rows_of(proxy: Proxy) -> tuple[dict[str, list[tuple[Any, str | None]]], set[str]]:
    proxy.mended = {"ListBuckets": (b"</Name>", f"</Name><BucketRegion>{REGION}</BucketRegion>".encode())}  # as AWS answers
    client = CloudClient(endpoint_url=proxy.url, region=REGION)
    rows, collection = gathered(client, WANTED, [REGION])
    client.close()
    found: dict[str, list[tuple[Any, str | None]]] = {}
    for row in rows:
        if row.type_name in WANTED and not str(row.fields["Id"]).endswith(":root"):
            found.setdefault(row.type_name, []).append((row.fields.get(TAGS_FIELD), row.reasons.get(TAGS_FIELD)))
    return found, {str(one) for one in collection.unread if one.service == "resourcegroupstaggingapi"}


def test_each_object_has_its_tags_or_none(proxy: Proxy) -> None:
    proxy.answers, proxy.asked = {}, []
    found, unread = rows_of(proxy)
    assert not unread and found.keys() == WANTED.keys() - {"CA10__CaAwsUserPolicy__c"}
    for type_name, tags in found.items():
        known = [json.loads(text) for text, reason in tags if reason is None]
        assert [{}, TAGS] == sorted(known, key=len), type_name
    assert 1 == proxy.asked.count("GetResources")


def test_tags_that_may_not_be_read_are_unknown(proxy: Proxy) -> None:
    proxy.answers = {"GetResources": "AccessDeniedException"}
    found, unread = rows_of(proxy)
    assert any("denied tag:GetResources" in one for one in unread)
    for type_name, tags in found.items():
        unknown = [reason for text, reason in tags if text is None]
        expected = [] if type_name in LISTED else ["denied tag:GetResources"] * 2
        assert len(expected) == len(unknown), type_name
        assert all(reason is not None and "denied tag:GetResources" in reason for reason in unknown), type_name
