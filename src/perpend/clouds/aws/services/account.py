"""The account itself and its regions."""

from __future__ import annotations

from typing import Final

from perpend.clouds.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow

_ACCOUNT: Final = FieldSource("{account}")

_CALLS: Final = (
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
)

_TYPES: Final = (
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
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
    unpaged={"ec2.regions": "answers all regions at once"},
)
