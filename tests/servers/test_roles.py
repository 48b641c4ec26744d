"""The role that `perpend permissions` writes: made by CloudFormation on moto and read back, and what Terraform would make.

cfn-lint, which holds templates against the schema of their resources, knows the actions of IAM, too (its rule W3037).
"""

from __future__ import annotations

import json
import re
from ast import literal_eval
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")


from perpend.collectors.aws.catalog import TYPES
from tests.cli.conftest import RunWriter, run
from tests.hcl import heredoc_of, read_hcl
from tests.servers.policies import KEYS
from tests.servers.sessions import session_of

pytestmark = pytest.mark.slow

__all__ = ["run"]
ACCOUNT, EXTERNAL_ID, ROLE = "111122223333", "7f3a", "audit"
ALL_INLINE = 10_240
"""How many characters all policies within one role may have, blanks not counted (quotas of IAM)."""

ARGUMENTS = {
    "aws_iam_role": (
        {"assume_role_policy"},
        {
            *("description", "force_detach_policies", "inline_policy", "managed_policy_arns", "max_session_duration"),
            *("name", "name_prefix", "path", "permissions_boundary", "tags"),
        },
    ),
    "aws_iam_role_policy": ({"policy", "role"}, {"name", "name_prefix"}),
}
"""Arguments that the AWS provider's resources require, and may have (``internal/service/iam/role.go``, ``role_policy.go``)."""


@pytest.fixture(params=["all", "seed"])
def chosen(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "seed":
        return ["--policy", "user-has-more-than-one-active-access-key"]
    return [word for name in TYPES for word in ("--types", name)]


@pytest.fixture
def wanted(run: RunWriter, chosen: list[str]) -> list[Any]:
    """Return the statements of the plain policy."""
    return list(json.loads(run("permissions", *chosen, "--format", "iam-policy").out)["Statement"])


def rules_broken_by(template: str) -> list[str]:
    """Return the ids of CloudFormation's rules that a template breaks, warnings among them."""
    from cfnlint.api import lint_all  # takes as long to load as it takes to ask

    return [broken.rule.id for broken in lint_all(template) if not broken.rule.id.startswith("I")]


def test_cloudformation_makes_a_role_of_the_template(
    run: RunWriter, moto_address: str, chosen: list[str], wanted: list[Any]
) -> None:
    template = run("permissions", *chosen, "--format", "cloudformation").out
    assert [] == rules_broken_by(template)
    session = session_of(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"])
    formation, iam = (
        session.create_client(name, region_name="us-east-1", endpoint_url=moto_address) for name in ("cloudformation", "iam")
    )
    given = {"CollectingAccount": ACCOUNT, "ExternalId": EXTERNAL_ID, "RoleName": ROLE}
    stack = {
        "StackName": "perpend",
        "TemplateBody": template,
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    formation.create_stack(**stack)
    (made,) = formation.describe_stacks(StackName="perpend")["Stacks"]
    role = iam.get_role(RoleName=ROLE)["Role"]
    names = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    written = [iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"] for name in names]
    policies = [literal_eval(one) if isinstance(one, str) else one for one in written]  # moto keeps the text of a dictionary
    formation.delete_stack(StackName="perpend")
    assert ("CREATE_COMPLETE", [role["Arn"]]) == (made["StackStatus"], [one["OutputValue"] for one in made["Outputs"]])
    assert trust() == role["AssumeRolePolicyDocument"]
    assert wanted == [statement for policy in policies for statement in policy["Statement"]]
    assert ALL_INLINE >= sum(len(json.dumps(policy, separators=(",", ":"))) for policy in policies)


def test_terraform_declares_the_same_role(run: RunWriter, chosen: list[str], wanted: list[Any]) -> None:
    found = read_hcl(run("permissions", *chosen, "--format", "terraform").out)
    assert {"variable", "data", "resource"} == found.keys()
    variables = {name: one for block in found["variable"] for name, one in block.items()}
    assert {"collecting_account", "external_id", "role_name"} == variables.keys()
    assert [name for name, one in variables.items() if "default" not in one] == ["collecting_account", "external_id"]
    assert [{"aws_partition": {"current": {}}}] == found["data"]
    resources = [(kind, one) for block in found["resource"] for kind, named in block.items() for one in named.values()]
    for kind, arguments in resources:
        required, optional = ARGUMENTS[kind]
        assert required <= arguments.keys() <= required | optional
    (role,) = (one for kind, one in resources if kind == "aws_iam_role")
    policies = [one for kind, one in resources if kind == "aws_iam_role_policy"]
    assert {"${aws_iam_role.perpend.id}"} == {one["role"] for one in policies}
    assert len(policies) == len({one["name"] for one in policies})
    documents = [json.loads(heredoc_of(one["policy"])) for one in policies]
    assert wanted == [statement for document in documents for statement in document["Statement"]]
    assert "${var.role_name}" == role["name"]
    (expression,) = re.findall(r"^\$\{jsonencode\((.*)\)\}$", role["assume_role_policy"], re.DOTALL)
    declared = json.dumps(read_hcl(f"trust = {expression}\n")["trust"])
    known = {"${data.aws_partition.current.partition}": "aws", "${var.collecting_account}": ACCOUNT}
    for name, value in {**known, "${var.external_id}": EXTERNAL_ID}.items():
        assert name in declared
        declared = declared.replace(name, value)
    assert trust() == json.loads(declared)


def test_an_action_that_iam_does_not_have_is_told(run: RunWriter) -> None:
    template = run("permissions", "--policy", "iam-access-analyzer-for-all-regions", "--format", "cloudformation").out
    wrong = template.replace("access-analyzer:ListAnalyzers", "access-analyzer:ListAnalysers")
    assert ["W3037"] == rules_broken_by(wrong)


def trust() -> dict[str, Any]:
    """Return whom the role trusts: the collecting account, if it knows the external id."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
