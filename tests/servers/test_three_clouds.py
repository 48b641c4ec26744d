"""One store with AWS, Azure and Google Cloud: exposure to the internet is one list, and each cloud reads as without the others."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("azure.identity", reason="the extra azure is not installed")
pytest.importorskip("google.auth", reason="the extra google is not installed")

from perpend import open_repository
from perpend.core.clouds.google import GOOGLE
from tests.cli.conftest import RunWriter, run
from tests.servers.google import credentials
from tests.servers.google.double import Google
from tests.servers.rest import serving
from tests.servers.sessions import session_of
from tests.servers.subscriptions import PROD, TEST, azure, environment
from tests.unit.server.api.served import client_of
from tests.unit.server.api.served import serving as served_by

__all__ = ["run"]

pytestmark = pytest.mark.medium

BUCKET, ACCOUNT, OPEN = (
    "/ce/ca/aws/s3/bucket-public-read-access",
    "/ce/ca/azure/storage/no-public-network",
    "/ce/ca/google/storage/not-public",
)
POLICIES = {"aws": BUCKET, "azure": ACCOUNT, "google": OPEN}
AWS, PROJECT = "123456789012", "web-prod-1"
EXPOSURE = "internet-exposure"
INHERITED = {
    "iamConfiguration": {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {"enabled": True}},
    "acl": [],
}
"""The settings of a bucket that its policies alone decide about."""


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Google]:
    """Yield an organization with a project that has a bucket for everybody and one for nobody."""
    with serving(Google()) as double:
        double.organization()
        double.project(PROJECT)
        double.home = PROJECT
        for name, members in (("open", ["allUsers"]), ("closed", ["user:ana@example.com"])):
            key = f"//storage.googleapis.com/{PROJECT}-{name}"
            double.plant("storage.googleapis.com/Bucket", PROJECT, {"name": f"{PROJECT}-{name}", **INHERITED}, key=key)
            double.policy(key, ("roles/storage.objectViewer", members))
        with credentials.signed_in(credentials.service_account(double, tmp_path)):
            yield double


def collected(run: RunWriter, cloud: str, store: Path, address: str, *more: str) -> None:
    words = ("--endpoint-url", address, "--policy", POLICIES[cloud], "--no-config", *more)
    ended = run("collect", cloud, "--store", store, *words)
    assert 0 == ended.code, ended.err


def checked(run: RunWriter, store: Path, out: Path, *clouds: str) -> list[dict[str, str]]:
    policies = [word for cloud in clouds for word in ("--policy", POLICIES[cloud])]
    ended = run("check", "--store", store, *policies, "--out", out, "--format", "csv", "--no-config")
    assert 1 == ended.code, ended.err
    return list(csv.DictReader(out.read_text("utf-8").splitlines()))


@pytest.fixture
def store(moto_address: str, google: Google, tmp_path: Path, run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with a public bucket of AWS, and Azure and Google Cloud collected after it. Rows of each state are beside it."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    words = {"ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "stays", "CONFIG_FILE": str(tmp_path / "none")}
    for name, value in {**words, "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    s3 = session_of("id", "stays").create_client("s3", region_name="us-east-1", endpoint_url=moto_address)
    s3.create_bucket(Bucket="shown-to-all", ACL="public-read")
    place = tmp_path / "store"
    collected(run, "aws", place, moto_address)
    checked(run, place, tmp_path / "one.csv", "aws")
    with azure() as server:
        for name, value in environment(server, {}).items():
            monkeypatch.setenv(name, value)
        collected(run, "azure", place, server.url)
    checked(run, place, tmp_path / "two.csv", "aws", "azure")
    collected(run, "google", place, google.url, "--organization", "1001")
    checked(run, place, tmp_path / "three.csv", *POLICIES)
    return place


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def of_cloud(listed: list[dict[str, str]], *clouds: str) -> list[dict[str, str]]:
    return [row for row in listed if row["policyId"].split("/")[3] in clouds]


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def listed(run: RunWriter, *words: Any) -> Any:
    return json.loads(run(*words, "--format", "json").out)


def test_what_the_internet_reaches_is_one_list_over_three_clouds(store: Path, tmp_path: Path, run: RunWriter) -> None:
    one, two, three = (rows(tmp_path / f"{name}.csv") for name in ("one", "two", "three"))
    assert one and one == of_cloud(two, "aws") == of_cloud(three, "aws")
    assert of_cloud(two, "azure") and of_cloud(two, "azure") == of_cloud(three, "azure")
    assert {
        f"//storage.googleapis.com/{PROJECT}-open": "INCOMPLIANT",
        f"//storage.googleapis.com/{PROJECT}-closed": "COMPLIANT",
    } == {row["objectId"]: row["status"] for row in of_cloud(three, "google")}

    found = listed(run, "findings", "--store", store, "--framework", EXPOSURE)
    assert {"aws": {AWS}, "azure": {PROD, TEST}, "google": {PROJECT}} == {
        cloud: {row["account"] for row in found if row["policy_id"] == policy} for cloud, policy in POLICIES.items()
    }
    assert {row["objectId"] for row in three if row["status"] == "INCOMPLIANT"} == {row["object_id"] for row in found}
    of_storage = listed(run, "findings", "--store", store, "--framework", f"{EXPOSURE}/storage", "--account", PROJECT)
    assert [f"//storage.googleapis.com/{PROJECT}-open"] == [row["object_id"] for row in of_storage]
    ended = run("findings", "--store", store, "--framework", f"{EXPOSURE}/machines")
    assert (2, True) == (ended.code, "no policy that is mapped to 'internet-exposure/machines'" in ended.err)

    scorecard = run("compliance", "--store", store, "--framework", EXPOSURE).out
    assert "Internet exposure" in scorecard and "Storage" in scorecard


def test_reports_pages_and_events_name_each_clouds_accounts(store: Path, tmp_path: Path, run: RunWriter) -> None:
    chosen = [word for policy in POLICIES.values() for word in ("--policy", policy)]
    events = [json.loads(line) for line in run("check", "--store", store, *chosen, "--format", "ocsf").out.splitlines()]
    providers = {(event["cloud"]["provider"], event["cloud"]["account"]["uid"]) for event in events}
    assert {("AWS", AWS), ("Azure", PROD), ("Azure", TEST), (GOOGLE.provider, PROJECT)} == providers

    report = tmp_path / "report.html"
    run("report", "html", "--store", store, *chosen, "--out", report)
    words = words_of(report.read_text("utf-8"))
    with served_by(store, open_repository()) as served:
        client = client_of(served)
        page = words_of(client.get(f"/findings?framework={EXPOSURE}").text)
        estate = words_of(client.get("/estate").text)
    for expected in (AWS, PROD, TEST, PROJECT):
        assert expected in words, expected
        assert expected in page, expected
        assert expected in estate, expected
    number = re.search(r"(\d+) accounts", estate)
    assert number and "4" == number[1], "an AWS account, two subscriptions and a project"
