"""Tables of CloudTrail: trails, their logging state and event selectors."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.tagging import tagging_call

_ACCOUNT: Final = FieldSource("{account}")

_CALLS: Final = (
    CloudCall(
        "cloudtrail.trails",
        "cloudtrail",
        "DescribeTrails",
        "cloudtrail:DescribeTrails",
        "trailList",
        {"includeShadowTrails": True},  # in member accounts an organization's trail is a shadow everywhere
    ),
    CloudCall(
        "cloudtrail.status",
        "cloudtrail",
        "GetTrailStatus",
        "cloudtrail:GetTrailStatus",
        parameters={"Name": "@TrailARN"},
        gone=("TrailNotFoundException",),
        holds="IsLogging",
    ),
    CloudCall(
        "cloudtrail.selectors",
        "cloudtrail",
        "GetEventSelectors",
        "cloudtrail:GetEventSelectors",
        parameters={"TrailName": "@TrailARN"},
        gone=("TrailNotFoundException",),
        resource=("TrailARN", "{TrailARN}"),
    ),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsCloudTrailTrail__c",
        "cloudtrail.trails",
        "{account}|{TrailARN}",  # an organization's trail is seen, and judged, in each member account
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__name__c": FieldSource("Name"),
            "CA10__arn__c": FieldSource("TrailARN"),
            "CA10__multiRegionTrail__c": FieldSource("IsMultiRegionTrail"),
            "CA10__logFileValidationEnabled__c": FieldSource("LogFileValidationEnabled"),
            "CA10__isOrganizationTrail__c": FieldSource("IsOrganizationTrail"),
            "CA10__homeRegion__c": FieldSource("HomeRegion"),
            "CA10__bucketArn__c": FieldSource("arn:{partition}:s3:::{S3BucketName}"),
            "CA10__bucket__c": FieldSource("arn:{partition}:s3:::{S3BucketName}"),
            "CA10__kmsKeyArn__c": FieldSource("KmsKeyId", optional=True),
            "CA10__kmsKey__c": FieldSource("KmsKeyId", optional=True),
            "CA10__logGroupArn__c": FieldSource("CloudWatchLogsLogGroupArn", optional=True),
            "CA10__logGroup__c": FieldSource("CloudWatchLogsLogGroupArn", optional=True),
            "CA10__latestLogsDeliveryTime__c": FieldSource(
                "LatestCloudWatchLogsDeliveryTime", "time", "cloudtrail.status", optional=True
            ),
            "CA10__latestDeliveryError__c": FieldSource("LatestDeliveryError", call="cloudtrail.status", optional=True),
            "CA10__latestLogsDeliveryError__c": FieldSource(
                "LatestCloudWatchLogsDeliveryError", call="cloudtrail.status", optional=True
            ),
            "CA10__isLogging__c": FieldSource("IsLogging", call="cloudtrail.status"),
            "CA10__eventSelectorsJson__c": FieldSource("EventSelectors", "basic_selectors", "cloudtrail.selectors"),
            "CA10__advancedEventSelectorsJson__c": FieldSource(
                "AdvancedEventSelectors", "lower_camel_json", "cloudtrail.selectors", optional=True
            ),
        },
        (DetailCall("cloudtrail.status", region="HomeRegion"), DetailCall("cloudtrail.selectors", region="HomeRegion")),
        tags=tagging_call(by="TrailARN", region="HomeRegion"),
    ),
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
    unpaged={
        "cloudtrail.trails": "returns all trails at once",
    },
)
