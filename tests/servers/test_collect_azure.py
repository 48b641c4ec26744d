"""``perpend collect azure`` and ``scan azure`` by command: what was not read is UNDETERMINED, and a killed run goes on."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.servers.rest import Asked, Fault, RestServer
from tests.servers.subscriptions import (
    DESCENDANTS,
    GROUPS,
    HIDDEN,
    IDENTITY,
    LIST,
    OLD,
    PROD,
    SECRET,
    STORAGE,
    TEST,
    TOKEN,
    azure,
    environment,
    plant,
    storage_account,
    subscription,
)

pytestmark = pytest.mark.medium

ACCOUNT, ACCOUNTS, NETWORK = "CA10__CaAzureAccount__c", "CA10__CaAzureStorageAccount__c", "CA10__CaAzureNetworkSecurityGroup__c"
FILES = {
    f"types/{ACCOUNT}/type.yaml": """label: Azure Subscription
nameField: Name
deletionField: none
fields:
  - {name: Id, type: id, label: ID}
  - {name: Name, type: text, label: Name}
""",
    f"types/{ACCOUNTS}/type.yaml": """label: Azure Storage Account
nameField: Name
deletionField: CA10__disappearanceTime__c
fields:
  - {name: Id, type: id, label: ID}
  - {name: Name, type: text, label: Name}
  - {name: CA10__subscription__c, type: lookup, label: Subscription, lookup: {type: CA10__CaAzureAccount__c, relation: CA10__subscription__r}}
  - {name: CA10__secureTransferRequired__c, type: checkbox, label: Secure Transfer Required}
  - {name: CA10__disappearanceTime__c, type: datetime, label: Disappearance Time}
""",
    f"types/{NETWORK}/type.yaml": """label: Azure Network Security Group
nameField: Name
deletionField: CA10__disappearanceTime__c
fields:
  - {name: Id, type: id, label: ID}
  - {name: Name, type: text, label: Name}
  - {name: CA10__disappearanceTime__c, type: datetime, label: Disappearance Time}
""",
    "ce/azure/https/policy.yaml": "names: {full: Storage account refuses plain HTTP}\n",
    "ce/azure/https/prod.logic.yaml": """inputType: CA10__CaAzureStorageAccount__c
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The storage account takes plain HTTP.
    check:
      IS_EQUAL:
        left: {FIELD: {path: CA10__secureTransferRequired__c}}
        right: {BOOLEAN: false}
otherwise: {status: COMPLIANT, currentStateMessage: The storage account refuses plain HTTP.}
""",
}
PASSED = {"logs1": "COMPLIANT", "logs2": "INCOMPLIANT", "logs3": "COMPLIANT"}


@pytest.fixture
def server() -> Iterator[RestServer]:
    with azure() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a directory with a policy repository."""
    for path, text in FILES.items():
        file = tmp_path / "policies" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def command(place: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "perpend", *words, "--repo", str(place / "policies")]


def run(place: Path, server: RestServer, *words: str, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command whose tokens come from the server. Return exit code, output and errors, which hold no secret."""
    own = {**environment(server), "XDG_CACHE_HOME": str(place / "cache"), **(env or {})}
    ended = subprocess.run(command(place, *words), capture_output=True, text=True, check=False, cwd=place, env=own)
    for text in (TOKEN, SECRET, "Traceback"):
        assert text not in ended.stdout + ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def collect(place: Path, server: RestServer, *words: str, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    return run(place, server, "collect", "azure", "--store", "s", "--endpoint-url", server.url, *words, env=env)


def verdicts(place: Path, server: RestServer) -> dict[str, dict[str, str]]:
    """Return the status of each storage account by subscription and name."""
    _, out, _ = run(place, server, "check", "--store", "s", "--format", "csv")
    statuses: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(out.splitlines()):
        _, _, key, *_, name = row["objectId"].split("/")
        statuses.setdefault(key, {})[name] = row["status"]
    return statuses


def on(path: str, fault: Fault, *, first: int = 1) -> object:
    return lambda asked, number: fault if f"{asked.host}{asked.path}" == path and number >= first else None


def test_subscriptions_are_collected_checked_and_named(place: Path, server: RestServer) -> None:
    code, out, err = collect(place, server, "--types", NETWORK)
    assert (0, "1 account is not active, and skipped\n") == (code, err), err
    assert "2 accounts" in out and "Azure Network Security Group: 2 rows" in out
    code, out, err = collect(place, server)
    assert (0, True) == (code, "Azure Storage Account: 6 rows" in out), err
    assert {PROD: PASSED, TEST: PASSED} == verdicts(place, server)
    assert {f"Bearer {TOKEN}"} == {asked.token for asked in server.asked if asked.path != "/token"}
    assert not [asked.path for asked in server.asked if OLD in asked.path]
    _, out, _ = run(place, server, "findings", "--store", "s", "--format", "json")
    assert {PROD, TEST} == {row["account"] for row in json.loads(out)}


def test_one_denied_list_is_undetermined_and_nothing_disappears(place: Path, server: RestServer) -> None:
    assert 0 == collect(place, server)[0]
    body = {"error": {"code": "AuthorizationFailed", "message": SECRET}}
    server.fault = on(f"{LIST}/{PROD}/{STORAGE}", Fault(403, body))  # type: ignore[assignment]
    code, out, err = collect(place, server)
    assert (3, False) == (code, "disappeared" in out)
    assert f"denied Microsoft.Storage/storageAccounts/read (AuthorizationFailed) in {PROD}; 1 policy reads it" in err
    assert {PROD: PASSED, TEST: PASSED} == verdicts(place, server)  # of objects as they were read before
    words = ("collect", "azure", "--store", "t", "--endpoint-url", server.url)
    assert 3 == run(place, server, *words)[0]
    code, out, _ = run(place, server, "check", "--store", "t", "--format", "csv")
    assert 0 == out.count(PROD)  # an object that was never seen has no verdict, and passes nothing


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(403, {"error": {"code": "AuthorizationFailed", "message": SECRET}}), "denied {} (AuthorizationFailed)"),
        (Fault(200, f"<html>{SECRET}</html>".encode()), "failed: {} (NotJson)"),
        (Fault(200, {"value": [], "nextLink": f"https://evil.example/{SECRET}?a=1"}), "failed: {} (AnotherPlace)"),
        (Fault(200, {"value": [], "nextLink": f"https://{LIST}/{PROD}/{STORAGE}?skip=0"}), "failed: {} (RepeatedPage)"),
        (Fault(400, {"error": {"code": "InvalidApiVersionParameter"}}), "unsupported here: {} (InvalidApiVersionParameter)"),
        (Fault(404, {"error": {"code": "SubscriptionNotFound"}}), "account closed for {} (SubscriptionNotFound)"),
        (Fault(409, {"error": {"code": "MissingSubscriptionRegistration"}}), "failed: {} (MissingSubscriptionRegistration)"),
        (Fault(401, {"error": {"code": "ExpiredAuthenticationToken"}}), "credentials not accepted for {} (Expired"),
    ],
)
def test_what_was_not_read_is_named_and_no_pass(place: Path, server: RestServer, fault: Fault, reason: str) -> None:
    server.fault = on(f"{LIST}/{PROD}/{STORAGE}", fault)  # type: ignore[assignment]
    code, _, err = collect(place, server)
    assert (3, True) == (code, reason.format("Microsoft.Storage/storageAccounts/read") in err), err
    assert {TEST: PASSED} == verdicts(place, server)
    code, out, _ = run(place, server, "inventory", "sql", "FROM perpend_calls", "--store", "s", "--format", "json")
    assert (0, True) == (code, PROD in out)


def test_a_provider_that_is_not_registered_has_no_objects(place: Path, server: RestServer) -> None:
    server.fault = on(  # type: ignore[assignment]
        f"{LIST}/{PROD}/{GROUPS}", Fault(409, {"error": {"code": "MissingSubscriptionRegistration", "message": SECRET}})
    )
    code, _, err = collect(place, server, "--types", NETWORK, "--accounts", "prod-*")
    assert 0 == code, err
    assert f"/subscriptions/{PROD}/providers" in {asked.path for asked in server.asked}


def test_a_member_that_is_missing_is_not_known(place: Path, server: RestServer) -> None:
    accounts = [storage_account(PROD, f"logs{number}") for number in (1, 2, 3)]
    accounts[0]["properties"] = {}
    accounts[1]["properties"] = None
    accounts[2]["properties"]["supportsHttpsTrafficOnly"] = ["yes"]
    server.planted[f"{LIST}/{PROD}/{STORAGE}"] = accounts
    assert 0 == collect(place, server, "--accounts", PROD)[0]
    assert {PROD: dict.fromkeys(PASSED, "UNDETERMINED")} == verdicts(place, server)


def test_a_subscription_that_only_the_management_group_shows_is_told(place: Path, server: RestServer) -> None:
    code, _, err = collect(place, server, "--management-group", "contoso")
    assert (3, True) == (code, f"denied Microsoft.Resources/subscriptions/read (NotListed) in {HIDDEN}" in err), err
    assert {PROD: PASSED} == verdicts(place, server)
    server.fault = on(DESCENDANTS, Fault(403, {"error": {"code": "AuthorizationFailed"}}))  # type: ignore[assignment]
    code, _, err = collect(place, server, "--management-group", "contoso")
    assert (2, 1) == (code, err.count("\n")), err


def test_scan_collects_and_checks(place: Path, server: RestServer) -> None:
    words = ("scan", "azure", "--endpoint-url", server.url, "--no-store", "--format", "json", "--out", "v.json")
    code, _, err = run(place, server, *words, "--accounts", "prod-web")
    assert 1 == code, err
    assert 3 == len((place / "v.json").read_text("utf-8").split('"status"')) - 1


def test_a_dry_run_lists_the_subscriptions_and_calls_and_reads_none(place: Path, server: RestServer) -> None:
    code, out, err = run(place, server, "collect", "azure", "--endpoint-url", server.url, "--dry-run")
    assert 0 == code, err
    assert f"accounts: {PROD} prod-web, {TEST} test-web" in out
    assert "Microsoft.Storage storageAccounts, for the account (Microsoft.Storage/storageAccounts/read)" in out
    assert {"/token", "/subscriptions"} == {asked.path for asked in server.asked}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--regions", "westeurope"), "Azure is listed by subscription, not by region"),
        (("--closed-region", "westeurope"), "Azure is listed by subscription, not by region"),
        (("--management-group", "a/b"), "'a/b' is not the id of a management group"),
        (("--tenant", "contoso.example"), "'contoso.example' is not the id of a tenant"),
        (("--accounts", "prod-wed"), "--accounts: the credentials show no subscription `prod-wed`; did you mean prod-web?"),
        (("--types", "CA10__CaAwsUser__c"), "CA10__CaAwsUser__c"),
    ],
)
def test_an_option_that_cannot_be_is_refused(place: Path, server: RestServer, words: tuple[str, ...], message: str) -> None:
    code, _, err = collect(place, server, *words)
    assert (2, True) == (code, message in err), err


def test_wrong_credentials_are_one_line_with_the_next_step(place: Path, server: RestServer) -> None:
    fault = Fault(400, {"error": "invalid_request", "error_description": f"Identity not found {SECRET}"})
    server.fault = on(IDENTITY, fault)  # type: ignore[assignment]
    code, out, err = collect(place, server)
    begin = "perpend: Azure did not list the subscriptions (NoCredentials): no credentials found: sign in (`az login`)"
    assert (2, "", 1, True) == (code, out, err.count("\n"), err.startswith(begin)), err
    assert not (place / "s/unfinished").exists() or not [*(place / "s/unfinished").iterdir()]


def test_a_killed_collection_goes_on_where_it_was(place: Path, server: RestServer) -> None:
    plant(server, [subscription(PROD, "prod-web"), subscription(TEST, "test-web")])
    reached, gone_on = threading.Event(), threading.Event()
    done = f"/subscriptions/{PROD}/{STORAGE}"
    ended = json.dumps({"cell": {"cell": [PROD, "", "storage.accounts"]}}, separators=(",", ":"))[:-2]

    def fault(asked: Asked, number: int) -> None:
        if asked.path.endswith(STORAGE) and TEST in asked.path and asked.query.get("skip"):
            reached.set()
            gone_on.wait(60)

    server.fault = fault  # type: ignore[assignment]
    words = ("collect", "azure", "--store", "s", "--endpoint-url", server.url)
    process = subprocess.Popen(command(place, *words), cwd=place, env=environment(server), stderr=subprocess.DEVNULL)
    try:
        assert reached.wait(60)
        while not any(ended in file.read_text("utf-8") for file in (place / "s").rglob("journal.ndjson")):
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        gone_on.set()
    before = Counter(asked.path for asked in server.asked)
    server.fault = lambda asked, number: None
    code, _, err = collect(place, server, "--resume")
    assert 0 == code, err
    after = Counter(asked.path for asked in server.asked)
    assert before[done] == after[done] == 2
    assert after[f"/subscriptions/{TEST}/{STORAGE}"] > before[f"/subscriptions/{TEST}/{STORAGE}"]
    assert {PROD: PASSED, TEST: PASSED} == verdicts(place, server)
