"""``--max-age``: what was observed longer ago is undetermined, on every road; never a pass out of staleness."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.cli.conftest import KEY_POLICY, RunWriter
from tests.formats import ANN

pytestmark = pytest.mark.usefixtures("shared_database")

ACCOUNT, LINK = "CA10__CaAwsAccount__c", "CA10__CaAwsIamPolicyUserLink__c"
A, B = "111122223333", "444455556666"
ROOT = f"arn:aws:iam::{A}:root"
USERS = "account-has-no-iam-users"
NOW = ("--snapshot-time", "2026-11-20T12:00:00Z")
OLD, NEW = "2026-11-17T12:00:00Z", "2026-11-20T10:00:00Z"
STALE = "observed 3 days ago, 2026-11-17 12:00 UTC: older than 24 hours"


class Inventory:
    """Inputs in a directory, judged as they are, by each engine, and from a store."""

    def __init__(self, run: RunWriter, directory: Path) -> None:
        self.run, self.directory = run, directory

    def report(self, account: str, time: str, *users: str) -> str:
        keys = "access_key_1_active,access_key_2_active"
        rows = [f"{one},arn:aws:iam::{account}:user/{one},true,false" for one in users]
        rows.append(f"<root_account>,arn:aws:iam::{account}:root,false,false")
        text = "\n".join([f"user,arn,{keys}", *rows, ""])
        answer = {"Content": base64.b64encode(text.encode()).decode(), "ReportFormat": "text/csv", "GeneratedTime": time}
        return self.write(f"{account}.json", answer)

    def write(self, name: str, content: Any) -> str:
        path = self.directory / name
        path.write_text(json.dumps(content))
        return str(path)

    def store(self, *inputs: str) -> str:
        ended = self.run("import", *inputs, "--store", self.directory / "store")
        assert 0 == ended.code, ended.err
        return str(self.directory / "store")

    def said(self, policy: str, *words: str, form: str = "ndjson") -> dict[str, tuple[str, str]]:
        out = self.directory / "out"
        ended = self.run("check", *words, *NOW, "--policy", policy, "--format", form, "--out", out)
        assert ended.code in (0, 1, 3), ended.err
        return {
            one["object"]["id"].rpartition("/")[2]: (one["status"], one["currentStateMessage"])
            for one in map(json.loads, out.read_text().splitlines())
        }

    def roads(self, policy: str, *inputs: str) -> list[dict[str, tuple[str, str]]]:
        age = ("--max-age", "24h")
        found = [self.said(policy, *inputs, *age, "--engine", engine) for engine in ("interpreter", "duckdb")]
        return [*found, self.said(policy, "--store", self.store(*inputs), "--no-history", *age)]


@pytest.fixture
def inventory(run: RunWriter, tmp_path: Path) -> Inventory:
    return Inventory(run, tmp_path)


def test_users_of_an_old_report_are_undetermined_and_say_how_old_it_is(inventory: Inventory) -> None:
    inputs = [inventory.report(A, OLD, "ann"), inventory.report(B, NEW, "bob")]
    fresh = inventory.said(KEY_POLICY, *inputs)
    expected = {one: ("UNDETERMINED", STALE) if A in one or one == "ann" else said for one, said in fresh.items()}
    assert "COMPLIANT" == fresh["ann"][0]
    assert [expected] * 3 == inventory.roads(KEY_POLICY, *inputs)
    assert fresh == inventory.said(KEY_POLICY, *inputs, "--max-age", "4d")


def test_an_empty_list_is_not_known_where_the_source_that_claims_it_is_old(inventory: Inventory) -> None:
    """The account itself was seen just now; that it has no users is three days old."""
    rows = inventory.write("accounts.json", [{"Id": A}, {"Id": B}])
    inputs = [rows, "--type", ACCOUNT, "--observed-at", NEW, inventory.report(A, OLD), inventory.report(B, NEW)]
    store = inventory.store(*inputs)
    assert {"COMPLIANT"} == {status for status, _ in inventory.said(USERS, "--store", store, "--no-history").values()}
    for words in (inputs, ["--store", store, "--no-history"]):
        found = inventory.said(USERS, *words, "--max-age", "24h")
        assert ["UNDETERMINED", "COMPLIANT"] == [found[one][0] for one in (A, B)]
        assert STALE in found[A][1]


def test_explain_says_it_and_the_hint_hands_the_age_on(inventory: Inventory, run: RunWriter) -> None:
    old = inventory.report(A, OLD, "ann")
    told = run("check", old, *NOW, "--max-age", "24h", "--policy", KEY_POLICY)
    assert "--max-age 1d" in told.out
    for words in ([old], ["--store", inventory.store(old)]):
        explained = run("explain", KEY_POLICY, "ann", *words, *NOW, "--max-age", "24h")
        assert (0, True) == (explained.code, STALE in " ".join(explained.out.split())), explained.out
        assert "smallest change" not in explained.out  # no value would turn it


def test_findings_say_where_and_when_they_were_observed(inventory: Inventory, run: RunWriter) -> None:
    old = inventory.report(A, OLD, "ann")
    store = inventory.store(old)
    for words in ([old], ["--store", store, "--no-history"]):
        ended = run("check", *words, *NOW, "--policy", KEY_POLICY, "--format", "json")
        [*_, verdict] = json.loads(ended.out)["verdicts"]
        assert (old, OLD) == (verdict["object"]["source"], verdict["object"]["observedAt"])
        parquet = inventory.directory / "verdicts.parquet"
        assert 0 == run("check", *words, *NOW, "--policy", KEY_POLICY, "--format", "parquet", "--out", parquet).code
        rows = duckdb.execute(f"SELECT DISTINCT source, \"observedAt\" FROM '{parquet}'").fetchall()
        assert [(old, datetime.fromisoformat(OLD))] == rows


def test_a_report_older_than_four_hours_is_told(inventory: Inventory, run: RunWriter) -> None:
    told = "is older than 4 hours (up to 3 days): what happened since is not in it"
    old, new = inventory.report(A, OLD, "ann"), inventory.report(B, NEW, "bob")
    assert f"{told}; --max-age says how old facts may be\n" in run("check", old, *NOW, "--quiet").err
    assert f"{told}\n" in run("check", old, *NOW, "--quiet", "--max-age", "40000d").err
    assert "" == run("check", new, *NOW, "--quiet").err
    assert f"{old} {told}" in run("check", "--store", inventory.store(old, new), "--no-history", *NOW, "--quiet").err


def test_a_report_without_a_time_may_be_older_than_anything(inventory: Inventory, run: RunWriter) -> None:
    report = inventory.directory / "report.csv"
    report.write_text(
        f"user,arn,access_key_1_active,access_key_2_active\nann,{ANN},true,false\n<root_account>,{ROOT},false,false\n"
    )
    asked = ("check", report, "--policy", KEY_POLICY, "--format", "json", "--max-age", "24h")
    small = run(*asked)
    assert (3, 2) == (small.code, json.loads(small.out)["ledger"]["UNDETERMINED"])
    assert "AWS IAM User: some objects may not be evaluated: observed at an unknown time" in small.err


def first_and_last(old: Path, contents: Iterable[str]) -> tuple[str, str]:
    """Return one that counts before a file and one that counts behind it: which of two is the first hangs on what they hold."""
    ordered = sorted([*contents, old.read_text()], key=lambda content: hashlib.sha256(content.encode()).digest())
    assert 0 < ordered.index(old.read_text()) < len(ordered) - 1
    return ordered[0], ordered[-1]


def test_what_a_fresh_report_does_not_say_is_as_old_as_the_report_that_says_it(run: RunWriter, tmp_path: Path) -> None:
    """The report that says it is old in one account, and fresh in the other."""
    asked = ("--policy", "mfa-for-all-users-with-console-password", "--max-age", "24h", *NOW, "--format", "ndjson")
    contents: dict[str, tuple[str, str]] = {}
    for account in (A, B):
        arn, old = f"arn:aws:iam::{account}:user/ann", tmp_path / f"{account}.csv"
        old.write_text(f"user,arn,password_enabled,mfa_active\nann,{arn},true,true\n")
        contents[account] = first_and_last(old, (f"user,arn,note_{number}\nann,{arn},x\n" for number in range(32)))
    for place in (0, 1):
        inputs: list[str | Path] = []
        for account, time in ((A, "2020-01-01"), (B, "2026-11-20T11:00:00Z")):
            new = tmp_path / f"new-{account}.csv"
            new.write_text(contents[account][place])
            inputs += [tmp_path / f"{account}.csv", "--observed-at", time, new, "--observed-at", "2026-11-20T10:00:00Z"]
        ends: dict[str, set[str]] = {A: set(), B: set()}
        for verdict in map(json.loads, run("check", *inputs, *asked).out.splitlines()):
            ends[verdict["object"]["id"].split(":")[4]].add(verdict["status"])
        assert {A: {"UNDETERMINED"}, B: {"COMPLIANT", "INAPPLICABLE"}} == ends, place
