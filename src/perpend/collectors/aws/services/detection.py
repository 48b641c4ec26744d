"""Tables of AWS Config, IAM Access Analyzer and Security Hub."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow

_ACCOUNT: Final = FieldSource("{account}")
_REGION: Final = FieldSource("{account}/{region}")

_CALLS: Final = (
    CloudCall(
        "config.recorders",
        "config",
        "DescribeConfigurationRecorders",
        "config:DescribeConfigurationRecorders",
        "ConfigurationRecorders",
    ),
    CloudCall(
        "config.status",
        "config",
        "DescribeConfigurationRecorderStatus",
        "config:DescribeConfigurationRecorderStatus",
        "ConfigurationRecordersStatus",
    ),
    CloudCall(
        "config.channels",
        "config",
        "DescribeDeliveryChannels",
        "config:DescribeDeliveryChannels",
        "DeliveryChannels",
    ),
    CloudCall("analyzer.list", "accessanalyzer", "ListAnalyzers", "access-analyzer:ListAnalyzers", "analyzers"),
    CloudCall(
        "securityhub.hub",
        "securityhub",
        "DescribeHub",
        "securityhub:DescribeHub",
        "@",
        facts={"InvalidAccessException": {}, "ResourceNotFoundException": {}},
        wording={"InvalidAccessException": "not subscribed"},
        holds="HubArn",
    ),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsConfigRecorder__c",
        "config.recorders",
        "{account}/{region}/{name}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__accountRegion__c": _REGION,
            "CA10__name__c": FieldSource("name"),
            "CA10__roleArn__c": FieldSource("roleARN"),
            "CA10__allSupported__c": FieldSource("recordingGroup.allSupported"),
            "CA10__includeGlobalResourceTypes__c": FieldSource("recordingGroup.includeGlobalResourceTypes"),
            "CA10__recording__c": FieldSource("recording", call="config.status"),
            "CA10__lastStatus__c": FieldSource("lastStatus", call="config.status", optional=True),
        },
        (DetailCall("config.status", matched=("name", "name")),),
    ),
    TypeRow(
        "CA10__CaAwsConfigDeliveryChannel__c",
        "config.channels",
        "{account}/{region}/{name}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__accountRegion__c": _REGION,
            "CA10__name__c": FieldSource("name"),
            "CA10__bucketName__c": FieldSource("s3BucketName", optional=True),
            "CA10__kmsKeyArn__c": FieldSource("s3KmsKeyArn", optional=True),
            "CA10__topic__c": FieldSource("snsTopicARN", optional=True),
        },
    ),
    TypeRow(
        "CA10A1__CaAwsIamAccessAnalyzer__c",
        "analyzer.list",
        "{arn}",
        {
            "CA10A1__account__c": _ACCOUNT,
            "CA10A1__accountRegion__c": _REGION,
            "CA10A1__name__c": FieldSource("name"),
            "CA10A1__arn__c": FieldSource("arn"),
            "CA10A1__type__c": FieldSource("type"),
            "CA10A1__status__c": FieldSource("status"),
        },
        tags="tags",
    ),
    TypeRow(
        "CA10A1__CaAwsSecurityHub__c",
        "securityhub.hub",
        "{HubArn}",
        {"CA10A1__account__c": _ACCOUNT, "CA10A1__arn__c": FieldSource("HubArn")},
    ),
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
    unpaged={
        "config.recorders": "a region has one of the customer at most",
        "config.channels": "a region has one at most",
        "config.status": "a region has one of the customer at most",
        "securityhub.hub": "a region has one at most",
    },
)
