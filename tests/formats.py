"""A file of each format that other tools write, about one small account, for tests: as values, and as the texts of files."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ANN, BOB, CARL, ROLE = f"{ARN}user/ann", f"{ARN}user/bob", f"{ARN}user/carl", f"{ARN}role/r"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/t"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ROW = {
    "user": "ann",
    "arn": ANN,
    "user_creation_time": "2024-01-01T00:00:00+00:00",
    "password_enabled": "true",
    "password_last_used": "2026-11-19T00:00:00+00:00",
    "mfa_active": "true",
    "access_key_1_active": "true",
    "access_key_1_last_rotated": "2026-11-01T00:00:00+00:00",
    "access_key_1_last_used_date": "2026-11-19T00:00:00+00:00",
    "access_key_2_active": "false",
    "access_key_2_last_rotated": "N/A",
}


def details() -> dict[str, Any]:
    """Return an answer of get-account-authorization-details."""
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": DOCUMENT}
    admin = {"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN}
    return {
        "UserDetailList": [
            {"UserName": "ann", "Arn": ANN, "UserPolicyList": [], "AttachedManagedPolicies": []},
            {"UserName": "bob", "Arn": BOB, "UserPolicyList": [{"PolicyName": "p"}], "AttachedManagedPolicies": []},
            {"UserName": "carl", "Arn": CARL, "UserPolicyList": [], "AttachedManagedPolicies": [admin]},
        ],
        "GroupDetailList": [],
        "RoleDetailList": [{"RoleName": "r", "Arn": ROLE, "AttachedManagedPolicies": [admin]}],
        "Policies": [
            {
                "PolicyName": "AdministratorAccess",
                "Arn": ADMIN,
                "AttachmentCount": 2,
                "IsAttachable": True,
                "PolicyVersionList": [version],
            }
        ],
        "IsTruncated": False,
    }


def config_item(kind: str, arn: str, configuration: Any, **more: Any) -> dict[str, Any]:
    """Return an item of AWS Config."""
    return {
        "resourceType": kind,
        "arn": arn,
        "accountId": ACCOUNT,
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-19T10:00:00Z",
        "configuration": configuration,
    } | more


def config() -> dict[str, Any]:
    """Return a snapshot of AWS Config."""
    admin = {"policyName": "AdministratorAccess", "policyArn": ADMIN}
    user = {"userName": "ann", "userPolicyList": [], "attachedManagedPolicies": []}
    trail = {"name": "t", "isMultiRegionTrail": True, "logFileValidationEnabled": True}
    items = [
        config_item("AWS::IAM::User", ANN, user),
        config_item("AWS::IAM::Role", ROLE, json.dumps({"roleName": "r", "attachedManagedPolicies": [admin]})),
        config_item("AWS::CloudTrail::Trail", TRAIL, trail),
        config_item("AWS::EC2::Subnet", "arn:aws:ec2:eu-west-1:111122223333:subnet/s", {}),
    ]
    return {"fileVersion": "1.0", "configSnapshotId": "a", "configurationItems": items}


def prowler() -> list[dict[str, Any]]:
    """Return two findings of Prowler about one user."""
    finding = {
        "metadata": {"event_code": "iam_user_two_active_access_key", "product": {"name": "Prowler"}},
        "class_uid": 2004,
        "finding_info": {"uid": "a"},
        "status_code": "PASS",
        "time_dt": "2026-11-20T08:15:00+00:00",
        "resources": [{"uid": ANN, "data": {"metadata": ROW}}],
    }
    return [finding, {**finding, "resources": [{"uid": "x", "data": {"metadata": {"name": "x"}}}, *finding["resources"]]}]


def steampipe_users() -> list[dict[str, Any]]:
    """Return rows of Steampipe's aws_iam_user."""
    more = {"account_id": ACCOUNT, "partition": "aws", "_ctx": {"connection_name": "aws"}}
    return [
        {"name": "ann", "user_id": "A", "arn": ANN, "inline_policies": None, "attached_policy_arns": None, **more},
        {
            "name": "bob",
            "user_id": "B",
            "arn": BOB,
            "inline_policies": [{"PolicyName": "p", "PolicyDocument": {}}],
            "attached_policy_arns": None,
            **more,
        },
        {"name": "carl", "user_id": "C", "arn": CARL, "inline_policies": [], "attached_policy_arns": [ADMIN], **more},
    ]


def steampipe_report() -> list[dict[str, Any]]:
    """Return rows of Steampipe's aws_iam_credential_report: words are Booleans there, and what is not there null."""
    words: dict[str, Any] = {"true": True, "false": False, "N/A": None}
    row = {name: words.get(value, value) for name, value in ROW.items()} | {"user_name": "ann", "user_arn": ANN}
    del row["user"], row["arn"]
    more = {"generated_time": "2026-11-20T08:15:00Z", "account_id": ACCOUNT, "_ctx": {"connection_name": "aws"}}
    root = {"user_name": "<root_account>", "user_arn": f"{ARN}root", "password_enabled": True, "mfa_active": True}
    return [row | more, dict.fromkeys(row) | root | {"user_creation_time": ROW["user_creation_time"]} | more]


def cloudquery_trails() -> list[dict[str, Any]]:
    """Return rows of CloudQuery's aws_cloudtrail_trails."""
    return [
        {
            "_cq_sync_time": "2026-11-20T08:15:00Z",
            "_cq_id": "a",
            "account_id": ACCOUNT,
            "region": "eu-west-1",
            "name": "t",
            "arn": TRAIL,
            "home_region": "eu-west-1",
            "is_multi_region_trail": True,
            "log_file_validation_enabled": True,
            "status": {"IsLogging": True},
        }
    ]


def cloudquery_policies() -> list[dict[str, Any]]:
    """Return rows of CloudQuery's aws_iam_policies."""
    more = {"_cq_sync_time": "2026-11-20T08:15:00Z", "_cq_id": "a", "account_id": ACCOUNT}
    shell = "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"
    return [
        {"policy_name": arn.rpartition("/")[2], "arn": arn, "attachment_count": 1, "is_attachable": True, **more}
        for arn in (ADMIN, shell)
    ]


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return rows as CSV, with what is nested as JSON and nothing for null."""
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return written.getvalue()


def as_lines(rows: list[dict[str, Any]]) -> str:
    """Return rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


FORMATS = {
    "authorization-details": details,
    "aws-config": config,
    "prowler-ocsf": prowler,
    "steampipe": steampipe_users,
    "steampipe-report": steampipe_report,
    "cloudquery": cloudquery_policies,
}
"""What makes the value that a file of each format holds."""


def written(name: str, value: Any) -> str:
    """Return the text of a file of a format."""
    return as_lines(value) if name == "cloudquery" else json.dumps(value)
