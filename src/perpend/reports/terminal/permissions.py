"""Write permissions as IAM policies, and as roles for Terraform and CloudFormation.

Most list and describe actions cannot be limited to resources, so each statement is for all resources.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perpend.core.objects.claims import FailedCall

MOST_CHARACTERS: Final = 6_144
"""The maximum length of a managed IAM policy in characters, without blanks."""

ASSUME_ROLE: Final = "sts:AssumeRole"
ROLE_NAME: Final = "perpend-collect"
_POLICY_NAME: Final = "perpend-collect"
_VERSION: Final = "2012-10-17"
_ABOUT: Final = "Lets perpend list and describe resources. Grants no changes."


_DENIED: Final = "denied"


def denied_calls(calls: Iterable[FailedCall]) -> dict[tuple[str, str], list[FailedCall]]:
    """Return the calls that were denied, by permission and refusal."""
    denied = (call for call in calls if call.refusal.startswith(_DENIED))
    by_permission: dict[tuple[str, str], list[FailedCall]] = {}
    for call in sorted(denied, key=lambda call: (call.label, call.refusal, call.account, call.region)):
        by_permission.setdefault((call.label, call.refusal), []).append(call)
    return by_permission


def allowable_permissions(denied: Mapping[tuple[str, str], object]) -> list[str]:
    """Return the permissions that a policy of an account can allow, by :func:`denied_calls`.

    No policy of an account allows a call that a service control policy denies.
    """
    return list(dict.fromkeys(label for label, refusal in denied if refusal == _DENIED))


def assume_role_statement(role_name: str) -> dict[str, Any]:
    """Return the statement that allows the caller to assume a role in all accounts."""
    return {
        "Sid": "EnterAccounts",
        "Effect": "Allow",
        "Action": [ASSUME_ROLE],
        "Resource": f"arn:*:iam::*:role/{role_name}",
    }


def iam_policies(
    permissions: Sequence[str], most: int = MOST_CHARACTERS, *, more: Sequence[dict[str, Any]] = ()
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
        if groups[-1] and characters_of(_policy([*groups[-1], statement])) > most:
            groups.append([])
        groups[-1].append(statement)
    return [_policy(statements) for statements in groups]


def characters_of(policy: dict[str, Any]) -> int:
    """Return the length of a policy as IAM counts it."""
    return len(json.dumps(policy, separators=(",", ":")))


def terraform(policies: Sequence[dict[str, Any]]) -> str:
    """Return a role for one account. Another account that knows the external ID may assume it."""
    inline = "\n\n".join(
        f'resource "aws_iam_role_policy" "perpend_{number}" {{\n'
        f'  name   = "{_POLICY_NAME}-{number}"\n'
        f"  role   = aws_iam_role.perpend.id\n"
        f"  policy = <<-JSON\n{_indented(policy, 4)}\n  JSON\n}}"
        for number, policy in enumerate(policies, 1)
    )
    return _TERRAFORM + inline + "\n"


def cloudformation(policies: Sequence[dict[str, Any]]) -> str:
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
                for number, policy in enumerate(policies, 1)
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
            "RoleName": {"Type": "String", "Default": ROLE_NAME, "Description": "The value of perpend's --role-name."},
        },
        "Resources": {"Role": role},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    return json.dumps(template, indent=2) + "\n"


def _statements(service: str, actions: list[str], most: int) -> list[dict[str, Any]]:
    sid = "".join(word.title() for word in service.split("-"))
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*"}
    if len(actions) == 1 or characters_of(_policy([statement])) <= most:
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
  default     = "{ROLE_NAME}"
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
