"""Documents as services of AWS write them: extended, stored as text, and judged by the operation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perpend.core.iam.access_policy import AccessLevel, AccessPolicy
from perpend.core.iam.levels import PolicyKind, extended_document
from perpend.core.values.values import json_from_text
from tests.unit.core.iam.vectors import KNOWN

OWN, STRANGER = "111122223333", "999988887777"
ROOT = {"AWS": f"arn:aws:iam::{OWN}:root"}
TOPIC = f"arn:aws:sns:eu-west-1:{OWN}:alarms"
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:jobs"
LAMBDA = f"arn:aws:lambda:eu-west-1:{OWN}:function:f"


def allow(principal: Any, action: Any, resource: Any = None, **more: Any) -> dict[str, Any]:
    found = {"Sid": "s", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}
    return {key: value for key, value in found.items() if value is not None}


SOURCE = {"StringEquals": {"AWS:SourceOwner": OWN}}
OF_TRAIL = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": OWN}}
VIA_S3 = {"StringEquals": {"kms:CallerAccount": OWN, "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
OF_BUCKET = {"StringEquals": {"AWS:SourceAccount": OWN}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::uploads"}}
OF_RULE = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:eu-west-1:{OWN}:rule/nightly"}}
ADDRESSES = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.7"]}}

DOCUMENTS = [
    ("s3", "s3:PutObject", "SAME_ACCOUNT", allow({"Service": "cloudtrail.amazonaws.com"}, "s3:PutObject", "arn:aws:s3:::t/*", Condition=OF_TRAIL)),
    ("kms", "kms:Decrypt", "SAME_ACCOUNT", allow(ROOT, "kms:*", "*")),
    ("kms managed by aws", "kms:Decrypt", "SAME_ACCOUNT", allow({"AWS": "*"}, ["kms:Encrypt", "kms:Decrypt"], "*", Condition=VIA_S3)),
    ("sns by default", "sns:Publish", "SAME_ACCOUNT", allow({"AWS": "*"}, ["SNS:Publish", "SNS:GetTopicAttributes"], TOPIC, Condition=SOURCE)),
    ("sqs", "sqs:SendMessage", "EXTERNAL_PRINCIPAL", allow("*", "SQS:SendMessage", QUEUE, Condition={"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{STRANGER}:t"}})),
    ("lambda", "lambda:InvokeFunction", "SAME_ACCOUNT", allow({"Service": "s3.amazonaws.com"}, "lambda:InvokeFunction", LAMBDA, Condition=OF_BUCKET)),
    ("lambda by a rule", "lambda:InvokeFunction", "SAME_ACCOUNT", allow({"Service": "events.amazonaws.com"}, "lambda:InvokeFunction", LAMBDA, Condition=OF_RULE)),
    ("lambda's address", "lambda:InvokeFunctionUrl", "ANONYMOUS_PRINCIPAL", allow("*", "lambda:InvokeFunctionUrl", LAMBDA, Condition={"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}})),
    ("ecr", "ecr:BatchGetImage", "TRUSTED_PRINCIPAL", allow({"AWS": "arn:aws:iam::444455556666:root"}, ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])),
    ("secretsmanager", "secretsmanager:GetSecretValue", "SAME_ORG", allow({"AWS": "arn:aws:iam::333344445555:role/app"}, "secretsmanager:GetSecretValue", "*")),
    ("opensearch", "es:ESHttpGet", "EXTERNAL_PRINCIPAL", allow({"AWS": "*"}, "es:ESHttp*", f"arn:aws:es:eu-west-1:{OWN}:domain/d/*", Condition=ADDRESSES)),
    ("efs by default", "elasticfilesystem:ClientMount", "ANONYMOUS_PRINCIPAL", allow({"AWS": "*"}, ["elasticfilesystem:ClientRootAccess", "elasticfilesystem:ClientMount"], Condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}})),
]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "level", "statement"), [found[1:] for found in DOCUMENTS], ids=[found[0] for found in DOCUMENTS]
)
@pytest.mark.parametrize("version", ["2008-10-17", "2012-10-17"])
def test_a_resources_policy_is_judged(version: str, action: str, level: str, statement: dict[str, Any]) -> None:
    secure = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    given = {"Version": version, "Id": "__default_policy_ID", "Statement": [statement, secure]}
    stored = json_from_text(json.dumps(extended_document(given, PolicyKind.RESOURCE, KNOWN)))
    assert AccessPolicy(stored).allows([action], AccessLevel(AccessLevel[level] - 1))
    assert not AccessPolicy(stored).allows([action], AccessLevel[level])
    assert not AccessPolicy(stored).allows(["iam:CreateUser"], AccessLevel.NOBODY)


def test_a_policy_of_identities_is_the_own_accounts() -> None:
    given = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::*:user/${aws:username}"},
            {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
        ],
    }
    extended = extended_document(given, PolicyKind.IDENTITY, KNOWN)
    assert ["SAME_ACCOUNT", "SAME_ACCOUNT", None] == [one.get("AccessLevel") for one in extended["Statement"]]
    assert AccessPolicy(extended).allows(["iam:CreateAccessKey"], AccessLevel.NOBODY)
    assert not AccessPolicy(extended).allows(["iam:DeleteUser", "s3:GetObject"], AccessLevel.NOBODY)
    assert not AccessPolicy(extended).allows(["ec2:RunInstances"], AccessLevel.SAME_ACCOUNT)
