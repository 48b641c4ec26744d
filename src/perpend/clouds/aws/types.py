"""All types of the collector, a row each. Fields are called as ``type.yaml`` and public policy repositories call them."""

from __future__ import annotations

from typing import Final

from perpend.clouds.aws.model import ABOVE, DetailCall, FieldSource, TypeRow

_ACCOUNT: Final = FieldSource("{account}")
_REGION: Final = FieldSource("{account}/{region}")

_ROWS: Final = (
    TypeRow("CA10__CaAwsAccount__c", "sts.identity", "{Account}", {"CA10__accountId__c": FieldSource("Account")}),
    TypeRow(
        "CA10__CaAwsAccountRegion__c",
        "ec2.regions",
        "{account}/{RegionName}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__regionName__c": FieldSource("RegionName"),
            "CA10__status__c": FieldSource("OptInStatus"),
            "CA10__ebsStorageEncryption__c": FieldSource("EbsEncryptionByDefault", "enabled_disabled", "ec2.ebs-default"),
        },
        (DetailCall("ec2.ebs-default", unless=("OptInStatus", "not-opted-in"), region="RegionName"),),
    ),
    TypeRow(
        "CA10__CaAwsUser__c",
        "iam.report",
        "{arn}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__userName__c": FieldSource("name"),
            "CA10__arn__c": FieldSource("arn"),
            "CA10__credReportAttributesJson__c": FieldSource("row"),
        },
    ),
    TypeRow(
        "CA10__CaAwsUserPolicy__c",
        "iam.user-details",
        f"{{{ABOVE}.Arn}}|{{PolicyName}}",
        {"CA10__user__c": FieldSource(f"{ABOVE}.Arn"), "CA10__policyName__c": FieldSource("PolicyName")},
        inside="UserPolicyList",
    ),
    TypeRow(
        "CA10__CaAwsIamPolicyUserLink__c",
        "iam.user-details",
        f"{{{ABOVE}.Arn}}|{{PolicyArn}}",
        {"CA10__user__c": FieldSource(f"{ABOVE}.Arn"), "CA10__policy__c": FieldSource("{account}|{PolicyArn}")},
        inside="AttachedManagedPolicies",
    ),
    TypeRow(
        "CA10__CaAwsRole__c",
        "iam.role-details",
        "{Arn}",
        {"CA10__account__c": _ACCOUNT, "CA10__name__c": FieldSource("RoleName"), "CA10__arn__c": FieldSource("Arn")},
    ),
    TypeRow(
        "CA10__CaAwsIamRolePolicyAttachment__c",
        "iam.role-details",
        f"{{{ABOVE}.Arn}}|{{PolicyArn}}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__roleArn__c": FieldSource(f"{ABOVE}.Arn"),
            "CA10__role__c": FieldSource(f"{ABOVE}.Arn"),
            "CA10__policyArn__c": FieldSource("PolicyArn"),
            "CA10__policy__c": FieldSource("{account}|{PolicyArn}"),
        },
        inside="AttachedManagedPolicies",
    ),
    TypeRow(
        "CA10__CaAwsIamPolicy__c",
        "iam.policies",
        "{account}|{Arn}",  # policies of AWS have one ARN in all accounts, and another number of attachments in each
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__name__c": FieldSource("PolicyName"),
            "CA10__arn__c": FieldSource("Arn"),
            "CA10__policyType__c": FieldSource("Arn", "policy_kind"),
            "CA10__attachable__c": FieldSource("IsAttachable"),
            "CA10__attachmentCount__c": FieldSource("AttachmentCount"),
            "CA10__policyDocument__c": FieldSource("PolicyVersionList", "default_document", "iam.policy-details"),
        },
        # All documents at once; one by one only what that does not show, such as policies of AWS that nobody has.
        (
            DetailCall(
                "iam.policy-details",
                matched=("Arn", "Arn"),
                otherwise=("iam.policy-version", "PolicyVersion", "PolicyVersionList"),
            ),
        ),
    ),
    TypeRow(
        "CA10__CaAwsPasswordPolicy__c",
        "iam.password-policy",
        "{account}/password-policy",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__minimumPasswordLength__c": FieldSource("MinimumPasswordLength"),
            "CA10__passwordReusePrevention__c": FieldSource("PasswordReusePrevention", optional=True),
        },
    ),
    TypeRow(
        "CA10__CaAwsServerCertificate__c",
        "iam.certificates",
        "{Arn}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__certificateName__c": FieldSource("ServerCertificateName"),
            "CA10__arn__c": FieldSource("Arn"),
            "CA10__expiration__c": FieldSource("Expiration", "time"),
        },
    ),
    TypeRow(
        "CA10__CaAwsCloudTrailTrail__c",
        "cloudtrail.trails",
        "{account}|{TrailARN}",  # an organization's trail is seen, and judged, in each member account
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__name__c": FieldSource("Name"),
            "CA10__arn__c": FieldSource("TrailARN"),
            "CA10__multiRegionTrail__c": FieldSource("IsMultiRegionTrail"),
            "CA10__isLogging__c": FieldSource("IsLogging", call="cloudtrail.status"),
            "CA10__eventSelectorsJson__c": FieldSource("EventSelectors", "basic_selectors", "cloudtrail.selectors"),
            "CA10__advancedEventSelectorsJson__c": FieldSource(
                "AdvancedEventSelectors", "lower_camel_json", "cloudtrail.selectors", optional=True
            ),
        },
        (DetailCall("cloudtrail.status", region="HomeRegion"), DetailCall("cloudtrail.selectors", region="HomeRegion")),
    ),
    TypeRow(
        "CA10__CaAwsConfigRecorder__c",
        "config.recorders",
        "{account}/{region}/{name}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__accountRegion__c": _REGION,
            "CA10__name__c": FieldSource("name"),
            "CA10__allSupported__c": FieldSource("recordingGroup.allSupported"),
            "CA10__includeGlobalResourceTypes__c": FieldSource("recordingGroup.includeGlobalResourceTypes"),
            "CA10__recording__c": FieldSource("recording", call="config.status"),
            "CA10__lastStatus__c": FieldSource("lastStatus", call="config.status", optional=True),
        },
        (DetailCall("config.status", matched=("name", "name")),),
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
    ),
    TypeRow(
        "CA10A1__CaAwsSecurityHub__c",
        "securityhub.hub",
        "{HubArn}",
        {"CA10A1__account__c": _ACCOUNT, "CA10A1__arn__c": FieldSource("HubArn")},
    ),
)

TYPES: Final = {row.type_name: row for row in _ROWS}
"""The types by API name."""

UNSERVED: Final = {
    "CA10__CaAwsIamPolicy__c.CA10__policyDocumentExt__c": "computed of the document, which AWS answers without access levels",
}
"""Fields that the library declares and no call serves, with the reason."""
