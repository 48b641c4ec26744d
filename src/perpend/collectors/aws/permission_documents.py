"""Write permissions as IAM policies, and as roles for Terraform and CloudFormation.

Most list and describe actions cannot be limited to resources, so each statement is for all resources.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.protocol import PermissionDocument, PermissionFormat, WantedPermissions

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_CHARACTERS: Final = 6_144
"""The maximum length of a managed IAM policy in characters, without blanks."""

_ASSUME_ROLE: Final = "sts:AssumeRole"
_ROLE_NAME: Final = "perpend-collect"
_POLICY_NAME: Final = "perpend-collect"
_VERSION: Final = "2012-10-17"
_ABOUT: Final = "Lets perpend list and describe resources. Grants no changes."


def iam_policy(wanted: WantedPermissions) -> PermissionDocument:
    """Return an IAM policy as JSON, or an array of several if one would be too long."""
    names = [name for name in wanted.names if name != _ASSUME_ROLE]
    more = [_assume_role_statement(wanted.role_name)] if wanted.role_name else []
    most = wanted.most_characters or _MOST_CHARACTERS
    documents = _iam_policies(names, most, more=more)
    text = json.dumps(documents[0] if len(documents) == 1 else documents, indent=2) + "\n"
    if len(documents) == 1:
        return PermissionDocument(text)
    whole = sum(map(_characters_of, _iam_policies(names, sys.maxsize, more=more)))
    many = f"{len(names)} actions take {whole:,} characters, more than {most:,}"
    return PermissionDocument(text, (f"{many}: attach all {len(documents)} policies",))


def _assume_role_statement(role_name: str) -> dict[str, Any]:
    """Return the statement that allows the caller to assume a role in all accounts."""
    return {
        "Sid": "EnterAccounts",
        "Effect": "Allow",
        "Action": [_ASSUME_ROLE],
        "Resource": f"arn:*:iam::*:role/{role_name}",
    }


def _iam_policies(
    permissions: Sequence[str], most: int = _MOST_CHARACTERS, *, more: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return IAM policies with a statement for each service, then the statements ``more``.

    A policy has at most ``most`` characters. The actions of a service are only split if they alone are too long.
    """
    by_service: dict[str, list[str]] = {}
    for permission in permissions:
        by_service.setdefault(permission.partition(":")[0], []).append(permission)
    groups: list[list[dict[str, Any]]] = [[]]
    for statement in [
        *(part for service, actions in by_service.items() for part in _statements(service, actions, most)),
        *more,
    ]:
        if groups[-1] and _characters_of(_policy([*groups[-1], statement])) > most:
            groups.append([])
        groups[-1].append(statement)
    return [_policy(statements) for statements in groups]


def _characters_of(policy: dict[str, Any]) -> int:
    """Return the length of a policy as IAM counts it."""
    return len(json.dumps(policy, separators=(",", ":")))


def terraform(wanted: WantedPermissions) -> PermissionDocument:
    """Return a role for one account. Another account that knows the external ID may assume it."""
    inline = "\n\n".join(
        f'resource "aws_iam_role_policy" "perpend_{number}" {{\n'
        f'  name   = "{_POLICY_NAME}-{number}"\n'
        f"  role   = aws_iam_role.perpend.id\n"
        f"  policy = <<-JSON\n{_indented(policy, 4)}\n  JSON\n}}"
        for number, policy in enumerate(_iam_policies(wanted.names), 1)
    )
    return PermissionDocument(_TERRAFORM + inline + "\n")


def cloudformation(wanted: WantedPermissions) -> PermissionDocument:
    """Return a template with the same role, for a stack or a stack set of all accounts of an organization."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${CollectingAccount}:root"}},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
    }
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": "RoleName"},
            "Description": _ABOUT,
            "AssumeRolePolicyDocument": _policy([trust]),
            "Policies": [
                {"PolicyName": f"{_POLICY_NAME}-{number}", "PolicyDocument": policy}
                for number, policy in enumerate(_iam_policies(wanted.names), 1)
            ],
        },
    }
    account = {"Type": "String", "AllowedPattern": "[0-9]{12}", "Description": "The account that perpend collects from."}
    secret = {
        "Type": "String",
        "MinLength": 2,
        "MaxLength": 1224,
        "Description": "The value of perpend's --external-id.",
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": _ABOUT,
        "Parameters": {
            "CollectingAccount": account,
            "ExternalId": secret,
            "RoleName": {"Type": "String", "Default": _ROLE_NAME, "Description": "The value of perpend's --role-name."},
        },
        "Resources": {"Role": role},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    return PermissionDocument(json.dumps(template, indent=2) + "\n")


def _statements(service: str, actions: list[str], most: int) -> list[dict[str, Any]]:
    sid = "".join(word.title() for word in service.split("-"))
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*"}
    if len(actions) == 1 or _characters_of(_policy([statement])) <= most:
        return [statement]
    half = len(actions) // 2
    parts = [*_statements(service, actions[:half], most), *_statements(service, actions[half:], most)]
    return [{**part, "Sid": f"{sid}{number}"} for number, part in enumerate(parts, 1)]


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": statements}


def _indented(policy: dict[str, Any], blanks: int) -> str:
    return "\n".join(" " * blanks + line for line in json.dumps(policy, indent=2).splitlines())


_TERRAFORM: Final = f"""variable "collecting_account" {{
  type        = string
  description = "The account that perpend collects from."
}}

variable "external_id" {{
  type        = string
  sensitive   = true
  description = "The value of perpend's --external-id."
}}

variable "role_name" {{
  type        = string
  default     = "{_ROLE_NAME}"
  description = "The value of perpend's --role-name."
}}

data "aws_partition" "current" {{}}

resource "aws_iam_role" "perpend" {{
  name        = var.role_name
  description = "{_ABOUT}"

  assume_role_policy = jsonencode({{
    Version = "{_VERSION}"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ AWS = "arn:${{data.aws_partition.current.partition}}:iam::${{var.collecting_account}}:root" }}
      Action    = "sts:AssumeRole"
      Condition = {{ StringEquals = {{ "sts:ExternalId" = var.external_id }} }}
    }}]
  }})
}}

"""

FORMATS: Final = (
    PermissionFormat("iam-policy", iam_policy, adds=True, splits=True),
    PermissionFormat("terraform", terraform),
    PermissionFormat("cloudformation", cloudformation),
)
"""The formats in which AWS takes permissions."""
