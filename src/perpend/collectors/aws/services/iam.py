"""Tables of IAM: users and their credentials, roles, policies, the password policy, server certificates."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from perpend.collectors.aws.model import NAMED_POLICIES, CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.organization import ORGANIZATION_DETAILS, ORGANIZATION_FACTS
from perpend.collectors.items import ABOVE

_DETAILS: Final = ("iam", "GetAccountAuthorizationDetails", "iam:GetAccountAuthorizationDetails")
_POLICIES: Final = ("iam", "ListPolicies", "iam:ListPolicies", "Policies")
_ACCOUNT: Final = FieldSource("{account}")
_OF_ROOT: Final = ("root", "True")
_ROOT_MFA: Final = ("iam.summary", "iam.virtual-mfa")

_CALLS: Final = (
    CloudCall(
        "iam.report-generate", "iam", "GenerateCredentialReport", "iam:GenerateCredentialReport", regional=False, holds="State"
    ),
    CloudCall("iam.report", "iam", "GetCredentialReport", "iam:GetCredentialReport", regional=False, holds="Content"),
    CloudCall("iam.user-details", *_DETAILS, "UserDetailList", {"Filter": ["User"]}, regional=False),
    CloudCall(
        "iam.login",
        "iam",
        "GetLoginProfile",
        "iam:GetLoginProfile",
        parameters={"UserName": "@name"},
        regional=False,
        facts={"NoSuchEntity": {"LoginProfile": {}}},  # no password
        holds="LoginProfile.CreateDate",
        resource=("LoginProfile.UserName", "{name}"),
    ),
    CloudCall(
        "iam.mfa",
        "iam",
        "ListMFADevices",
        "iam:ListMFADevices",
        "MFADevices",
        {"UserName": "@name"},
        regional=False,
        gone=("NoSuchEntity",),
        resource=("UserName", "{name}"),
    ),
    CloudCall(
        "iam.virtual-mfa",
        "iam",
        "ListVirtualMFADevices",
        "iam:ListVirtualMFADevices",
        "VirtualMFADevices",
        {"AssignmentStatus": "Assigned"},
        regional=False,
    ),
    CloudCall(
        "iam.summary", "iam", "GetAccountSummary", "iam:GetAccountSummary", regional=False, holds="SummaryMap.AccountMFAEnabled"
    ),
    CloudCall("iam.role-details", *_DETAILS, "RoleDetailList", {"Filter": ["Role"]}, regional=False),
    CloudCall(
        "iam.policy-details",
        *_DETAILS,
        "Policies",
        {"Filter": ["LocalManagedPolicy", "AWSManagedPolicy"]},
        regional=False,
    ),
    CloudCall("iam.policies", *_POLICIES, {"Scope": "Local"}, regional=False),
    CloudCall("iam.attached-policies", *_POLICIES, {"Scope": "AWS", "OnlyAttached": True}, regional=False),
    CloudCall(
        "iam.boundary-policies",
        *_POLICIES,
        {"Scope": "AWS", "OnlyAttached": True, "PolicyUsageFilter": "PermissionsBoundary"},
        regional=False,
    ),
    CloudCall(
        NAMED_POLICIES,
        "iam",
        "GetPolicy",
        "iam:GetPolicy",
        "Policy",
        {"PolicyArn": "@Arn"},
        regional=False,
        facts={"NoSuchEntity": {"Policy": []}},  # AWS withdraws a policy once nobody uses it
        resource=("Arn", "{Arn}"),
    ),
    CloudCall(
        "iam.policy-version",
        "iam",
        "GetPolicyVersion",
        "iam:GetPolicyVersion",
        parameters={"PolicyArn": "@Arn", "VersionId": "@DefaultVersionId"},
        regional=False,  # a missing version does not mean that the policy is gone: it may have another version by now
        holds="PolicyVersion.Document",
        resource=("PolicyVersion.VersionId", "{DefaultVersionId}"),
    ),
    CloudCall(
        "iam.password-policy",
        "iam",
        "GetAccountPasswordPolicy",
        "iam:GetAccountPasswordPolicy",
        "PasswordPolicy",
        regional=False,
        facts={"NoSuchEntity": {"PasswordPolicy": []}},
        holds="PasswordPolicy.MinimumPasswordLength",
    ),
    CloudCall(
        "iam.certificates",
        "iam",
        "ListServerCertificates",
        "iam:ListServerCertificates",
        "ServerCertificateMetadataList",
        regional=False,
    ),
)

_POLICY: Final = TypeRow(
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
        "CA10__policyDocumentExt__c": FieldSource(
            "PolicyVersionList", "default_document extended_identity", "iam.policy-details", after=ORGANIZATION_FACTS
        ),
    },
    # One listing has most documents. Others, such as unused AWS managed policies, take a call each.
    (
        *ORGANIZATION_DETAILS,
        DetailCall(
            "iam.policy-details",
            matched=("Arn", "Arn"),
            otherwise=("iam.policy-version", "PolicyVersion", "PolicyVersionList"),
        ),
    ),
)

_OF_AWS: Final = ("iam.attached-policies", "iam.boundary-policies", NAMED_POLICIES)
"""Listings of policies that AWS made: those in use, and those that a policy of the repository names."""

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsUser__c",
        "iam.report",
        "{arn}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__userName__c": FieldSource("name"),
            "CA10__arn__c": FieldSource("arn"),
            "CA10__credReportAttributesJson__c": FieldSource("row"),
            "CA10__credReportAttributes__c": FieldSource("row", "report_lines"),
            "CA10__credReportPasswordLastUsed__c": FieldSource("row", "report_password_last_used"),
            "CA10__loginProfileCreateDate__c": FieldSource("LoginProfile.CreateDate", "time", "iam.login", optional=True),
            "CA10__mfaDeviceType__c": FieldSource("@", "mfa_kind", "iam.mfa", after=_ROOT_MFA),
            "CA10__virtualMfaState__c": FieldSource("@", "mfa_state", "iam.mfa", after=_ROOT_MFA),
        },
        (
            DetailCall("iam.login", unless=_OF_ROOT, decided=True),
            DetailCall("iam.summary"),
            DetailCall("iam.virtual-mfa"),
            DetailCall("iam.mfa", unless=_OF_ROOT, then={"MFADevices": []}, decided=True),
        ),
        # A credential report has no tags. Their listing is read if other types need it.
        tags=DetailCall("iam.user-details", matched=("arn", "Arn"), unless=_OF_ROOT, then={"Tags": []}),
    ),
    TypeRow(
        "CA10__CaAwsUserPolicy__c",
        "iam.user-details",
        f"{{{ABOVE}.Arn}}|{{PolicyName}}",
        {
            "CA10__user__c": FieldSource(f"{ABOVE}.Arn"),
            "CA10__policyName__c": FieldSource("PolicyName"),
            "CA10__policyDocument__c": FieldSource("PolicyDocument", "json_document"),
            "CA10__policyDocumentExt__c": FieldSource("PolicyDocument", "extended_identity", after=ORGANIZATION_FACTS),
        },
        ORGANIZATION_DETAILS,
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
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__name__c": FieldSource("RoleName"),
            "CA10__arn__c": FieldSource("Arn"),
            "CA10__path__c": FieldSource("Path"),
            "CA10__createDate__c": FieldSource("CreateDate", "time"),
            "CA10__lastUsedDate__c": FieldSource("RoleLastUsed.LastUsedDate", "time", optional=True),
            "CA10__permissionsBoundaryArn__c": FieldSource("PermissionsBoundary.PermissionsBoundaryArn", optional=True),
            "CA10__assumeRolePolicyDocument__c": FieldSource("AssumeRolePolicyDocument", "json_document"),
            "CA10__assumeRolePolicyDocumentExt__c": FieldSource(
                "AssumeRolePolicyDocument", "extended_trust", after=ORGANIZATION_FACTS
            ),
        },
        ORGANIZATION_DETAILS,
        tags="Tags",
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
    replace(_POLICY, also=tuple(replace(_POLICY, listed=name) for name in _OF_AWS)),
    TypeRow(
        "CA10__CaAwsPasswordPolicy__c",
        "iam.password-policy",
        "{account}/password-policy",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__minimumPasswordLength__c": FieldSource("MinimumPasswordLength"),
            "CA10__passwordReusePrevention__c": FieldSource("PasswordReusePrevention", optional=True),
            "CA10__requireUppercaseCharacters__c": FieldSource("RequireUppercaseCharacters"),
            "CA10__requireLowercaseCharacters__c": FieldSource("RequireLowercaseCharacters"),
            "CA10__requireNumbers__c": FieldSource("RequireNumbers"),
            "CA10__requireSymbols__c": FieldSource("RequireSymbols"),
            "CA10__maxPasswordAge__c": FieldSource("MaxPasswordAge", optional=True),
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
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
    unpaged={
        "iam.password-policy": "an account has one at most",
        NAMED_POLICIES: "it is made for one policy",
    },
)
