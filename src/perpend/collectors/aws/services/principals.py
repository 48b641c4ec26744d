"""Tables of IAM: access keys, groups and their members, inline policies, instance profiles."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.organization import ORGANIZATION_DETAILS, ORGANIZATION_FACTS
from perpend.collectors.items import ABOVE

_ACCOUNT: Final = FieldSource("{account}")
_GROUP: Final = f"{{account}}/group/{{{ABOVE}.GroupName}}"
"""The ARN of a group, built of its name: users only have the name."""

_DOCUMENT: Final = {
    "CA10__policyName__c": FieldSource("PolicyName"),
    "CA10__policyDocument__c": FieldSource("PolicyDocument", "json_document"),
    "CA10__policyDocumentExt__c": FieldSource("PolicyDocument", "extended_identity", after=ORGANIZATION_FACTS),
}

_CALLS: Final = (
    CloudCall(
        "iam.group-details",
        "iam",
        "GetAccountAuthorizationDetails",
        "iam:GetAccountAuthorizationDetails",
        "GroupDetailList",
        {"Filter": ["Group"]},
        regional=False,
    ),
    CloudCall(
        "iam.keys",
        "iam",
        "ListAccessKeys",
        "iam:ListAccessKeys",
        "AccessKeyMetadata",
        {"UserName": "@UserName"},
        regional=False,
        gone=("NoSuchEntity",),
        resource=("UserName", "{UserName}"),
    ),
    CloudCall(
        "iam.key-used",
        "iam",
        "GetAccessKeyLastUsed",
        "iam:GetAccessKeyLastUsed",
        parameters={"AccessKeyId": "@AccessKeyId"},
        regional=False,
        holds="AccessKeyLastUsed.ServiceName",
        resource=("UserName", f"{{{ABOVE}.UserName}}"),
    ),
    CloudCall("iam.profiles", "iam", "ListInstanceProfiles", "iam:ListInstanceProfiles", "InstanceProfiles", regional=False),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsAccessKey__c",
        "iam.user-details",  # keys of the root user are in its credential report alone
        "{AccessKeyId}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__user__c": FieldSource(f"{ABOVE}.Arn"),
            "CA10__accessKeyId__c": FieldSource("AccessKeyId"),
            "CA10__status__c": FieldSource("Status"),
            "CA10__createDate__c": FieldSource("CreateDate", "time"),
            "CA10__userCreateDate__c": FieldSource(f"{ABOVE}.CreateDate", "time"),
            "CA10__secondsAfterUser__c": FieldSource("@", "seconds_after_user"),
            "CA10__lastUsedDate__c": FieldSource("AccessKeyLastUsed.LastUsedDate", "time", "iam.key-used", optional=True),
            "CA10__lastUsedServiceName__c": FieldSource("AccessKeyLastUsed.ServiceName", "", "iam.key-used"),
        },
        (DetailCall("iam.key-used", decided=True),),
        each="iam.keys",
        decided=True,
    ),
    TypeRow(
        "CA10__CaAwsIamGroup__c",
        "iam.group-details",
        "{account}/group/{GroupName}",
        {"CA10__account__c": _ACCOUNT, "CA10__name__c": FieldSource("GroupName"), "CA10__arn__c": FieldSource("Arn")},
    ),
    TypeRow(
        "CA10__CaAwsIamGroupPolicy__c",
        "iam.group-details",
        f"{_GROUP}|{{PolicyName}}",
        {"CA10__group__c": FieldSource(_GROUP), **_DOCUMENT},
        ORGANIZATION_DETAILS,
        inside="GroupPolicyList",
    ),
    TypeRow(
        "CA10__CaAwsIamPolicyGroupLink__c",
        "iam.group-details",
        f"{_GROUP}|{{PolicyArn}}",
        {"CA10__group__c": FieldSource(_GROUP), "CA10__policy__c": FieldSource("{account}|{PolicyArn}")},
        inside="AttachedManagedPolicies",
    ),
    TypeRow(
        "CA10__CaAwsIamUserGroupLink__c",
        "iam.user-details",
        f"{{{ABOVE}.Arn}}|{{value}}",
        {"CA10__user__c": FieldSource(f"{ABOVE}.Arn"), "CA10__group__c": FieldSource("{account}/group/{value}")},
        inside="GroupList",
    ),
    TypeRow(
        "CA10__CaAwsIamRolePolicy__c",
        "iam.role-details",
        f"{{{ABOVE}.Arn}}|{{PolicyName}}",
        {"CA10__role__c": FieldSource(f"{ABOVE}.Arn"), **_DOCUMENT},
        ORGANIZATION_DETAILS,
        inside="RolePolicyList",
    ),
    TypeRow(
        "CA10__CaAwsIamInstanceProfile__c",
        "iam.profiles",
        "{Arn}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__name__c": FieldSource("InstanceProfileName"),
            "CA10__arn__c": FieldSource("Arn"),
            "CA10__role__c": FieldSource("Roles", "first_arn"),  # one at most
        },
    ),
)

TABLE: Final = ServiceTable(_CALLS, _TYPES)
