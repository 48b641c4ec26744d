"""Listings that end with an error after some items, and Ids that several regions show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.collector import _batches
from perpend.collectors.aws.error_classification import FailureKind, unread
from perpend.collectors.aws.parse import CloudPlace
from perpend.collectors.aws.responses import NotListed
from tests.unit.collectors.aws.answering import ACCOUNT, AnsweringClient, collected

IMAGE, SNAPSHOT = "CA10__CaAwsImage__c", "CA10__CaAwsEbsSnapshot__c"
QUEUE, TRAIL = "CA10__CaAwsSqsQueue__c", "CA10__CaAwsCloudTrailTrail__c"
ALARM, METRIC = "CA10__CaAwsCloudWatchAlarm__c", "CA10__CaAwsCloudWatchMetric__c"
REGIONS = {"Regions": [{"RegionName": name, "OptInStatus": "opted-in"} for name in ("eu-west-1", "us-east-1")]}


def test_the_items_before_an_error_are_kept() -> None:
    why = unread(CALLS["iam.user-details"], FailureKind.DENIED, CloudPlace(ACCOUNT, "aws"))

    def listed() -> Iterator[dict[str, Any]]:
        yield from ({"n": number} for number in range(5))
        raise NotListed(why)

    batches, kept = _batches(listed(), 2), []
    with pytest.raises(NotListed):
        for batch in batches:
            kept += batch
    assert [0, 1, 2, 3, 4] == [item["n"] for item in kept]


def test_queues_of_two_regions_with_one_address_are_two() -> None:
    client = AnsweringClient({"ec2.regions": REGIONS, "sqs.queues": {"QueueUrls": ["http://localhost:5000/1/q0"]}})
    rows, _ = collected(client, {QUEUE: {"CA10__url__c"}})
    ids = {row.fields["Id"] for row in rows if row.type_name == QUEUE}
    assert {f"arn:aws:sqs:{region}:{ACCOUNT}:q0" for region in ("eu-west-1", "us-east-1")} == ids


@pytest.mark.parametrize(("logged", "rows"), [("logs", 1), ("other", 2)])
def test_an_id_that_two_regions_show_with_other_values_is_not_dropped(logged: str, rows: int) -> None:
    def trails(_: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        bucket = "logs" if region == "us-east-1" else logged
        trail = {"Name": "main", "TrailARN": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main", "HomeRegion": "us-east-1"}
        return {"trailList": [{**trail, "S3BucketName": bucket, "IsMultiRegionTrail": True}]}

    client = AnsweringClient({"ec2.regions": REGIONS, "cloudtrail.trails": trails})
    found, _ = collected(client, {TRAIL: {"CA10__name__c"}})
    assert rows == len([row for row in found if row.type_name == TRAIL])


def test_an_alarm_on_a_metric_that_no_filter_counts_into_leads_to_a_metric_all_the_same() -> None:
    counted = {"metricName": "RootUse", "metricNamespace": "Cis", "metricValue": "1"}
    looks = {"filterName": "root", "logGroupName": "trail", "metricTransformations": [counted]}
    on_filter = {"AlarmName": "root", "MetricName": "RootUse", "Namespace": "Cis"}
    of_aws = [{"AlarmName": name, "MetricName": "CPUUtilization", "Namespace": "AWS/EC2"} for name in ("busy", "idle")]
    on_expression = {"AlarmName": "sum", "Metrics": [{"Id": "e1", "Expression": "m1 + m2"}]}
    alarms = [
        {"AlarmArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{one['AlarmName']}", **one}
        for one in (on_filter, *of_aws, on_expression)
    ]
    client = AnsweringClient(
        {
            "ec2.regions": {"Regions": REGIONS["Regions"][:1]},
            "logs.filters": {"metricFilters": [looks]},
            "cloudwatch.alarms": {"MetricAlarms": alarms},
        }
    )
    rows, completeness = collected(client, {METRIC: {"CA10__name__c"}, ALARM: {"CA10__metric__c"}})
    metrics = [row.fields["Id"] for row in rows if row.type_name == METRIC]
    here = f"{ACCOUNT}/eu-west-1"
    assert [f"{here}/AWS/EC2/CPUUtilization", f"{here}/Cis/RootUse"] == sorted(metrics)
    assert {*metrics, None} == {row.fields["CA10__metric__c"] for row in rows if row.type_name == ALARM}
    assert [] == [claim for source in completeness.sources for claim in source.coverage if claim.lacking]


TABLE, ROUTE, ASSOCIATION = (f"CA10__CaAws{name}__c" for name in ("RouteTable", "Route", "RouteTableAssociation"))
BALANCER, LISTENER = "CA10__CaAwsLoadBalancer__c", "CA10__CaAwsLoadBalancerListener__c"


def test_a_list_that_is_missing_or_denied_is_unknown_of_its_owner_alone() -> None:
    def listeners(parameters: Mapping[str, Any], _: str) -> Mapping[str, Any] | str:
        arn = parameters["LoadBalancerArn"]
        return "AccessDenied" if arn.endswith("odd") else {"Listeners": [{"ListenerArn": f"{arn}/l", "LoadBalancerArn": arn}]}

    route = {"DestinationCidrBlock": "0.0.0.0/0"}
    tables: list[dict[str, Any]] = [
        {"RouteTableId": "whole", "Associations": [], "Routes": [route]},
        {"RouteTableId": "odd", "Associations": []},
        {"RouteTableId": "half", "Associations": [], "Routes": [route, {"State": "active"}]},
    ]
    replies: dict[str, Any] = {
        "ec2.regions": {"Regions": REGIONS["Regions"][:1]},
        "ec2.route-tables": {"RouteTables": tables},
        "elb.v2": {"LoadBalancers": [{"LoadBalancerArn": f"arn:{name}"} for name in ("whole", "odd")]},
        "elb.listeners": listeners,
        "elb.classic": {"LoadBalancerDescriptions": []},
    }
    wanted = dict.fromkeys((TABLE, ROUTE, ASSOCIATION, BALANCER, LISTENER), ("Id",))
    rows, completeness = collected(AnsweringClient(replies), wanted)
    lists = {(row.fields["Id"].rpartition("/")[2], name): why for row in rows for name, why in (row.lists or {}).items()}
    routes, listened = f"{ROUTE}.CA10__routeTable__c", f"{LISTENER}.CA10__loadBalancer__c"
    known = {owner for owner, why in lists.items() if not why}
    tables_known = {(name, f"{ASSOCIATION}.CA10__routeTable__c") for name in ("whole", "odd", "half")}
    assert {("whole", routes), ("arn:whole", listened), *tables_known} == known
    assert {("odd", routes), ("half", routes), ("arn:odd", listened)} == {*lists} - known
    claimed = [claim for source in completeness.sources for claim in source.coverage]
    assert {ROUTE, LISTENER} == {claim.type_name for claim in claimed if claim.lacking}
    assert {TABLE, ASSOCIATION, BALANCER} <= {claim.type_name for claim in claimed if not claim.lacking}
    assert {ROUTE: ("CA10__routeTable__c",), LISTENER: ("CA10__loadBalancer__c",)} == {
        row.type_name: tuple(row.keys) for row in rows if row.keys
    }


def test_images_and_snapshots_that_another_account_owns_are_left_out_and_counted() -> None:
    owners = (ACCOUNT, "801119661308", "801119661308")
    images = [{"ImageId": f"ami-{number}", "OwnerId": owner} for number, owner in enumerate(owners)]
    snapshots = [{"SnapshotId": f"snap-{number}", "OwnerId": owner} for number, owner in enumerate(owners)]
    client = AnsweringClient(
        {
            "ec2.regions": {"Regions": REGIONS["Regions"][:1]},
            "ec2.images": {"Images": images},
            "ec2.snapshots": {"Snapshots": snapshots},
        }
    )
    rows, completeness = collected(client, {IMAGE: {"CA10__imageId__c"}, SNAPSHOT: {"CA10__snapshotId__c"}})
    ids = {row.fields["Id"] for row in rows if row.type_name in (IMAGE, SNAPSHOT)}
    assert {"arn:aws:ec2:eu-west-1::image/ami-0", "arn:aws:ec2:eu-west-1::snapshot/snap-0"} == ids
    assert [("ec2:DescribeImages", 2, 3), ("ec2:DescribeSnapshots", 2, 3)] == [
        (listing.label, listing.others, listing.listed) for listing in completeness.others
    ]
