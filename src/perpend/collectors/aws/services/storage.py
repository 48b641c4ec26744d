"""Tables of S3: buckets, listed once for the account, with detail calls in the region of each bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.organization import ORGANIZATION_DETAILS, ORGANIZATION_FACTS
from perpend.collectors.aws.services.tagging import tagging_call

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPEN: Final = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), False)
_ARN: Final = "arn:{partition}:s3:::"


def _of_bucket(
    name: str,
    operation: str,
    permission: str,
    holds: str,
    facts: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    empty: tuple[str, ...] = (),
) -> CloudCall:
    return CloudCall(
        name,
        "s3",
        operation,
        f"s3:{permission}",
        parameters={"Bucket": "@Name"},
        facts=facts or {},
        gone=("NoSuchBucket",),
        holds=holds,
        empty=empty,
    )


_CALLS: Final = (
    CloudCall(
        "s3.buckets",
        "s3",
        "ListBuckets",
        "s3:ListAllMyBuckets",
        "Buckets",
        {"MaxBuckets": 1000},  # without it there are no pages, and no regions of buckets
        regional=False,
    ),
    _of_bucket(
        "s3.versioning",
        "GetBucketVersioning",
        "GetBucketVersioning",
        "Status",
        empty=("VersioningConfiguration", "GetBucketVersioningResponse"),  # as moto calls it
    ),
    _of_bucket(
        "s3.logging",
        "GetBucketLogging",
        "GetBucketLogging",
        "LoggingEnabled.TargetBucket",
        empty=("BucketLoggingStatus",),
    ),
    _of_bucket(
        "s3.lifecycle",
        "GetBucketLifecycleConfiguration",
        "GetLifecycleConfiguration",
        "Rules",
        {"NoSuchLifecycleConfiguration": {"Rules": []}},
    ),
    _of_bucket(
        "s3.lock",
        "GetObjectLockConfiguration",
        "GetBucketObjectLockConfiguration",
        "ObjectLockConfiguration.ObjectLockEnabled",
        {"ObjectLockConfigurationNotFoundError": {"ObjectLockConfiguration": {"ObjectLockEnabled": False}}},
    ),
    _of_bucket(
        "s3.public-access",
        "GetPublicAccessBlock",
        "GetBucketPublicAccessBlock",
        "PublicAccessBlockConfiguration.BlockPublicAcls",
        {"NoSuchPublicAccessBlockConfiguration": {"PublicAccessBlockConfiguration": _OPEN}},
    ),
    _of_bucket("s3.policy", "GetBucketPolicy", "GetBucketPolicy", "Policy.Statement", {"NoSuchBucketPolicy": {"Policy": None}}),
    _of_bucket(
        "s3.encryption",
        "GetBucketEncryption",
        "GetEncryptionConfiguration",
        "ServerSideEncryptionConfiguration.Rules",
        {"ServerSideEncryptionConfigurationNotFoundError": {"ServerSideEncryptionConfiguration": {"Rules": []}}},
    ),
    _of_bucket(
        "s3.ownership",
        "GetBucketOwnershipControls",
        "GetBucketOwnershipControls",
        "OwnershipControls.Rules",
        {"OwnershipControlsNotFoundError": {"OwnershipControls": {"Rules": []}}},
    ),
    _of_bucket("s3.acl", "GetBucketAcl", "GetBucketAcl", "Grants"),
)


def _blocked(member: str) -> FieldSource:
    return FieldSource(f"PublicAccessBlockConfiguration.{member}", "yes_no", "s3.public-access")


_FIELDS: Final = {
    "CA10__account__c": FieldSource("{account}"),
    "CA10__regionName__c": FieldSource("BucketRegion"),
    "CA10__name__c": FieldSource("Name"),
    "CA10__arn__c": FieldSource(_ARN + "{Name}"),
    "CA10__versioningStatus__c": FieldSource("Status", "versioning", "s3.versioning"),
    "CA10__versioningMfaDeleteEnabled__c": FieldSource("MFADelete", "is_enabled", "s3.versioning"),
    "CA10__loggingDestinationBucketName__c": FieldSource("LoggingEnabled.TargetBucket", "", "s3.logging", optional=True),
    "CA10__loggingDestinationBucketArn__c": FieldSource(
        _ARN + "{LoggingEnabled.TargetBucket}", "", "s3.logging", optional=True
    ),
    "CA10__loggingDestinationBucket__c": FieldSource(_ARN + "{LoggingEnabled.TargetBucket}", "", "s3.logging", optional=True),
    "CA10__lifecycleRulesJson__c": FieldSource("Rules", "lower_camel_json", "s3.lifecycle"),
    "CA10__objectLockEnabled__c": FieldSource("ObjectLockConfiguration.ObjectLockEnabled", "is_enabled yes_no", "s3.lock"),
    "CA10__blockPublicAcls__c": _blocked("BlockPublicAcls"),
    "CA10__blockPublicPolicy__c": _blocked("BlockPublicPolicy"),
    "CA10__ignorePublicAcls__c": _blocked("IgnorePublicAcls"),
    "CA10__restrictPublicBuckets__c": _blocked("RestrictPublicBuckets"),
    "CA10__policyDocument__c": FieldSource("Policy", "json_document", "s3.policy", optional=True),
    "CA10__policyDocumentExt__c": FieldSource(
        "Policy", "extended_resource", "s3.policy", optional=True, after=ORGANIZATION_FACTS
    ),
    "CA10__encryptionAlgorithm__c": FieldSource(
        "ServerSideEncryptionConfiguration.Rules", "encryption_algorithm", "s3.encryption"
    ),
    "CA10__bucketKeyEnabled__c": FieldSource("ServerSideEncryptionConfiguration.Rules", "bucket_key", "s3.encryption"),
    "CA10__objectOwnership__c": FieldSource("OwnershipControls.Rules", "object_ownership", "s3.ownership"),
    "CA10__aclGrantsJson__c": FieldSource("Grants", "lower_camel_json", "s3.acl"),
}

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsBucket__c",
        "s3.buckets",
        _ARN + "{Name}",
        _FIELDS,
        (*ORGANIZATION_DETAILS, *(DetailCall(call.name, region="BucketRegion") for call in _CALLS[1:])),
        tags=tagging_call(region="BucketRegion"),
    ),
)

TABLE: Final = ServiceTable(_CALLS, _TYPES)
