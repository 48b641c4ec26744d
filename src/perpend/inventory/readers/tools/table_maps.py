"""The field maps of Steampipe and CloudQuery tables. A table is identified by its columns, since files do not name it.

Sources: the plugins' table definitions. Both write null for missing and for unreadable values, so null is unknown; only
Steampipe's lists of attached and inline policies are null for users without any.
"""

from __future__ import annotations

from typing import Final

from perpend.inventory.readers.tools.authorization_details import policy_type
from perpend.inventory.readers.tools.contents import (
    ATTACHMENT,
    POLICY,
    ROLE,
    USER,
    USER_LINK,
    USER_POLICY,
    id_in_account,
    inline_of,
    links_of,
    role_attachments,
)
from perpend.inventory.readers.tools.field_map import FieldFrom, ListFrom, TypeFrom
from perpend.inventory.readers.tools.values import boolean, integer, json_text, policies_at, selectors, text, texts, yes_no

TRAIL: Final = "CA10__CaAwsCloudTrailTrail__c"
_NO_EXT: Final = {"CA10__policyDocumentExt__c": "is not known: it was not worked out of the document"}
_NO_REPORT: Final = {"CA10__credReportAttributesJson__c": "is not known: it stands in another table, the credential report"}

STEAMPIPE: Final = (
    TypeFrom(
        "aws_iam_user",
        USER,
        "arn",
        (FieldFrom("CA10__userName__c", "name", text), FieldFrom("CA10__arn__c", "arn", text)),
        (
            ListFrom("CA10__AWS_IAM_Policy_User_Links__r", USER_LINK, "attached_policy_arns", texts, links_of("CA10__user__c")),
            ListFrom(
                "CA10__userPolicies__r",
                USER_POLICY,
                "inline_policies",
                policies_at("PolicyName", "PolicyDocument"),
                inline_of("CA10__user__c"),
            ),
        ),
        account="account_id",
        marks=frozenset({"user_id", "name", "arn"}),
        lacking=_NO_REPORT,
    ),
    TypeFrom(
        "aws_iam_role",
        ROLE,
        "arn",
        (FieldFrom("CA10__name__c", "name", text), FieldFrom("CA10__arn__c", "arn", text)),
        (ListFrom("CA10__AWS_IAM_Role_Policy_Attachments__r", ATTACHMENT, "attached_policy_arns", texts, role_attachments),),
        account="account_id",
        marks=frozenset({"role_id", "name", "arn"}),
    ),
    TypeFrom(
        "aws_iam_policy",
        POLICY,
        "arn",
        (
            FieldFrom("CA10__name__c", "name", text),
            FieldFrom("CA10__arn__c", "arn", text),
            FieldFrom("CA10__policyType__c", "arn", policy_type),
            FieldFrom("CA10__attachable__c", "is_attachable", boolean),
            FieldFrom("CA10__attachmentCount__c", "attachment_count", integer),
            FieldFrom("CA10__policyDocument__c", "policy", json_text),
        ),
        account="account_id",
        marks=frozenset({"policy_id", "name", "arn"}),
        identity=id_in_account,
        lacking=_NO_EXT,
    ),
    TypeFrom(
        "aws_cloudtrail_trail",
        TRAIL,
        "arn",
        (
            FieldFrom("CA10__name__c", "name", text),
            FieldFrom("CA10__arn__c", "arn", text),
            FieldFrom("CA10__multiRegionTrail__c", "is_multi_region_trail", boolean),
            FieldFrom("CA10__logFileValidationEnabled__c", "log_file_validation_enabled", boolean),
            FieldFrom("CA10__isLogging__c", "is_logging", boolean),
            FieldFrom("CA10__eventSelectorsJson__c", "event_selectors", selectors),
            FieldFrom("CA10__advancedEventSelectorsJson__c", "advanced_event_selectors", selectors),
        ),
        account="account_id",
        marks=frozenset({"is_multi_region_trail", "home_region", "arn"}),
        identity=id_in_account,
    ),
    TypeFrom(
        "aws_s3_bucket",
        "CA10__CaAwsBucket__c",
        "arn",
        (
            FieldFrom("CA10__name__c", "name", text),
            FieldFrom("CA10__arn__c", "arn", text),
            FieldFrom("CA10__versioningMfaDeleteEnabled__c", "versioning_mfa_delete", boolean),
            FieldFrom("CA10__blockPublicAcls__c", "block_public_acls", yes_no),
            FieldFrom("CA10__blockPublicPolicy__c", "block_public_policy", yes_no),
            FieldFrom("CA10__ignorePublicAcls__c", "ignore_public_acls", yes_no),
            FieldFrom("CA10__restrictPublicBuckets__c", "restrict_public_buckets", yes_no),
            FieldFrom("CA10__policyDocument__c", "policy", json_text),
        ),
        account="account_id",
        marks=frozenset({"bucket_policy_is_public", "versioning_enabled", "arn"}),
        lacking={"CA10__versioningStatus__c": "is not known: Steampipe says false of Suspended as of Off"},
    ),
    TypeFrom(
        "aws_kms_key",
        "CA10__CaAwsKmsKey__c",
        "arn",
        (
            FieldFrom("CA10__keyId__c", "id", text),
            FieldFrom("CA10__state__c", "key_state", text),
            FieldFrom("CA10__keySpec__c", "key_spec", text),
            FieldFrom("CA10__rotationEnabled__c", "key_rotation_enabled", boolean),
        ),
        account="account_id",
        marks=frozenset({"key_state", "key_manager", "arn"}),
    ),
    TypeFrom(
        "aws_rds_db_instance",
        "CA10__CaAwsDbInstance__c",
        "arn",
        (
            FieldFrom("CA10__dbInstanceIdentifier__c", "db_instance_identifier", text),
            FieldFrom("CA10__engine__c", "engine", text),
            FieldFrom("CA10__publiclyAccessible__c", "publicly_accessible", boolean),
            FieldFrom("CA10__storageEncrypted__c", "storage_encrypted", boolean),
            FieldFrom("CA10__autoMinorVersionUpgrade__c", "auto_minor_version_upgrade", boolean),
            FieldFrom("CA10__multiAz__c", "multi_az", boolean),
        ),
        account="account_id",
        marks=frozenset({"db_instance_identifier", "publicly_accessible", "arn"}),
    ),
)

CLOUDQUERY: Final = (
    TypeFrom(
        "aws_iam_users",
        USER,
        "arn",
        (FieldFrom("CA10__userName__c", "user_name", text), FieldFrom("CA10__arn__c", "arn", text)),
        account="account_id",
        marks=frozenset({"user_id", "user_name", "arn"}),
        lacking=_NO_REPORT,
    ),
    TypeFrom(
        "aws_iam_roles",
        ROLE,
        "arn",
        (FieldFrom("CA10__name__c", "role_name", text), FieldFrom("CA10__arn__c", "arn", text)),
        account="account_id",
        marks=frozenset({"role_name", "assume_role_policy_document", "arn"}),
    ),
    TypeFrom(
        "aws_iam_policies",
        POLICY,
        "arn",
        (
            FieldFrom("CA10__name__c", "policy_name", text),
            FieldFrom("CA10__arn__c", "arn", text),
            FieldFrom("CA10__policyType__c", "arn", policy_type),
            FieldFrom("CA10__attachable__c", "is_attachable", boolean),
            FieldFrom("CA10__attachmentCount__c", "attachment_count", integer),
        ),
        account="account_id",
        marks=frozenset({"policy_name", "attachment_count", "arn"}),
        identity=id_in_account,
        lacking=_NO_EXT,
    ),
    TypeFrom(
        "aws_cloudtrail_trails",
        TRAIL,
        "arn",
        (
            FieldFrom("CA10__name__c", "name", text),
            FieldFrom("CA10__arn__c", "arn", text),
            FieldFrom("CA10__multiRegionTrail__c", "is_multi_region_trail", boolean),
            FieldFrom("CA10__logFileValidationEnabled__c", "log_file_validation_enabled", boolean),
            FieldFrom("CA10__isLogging__c", "status.IsLogging", boolean),
        ),
        account="account_id",
        marks=frozenset({"is_multi_region_trail", "home_region", "arn"}),
        identity=id_in_account,
        lacking={"CA10__eventSelectorsJson__c": "is not known: it stands in another table, the trails' event selectors"},
    ),
    TypeFrom(
        "aws_rds_instances",
        "CA10__CaAwsDbInstance__c",
        "arn",
        (
            FieldFrom("CA10__dbInstanceIdentifier__c", "db_instance_identifier", text),
            FieldFrom("CA10__engine__c", "engine", text),
            FieldFrom("CA10__publiclyAccessible__c", "publicly_accessible", boolean),
            FieldFrom("CA10__storageEncrypted__c", "storage_encrypted", boolean),
            FieldFrom("CA10__autoMinorVersionUpgrade__c", "auto_minor_version_upgrade", boolean),
            FieldFrom("CA10__multiAz__c", "multi_az", boolean),
        ),
        account="account_id",
        marks=frozenset({"db_instance_identifier", "publicly_accessible", "arn"}),
    ),
)

REPORT_COLUMNS: Final = {
    "user_arn": "arn",
    "user_name": "user",
    "access_key1_active": "access_key_1_active",
    "access_key2_active": "access_key_2_active",
    "access_key1_last_used_region": "access_key_1_last_used_region",
    "access_key1_last_used_service": "access_key_1_last_used_service",
    "access_key2_last_used_region": "access_key_2_last_used_region",
    "access_key2_last_used_service": "access_key_2_last_used_service",
    "cert1_active": "cert_1_active",
    "cert2_active": "cert_2_active",
}
"""Columns of the tools' tables of credential reports that the report calls otherwise."""

REPORT_TABLE: Final = frozenset({"arn", "user", "user_creation_time", "mfa_active"})
"""Columns that tell such a table, by the report's names."""
