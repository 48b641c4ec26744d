"""``perpend check --store``: what a store says, in every form, and what keeps it from being judged."""

from __future__ import annotations

import json
import shlex
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend.inventory.snapshots.manifest import pointer_text, sealed
from tests.cli.conftest import EXAMPLE, KEY_POLICY, RunWriter

pytestmark = pytest.mark.usefixtures("shared_database")

USER = "CA10__CaAwsUser__c"


@pytest.fixture
def store(imported: Path, tmp_path: Path) -> Path:
    """Return a store of the example for one test alone."""
    return shutil.copytree(imported, tmp_path / "work" / "store")


def rows(path: Path) -> list[dict[str, Any]]:
    found = duckdb.sql(f"SELECT * FROM '{path}'")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def test_a_store_says_what_its_input_says(run: RunWriter, store: Path) -> None:
    options = ("--details",)
    of_input = run("check", str(EXAMPLE), *options)
    of_store = run("check", "--store", str(store), "--no-history", *options)
    assert (of_input.code, without_hint(of_input.out)) == (of_store.code, without_hint(of_store.out))


def without_hint(out: str) -> str:
    """Return an output without its last sentence, which names the command that explains its verdicts."""
    return out.partition("\nWhy? ")[0]


def test_the_command_that_explains_a_stores_verdicts_works_as_printed(run: RunWriter, store: Path) -> None:
    hint = run("check", "--store", str(store), "--details").out.splitlines()[-1]
    words = shlex.split(hint)
    policy = "delete-root-user-access-keys"
    assert ["perpend", "explain", policy, "arn:aws:iam::111122223333:root", "--store"] == words[:5]
    of_store = run(*words[1:], "--format", "json")
    of_input = run(*words[1:4], EXAMPLE, "--format", "json")
    assert (0, "") == (of_store.code, of_store.err)
    said = [{**json.loads(ran.out), "row": None, "rowUnit": None, "conditions": None} for ran in (of_store, of_input)]
    assert said[0] == said[1]
    (snapshot,) = (path.stem for path in (store / "runs").glob("*.json"))
    hint = run("check", "--store", str(store), "--no-history", "--run", snapshot, "--details").out.splitlines()[-1]
    assert of_store.out == run(*shlex.split(hint)[1:], "--format", "json").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((KEY_POLICY, "alma.breke", "--store", "STORE"), "(did you mean 'alma.brekke'?)"),
        ((KEY_POLICY, "nobody", "--store", "STORE"), "no object 'nobody' of type \"AWS IAM User\" in snapshot 20"),
        ((KEY_POLICY, "alma.brekke"), "name either INPUTs or a --store"),
        ((KEY_POLICY, "alma.brekke", EXAMPLE, "--run", "x"), "perpend: --run goes with --store; "),
        ((KEY_POLICY, "alma.brekke", "--store", "STORE", "--run", "none"), "holds no snapshot none"),
    ],
)
def test_what_a_store_cannot_explain_is_said(run: RunWriter, store: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = run("explain", *(str(store) if one == "STORE" else one for one in arguments))
    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err


def test_parquet_holds_every_verdict(run: RunWriter, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "verdicts.parquet"
    assert 1 == run("check", "--store", store, "--format", "parquet", "--out", str(out)).code
    verdicts = [json.loads(line) for line in run("check", str(EXAMPLE), "--format", "ndjson").out.splitlines()]
    found = rows(out)
    columns = "policyId objectId conditionIndex status runtimeError source observedAt title message severity objectName type"
    assert [*columns.split(), "typeApiName", "account", "region"] == list(found[0])
    assert {"111122223333"} == {one["account"] for one in found}
    expected = Counter((one["policyId"], one["object"]["id"], one["conditionIndex"], one["status"]) for one in verdicts)
    assert expected == Counter((one["policyId"], one["objectId"], one["conditionIndex"], one["status"]) for one in found)
    assert 0o600 == out.stat().st_mode & 0o777


def test_a_second_run_reuses_what_the_first_computed(run: RunWriter, store: Path) -> None:
    asked = ("check", "--store", store, "--no-history", "--policy", KEY_POLICY, "--policy", "root-user-mfa")
    run(*asked)
    found = run(*asked, "--explain-cost")
    assert "0 computed" in found.err
    assert " 0 columns reused" not in found.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name either INPUTs or a --store"),
        ((str(EXAMPLE), "--run", "x"), "perpend: --run goes with --store; "),
        (("--store", "STORE", "--mapping", "no file"), "--mapping goes with inputs, not with --store; "),
        (("--store", "nowhere"), "nowhere"),
        (("--store", "STORE", "--format", "parquet"), "--out"),
        (("--store", "STORE", "--engine", "spark", "--spark-conf", "x"), "KEY=VALUE"),
        ((str(EXAMPLE), "--spark-conf", "x=y"), "--spark-master and --spark-conf go with --engine spark"),
        (("--store", "STORE", "--format", "parquet", "--out", "/nowhere/x.parquet", "--policy", KEY_POLICY), "/nowhere"),
    ],
)
def test_what_cannot_be_asked_is_said(run: RunWriter, store: Path, arguments: tuple[str, ...], said: str) -> None:
    found = run("check", *(str(store) if one == "STORE" else one for one in arguments))
    assert 2 == found.code
    assert said in found.err
    assert "Traceback" not in found.err


def objects(run: RunWriter, tmp_path: Path, *found: dict[str, Any]) -> Path:
    path = tmp_path / "objects.json"
    path.write_text(json.dumps(found))
    directory = tmp_path / "store"
    assert 0 == run("import", str(path), "--type", USER, "--store", str(directory)).code
    return directory


def verdicts(run: RunWriter, directory: Path, *more: str) -> list[dict[str, Any]]:
    found = run("check", "--store", str(directory), "--no-history", "--format", "ndjson", *more)
    assert found.code in (0, 1, 3), found.err
    return [json.loads(line) for line in found.out.splitlines()]


def test_a_snapshot_that_lacks_an_input_is_no_pass(run: RunWriter, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("<html>")
    store = str(tmp_path / "store")
    assert 2 == run("import", EXAMPLE, str(broken), "--keep-going", "--store", store).code
    found = run("check", "--store", store, "--no-history")
    assert 2 == found.code
    assert f"perpend: not in the snapshot: {broken}: " in found.err
    assert "7 policies on 25 objects" in found.out


def test_a_store_in_which_nothing_can_be_kept_is_judged_all_the_same(run: RunWriter, store: Path) -> None:
    expected = run("check", "--store", str(store), "--no-history", "--details").out
    shutil.rmtree(store / "extracts")
    (store / "extracts").write_text("")
    found = run("check", "--store", str(store), "--no-history", "--details", "--explain-cost")
    assert (1, expected, "") == found


def test_pruning_takes_along_what_was_kept_of_a_snapshot(run: RunWriter, store: Path, tmp_path: Path) -> None:
    run("check", "--store", str(store), "--policy", KEY_POLICY)
    first = {path.name for path in (store / "extracts").iterdir()}
    other = tmp_path / "other.csv"
    other.write_text("".join(Path(EXAMPLE).read_text().splitlines(keepends=True)[:9]))
    run("import", str(other), "--store", str(store))
    run("check", "--store", str(store), "--policy", KEY_POLICY)
    assert 0 == run("inventory", "prune", "--keep", "1", "--store", str(store)).code
    left = {path.name for path in (store / "extracts").iterdir()}
    assert 1 == len(left)
    assert first.isdisjoint(left)


def test_a_store_of_an_earlier_format_is_rejected(run: RunWriter, store: Path) -> None:
    [manifest] = (store / "runs").glob("*.json")
    document = json.loads(manifest.read_text())
    text = sealed({**{key: value for key, value in document.items() if key != "checksum"}, "format": 2})
    manifest.write_text(text)
    (store / "manifest.json").write_text(pointer_text(document["run"], json.loads(text)["checksum"]))
    for command in (("check",), ("explain", "root-user-mfa", "<root_account>")):
        ended = run(*command, "--store", store)
        assert (2, "") == (ended.code, ended.out)
        assert "earlier version of Perpend (format 2; this version reads 4): import the inputs again" in ended.err


KEYS = {number: f"arn:aws:kms:eu-west-1:{number}:key/1234abcd-12ab" for number in ("111122223333", "444455556666")}
OWN, OTHER = KEYS
LEADS = "CA10__kmsKey__r leads to `{}`, which was not collected"


@pytest.mark.parametrize(
    ("owner", "state", "status", "message"),
    [
        (OTHER, "Enabled", "COMPLIANT", "The trail encrypts its log files with an enabled key."),
        (
            OTHER,
            "PendingDeletion",
            "INCOMPLIANT",
            "The key of the trail cannot be used: it is disabled, or about to be deleted. ",
        ),
        (OTHER, None, "UNDETERMINED", LEADS.format(KEYS[OTHER]) + f"; collect account `{OTHER}` as well"),
        (OWN, None, "UNDETERMINED", LEADS.format(KEYS[OWN])),
    ],
)
def test_a_trail_is_evaluated_by_the_state_of_its_key_whichever_account_owns_it(
    run: RunWriter, tmp_path: Path, owner: str, state: str | None, status: str, message: str
) -> None:
    key = KEYS[owner]
    trail = {"Id": "audit", "CA10__account__c": OWN, "CA10__kmsKeyArn__c": key, "CA10__kmsKey__c": key}
    accounts = [{"Id": number, "CA10__accountId__c": number} for number in KEYS]
    keys = [{"Id": key, "CA10__account__c": owner, "CA10__state__c": state}] if state else []
    words: list[Any] = []
    for type_name, objects in (("CloudTrailTrail", [trail]), ("Account", accounts), ("KmsKey", keys)):
        file = tmp_path / f"{type_name}.json"
        file.write_text(json.dumps(objects))
        words += [file, "--type", f"CA10__CaAws{type_name}__c"]
    assert 0 == run("import", *words, "--complete", "all", "--store", tmp_path / "store").code
    checked = run("check", "--store", tmp_path / "store", "--policy", "encryption-with-kms-cmk", "--format", "json").out
    (verdict,) = json.loads(checked)["verdicts"]
    assert status == verdict["status"]
    assert message == verdict["currentStateMessage"][: len(message) if state else None]
