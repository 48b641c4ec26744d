"""All calls of the collector, a row each. A test walks them against the service models and the list of IAM actions."""

from __future__ import annotations

from typing import Final

from perpend.clouds.aws.model import CloudCall

_DETAILS: Final = ("iam", "GetAccountAuthorizationDetails", "iam:GetAccountAuthorizationDetails")

_ROWS: Final = (
    CloudCall("sts.identity", "sts", "GetCallerIdentity", regional=False),
    CloudCall(
        "ec2.regions",
        "ec2",
        "DescribeRegions",
        "ec2:DescribeRegions",
        "Regions",
        {"AllRegions": True},  # without it regions that are not enabled are left out
        regional=False,
        never_empty=True,
    ),
    CloudCall("ec2.ebs-default", "ec2", "GetEbsEncryptionByDefault", "ec2:GetEbsEncryptionByDefault"),
    CloudCall("iam.report-generate", "iam", "GenerateCredentialReport", "iam:GenerateCredentialReport", regional=False),
    CloudCall("iam.report", "iam", "GetCredentialReport", "iam:GetCredentialReport", regional=False),
    CloudCall("iam.user-details", *_DETAILS, "UserDetailList", {"Filter": ["User"]}, regional=False),
    CloudCall("iam.role-details", *_DETAILS, "RoleDetailList", {"Filter": ["Role"]}, regional=False),
    CloudCall(
        "iam.policy-details",
        *_DETAILS,
        "Policies",
        {"Filter": ["LocalManagedPolicy", "AWSManagedPolicy"]},
        regional=False,
    ),
    CloudCall("iam.policies", "iam", "ListPolicies", "iam:ListPolicies", "Policies", {"Scope": "All"}, regional=False),
    CloudCall(
        "iam.policy-version",
        "iam",
        "GetPolicyVersion",
        "iam:GetPolicyVersion",
        parameters={"PolicyArn": "@Arn", "VersionId": "@DefaultVersionId"},
        regional=False,
        gone=("NoSuchEntity",),
    ),
    CloudCall(
        "iam.password-policy",
        "iam",
        "GetAccountPasswordPolicy",
        "iam:GetAccountPasswordPolicy",
        "PasswordPolicy",
        regional=False,
        facts={"NoSuchEntity": {"PasswordPolicy": []}},
    ),
    CloudCall(
        "iam.certificates",
        "iam",
        "ListServerCertificates",
        "iam:ListServerCertificates",
        "ServerCertificateMetadataList",
        regional=False,
    ),
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
        foreign="TrailARN",
    ),
    CloudCall(
        "cloudtrail.selectors",
        "cloudtrail",
        "GetEventSelectors",
        "cloudtrail:GetEventSelectors",
        parameters={"TrailName": "@TrailARN"},
        gone=("TrailNotFoundException",),
        foreign="TrailARN",
    ),
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
    CloudCall("analyzer.list", "accessanalyzer", "ListAnalyzers", "access-analyzer:ListAnalyzers", "analyzers"),
    CloudCall(
        "securityhub.hub",
        "securityhub",
        "DescribeHub",
        "securityhub:DescribeHub",
        "@",
        facts={"InvalidAccessException": {}, "ResourceNotFoundException": {}},
        wording={"InvalidAccessException": "not subscribed"},
    ),
)

CALLS: Final = {call.name: call for call in _ROWS}
"""The calls by name."""

UNPAGED: Final = {
    "ec2.regions": "answers all regions at once",
    "iam.password-policy": "an account has one at most",
    "cloudtrail.trails": "answers all trails at once",
    "config.recorders": "a region has one of the customer at most",
    "config.status": "a region has one of the customer at most",
    "securityhub.hub": "a region has one at most",
}
"""Listings that the service models know no pages of, and why that loses nothing."""
