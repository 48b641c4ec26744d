"""Tables of the account itself and its regions."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.policy_access_levels import ORGANIZATION

_ACCOUNT: Final = FieldSource("{account}")
_CLOSED: Final = ("OptInStatus", "not-opted-in")
"""The status of a region that the account has not enabled. No call is made there."""

_METADATA: Final = "ec2.metadata-defaults"
_SNAPSHOTS: Final = "ec2.snapshot-block"
_IMAGES: Final = "ec2.image-block"
_CONSOLE: Final = "ec2.serial-console"
_BLOCKS: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_CONTACTS: Final = ("security", "billing", "operations")


def _blocked(member: str) -> FieldSource:
    return FieldSource(f"PublicAccessBlockConfiguration.{member}", "yes_no", "s3control.public-access")


def _contact(kind: str) -> FieldSource:
    return FieldSource("AlternateContact.EmailAddress", "", f"account.{kind}-contact", optional=True)


_CALLS: Final = (
    CloudCall("sts.identity", "sts", "GetCallerIdentity", regional=False, holds="Account"),
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
    CloudCall(
        "ec2.ebs-default", "ec2", "GetEbsEncryptionByDefault", "ec2:GetEbsEncryptionByDefault", holds="EbsEncryptionByDefault"
    ),
    CloudCall(_METADATA, "ec2", "GetInstanceMetadataDefaults", "ec2:GetInstanceMetadataDefaults", holds="AccountLevel"),
    CloudCall(_SNAPSHOTS, "ec2", "GetSnapshotBlockPublicAccessState", "ec2:GetSnapshotBlockPublicAccessState", holds="State"),
    CloudCall(
        _IMAGES,
        "ec2",
        "GetImageBlockPublicAccessState",
        "ec2:GetImageBlockPublicAccessState",
        holds="ImageBlockPublicAccessState",
    ),
    CloudCall(
        _CONSOLE, "ec2", "GetSerialConsoleAccessStatus", "ec2:GetSerialConsoleAccessStatus", holds="SerialConsoleAccessEnabled"
    ),
    CloudCall(
        "s3control.public-access",
        "s3control",
        "GetPublicAccessBlock",
        "s3:GetAccountPublicAccessBlock",
        parameters={"AccountId": "@Account"},
        regional=False,
        facts={"NoSuchPublicAccessBlockConfiguration": {"PublicAccessBlockConfiguration": dict.fromkeys(_BLOCKS, False)}},
        holds="PublicAccessBlockConfiguration.BlockPublicAcls",
    ),
    *(
        CloudCall(
            f"account.{kind}-contact",
            "account",
            "GetAlternateContact",
            "account:GetAlternateContact",
            parameters={"AlternateContactType": kind.upper()},
            regional=False,
            facts={"ResourceNotFoundException": {"AlternateContact": {}}},
            holds="AlternateContact.EmailAddress",
            resource=("AlternateContact.AlternateContactType", kind.upper()),
        )
        for kind in _CONTACTS
    ),
    CloudCall(
        "account.contact",
        "account",
        "GetContactInformation",
        "account:GetContactInformation",
        regional=False,
        holds="ContactInformation.FullName",
    ),
    CloudCall(
        "iam.organization-features",
        "iam",
        "ListOrganizationsFeatures",
        "iam:ListOrganizationsFeatures",
        regional=False,
        facts={
            "OrganizationNotFoundException": {"EnabledFeatures": []},
            "ServiceAccessNotEnabledException": {"EnabledFeatures": []},
        },
        holds="EnabledFeatures",
    ),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsAccount__c",
        "sts.identity",
        "{Account}",
        {
            "CA10__accountId__c": FieldSource("Account"),
            "CA10__organizationId__c": FieldSource("Organization.Id", "organization", ORGANIZATION),
            "CA10__organizationMasterAccountId__c": FieldSource(
                "Organization.MasterAccountId", "", ORGANIZATION, optional=True
            ),
            "CA10__organizationFeaturesJson__c": FieldSource("EnabledFeatures", "json_text", "iam.organization-features"),
            **{f"CA10__{name[0].lower()}{name[1:]}__c": _blocked(name) for name in _BLOCKS},
            **{f"CA10__{kind}ContactEmailAddress__c": _contact(kind) for kind in _CONTACTS},
            "CA10__contactFullName__c": FieldSource("ContactInformation.FullName", "", "account.contact"),
            "CA10__contactPhoneNumber__c": FieldSource("ContactInformation.PhoneNumber", "", "account.contact"),
            "CA10__rootMfaEnabled__c": FieldSource("SummaryMap.AccountMFAEnabled", "is_one", "iam.summary"),
            "CA10__rootMfaDeviceType__c": FieldSource("@", "root_mfa_kind", "iam.virtual-mfa", after=("iam.summary",)),
            "CA10__rootPasswordPresent__c": FieldSource("SummaryMap.AccountPasswordPresent", "is_one", "iam.summary"),
            "CA10__rootAccessKeysPresent__c": FieldSource("SummaryMap.AccountAccessKeysPresent", "is_one", "iam.summary"),
        },
        (
            DetailCall(ORGANIZATION),
            DetailCall("iam.organization-features"),
            DetailCall("s3control.public-access"),
            *(DetailCall(f"account.{kind}-contact") for kind in _CONTACTS),
            DetailCall("account.contact"),
            DetailCall("iam.summary"),
            DetailCall("iam.virtual-mfa"),
        ),
    ),
    TypeRow(
        "CA10__CaAwsAccountRegion__c",
        "ec2.regions",
        "{account}/{RegionName}",
        {
            "CA10__account__c": _ACCOUNT,
            "CA10__regionName__c": FieldSource("RegionName"),
            "CA10__status__c": FieldSource("OptInStatus"),
            "CA10__ebsStorageEncryption__c": FieldSource("EbsEncryptionByDefault", "enabled_disabled", "ec2.ebs-default"),
            # Without an account default, the image or the launch of each instance decides.
            "CA10__metadataDefaultHttpTokens__c": FieldSource("AccountLevel.HttpTokens", call=_METADATA, optional=True),
            "CA10__metadataDefaultHttpEndpoint__c": FieldSource("AccountLevel.HttpEndpoint", call=_METADATA, optional=True),
            "CA10__metadataDefaultHttpPutResponseHopLimit__c": FieldSource(
                "AccountLevel.HttpPutResponseHopLimit", call=_METADATA, optional=True
            ),
            "CA10__snapshotBlockPublicAccessState__c": FieldSource("State", call=_SNAPSHOTS),
            "CA10__imageBlockPublicAccessState__c": FieldSource("ImageBlockPublicAccessState", call=_IMAGES),
            "CA10__serialConsoleAccessEnabled__c": FieldSource("SerialConsoleAccessEnabled", call=_CONSOLE),
        },
        tuple(
            DetailCall(call, unless=_CLOSED, region="RegionName")
            for call in ("ec2.ebs-default", _METADATA, _SNAPSHOTS, _IMAGES, _CONSOLE)
        ),
    ),
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
    unpaged={"ec2.regions": "returns all regions at once"},
)
