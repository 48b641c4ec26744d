"""What other tools were found to judge wrongly, by their own threads: a policy of the library, an object, the status that is right.

Objects are as collected: a key that is not there could not be read. Policy documents are extended here as the collector does it.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from perpend.core.iam.levels import PolicyKind, extended_document
from perpend.core.iam.surroundings import NO_ORGANIZATION, Surroundings

AWS = "/ce/ca/aws/"
OWN = "111122223333"
HERE = Surroundings(
    account=OWN,
    organization=NO_ORGANIZATION,
    organization_accounts=frozenset(),
    collected_accounts=frozenset({OWN}),
)
THERE = {"CA10__disappearanceTime__c": None}
OPEN = {"CA10__ignorePublicAcls__c": "No", "CA10__restrictPublicBuckets__c": "No", "CA10__objectOwnership__c": "ObjectWriter"}


class Defect(NamedTuple):
    """A defect by the thread that reports it, and an object that shows it."""

    thread: str
    name: str
    policy: str
    fields: dict[str, Any]
    expected: str
    time: str = "2026-03-31T12:00:00Z"


def _documents(kind: PolicyKind, prefix: str, *statements: dict[str, Any]) -> dict[str, Any]:
    plain = {"Version": "2012-10-17", "Statement": list(statements)}
    found = extended_document(plain, kind, HERE)
    return {**THERE, f"CA10__{prefix}__c": json.dumps(plain), f"CA10__{prefix}Ext__c": json.dumps(found)}


def _resource(*statements: dict[str, Any]) -> dict[str, Any]:
    return _documents(PolicyKind.RESOURCE, "policyDocument", *statements)


def _function(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a function without aliases and published versions."""
    return {**_resource(*statements), "CA10__aliasNames__c": None, "CA10__versions__c": "$LATEST"}


def _allow(action: str, principal: Any, **others: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Principal": principal, "Resource": "*", **others}


def _user(name: str, columns: dict[str, str]) -> dict[str, Any]:
    arn = f"arn:aws:iam::{OWN}:root" if name == "root" else f"arn:aws:iam::{OWN}:user/{name}"
    row = {
        "user": "<root_account>" if name == "root" else name,
        "arn": arn,
        "user_creation_time": "2025-01-01T00:00:00Z",
        "password_enabled": "true",
        "password_last_used": "2026-03-30T00:00:00Z",
        "password_last_changed": "2026-03-01T00:00:00Z",
        "mfa_active": "true",
        "access_key_1_active": "true",
        "access_key_1_last_rotated": "2026-03-01T00:00:00Z",
        "access_key_1_last_used_date": "2026-03-30T00:00:00Z",
        "access_key_2_active": "false",
        "access_key_2_last_rotated": "N/A",
        "access_key_2_last_used_date": "N/A",
        **columns,
    }
    return {
        **THERE,
        "CA10__userName__c": name,
        "CA10__arn__c": arn,
        "CA10__credReportAttributesJson__c": json.dumps(row),
    }


def _secret(accessed: str | None, changed: str) -> dict[str, Any]:
    return {**THERE, "CA10__lastAccessedDate__c": accessed, "CA10__lastChangedDate__c": changed}


def _trail(bucket: dict[str, Any]) -> dict[str, Any]:
    return {**THERE, "CA10__bucket__c": "bucket", "CA10__bucket__r": {"Id": "bucket", **THERE, **bucket}}


def _bucket(*, acl: str | None = None, policy: str | None = None) -> dict[str, Any]:
    """Return a bucket that nothing blocks; what is None could not be read, an empty policy is none."""
    read = {} if acl is None else {"CA10__aclGrantsJson__c": acl}
    if policy is not None:
        read |= {"CA10__policyDocument__c": policy, "CA10__policyDocumentExt__c": policy}
    return {**THERE, **OPEN, "CA10__account__c": OWN, "CA10__account__r": {"Id": OWN, **THERE, **OPEN}, **read}


PUBLIC_QUEUE = _resource(_allow("sqs:SendMessage", "*"))
QUEUE = AWS + "sqs/queue-policy-open-to-everybody"
TOPIC = AWS + "sns/topic-policy-open-to-everybody"
FUNCTION = AWS + "lambda/function-policy-open-to-everybody"
UNUSED = AWS + "secretsmanager/secret-unused-for-90-days"
ROTATED = AWS + "iam/user-access-keys-are-not-rotated-every-90-days"
PUBLIC = AWS + "s3/bucket-public-read-access"
OPEN_TRAIL = AWS + "cloudtrail/trail-bucket-open-to-everybody"
TWO_KEYS = AWS + "iam/user-has-more-than-one-active-access-key"
ROOT_MFA = AWS + "iam/root-user-mfa"
TO_BUCKET = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}}

DEFECTS = [
    Defect("prowler#12872", "a public bucket passes where its ACL is denied", PUBLIC, _bucket(policy=""), "UNDETERMINED"),
    Defect("prowler#12872", "a public bucket passes where its policy is denied", PUBLIC, _bucket(acl="[]"), "UNDETERMINED"),
    Defect("prowler#12872", "a denied read of a trail's bucket passes", OPEN_TRAIL, _trail({}), "UNDETERMINED"),
    Defect(
        "prowler#327", "a denied read of a bucket's encryption passes", AWS + "s3/bucket-kms-encryption", THERE, "UNDETERMINED"
    ),
    Defect(
        "prowler#380",
        "a denied read of a bucket in another account fails",
        AWS + "cloudtrail/s3-bucket-access-logging",
        {**THERE, "CA10__bucketArn__c": "arn:aws:s3:::log-archive", "CA10__bucket__c": None, "CA10__bucket__r": None},
        "UNDETERMINED",
    ),
    Defect(
        "prowler#759",
        "a check that may not ask says nothing",
        AWS + "account/iam-access-analyzer-for-all-regions",
        {**THERE, "CA10__accountId__c": OWN},
        "UNDETERMINED",
    ),
    Defect("prowler#12645", "a denied read fails", AWS + "ecr/repository-scan-on-push", {**THERE}, "UNDETERMINED"),
    Defect("steampipe-mod-aws-perimeter#21", "an ignored AccessDenied is fine", PUBLIC, THERE, "UNDETERMINED"),
    Defect(
        "steampipe-plugin-aws#1192",
        "one denied bucket takes the others along",
        PUBLIC,
        _bucket(
            policy="", acl='[{"grantee": {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}, "permission": "READ"}]'
        ),
        "INCOMPLIANT",
    ),
    Defect(
        "steampipe-plugin-aws#2252",
        "a key whose rotation is denied is none",
        AWS + "kms/symmetric-cmk-rotation",
        {
            **THERE,
            "CA10__keyManager__c": "CUSTOMER",
            "CA10__state__c": "Enabled",
            "CA10__keySpec__c": "SYMMETRIC_DEFAULT",
            "CA10__origin__c": "AWS_KMS",
        },
        "UNDETERMINED",
    ),
    Defect("cloud-custodian#9455", "one denied object takes the verdicts of others along", QUEUE, PUBLIC_QUEUE, "INCOMPLIANT"),
    Defect(
        "prowler#2843",
        "a finding outlives its object",
        QUEUE,
        {**PUBLIC_QUEUE, "CA10__disappearanceTime__c": "2026-03-01T00:00:00Z"},
        "DISAPPEARED",
    ),
    Defect(
        "prowler#8326",
        "a topic that one bucket may publish to is public",
        TOPIC,
        _resource(_allow("SNS:Publish", {"AWS": "*"}, Condition=TO_BUCKET)),
        "COMPLIANT",
    ),
    Defect(
        "prowler#3212",
        "a queue that one bucket may send to is public",
        QUEUE,
        _resource(_allow("sqs:SendMessage", "*", Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::bucket"}})),
        "COMPLIANT",
    ),
    Defect(
        "prowler#3199",
        "a queue that a topic of another account may send to is public",
        QUEUE,
        _resource(
            _allow(
                "sqs:SendMessage", "*", Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-west-2:555555555555:topic"}}
            )
        ),
        "COMPLIANT",
    ),
    Defect(
        "prowler#2565",
        "a condition counts whatever it says",
        QUEUE,
        _resource(_allow("sqs:SendMessage", "*", Condition={"Bool": {"aws:SecureTransport": "true"}})),
        "INCOMPLIANT",
    ),
    Defect(
        "cs-suite#23",
        "the policy that every new topic has is public",
        TOPIC,
        _resource(_allow("SNS:Publish", {"AWS": "*"}, Condition={"StringEquals": {"AWS:SourceOwner": OWN}})),
        "COMPLIANT",
    ),
    Defect(
        "checkov#7298",
        "a function for one organization is public",
        FUNCTION,
        _function(_allow("lambda:InvokeFunction", "*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-abcde12345"}})),
        "COMPLIANT",
    ),
    Defect(
        "cnspec#3140",
        "a function for one service is public",
        FUNCTION,
        _function(_allow("lambda:InvokeFunction", {"Service": "events.amazonaws.com"})),
        "COMPLIANT",
    ),
    Defect(
        "steampipe-mod-aws-compliance#751",
        "a secret that was read today is unused",
        UNUSED,
        _secret("2026-03-31T00:00:00Z", "2024-01-01T00:00:00Z"),
        "COMPLIANT",
    ),
    Defect(
        "cloudquery#13773",
        "a secret that nobody read for years is fine",
        UNUSED,
        _secret("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        "INCOMPLIANT",
    ),
    Defect(
        "steampipe-mod-aws-compliance#909",
        "a key that is inactive counts as not rotated",
        ROTATED,
        _user("alma", {"access_key_2_active": "false", "access_key_2_last_rotated": "2020-01-01T00:00:00Z"}),
        "COMPLIANT",
    ),
    Defect(
        "cnspec-policies#55",
        "a key that is inactive counts as a second one",
        TWO_KEYS,
        _user("alma", {"access_key_2_active": "false", "access_key_2_last_rotated": "2020-01-01T00:00:00Z"}),
        "COMPLIANT",
    ),
    Defect(
        "steampipe-mod-aws-compliance#956",
        "what AWS wrote and nobody else can change is a fault",
        AWS + "iam/customer-policy-allows-passing-all-roles",
        {
            **_documents(PolicyKind.IDENTITY, "policyDocument", {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}),
            "CA10__arn__c": "arn:aws:iam::aws:policy/PowerUserAccess",
        },
        "INAPPLICABLE",
    ),
    Defect(
        "ScoutSuite#1710",
        "a root user whose credentials were deleted lacks MFA",
        ROOT_MFA,
        _user("root", {"password_enabled": "false", "mfa_active": "false", "access_key_1_active": "false"}),
        "INAPPLICABLE",
    ),
    Defect(
        "prowler#7967",
        "a root user with a password is passed over where the organization manages root access",
        ROOT_MFA,
        _user("root", {"password_enabled": "true", "mfa_active": "false", "access_key_1_active": "false"}),
        "INCOMPLIANT",
    ),
    Defect(
        "prowler#3519",
        "the root user is judged as a user without a password",
        AWS + "iam/mfa-for-all-users-with-console-password",
        _user("root", {"password_enabled": "not_supported", "mfa_active": "false"}),
        "INAPPLICABLE",
    ),
    Defect(
        "prowler#753",
        "a trail's bucket in another account fails where it may not be read",
        OPEN_TRAIL,
        {**THERE, "CA10__bucketArn__c": "arn:aws:s3:::log-archive", "CA10__bucket__c": None, "CA10__bucket__r": None},
        "UNDETERMINED",
    ),
    Defect(
        "steampipe-mod-aws-compliance#709",
        "a policy of AWS that nobody uses is a fault",
        AWS + "iam/customer-policy-unattached",
        {**THERE, "CA10__arn__c": "arn:aws:iam::aws:policy/AmazonGlacierReadOnlyAccess", "CA10__attachmentCount__c": 0},
        "INAPPLICABLE",
    ),
    Defect(
        "steampipe-mod-aws-compliance#867",
        "keys of users of one name in several accounts count together",
        TWO_KEYS,
        _user("alma", {}),
        "COMPLIANT",
    ),
    Defect(
        "steampipe-mod-aws-compliance#880",
        "two active keys pass, for no key has the status that is asked for",
        TWO_KEYS,
        _user("alma", {"access_key_2_active": "true", "access_key_2_last_rotated": "2026-03-02T00:00:00Z"}),
        "INCOMPLIANT",
    ),
    Defect(
        "steampipe-mod-aws-compliance#873",
        "a query that ends in an error says nothing of two active keys",
        TWO_KEYS,
        _user("root", {"access_key_2_active": "true", "access_key_2_last_rotated": "2026-03-02T00:00:00Z"}),
        "INCOMPLIANT",
    ),
    Defect(
        "steampipe-mod-aws-compliance#895",
        "a query that ends in an error says nothing of a user without keys",
        TWO_KEYS,
        _user("alma", {"access_key_1_active": "false", "access_key_1_last_rotated": "N/A"}),
        "INAPPLICABLE",
    ),
]
