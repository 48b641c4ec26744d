"""`perpend permissions`: what collecting takes, no more, and what each permission is for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.core.objects.claims import FailedCall
from perpend.inventory.snapshots.manifest import StoredSource
from perpend.inventory.snapshots.store import Store
from tests.cli.conftest import KEY_POLICY, RunWriter
from tests.repositories import write
from tests.toy_cloud import collected_toy

__all__ = ["collected_toy"]


def test_a_policy_needs_what_it_reads_and_no_more(run: RunWriter) -> None:
    ended = run("permissions", "--policy", KEY_POLICY, "--format", "iam-policy")
    actions = ["iam:GenerateCredentialReport", "iam:GetCredentialReport"]
    statement = {"Sid": "Iam", "Effect": "Allow", "Action": actions, "Resource": "*"}
    assert (0, {"Version": "2012-10-17", "Statement": [statement]}) == (ended.code, json.loads(ended.out))


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


KMS, IAM, ORG = "kms:ListKeys", "iam:GenerateCredentialReport", "account:GetAlternateContact"


@pytest.fixture
def denied(tmp_path: Path) -> Path:
    """A store whose last collection was denied some calls."""
    with Store(tmp_path / "store").writing() as writer:
        for region in ("eu-west-1", "us-east-1"):
            writer.calls.append(FailedCall("111122223333", region, "kms", "ListKeys", KMS, "denied", "AccessDenied"))
        writer.calls.append(FailedCall("111122223333", "", "iam", "GenerateCredentialReport", IAM, "denied", "AccessDenied"))
        writer.calls.append(FailedCall("111122223333", "", "account", "GetAlternateContact", ORG, "denied by SCP"))
        writer.calls.append(FailedCall("111122223333", "us-east-1", "ec2", "DescribeVolumes", "ec2:DescribeVolumes", "failed:"))
        writer.commit("test")
    return tmp_path / "store"


def test_of_a_thousand_accounts_ten_are_named(run: RunWriter, tmp_path: Path) -> None:
    with Store(tmp_path / "store").writing() as writer:
        for number in range(1_000):
            writer.calls.append(FailedCall(f"{number:012}", "", "kms", "ListKeys", KMS, "denied", "AccessDenied"))
        writer.commit("test")
    (line,) = run("permissions", "--missing", "--store", tmp_path / "store").err.splitlines()
    assert line.endswith(", 000000000009 and 990 more")
    (entry,) = json.loads(run("permissions", "--missing", "--store", tmp_path / "store", "--format", "json").out)
    assert 1_000 == len(entry["calls"])


def test_what_is_missing_is_a_policy_and_the_calls_stand_beside_it(
    run: RunWriter, denied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run("permissions", "--missing", "--store", denied)
    assert (0, {KMS, IAM}) == (told.code, actions(json.loads(told.out)))
    assert told.err.splitlines() == [
        f"perpend: denied by SCP: {ORG:28}  111122223333",
        f"perpend: denied: {IAM}  111122223333",
        f"perpend: denied: {KMS:28}  111122223333  eu-west-1, us-east-1",
    ]
    (entry, *_) = json.loads(run("permissions", "--missing", "--store", denied, "--format", "json").out)
    assert (ORG, "denied by SCP", ["GetAlternateContact"]) == (
        entry["permission"],
        entry["refusal"],
        [call["operation"] for call in entry["calls"]],
    )
    some = run("permissions", "--missing", "--store", denied, "--policy", KEY_POLICY)
    assert {IAM} == actions(json.loads(some.out))
    whole_role = run("permissions", "--missing", "--store", denied, "--format", "terraform")
    assert (2, "") == (whole_role.code, whole_role.out)
    assert "terraform is a whole role, --missing adds to one: use --format iam-policy" in whole_role.err
    monkeypatch.chdir(tmp_path)
    assert "name a store with --store DIR, or run this where .perpend/store is" in run("permissions", "--missing").err
    (tmp_path / ".perpend").mkdir(mode=0o700)
    denied.rename(tmp_path / ".perpend" / "store")
    assert told == run("permissions", "--missing")


def test_a_configured_store_is_read_for_what_is_missing_only(
    run: RunWriter, denied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perpend.toml").write_text('store = "store"\n')
    assert {KMS, IAM} == actions(json.loads(run("permissions", "--missing").out))
    assert "verdict" not in run("permissions", "--policy", KEY_POLICY).out


def test_nothing_is_missing(run: RunWriter, tmp_path: Path) -> None:
    with Store(tmp_path / "store").writing() as writer:
        writer.commit("test")
    told = run("permissions", "--missing", "--store", tmp_path / "store")
    assert (0, "", "perpend: the last collection was denied nothing\n") == told


def test_calls_that_failed_otherwise_are_not_called_denied(run: RunWriter, tmp_path: Path) -> None:
    with Store(tmp_path / "store").writing() as writer:
        writer.calls.append(FailedCall("111122223333", "", "x", "A", "x:A", "failed:", "InternalError"))
        writer.commit("test")
    told = run("permissions", "--missing", "--store", tmp_path / "store")
    assert "perpend: the last collection was denied nothing; 1 call failed, which no permission changes\n" == told.err


@pytest.fixture
def two_clouds(tmp_path: Path, collected_toy: None) -> Path:
    """A store that AWS and another cloud were collected into, whose accounts have the form of AWS's; both denied calls."""
    with Store(tmp_path / "store").writing() as writer:
        writer.sources += [
            StoredSource("aws", "aws", accounts=("111122223333",)),
            StoredSource("toy", "toy", accounts=("444455556666",)),
        ]
        writer.calls += [
            FailedCall("111122223333", "", "kms", "ListKeys", KMS, "denied", "AccessDenied"),
            FailedCall("444455556666", "", "things", "ListThings", "things.list", "denied"),
            FailedCall("Nowhere", "", "things", "ListThings", "things.list", "denied"),
            FailedCall("Nowhere", "", "accounts", "GetAccount", "accounts.get", "denied by the toy's law"),
        ]
        writer.commit("test")
    return tmp_path / "store"


def test_what_two_clouds_denied_is_a_document_for_each(run: RunWriter, two_clouds: Path) -> None:
    told = run("permissions", "--missing", "--store", two_clouds)
    policy, end = json.JSONDecoder().raw_decode(told.out)
    assert (0, {KMS}, "\n# 444455556666 Nowhere\nthings.list\n") == (told.code, actions(policy), told.out[end:])
    assert told.err.splitlines() == [
        "give the list to the toy",
        "perpend: 2 documents, for AWS (iam-policy) and Toy (toy-list): --cloud NAME prints one alone",
        f"perpend: denied: {KMS:12}  111122223333",
        "perpend: denied by the toy's law: accounts.get  Nowhere",
        "perpend: denied: things.list   444455556666, Nowhere",
    ]
    entries = json.loads(run("permissions", "--missing", "--store", two_clouds, "--format", "json").out)
    assert [("aws", KMS), ("toy", "accounts.get"), ("toy", "things.list")] == [
        (entry["cloud"], entry["permission"]) for entry in entries
    ]


@pytest.mark.parametrize("chosen", [("--cloud", "toy"), ("--format", "toy-list"), ("--cloud", "toy", "--format", "toy-list")])
def test_one_of_two_clouds_is_chosen_by_its_name_or_its_format(
    run: RunWriter, two_clouds: Path, chosen: tuple[str, ...]
) -> None:
    told = run("permissions", "--missing", "--store", two_clouds, *chosen)
    assert (0, "# 444455556666 Nowhere\nthings.list\n") == (told.code, told.out)
    assert KMS not in told.err
    alone = run("permissions", "--missing", "--store", two_clouds, "--cloud", "aws")
    assert ({KMS}, False) == (actions(json.loads(alone.out)), "things" in alone.err)


def test_what_is_missing_for_a_policy_is_asked_of_its_cloud(run: RunWriter, two_clouds: Path) -> None:
    told = run("permissions", "--missing", "--store", two_clouds, "--policy", KEY_POLICY)
    assert (0, "", "perpend: the last collection was denied nothing\n") == told
    told = run("permissions", "--missing", "--store", two_clouds, "--policy", "symmetric-cmk-rotation")
    assert (0, {KMS}, False) == (told.code, actions(json.loads(told.out)), "things" in told.err)


@pytest.fixture
def toys(tmp_path: Path, collected_toy: None) -> Path:
    """A repository with the types of the other cloud."""
    fields = [{"name": "Id", "type": "id"}, {"name": "name", "type": "text"}]
    kinds = {
        name: {"label": name, "nameField": "name", "deletionField": "none", "fields": fields} for name in ("Thing", "Account")
    }
    return write(tmp_path / "toys", {f"types/{name}/type.yaml": declared for name, declared in kinds.items()})


def test_a_cloud_has_formats_of_its_own(run: RunWriter, toys: Path) -> None:
    asked = ("permissions", "--cloud", "toy", "--types", "Thing", "--repo", toys)
    assert (0, "role: accounts.get things.list toy.open\n", "") == run(*asked, "--format", "toy-role")
    listed = run(*asked, "--format", "toy-list", "--org")
    assert "#\naccounts.get\nthings.list\ntoy.list\ntoy.open\n" == listed.out
    assert ["accounts.get", "things.list", "toy.open"] == [line.split()[0] for line in run(*asked).out.splitlines()]
    assert "toy-list" in run("permissions", "--help").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cloud", "mars"), "`mars` is no cloud that can be collected, only aws"),
        (("--cloud", "toy", "--format", "iam-policy"), "iam-policy is no format of Toy: add --cloud aws"),
        (("--format", "toy-role"), "toy-role is no format of AWS: add --cloud toy"),
        (("--cloud", "toy", "--org", "--role-name", "r"), "--role-name: Toy opens accounts without a role in each"),
        (("--format", "csv"), "perpend permissions does not write csv; it writes table, json, iam-policy, "),
        (
            ("--org", "--format", "terraform"),
            "terraform is a role in each account, --org is for its caller: use --format iam-policy",
        ),
        (("--missing", "--format", "toy-role"), "toy-role is a whole role, --missing adds to one: use --format toy-list"),
        (("--missing", "--cloud", "toy", "--format", "iam-policy"), "iam-policy is no format of Toy: add --cloud aws"),
    ],
)
def test_what_a_cloud_does_not_take_is_refused(run: RunWriter, toys: Path, words: tuple[str, ...], message: str) -> None:
    ended = run("permissions", "--types", "Thing" if "toy" in words else "CA10__CaAwsUser__c", "--repo", toys, *words)
    assert (2, "") == (ended.code, ended.out)
    assert message in ended.err


@pytest.mark.parametrize("form", ["azure-role", "bicep", "terraform"])
def test_a_role_of_azure_reads_what_is_asked_for_and_nothing_else(run: RunWriter, form: str) -> None:
    ended = run("permissions", "--cloud", "azure", "--types", "CA10__CaAzureStorageAccount__c", "--format", form)
    named = {*re.findall(r"\bMicrosoft\.[A-Za-z]+/[A-Za-z/]+/read\b", ended.out)}
    assert (0, True) == (
        ended.code,
        {"Microsoft.Storage/storageAccounts/read", "Microsoft.Resources/subscriptions/read"} <= named,
    )
    assert not [action for action in named if "networkSecurityGroups" in action or action.startswith("Microsoft.Management")]
