"""`perpend permissions`: what collecting takes, no more, and what each permission is for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from perpend.collectors.aws.catalog import CALLS, TYPES
from tests.cli.conftest import EXAMPLE, KEY_POLICY, RunWriter


def test_a_policy_needs_what_it_reads_and_no_more(run: RunWriter) -> None:
    ended = run("permissions", "--policy", KEY_POLICY, "--format", "iam-policy")
    actions = ["iam:GenerateCredentialReport", "iam:GetCredentialReport"]
    statement = {"Sid": "Iam", "Effect": "Allow", "Action": actions, "Resource": "*"}
    assert (0, {"Version": "2012-10-17", "Statement": [statement]}) == (ended.code, json.loads(ended.out))


USER, KEY = "CA10__CaAwsUser__c", "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"
ALL = [option for name in TYPES for option in ("--types", name)]
"""Asks for all that the table knows."""


def test_all_permissions_are_one_managed_policy_or_parts_that_fit_a_session(run: RunWriter) -> None:
    wanted = {call.permission for call in CALLS.values() if call.permission}
    whole = run("permissions", *ALL, "--format", "iam-policy")
    assert (wanted, "") == (actions(json.loads(whole.out)), whole.err)
    for most in (2_048, 300):
        split = run("permissions", *ALL, "--format", "iam-policy", "--most-characters", most)
        parts = json.loads(split.out)
        assert len(parts) > 1 and all(len(json.dumps(part, separators=(",", ":"))) <= most for part in parts)
        assert wanted == {action for part in parts for action in actions(part)}
        assert f"characters, more than {most:,}: attach all {len(parts)} policies" in split.err


def actions(policy: Any) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def test_a_role_for_an_organization_trusts_who_knows_the_external_id(run: RunWriter) -> None:
    template = json.loads(run("permissions", "--policy", KEY_POLICY, "--format", "cloudformation").out)
    role = template["Resources"]["Role"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}} == trust["Condition"]
    assert {"CollectingAccount", "ExternalId", "RoleName"} == template["Parameters"].keys()
    wanted = {"iam:GenerateCredentialReport", "iam:GetCredentialReport"}
    assert [wanted] == [actions(policy["PolicyDocument"]) for policy in role["Policies"]]
    text = run("permissions", "--policy", KEY_POLICY, "--format", "terraform").out
    assert '"sts:ExternalId" = var.external_id' in text
    (document,) = re.findall(r"<<-JSON\n(.*?)\n +JSON", text, re.DOTALL)
    assert wanted == actions(json.loads(document))


def test_the_cost_of_a_permission_names_policies(run: RunWriter) -> None:
    lines = run("permissions", "--policy", KEY_POLICY, "--cost").out.splitlines()
    policy = "  /ce/ca/aws/iam/user-has-more-than-one-active-access-key"
    assert [policy, policy] == lines[1::2]


def test_each_permission_says_which_policies_need_it(run: RunWriter) -> None:
    found = {one["permission"]: one for one in json.loads(run("permissions", "--format", "json").out)}
    hubs = found["securityhub:DescribeHub"]
    assert (["DescribeHub"], ["/ce/ca/aws/account/security-hub"]) == (hubs["operations"], hubs["policies"])
    lines = [line.split(maxsplit=1) for line in run("permissions").out.splitlines()]
    assert ["securityhub:DescribeHub", "1 policy needs it"] in lines


def test_of_a_type_each_permission_says_which_policies_need_it(run: RunWriter) -> None:
    found = {
        one["permission"]: one["policies"] for one in json.loads(run("permissions", "--types", USER, "--format", "json").out)
    }
    named = {one["permission"]: one["policies"] for one in json.loads(run("permissions", "--format", "json").out)}
    assert KEY in found["iam:GetCredentialReport"]
    assert found == {permission: named.get(permission, []) for permission in found}


def test_what_no_call_serves_is_refused(run: RunWriter) -> None:
    ended = run("permissions", "--types", "CA10__CaNothing__c")
    assert (2, "unknown type 'CA10__CaNothing__c'") == (ended.code, ended.err[len("perpend: ") :].split(" (")[0].split(";")[0])


def test_who_asks_an_organization_lists_its_accounts_and_enters_them_by_one_role(run: RunWriter) -> None:
    policy = json.loads(
        run("permissions", "--policy", KEY_POLICY, "--org", "--role-name", "audit", "--format", "iam-policy").out
    )
    enters = {"Action": ["sts:AssumeRole"], "Effect": "Allow", "Resource": "arn:*:iam::*:role/audit", "Sid": "EnterAccounts"}
    assert (enters, True) == (policy["Statement"][-1], "organizations:ListAccounts" in actions(policy))
    lines = run("permissions", "--policy", KEY_POLICY, "--org").out.splitlines()
    assert ["organizations:ListAccounts    1 policy needs it", "sts:AssumeRole                1 policy needs it"] == lines[2:]
    assert 2 == run("permissions", "--role-name", "audit").code == run("permissions", "--org", "--format", "terraform").code


def test_the_cost_of_a_permission_is_counted_in_verdicts_of_a_store(run: RunWriter, tmp_path: Path) -> None:
    run("import", EXAMPLE, "--store", tmp_path / "s")
    lines = run("permissions", "--policy", KEY_POLICY, "--store", tmp_path / "s").out.splitlines()
    assert "iam:GetCredentialReport       1 policy needs it, 25 verdicts" == lines[1]
