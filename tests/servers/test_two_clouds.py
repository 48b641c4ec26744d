"""One store with AWS and Azure: each object has its own cloud's account, service and provider, and AWS reads as without Azure."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from perpend import open_repository
from tests.cli.conftest import KEY_POLICY, RunWriter, run
from tests.servers.sessions import session_of
from tests.servers.subscriptions import PROD, TEST, azure, environment
from tests.unit.server.api.served import client_of, serving

__all__ = ["run"]

pytestmark = pytest.mark.medium

TRANSFER = "/ce/ca/azure/storage/secure-transfer"
CHECKED = ("--policy", KEY_POLICY, "--policy", TRANSFER)
AWS = "123456789012"


@pytest.fixture
def store(moto_address: str, tmp_path: Path, run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with a user of an AWS account and, collected and checked after it, two Azure subscriptions."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    words = {
        "ACCESS_KEY_ID": "id",
        "SECRET_ACCESS_KEY": "stays",
        "CONFIG_FILE": str(tmp_path / "none"),
        "EC2_METADATA_DISABLED": "true",
    }
    for name, value in words.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    iam = session_of("id", "stays").create_client("iam", region_name="us-east-1", endpoint_url=moto_address)
    iam.create_user(UserName="alice")
    for _ in range(2):
        iam.create_access_key(UserName="alice")
    place = tmp_path / "store"
    collect(run, "aws", place, moto_address, KEY_POLICY)
    check(run, place, tmp_path / "before.csv", KEY_POLICY)
    with azure() as server:
        for name, value in environment(server, {}).items():
            monkeypatch.setenv(name, value)
        collect(run, "azure", place, server.url, TRANSFER)
    check(run, place, tmp_path / "after.csv", KEY_POLICY, TRANSFER)
    return place


def collect(run: RunWriter, cloud: str, place: Path, address: str, policy: str) -> None:
    ended = run("collect", cloud, "--store", place, "--endpoint-url", address, "--policy", policy, "--no-config")
    assert 0 == ended.code, ended.err


def check(run: RunWriter, place: Path, out: Path, *policies: str) -> None:
    options = [word for policy in policies for word in ("--policy", policy)]
    ended = run("check", "--store", place, *options, "--out", out, "--format", "csv", "--no-config")
    assert 1 == ended.code, ended.err


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def listed(run: RunWriter, *words: Any) -> Any:
    return json.loads(run(*words, "--format", "json").out)


def test_both_clouds_are_told_apart_in_every_output(store: Path, tmp_path: Path, run: RunWriter) -> None:
    before, after = rows(tmp_path / "before.csv"), rows(tmp_path / "after.csv")
    of_aws = [row for row in after if "/aws/" in row["policyId"]]
    of_azure = [row for row in after if "/azure/" in row["policyId"]]
    assert before and before == of_aws
    assert {(PROD, "prod-web", "westeurope"), (TEST, "test-web", "westeurope")} == {
        (row["account"], row["accountName"], row["region"]) for row in of_azure
    }

    findings = listed(run, "findings", "--store", store)
    failing = [row["objectId"] for row in after if row["status"] == "INCOMPLIANT"]
    assert sorted(failing) == sorted(row["object_id"] for row in findings)
    assert {AWS: "/aws/", PROD: "/azure/", TEST: "/azure/"} == {
        row["account"]: f"/{row['policy_id'].split('/')[3]}/" for row in findings
    }
    shown = run("findings", "--store", store).out
    assert "Storage account takes connections without encryption" in shown
    assert "prod-web" in shown and "test-web" in shown

    events = [json.loads(line) for line in run("check", "--store", store, *CHECKED, "--format", "ocsf").out.splitlines()]
    assert {("AWS", AWS), ("Azure", PROD), ("Azure", TEST)} == {
        (event["cloud"]["provider"], event["cloud"]["account"]["uid"]) for event in events
    }
    assert {"Microsoft.Storage/storageAccounts"} == {
        event["resources"][0]["type"] for event in events if event["cloud"]["provider"] == "Azure"
    }

    report = tmp_path / "report.html"
    run("report", "html", "--store", store, *CHECKED, "--out", report)
    words = words_of(report.read_text("utf-8"))
    for expected in (f"{PROD} (prod-web)", f"{TEST} (test-web)", AWS, "Azure Storage", "AWS IAM"):
        assert expected in words, expected

    left_out = run("check", "--store", store, *CHECKED, "--format", "asff", "--unrated", "medium", "--no-history")
    assert {AWS} == {one["AwsAccountId"] for one in json.loads(left_out.out)["Findings"]}
    assert "ASFF needs an AWS account" in left_out.err

    with serving(store, open_repository()) as served:
        client = client_of(served)
        pages = {path: words_of(client.get(path).text) for path in ("/findings", "/policies", "/estate")}
    assert re.search(r"Service Azure Storage 2 AWS IAM \d+ Policy", pages["/findings"]), pages["/findings"]
    assert not re.search(r"(?<!AWS )\bIAM (?:Azure|S3|VPC)\b", pages["/policies"]), pages["/policies"]
    for expected in ("3 accounts", f"prod-web {PROD}", f"test-web {TEST}", "westeurope"):
        assert expected in pages["/estate"], expected
