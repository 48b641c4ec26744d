"""Tables of KMS, Certificate Manager and Secrets Manager."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.organization import ORGANIZATION_DETAILS, ORGANIZATION_FACTS
from perpend.collectors.aws.services.tagging import tagging_call

_PLACE: Final = {"CA10__account__c": FieldSource("{account}"), "CA10__regionName__c": FieldSource("{region}")}
_KEY: Final = {"KeyId": "@KeyArn"}
_KEY_TYPES: Final = (
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)

_CALLS: Final = (
    CloudCall("kms.keys", "kms", "ListKeys", "kms:ListKeys", "Keys"),
    CloudCall(
        "kms.describe",
        "kms",
        "DescribeKey",
        "kms:DescribeKey",
        parameters=_KEY,
        gone=("NotFoundException",),
        resource=("KeyMetadata.Arn", "{KeyArn}"),
    ),
    CloudCall(
        "kms.rotation",
        "kms",
        "GetKeyRotationStatus",
        "kms:GetKeyRotationStatus",
        parameters=_KEY,
        facts={"UnsupportedOperationException": {"KeyRotationEnabled": False}},  # such as keys of two halves
        gone=("NotFoundException",),
        holds="KeyRotationEnabled",
    ),
    CloudCall(
        "kms.policy",
        "kms",
        "GetKeyPolicy",
        "kms:GetKeyPolicy",
        parameters={**_KEY, "PolicyName": "default"},
        gone=("NotFoundException",),
        holds="Policy",
    ),
    CloudCall(
        "acm.certificates",
        "acm",
        "ListCertificates",
        "acm:ListCertificates",
        "CertificateSummaryList",
        {"Includes": {"keyTypes": list(_KEY_TYPES)}},  # without it only certificates of two kinds of keys are shown
    ),
    CloudCall(
        "acm.describe",
        "acm",
        "DescribeCertificate",
        "acm:DescribeCertificate",
        parameters={"CertificateArn": "@CertificateArn"},
        gone=("ResourceNotFoundException",),
        resource=("Certificate.CertificateArn", "{CertificateArn}"),
    ),
    CloudCall("secrets.list", "secretsmanager", "ListSecrets", "secretsmanager:ListSecrets", "SecretList"),
    CloudCall(
        "secrets.policy",
        "secretsmanager",
        "GetResourcePolicy",
        "secretsmanager:GetResourcePolicy",
        parameters={"SecretId": "@ARN"},
        gone=("ResourceNotFoundException",),
        resource=("ARN", "{ARN}"),
    ),
)


def _key(member: str, transform: str = "", *, optional: bool = False) -> FieldSource:
    return FieldSource(f"KeyMetadata.{member}", transform, "kms.describe", optional)


def _certificate(member: str, transform: str = "", *, optional: bool = False) -> FieldSource:
    return FieldSource(f"Certificate.{member}", transform, "acm.describe", optional)


_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsKmsKey__c",
        "kms.keys",
        "{KeyArn}",
        {
            **_PLACE,
            "CA10__keyId__c": FieldSource("KeyId"),
            "CA10__arn__c": FieldSource("KeyArn"),
            "CA10__state__c": _key("KeyState"),
            "CA10__keySpec__c": _key("KeySpec"),
            "CA10__keyManager__c": _key("KeyManager"),
            "CA10__keyUsage__c": _key("KeyUsage"),
            "CA10__origin__c": _key("Origin"),
            "CA10__multiRegion__c": _key("MultiRegion"),
            "CA10__deletionDate__c": _key("DeletionDate", "time", optional=True),
            "CA10__rotationEnabled__c": FieldSource("KeyRotationEnabled", call="kms.rotation"),
            "CA10__policyDocument__c": FieldSource("Policy", "json_document", "kms.policy"),
            "CA10__policyDocumentExt__c": FieldSource("Policy", "extended_resource", "kms.policy", after=ORGANIZATION_FACTS),
        },
        (
            *ORGANIZATION_DETAILS,
            DetailCall("kms.describe"),
            DetailCall(
                "kms.rotation",
                unless=("kms.describe#KeyMetadata.KeyManager", "AWS"),
                then={"KeyRotationEnabled": True},  # AWS rotates its keys, and does not always say so
                after=("kms.describe",),
            ),
            DetailCall("kms.policy"),
        ),
        tags=tagging_call(),
    ),
    TypeRow(
        "CA10__CaAwsAcmCertificate__c",
        "acm.certificates",
        "{CertificateArn}",
        {
            **_PLACE,
            "CA10__arn__c": FieldSource("CertificateArn"),
            "CA10__domainName__c": FieldSource("DomainName"),
            "CA10__subjectAlternativeNames__c": _certificate("SubjectAlternativeNames", "sorted_lines"),
            "CA10__status__c": _certificate("Status"),
            "CA10__notAfter__c": _certificate("NotAfter", "time", optional=True),
            "CA10__certificateType__c": _certificate("Type"),
            "CA10__keyAlgorithm__c": _certificate("KeyAlgorithm", optional=True),
            "CA10__renewalEligibility__c": _certificate("RenewalEligibility", optional=True),
            "CA10__inUseBy__c": _certificate("InUseBy", "sorted_lines"),
        },
        (DetailCall("acm.describe"),),
        tags=tagging_call(),
    ),
    TypeRow(
        "CA10__CaAwsSecret__c",
        "secrets.list",
        "{ARN}",
        {
            **_PLACE,
            "CA10__name__c": FieldSource("Name"),
            "CA10__arn__c": FieldSource("ARN"),
            "CA10__kmsKeyId__c": FieldSource("KmsKeyId", optional=True),
            "CA10__rotationEnabled__c": FieldSource("RotationEnabled", "is_enabled"),
            "CA10__lastRotatedDate__c": FieldSource("LastRotatedDate", "time", optional=True),
            "CA10__lastChangedDate__c": FieldSource("LastChangedDate", "time", optional=True),
            "CA10__lastAccessedDate__c": FieldSource("LastAccessedDate", "time", optional=True),
            "CA10__policyDocument__c": FieldSource("ResourcePolicy", "json_document", "secrets.policy", optional=True),
            "CA10__policyDocumentExt__c": FieldSource(
                "ResourcePolicy", "extended_resource", "secrets.policy", optional=True, after=ORGANIZATION_FACTS
            ),
        },
        (*ORGANIZATION_DETAILS, DetailCall("secrets.policy")),
        tags=tagging_call(),
    ),
)

TABLE: Final = ServiceTable(_CALLS, _TYPES)
