"""Faults of S3, EFS and DynamoDB."""

from __future__ import annotations

import json

from tests.servers.planted.account import ACCOUNT, HOME, ZONES, Account, Thing, document, key, log_bucket
from tests.servers.planted.faults import Fault, RemediationPlan, another, calls

_PUBLIC = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_FILES = f"arn:aws:elasticfilesystem:{HOME}:{ACCOUNT}:file-system/"


def bare(aws: Account) -> str:
    """A bucket that nobody has thought about."""
    aws.client("s3").create_bucket(Bucket="bare")
    return "arn:aws:s3:::bare"


def locked(aws: Account) -> str:
    aws.client("s3").create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    return "arn:aws:s3:::locked"


def open_bucket(action: str) -> Thing:
    """Return a bucket that everybody may do something with."""
    name = f"open-{action.lower()}"

    def thing(aws: Account) -> str:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket=name)
        s3.put_bucket_policy(Bucket=name, Policy=document(f"s3:{action}", f"arn:aws:s3:::{name}/*", "*"))
        return f"arn:aws:s3:::{name}"

    return thing


def bucket(operation: str, **given: object) -> RemediationPlan:
    return calls("s3", operation, Bucket="bare", **given)


def logged(aws: Account) -> None:
    aws.there(log_bucket)
    status = {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "bare/"}}
    aws.client("s3").put_bucket_logging(Bucket="bare", BucketLoggingStatus=status)


def only_encrypted(aws: Account) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::bare", "arn:aws:s3:::bare/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("s3").put_bucket_policy(Bucket="bare", Policy=policy)


def files(**given: object) -> Thing:
    """Return a file system."""

    def thing(aws: Account) -> str:
        made = aws.client("efs").create_file_system(CreationToken=str(given), **given)
        return _FILES + str(made["FileSystemId"])

    return thing


BARE_FILES, WHOLE_FILES, SAFE_FILES = files(Encrypted=False), files(Encrypted=True), files(Encrypted=True, Backup=True)


def _table(aws: Account, name: str, **given: object) -> str:
    schema = {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    attributes = [{"AttributeName": "a", "AttributeType": "S"}]
    aws.client("dynamodb").create_table(TableName=name, AttributeDefinitions=attributes, **schema, **given)
    return f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/{name}"


def table(aws: Account) -> str:
    """A table that nobody has thought about."""
    return _table(aws, "orders")


def sealed_table(aws: Account) -> str:
    """A table under a key of the account."""
    given = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": aws.there(key)}
    return _table(aws, "sealed", SSESpecification=given)


_RULE = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365}}
_KMS = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
_OWNER = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
_READ, _WRITE = open_bucket("GetObject"), open_bucket("PutObject")
_RECOVERY = {"PointInTimeRecoveryEnabled": True}

FAULTS = (
    Fault("s3/bucket-access-control-lists", bare, bucket("put_bucket_ownership_controls", OwnershipControls=_OWNER)),
    Fault(
        "s3/bucket-block-public-access",
        bare,
        bucket("put_public_access_block", PublicAccessBlockConfiguration=dict.fromkeys(_PUBLIC, True)),
    ),
    Fault("s3/bucket-kms-encryption", bare, bucket("put_bucket_encryption", ServerSideEncryptionConfiguration=_KMS)),
    Fault(
        "s3/bucket-lifecycle-configuration",
        bare,
        bucket("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [_RULE]}),
    ),
    Fault("s3/bucket-object-lock", bare, another(locked)),
    Fault("s3/bucket-policy-deny-http-requests", bare, only_encrypted),
    Fault("s3/bucket-public-read-access", _READ, calls("s3", "delete_bucket_policy", Bucket="open-getobject")),
    Fault("s3/bucket-public-write-access", _WRITE, calls("s3", "delete_bucket_policy", Bucket="open-putobject")),
    Fault("s3/bucket-server-access-logging", bare, logged),
    Fault("s3/bucket-versioning", bare, bucket("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})),
    Fault("efs/file-system-automatic-backups", BARE_FILES, another(SAFE_FILES)),
    Fault("efs/file-system-encryption", BARE_FILES, another(WHOLE_FILES)),
    Fault("efs/file-system-one-availability-zone", files(AvailabilityZoneName=ZONES[0]), another(WHOLE_FILES)),
    Fault(
        "dynamodb/table-deletion-protection",
        table,
        calls("dynamodb", "update_table", TableName="orders", DeletionProtectionEnabled=True),
    ),
    Fault("dynamodb/table-kms-encryption", table, another(sealed_table)),
    Fault(
        "dynamodb/table-point-in-time-recovery",
        table,
        calls("dynamodb", "update_continuous_backups", TableName="orders", PointInTimeRecoverySpecification=_RECOVERY),
    ),
)
