"""Narrower runs after a full one: eight ways to ask the store give one answer, and it is that of the full run."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")
pytest.importorskip("jinja2", reason="the extra site is not installed")

import perpend
from perpend.language.syntax.repository import LIBRARY, open_repository
from perpend.server.mcp.server import called
from perpend.server.scope import ALL_ACCOUNTS
from perpend.server.served_store import ServedStore
from tests.cli.conftest import RunWriter, run
from tests.servers.aws import Proxy
from tests.servers.sessions import session_of
from tests.unit.server.api.served import client_of

pytestmark = pytest.mark.slow

__all__ = ["run"]

FRAMEWORK = "cis-aws-v7.0.0"
POLICIES = (
    "account/password-policy-minimum-password-length-14",
    "iam/account-has-no-iam-users",
    "iam/user-without-group",
    "s3/bucket-public-read-access",
    "s3/bucket-block-public-access",
    "sqs",
)
WAIVER = """waivers:
  - id: web-buckets
    policies: [/ce/ca/aws/s3/*]
    scope: {names: [web-1, web-2]}
    kind: accepted-risk
    owner: ops
    reason: They serve a public site.
    approvedBy: ciso
    until: 2999-12-31
    limit: 50
"""
NARROWER = (("--policy", "/ce/ca/aws/sqs/*"), ("--types", "AWS IAM User"), ("--regions", "eu-west-1"))
"""Runs that ask less than the first one, one after the other."""

LIVES = ("open", "unconfirmed", "unknown")
Answers = dict[str, tuple[int | None, int | None, int | None]]
"""By way to ask: failing, unknown and waived verdicts; None if the way does not say it."""


@pytest.fixture
def proxy(moto_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Proxy]:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "-".join(("stays", "here")))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    session = session_of("id", "-".join(("stays", "here")))

    def client(service: str, region: str) -> Any:
        return session.create_client(service, region_name=region, endpoint_url=moto_address)

    iam = client("iam", "us-east-1")
    iam.update_account_password_policy(MinimumPasswordLength=8)
    for name in ("alma", "bob"):
        iam.create_user(UserName=name)
    for name in ("web-1", "web-2", "web-3", "logs"):
        client("s3", "us-east-1").create_bucket(Bucket=name)
        if name != "logs":
            client("s3", "us-east-1").put_bucket_acl(Bucket=name, ACL="public-read")
    for region in ("us-east-1", "eu-west-1"):
        client("sqs", region).create_queue(QueueName=f"jobs-{region}")
    server = Proxy(moto_address)
    yield server
    server.close()


def test_eight_ways_to_ask_give_one_answer(run: RunWriter, proxy: Proxy, tmp_path: Path) -> None:
    store, waivers, repository = tmp_path / "store", tmp_path / "waivers", tmp_path / "policies"
    waivers.mkdir()
    (waivers / "web.yaml").write_text(WAIVER)
    for folder in (f"frameworks/{FRAMEWORK}", "types", *(f"ce/ca/aws/{one}" for one in POLICIES)):
        shutil.copytree(LIBRARY / folder, repository / folder)
    given = ("--repo", repository, "--waivers", waivers, "--no-config")
    proxy.answers = {"GetQueueAttributes": "AccessDenied"}
    scan = ("scan", "aws", "--endpoint-url", proxy.url, "--store", store, *given)
    whole = run(*scan, "--regions", "us-east-1", "--regions", "eu-west-1")
    assert "W104" not in whole.err, whole.err
    before = answers(run, store, repository, waivers)
    assert all(before["check"])
    for way, numbers in before.items():
        assert all(one in (None, known) for one, known in zip(numbers, before["check"], strict=True)), (way, before)
    asked = requirements(run, store, repository, waivers)
    for narrower in NARROWER:
        ended = run(*scan, *narrower)
        assert ended.code in (0, 1, 3) and "W104" not in ended.err, ended.err
        assert before == answers(run, store, repository, waivers), narrower
        assert asked == requirements(run, store, repository, waivers), narrower


def answers(run: RunWriter, store: Path, repository: Path, waivers: Path) -> Answers:
    """Ask a store in eight ways."""
    given = ("--store", store, "--repo", repository, "--waivers", waivers, "--no-config")
    checked = json.loads(run("check", "--no-history", *given, "--format", "json").out)
    counts, waived = checked["ledger"], checked["waivers"]["waived"]["INCOMPLIANT"]
    found: Answers = {"check": (counts["INCOMPLIANT"] - waived, counts["UNDETERMINED"], waived)}
    found["findings"] = _of_rows(
        json.loads(run("findings", *given, *(word for one in LIVES for word in ("--life", one)), "--format", "json").out)
    )
    known = open_repository(repository)
    found["python"] = _of_rows(perpend.open(store, repository=known, waivers=str(waivers)).findings(waived="all", life=LIVES))
    report = store.parent / "report.html"
    run("report", "html", *given, "--out", report)
    failing, unknown = re.findall(r"(\d+) failing, (\d+) unknown of", re.sub("<[^>]*>", " ", report.read_text()))[0]
    found["report"] = (int(failing), int(unknown), None)
    listed = json.loads(run("waivers", "list", *given, "--format", "json").out)
    found["waivers"] = (None, None, sum(one["waives"] for one in listed["waivers"]))
    served = ServedStore(str(store), known, waivers=str(waivers))
    try:
        with client_of(served) as client:
            found["api"] = _of_coverage(client.get("/api/v1/summary").json()["coverage"])
            tally = re.findall(r'class="big[^>]*>([\d,]+)</(?:span|a)> (\w+)', client.get("/").text)
            page = {name: int(number.replace(",", "")) for number, name in reversed(tally)}
            found["page"] = (page["failing"], page["unknown"], page.get("waived", 0))
        found["mcp"] = _of_coverage(called(served, "summary", {}, ALL_ACCOUNTS).structured_content["coverage"])
    finally:
        served.close()
    return found


def requirements(run: RunWriter, store: Path, repository: Path, waivers: Path) -> list[dict[str, Any]]:
    """Return the requirements of the framework by status, as two commands count them."""
    given = ("--store", store, "--repo", repository, "--waivers", waivers, "--no-config", "--framework", FRAMEWORK)
    [card] = json.loads(run("compliance", *given, "--format", "json").out)
    [checked] = json.loads(run("check", "--no-history", *given, "--format", "json").out)["frameworks"]
    return [card["requirements"], checked]


def _of_rows(rows: list[dict[str, Any]]) -> tuple[int, int, int]:
    failing = [row for row in rows if row["status"] == "INCOMPLIANT"]
    waived = sum(row["waiver"] is not None for row in failing)
    return len(failing) - waived, sum(row["status"] == "UNDETERMINED" for row in rows), waived


def _of_coverage(coverage: dict[str, int]) -> tuple[int, int, int]:
    return coverage["failing"], coverage["unknown"], coverage["waived"]
