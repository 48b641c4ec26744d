"""Tables of SNS topics with their subscriptions, and of SQS queues."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.organization import ORGANIZATION_DETAILS, ORGANIZATION_FACTS
from perpend.collectors.aws.services.tagging import tagging_call

_PLACE: Final = {"CA10__account__c": FieldSource("{account}"), "CA10__regionName__c": FieldSource("{region}")}

_QUEUE: Final = "arn:{partition}:sqs:{region}:{account}:{value/}"

_CALLS: Final = (
    CloudCall("sns.topics", "sns", "ListTopics", "sns:ListTopics", "Topics"),
    CloudCall(
        "sns.attributes",
        "sns",
        "GetTopicAttributes",
        "sns:GetTopicAttributes",
        parameters={"TopicArn": "@TopicArn"},
        gone=("NotFound",),
        resource=("Attributes.TopicArn", "{TopicArn}"),
    ),
    CloudCall("sns.subscriptions", "sns", "ListSubscriptions", "sns:ListSubscriptions", "Subscriptions"),
    CloudCall("sqs.queues", "sqs", "ListQueues", "sqs:ListQueues", "QueueUrls", {"MaxResults": 1000}, empty=("{}",)),
    CloudCall(
        "sqs.attributes",
        "sqs",
        "GetQueueAttributes",
        "sqs:GetQueueAttributes",
        parameters={"QueueUrl": "@value", "AttributeNames": ["All"]},
        gone=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
        resource=("Attributes.QueueArn", _QUEUE),
    ),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsSnsTopic__c",
        "sns.topics",
        "{TopicArn}",
        {
            **_PLACE,
            "CA10__arn__c": FieldSource("TopicArn"),
            "CA10__kmsMasterKeyId__c": FieldSource("Attributes.KmsMasterKeyId", "", "sns.attributes", optional=True),
            "CA10__policyDocument__c": FieldSource("Attributes.Policy", "json_document", "sns.attributes", optional=True),
            "CA10__policyDocumentExt__c": FieldSource(
                "Attributes.Policy", "extended_resource", "sns.attributes", optional=True, after=ORGANIZATION_FACTS
            ),
        },
        (*ORGANIZATION_DETAILS, DetailCall("sns.attributes")),
        tags=tagging_call(),
    ),
    TypeRow(
        "CA10__CaAwsSnsSubscription__c",
        "sns.subscriptions",
        "{TopicArn}|{Protocol}|{Endpoint}",  # until it is confirmed, a subscription has no ARN
        {
            **_PLACE,
            "CA10__topic__c": FieldSource("{TopicArn}"),
            "CA10__protocol__c": FieldSource("Protocol"),
            "CA10__endpoint__c": FieldSource("Endpoint"),
            "CA10__confirmed__c": FieldSource("SubscriptionArn", "confirmed"),
        },
    ),
    TypeRow(
        "CA10__CaAwsSqsQueue__c",
        "sqs.queues",
        _QUEUE,  # URLs of two regions are equal on test servers
        {
            **_PLACE,
            "CA10__url__c": FieldSource("value"),
            "CA10__arn__c": FieldSource("Attributes.QueueArn", "", "sqs.attributes"),
            "CA10__encrypted__c": FieldSource("Attributes", "is_queue_encrypted", "sqs.attributes"),
            "CA10__kmsMasterKeyId__c": FieldSource("Attributes.KmsMasterKeyId", "", "sqs.attributes", optional=True),
            "CA10__policyDocument__c": FieldSource("Attributes.Policy", "json_document", "sqs.attributes", optional=True),
            "CA10__policyDocumentExt__c": FieldSource(
                "Attributes.Policy", "extended_resource", "sqs.attributes", optional=True, after=ORGANIZATION_FACTS
            ),
        },
        (*ORGANIZATION_DETAILS, DetailCall("sqs.attributes")),
        tags=tagging_call(),
    ),
)

TABLE: Final = ServiceTable(_CALLS, _TYPES)
