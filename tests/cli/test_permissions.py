"""`perpend permissions`: what collecting takes, no more, and what each permission is for."""

from __future__ import annotations

import json

from perpend.clouds.aws.tables import CALLS
from tests.cli.conftest import KEY_POLICY, Run


def test_a_policy_needs_what_it_reads_and_no_more(run: Run) -> None:
    ended = run("permissions", "--policy", KEY_POLICY, "--format", "iam-policy")
    actions = ["iam:GenerateCredentialReport", "iam:GetCredentialReport"]
    statement = {"Sid": "Iam", "Effect": "Allow", "Action": actions, "Resource": "*"}
    assert (0, {"Version": "2012-10-17", "Statement": [statement]}) == (ended.code, json.loads(ended.out))


def test_all_permissions_fit_into_a_session_policy(run: Run) -> None:
    policy = json.loads(run("permissions", "--format", "iam-policy").out)
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {call.permission for call in CALLS.values() if call.permission} == actions
    assert len(json.dumps(policy, separators=(",", ":"))) <= 2_048


def test_each_permission_says_which_policies_need_it(run: Run) -> None:
    found = {one["permission"]: one for one in json.loads(run("permissions", "--format", "json").out)}
    hubs = found["securityhub:DescribeHub"]
    assert (["DescribeHub"], ["/ce/ca/aws/account/security-hub"]) == (hubs["operations"], hubs["policies"])
    lines = [line.split(maxsplit=1) for line in run("permissions").out.splitlines()]
    assert ["securityhub:DescribeHub", "1 policy needs it"] in lines


def test_what_no_call_serves_is_refused(run: Run) -> None:
    ended = run("permissions", "--types", "CA10__CaNothing__c")
    assert (2, "unknown type 'CA10__CaNothing__c'") == (ended.code, ended.err[len("perpend: ") :].split(" (")[0].split(";")[0])
