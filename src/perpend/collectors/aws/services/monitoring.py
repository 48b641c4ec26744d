"""Tables of CloudWatch: log groups, metric filters, alarms and their actions."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.tagging import tagging_call
from perpend.collectors.items import ABOVE

_PLACE: Final = {"CA10__account__c": FieldSource("{account}"), "CA10__regionName__c": FieldSource("{region}")}
_GROUP: Final = f"arn:{{partition}}:logs:{{region}}:{{account}}:log-group:{{{ABOVE}.logGroupName}}:*"
_METRIC: Final = "{account}/{region}/{metricNamespace}/{metricName}"
_ALARMED: Final = "{account}/{region}/{Namespace}/{MetricName}"

_CALLS: Final = (
    CloudCall("logs.groups", "logs", "DescribeLogGroups", "logs:DescribeLogGroups", "logGroups"),
    CloudCall("logs.filters", "logs", "DescribeMetricFilters", "logs:DescribeMetricFilters", "metricFilters"),
    CloudCall(
        "cloudwatch.alarms",
        "cloudwatch",
        "DescribeAlarms",
        "cloudwatch:DescribeAlarms",
        "MetricAlarms",
        {"AlarmTypes": ["MetricAlarm"]},
    ),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsLogGroup__c",
        "logs.groups",
        "{arn}",
        {
            **_PLACE,
            "CA10__name__c": FieldSource("logGroupName"),
            "CA10__arn__c": FieldSource("arn"),
            "CA10__retentionInDays__c": FieldSource("@", "retention"),
            "CA10__kmsKeyId__c": FieldSource("kmsKeyId", optional=True),
        },
        tags=tagging_call(by="logGroupArn"),
    ),
    TypeRow(
        "CA10__CaAwsLogMetricFilter__c",
        "logs.filters",
        f"{_GROUP}/{{{ABOVE}.filterName}}",
        {
            **_PLACE,
            "CA10__name__c": FieldSource(f"{ABOVE}.filterName"),
            "CA10__filterPattern__c": FieldSource(f"{ABOVE}.filterPattern", optional=True),
            "CA10__filterTermsJson__c": FieldSource("@", "terms_counted"),
            "CA10__logGroup__c": FieldSource(_GROUP),
            "CA10__metric__c": FieldSource(_METRIC),
        },
        inside="metricTransformations",  # always one
    ),
    TypeRow(
        "CA10__CaAwsCloudWatchMetric__c",
        "logs.filters",
        _METRIC,
        {
            **_PLACE,
            "CA10__name__c": FieldSource("metricName"),
            "CA10__namespace__c": FieldSource("metricNamespace"),
        },
        inside="metricTransformations",
        also=(
            # Most metrics are those of AWS, and no filter counts into them: an alarm on one is an alarm on no filter's metric.
            TypeRow(
                "CA10__CaAwsCloudWatchMetric__c",
                "cloudwatch.alarms",
                _ALARMED,
                {
                    **_PLACE,
                    "CA10__name__c": FieldSource("MetricName"),
                    "CA10__namespace__c": FieldSource("Namespace"),
                },
                having="MetricName",  # an alarm on an expression has none
            ),
        ),
    ),
    TypeRow(
        "CA10__CaAwsCloudWatchAlarm__c",
        "cloudwatch.alarms",
        "{AlarmArn}",
        {
            **_PLACE,
            "CA10__name__c": FieldSource("AlarmName"),
            "CA10__arn__c": FieldSource("AlarmArn"),
            "CA10__metric__c": FieldSource(_ALARMED, optional=True),
            "CA10__metricName__c": FieldSource("MetricName", optional=True),
            "CA10__namespace__c": FieldSource("Namespace", optional=True),
            "CA10__actionsEnabled__c": FieldSource("ActionsEnabled"),
            "CA10__stateValue__c": FieldSource("StateValue"),
            "CA10__alarmActions__c": FieldSource("AlarmActions", "lines", optional=True),
        },
        tags=tagging_call(),
    ),
    TypeRow(
        "CA10__CaAwsCloudWatchAlarmAction__c",
        "cloudwatch.alarms",
        f"{{{ABOVE}.AlarmArn}}|{{value}}",
        {
            **_PLACE,
            "CA10__alarm__c": FieldSource(f"{{{ABOVE}.AlarmArn}}"),
            "CA10__actionArn__c": FieldSource("value"),
            "CA10__topic__c": FieldSource("value", "topic_arn"),
        },
        inside="AlarmActions",
    ),
)

TABLE: Final = ServiceTable(_CALLS, _TYPES)
