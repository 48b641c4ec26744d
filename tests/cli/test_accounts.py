"""One object has one account in every output, filter, waiver, scope and digest: that of its owner."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend import Input, Store, import_inputs, open_repository
from tests.cli.conftest import Run, RunWriter, answer
from tests.repositories import NAMES, logic, write
from tests.unit.server.api.served import client_of, reader_of, serving

OWNER, OTHER = "111111111111", "222222222222"
IAM, ALIEN = f"arn:aws:iam::{OWNER}:", f"arn:aws:kms:eu-west-1:{OTHER}:key/"
USER, ROLE, GROUP = f"{IAM}user/team/user-02", f"{IAM}role/role-7", f"{OWNER}/group/admins"
LISTENER = f"arn:aws:elasticloadbalancing:eu-west-1:{OWNER}:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2"
KEY = "CA10__CaAwsKmsKey__c"
WAIVER = {"policies": ["/ce/**"], "kind": "accepted-risk", "reason": "A trial.", "owner": "o@x.example", "until": "2999-06-01"}
OWNERS: dict[str, list[dict[str, Any]]] = {
    "CA10__CaAwsAccount__c": [{"Id": OWNER}, {"Id": OTHER}],
    "CA10__CaAwsUser__c": [{"Id": USER, "CA10__userName__c": "user-02", "CA10__account__c": OWNER}],
    "CA10__CaAwsRole__c": [{"Id": ROLE, "CA10__account__c": OWNER}],
    "CA10__CaAwsIamGroup__c": [{"Id": GROUP, "CA10__account__c": OWNER}],
}
CASES: dict[str, list[dict[str, Any]]] = {
    "CA10__CaAwsUserPolicy__c": [{"Id": f"{USER}|god", "CA10__policyName__c": "god", "CA10__user__c": USER}],
    "CA10__CaAwsIamRolePolicy__c": [{"Id": f"{ROLE}|god", "CA10__policyName__c": "god", "CA10__role__c": ROLE}],
    "CA10__CaAwsIamGroupPolicy__c": [{"Id": f"{GROUP}|god", "CA10__policyName__c": "god", "CA10__group__c": GROUP}],
    "CA10__CaAwsLoadBalancerListener__c": [{"Id": LISTENER, "CA10__account__c": OWNER}],
    KEY: [
        {"Id": f"{ALIEN}{one}", "CA10__arn__c": f"{ALIEN}{one}", "CA10__keyId__c": one, "CA10__account__c": account}
        for one, account in (("shared", OWNER), ("own", OTHER))
    ],
}
"""The key `shared` is listed by its owner, and its ARN names another account."""

EXPECTED = {one["Id"]: OTHER if one["Id"].endswith("own") else OWNER for rows in CASES.values() for one in rows}
OF_OWNER = {name for name, account in EXPECTED.items() if account == OWNER}


FORMS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "csv": lambda text: {row["objectId"]: row["account"] for row in csv.DictReader(io.StringIO(text, newline=""))},
    "json": lambda text: {one["object"]["id"]: one["object"]["account"]["id"] for one in json.loads(text)["verdicts"]},
    "ndjson": lambda text: {one["object"]["id"]: one["object"]["account"]["id"] for one in map(json.loads, text.splitlines())},
    "ocsf": lambda text: {
        one["resources"][0]["uid"]: one["cloud"]["account"]["uid"] for one in map(json.loads, text.splitlines())
    },
    "asff": lambda text: {one["Resources"][0]["Id"]: one["AwsAccountId"] for one in json.loads(text)["Findings"]},
    "oscal-poam": lambda text: {
        (named := {prop["name"]: prop["value"] for prop in item["props"]})["object-id"]: named["account"]
        for item in json.loads(text)["plan-of-action-and-milestones"]["poam-items"]
    },
}
"""The formats that show accounts. Each function returns the accounts by object."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two runs. All objects fail; all but the key of the other account are new in the second run."""
    root = tmp_path_factory.mktemp("accounts")
    files: dict[str, Any] = {"ce/acme/folder.yaml": {"names": NAMES}}
    for number, type_name in enumerate(CASES):
        files[f"ce/acme/p{number}/prod.logic.yaml"] = logic(input_type=type_name, otherwise="INCOMPLIANT")
        files[f"ce/acme/p{number}/policy.yaml"] = {"names": NAMES}
    write(root / "policies", files)
    for account in (OWNER, OTHER):
        entry = {"id": f"of-{account}", **WAIVER, "scope": {"accounts": [account]}}
        write(root / account, {"a.yaml": {"waivers": [entry]}})
    (root / "perpend.toml").write_text(f'[accounts.{OWNER}]\nname = "prod"\nowner = "iam-team"\n')
    (root / "channels.toml").write_text('[channels.all]\nurl-env = "HOOK"\n')
    own = {KEY: [one for one in CASES[KEY] if one["Id"].endswith("own")]}
    for day, objects in ((20, {**OWNERS, **own}), (21, {**OWNERS, **CASES})):
        inputs = []
        for type_name, rows in objects.items():
            path = root / f"{type_name}-{day}.json"
            path.write_text(json.dumps(rows), "utf-8")
            inputs.append(Input(str(path), type_name, observed_at=datetime(2026, 11, day, tzinfo=UTC)))
        import_inputs(Store(root / "store"), inputs, declared=open_repository().declared_type)
        answer("check", "--store", root / "store", "--repo", root / "policies", "-q")
    return root


def of_store(run: RunWriter, place: Path, command: str, *options: Any) -> Run:
    return run(command, "--store", place / "store", "--repo", place / "policies", *options)


def rows(ran: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


@pytest.mark.parametrize(
    "command",
    [
        *(("check", "--no-history", "--format", form) for form in ("csv", "json", "ndjson", "ocsf")),
        *(("findings", "--format", form) for form in ("ocsf", "oscal-poam")),
        ("check", "--no-history", "--unrated", "low", "--format", "asff"),
        ("findings", "--unrated", "low", "--format", "asff"),
    ],
    ids=" ".join,
)
def test_each_format_has_the_account_of_the_owner(run: RunWriter, place: Path, command: tuple[str, ...]) -> None:
    assert EXPECTED == FORMS[command[-1]](of_store(run, place, *command).out)


def test_parquet_has_the_account_of_the_owner(run: RunWriter, place: Path, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.parquet"
    of_store(run, place, "check", "--no-history", "--format", "parquet", "--out", path)
    assert EXPECTED == dict(duckdb.sql(f"SELECT objectId, account FROM '{path}'").fetchall())


@pytest.mark.parametrize("account", [OWNER, OTHER])
def test_filters_waivers_and_readers_agree(run: RunWriter, place: Path, account: str) -> None:
    expected = {name for name, its in EXPECTED.items() if its == account}
    shown = of_store(run, place, "check", "--no-history", "--format", "json", "--account", account)
    assert expected == {one["object"]["id"] for one in json.loads(shown.out)["verdicts"]}
    assert expected == {
        one["object_id"] for one in rows(of_store(run, place, "findings", "--format", "json", "--account", account))
    }
    waived = ("--waivers", place / account)
    counts = json.loads(of_store(run, place, "check", "--no-history", "--format", "json", *waived).out)["waivers"]["waived"]
    assert len(expected) == counts["INCOMPLIANT"]
    found = rows(of_store(run, place, "findings", "--format", "json", *waived))
    assert expected == {one["object_id"] for one in found if one["waiver"]}
    repository = open_repository(place / "policies")
    with serving(place / "store", repository) as store, client_of(store) as client:
        answered = client.get("/api/v1/findings", headers=reader_of(frozenset({account}))).json()
        assert expected == {one["object_id"] for one in answered["findings"]}
        assert {account} == {one["account"] for one in answered["findings"]}


def test_findings_name_the_account_and_an_inline_policy_its_owner(run: RunWriter, place: Path) -> None:
    found = rows(of_store(run, place, "findings", "--format", "json"))
    assert EXPECTED == {one["object_id"]: one["account"] for one in found}
    names = {one["object_name"] for one in found}
    assert {"god of user-02", "god of role-7", "god of admins"} < names
    text = of_store(run, place, "findings").out
    assert "god of user-02" in text and OWNER in text


def test_the_digest_goes_to_the_owner_of_the_account(run: RunWriter, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPEND_CONFIG", str(place / "perpend.toml"))
    digest = json.loads(of_store(run, place, "notify", "--channels", place / "channels.toml", "--dry-run").out)
    assert {"iam-team"} == {one["owner"] for one in digest["owners"]}
    assert OF_OWNER == {one["objectId"] for owner in digest["owners"] for one in owner["findings"]}
    assert {OWNER} == {one["account"] for owner in digest["owners"] for one in owner["findings"]}
