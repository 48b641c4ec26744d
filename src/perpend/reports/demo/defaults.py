"""The fields of the invented objects by type, as a careful owner would set them.

Types and fields have short names: ``Volume`` stands for ``CA10__CaAwsVolume__c``, ``encrypted`` for ``CA10__encrypted__c``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Ago:
    """A time some days before today, or before each run."""

    days: float
    before_run: bool = False


ORGANIZATION: Final = "o-mrdn0demo1"
"""The Id of the organization."""

_NEW: Final = "CA10A1"
_OF_NEW: Final = frozenset(("IamAccessAnalyzer",))

_SELECTORS: Final = json.dumps(
    [{"readWriteType": "All", "includeManagementEvents": True, "dataResources": [], "excludeManagementEventSources": []}]
)
_LIFECYCLE: Final = json.dumps(
    [{"id": "old-versions", "status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 90}}]
)
_OWNER_ONLY: Final = json.dumps([{"grantee": {"id": "5f2c9a", "type": "CanonicalUser"}, "permission": "FULL_CONTROL"}])

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Account": {
        "organizationId": ORGANIZATION,
        "organizationMasterAccountId": "111122220101",
        "organizationFeaturesJson": json.dumps(["RootCredentialsManagement", "RootSessions"]),
        "blockPublicAcls": "No",
        "blockPublicPolicy": "No",
        "ignorePublicAcls": "No",
        "restrictPublicBuckets": "No",
        "securityContactEmailAddress": "security@meridian.example",
        "billingContactEmailAddress": "billing@meridian.example",
        "operationsContactEmailAddress": "operations@meridian.example",
        "contactFullName": "Meridian Outfitters",
        "contactPhoneNumber": "+49 30 5550100",
        "rootMfaEnabled": True,
        "rootMfaDeviceType": "Hardware",
        "rootPasswordPresent": True,
        "rootAccessKeysPresent": False,
    },
    "AccountRegion": {
        "status": "opt-in-not-required",
        "ebsStorageEncryption": "Enabled",
        "snapshotBlockPublicAccessState": "block-all-sharing",
        "imageBlockPublicAccessState": "block-new-sharing",
        "serialConsoleAccessEnabled": False,
        "metadataDefaultHttpTokens": "required",
    },
    "PasswordPolicy": {
        "minimumPasswordLength": 16,
        "passwordReusePrevention": 24,
        "requireUppercaseCharacters": True,
        "requireLowercaseCharacters": True,
        "requireNumbers": True,
        "requireSymbols": True,
    },
    "User": {"loginProfileCreateDate": None, "mfaDeviceType": "Virtual", "virtualMfaState": "Known"},
    "Role": {"path": "/", "createDate": Ago(500), "lastUsedDate": Ago(1, before_run=True)},
    "IamRolePolicyAttachment": {},
    "IamPolicy": {"policyType": "Customer managed", "attachable": True, "attachmentCount": 2},
    "CloudTrailTrail": {
        "multiRegionTrail": True,
        "logFileValidationEnabled": True,
        "isOrganizationTrail": False,
        "latestLogsDeliveryTime": Ago(0.2, before_run=True),
        "isLogging": True,
        "eventSelectorsJson": _SELECTORS,
        "advancedEventSelectorsJson": None,
    },
    "ConfigRecorder": {
        "name": "default",
        "allSupported": True,
        "includeGlobalResourceTypes": True,
        "recording": True,
        "lastStatus": "SUCCESS",
    },
    "IamAccessAnalyzer": {"type": "ACCOUNT", "status": "ACTIVE"},
    "Bucket": {
        "versioningStatus": "Enabled",
        "versioningMfaDeleteEnabled": False,
        "loggingDestinationBucketName": "meridian-access-logs",
        "lifecycleRulesJson": _LIFECYCLE,
        "objectLockEnabled": "No",
        "blockPublicAcls": "Yes",
        "blockPublicPolicy": "Yes",
        "ignorePublicAcls": "Yes",
        "restrictPublicBuckets": "Yes",
        "policyDocument": None,
        "encryptionAlgorithm": "aws:kms",
        "bucketKeyEnabled": True,
        "objectOwnership": "BucketOwnerEnforced",
        "aclGrantsJson": _OWNER_ONLY,
    },
    "KmsKey": {
        "state": "Enabled",
        "keySpec": "SYMMETRIC_DEFAULT",
        "keyManager": "CUSTOMER",
        "keyUsage": "ENCRYPT_DECRYPT",
        "origin": "AWS_KMS",
        "multiRegion": False,
        "deletionDate": None,
        "rotationEnabled": True,
    },
    "Secret": {
        "kmsKeyId": "alias/secrets",
        "rotationEnabled": True,
        "lastRotatedDate": Ago(20, before_run=True),
        "lastChangedDate": Ago(20, before_run=True),
        "lastAccessedDate": Ago(1, before_run=True),
        "policyDocument": None,
    },
    "SqsQueue": {"encrypted": True, "kmsMasterKeyId": None, "policyDocument": None},
    "LambdaFunction": {
        "runtime": "python3.13",
        "policyDocument": None,
        "aliasNames": None,
        "versions": "$LATEST",
        "tracingMode": "Active",
        "deadLetterTargetArn": "arn:aws:sqs:eu-central-1:111122220101:failed-events",
    },
    "SecurityGroup": {},
    "SecurityGroupRule2": {
        "direction": "Inbound",
        "protocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "source": "IP",
        "sourceIpVersion": "IPv4",
        "sourceIpRange": "10.0.0.0/8",
        "referencedGroupId": None,
        "prefixListId": None,
        "description": "HTTPS from the offices",
    },
    "Instance": {
        "instanceType": "m7g.large",
        "imageId": "ami-0d3m0a1b2c3d4e5f6",
        "stateName": "running",
        "launchTime": Ago(120),
        "stateTransitionReason": None,
        "stateTransitionTime": None,
        "monitoringState": "enabled",
        "metadataState": "applied",
        "metadataHttpTokens": "required",
        "metadataHttpEndpoint": "enabled",
        "metadataHttpPutResponseHopLimit": 1,
        "publicIpAddress": None,
        "privateIpAddress": "10.20.4.17",
        "virtualizationType": "hvm",
        "ebsOptimized": True,
        "sourceDestCheck": True,
        "keyName": None,
        "networkInterfacesCount": 1,
        "averageCpuOneWeek": 34.5,
        "sumOneWeekNetworkInMb": 5120.0,
        "sumOneWeekNetworkOutMb": 2048.0,
    },
    "Volume": {"state": "in-use", "encrypted": True, "volumeType": "gp3", "size": 100, "createTime": Ago(120)},
    "DbInstance": {
        "dbInstanceClass": "db.r7g.large",
        "status": "available",
        "engine": "postgres",
        "engineVersion": "16.4",
        "endpointPort": "15432",
        "publiclyAccessible": False,
        "storageEncrypted": True,
        "autoMinorVersionUpgrade": True,
        "multiAz": True,
        "deletionProtection": True,
        "backupRetentionPeriod": 14,
        "copyTagsToSnapshot": True,
        "iamDatabaseAuthenticationEnabled": True,
        "monitoringInterval": 60,
        "performanceInsightsEnabled": True,
        "enabledCloudwatchLogsExports": "postgresql\nupgrade",
        "caCertificateIdentifier": "rds-ca-rsa2048-g1",
        "masterUsername": "meridian_owner",
        "instanceCreateTime": Ago(300),
    },
}
"""The fields of each type. A field that is missing here belongs to the object itself, or is null."""


def type_name(short: str) -> str:
    """Return the API name of a type by its short name."""
    return f"{_namespace(short)}__CaAws{short}__c"


def field_name(short_type: str, short: str) -> str:
    """Return the API name of a field by its short name; ``Name`` is one already."""
    return short if short == "Name" else f"{_namespace(short_type)}__{short}__c"


def _namespace(short: str) -> str:
    return _NEW if short in _OF_NEW else "CA10"
