"""What ``check`` and ``explain`` take as inputs is what ``import`` takes, and they say the same as of a store of them."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests import formats
from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, RunWriter, spawn
from tests.formats import FORMATS, written

pytestmark = pytest.mark.usefixtures("shared_database")

USER, ACCOUNT = "CA10__CaAwsUser__c", "CA10__CaAwsAccount__c"
NO_USERS, MFA = "account-has-no-iam-users", "mfa-for-all-users-with-console-password"
DIRECT = "delete-user-inline-or-directly-attached-policies"
KEYS = '{"access_key_1_active":"true","access_key_2_active":"true"}'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of tables in every form, and of a mapping, to be copied."""
    tmp_path = tmp_path_factory.mktemp("made")
    (tmp_path / "users.csv").write_text('key,acct,row\na,111122223333,"{}"\n'.replace("{}", KEYS.replace('"', '""')))
    (tmp_path / "users.yaml").write_text(
        "columns: {key: Id, acct: CA10__account__c, row: CA10__credReportAttributesJson__c}\ncomplete: all\n"
    )
    (tmp_path / "accounts.ndjson").write_text('{"Id": "111122223333"}\n{"Id": "444455556666"}\n')
    (tmp_path / "accounts.json").write_text('[{"Id": "777788889999"}]')
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM '{tmp_path}/accounts.ndjson') TO '{tmp_path}/accounts.parquet'")
    return tmp_path


@pytest.fixture
def files(made: Path, tmp_path: Path) -> Path:
    """The same for one test alone."""
    return shutil.copytree(made, tmp_path / "files")


def given(files: Path, *words: str) -> list[str]:
    return [str(files / word) if (files / word).exists() else word for word in words]


USERS = ("users.csv", "--type", USER, "--mapping", "users.yaml")
INPUTS = [
    USERS,
    (*USERS, "accounts.ndjson", "accounts.json", "--type", ACCOUNT),
    (*USERS, "accounts.json", "--type", ACCOUNT, EXAMPLE),
    ("--type", ACCOUNT, "--complete", "all", "accounts.parquet", "accounts.ndjson"),
    (*USERS, "--observed-at", "2026-11-20", "accounts.parquet", "--type", "AWS Account"),
]


@pytest.mark.parametrize("inputs", INPUTS)
def test_tables_and_several_types_are_judged_as_in_a_store(run: RunWriter, files: Path, inputs: tuple[str, ...]) -> None:
    words = given(files, *inputs)
    stored = run("import", *words, "--store", files / "store")
    policies = [*([KEY_POLICY, MFA] if "users.csv" in inputs else []), *([] if inputs == USERS else [NO_USERS])]
    asked = (*TIME, *(word for one in policies for word in ("--policy", one)), "--format", "json")
    judged, again = (run("check", *one, *asked) for one in (words, ["--store", files / "store", "--no-history"]))
    assert (0, again.code, again.out) == (stored.code, judged.code, judged.out)
    assert json.loads(judged.out)["verdicts"]
    assert "K306" not in judged.err and "K313" not in judged.err


def test_a_verdict_on_a_table_is_explained_by_the_command_that_the_report_prints(
    run: RunWriter, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    words = [*USERS, "accounts.parquet", "--type", ACCOUNT]
    table = run("check", *words, *TIME, "--policy", NO_USERS)
    command = shlex.split(table.out.splitlines()[-1])
    assert ["perpend", "explain", NO_USERS, "111122223333", *words] == command[: 4 + len(words)]
    explained = run(*command[1:])
    assert (0, True) == (explained.code, explained.out.startswith("UNDETERMINED  "))
    assert run("explain", NO_USERS, "444455556666", *words, *TIME).out.startswith("COMPLIANT  ")
    users = run("explain", KEY_POLICY, "a", *USERS, *TIME)
    assert (0, True) == (users.code, "read at   " in users.out and "users.csv" in users.out)


def test_what_is_said_of_inputs_is_said_of_none_in_front_of_other_options(run: RunWriter, files: Path) -> None:
    """A claim behind accounts is none about users of another file, nor is that one of the accounts' day."""
    (files / "foreign.csv").write_text("Id,CA10__account__c\nu1,999922223333\n")
    users, accounts = given(files, "foreign.csv", "--type", USER), given(files, "accounts.json", "--type", ACCOUNT)
    asked = ("--policy", NO_USERS, "--format", "csv", *TIME)
    for words in ([*users, *accounts, "--complete", "all"], [*accounts, "--complete", "all", *users], [*users, *accounts]):
        ran = run("check", *words, *asked)
        assert (3, True) == (ran.code, ",UNDETERMINED," in ran.out)
    assert ",COMPLIANT," in run("check", *users, "--complete", "all", *accounts, *asked).out
    assert ",COMPLIANT," in run("check", "--complete", "all", *users, *accounts, *asked).out
    assert 0 == run("import", *users, *accounts, "--observed-at", "2026-11-20", "--store", files / "store").code
    times = run("inventory", "sql", "SELECT name, observed_at FROM perpend_sources", "--store", files / "store").out
    assert [[users[0]], [accounts[0], "2026-11-20T00:00:00Z"]] == [line.split() for line in times.splitlines()[1:3]]
    twice = run("check", *users, "--type", ACCOUNT)
    assert f"perpend: --type is given twice for the same inputs: {USER} and {ACCOUNT}" in twice.err and 2 == twice.code


def test_the_printed_command_keeps_options_apart_from_the_input_behind_them(
    run: RunWriter, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    words = [*USERS, "--observed-at", "2026-11-19", "accounts.json"]
    ran = run("check", *USERS, "--observed-at", "2026-11-19", EXAMPLE, *TIME, "--policy", "root-user-mfa")
    command = shlex.split(ran.out.splitlines()[-1])
    assert [*words[:-1], EXAMPLE] == command[4 : 4 + len(words)]
    assert run(*command[1:]).out.startswith("INCOMPLIANT  ")


ALL_BUT_LIKE_OTHERS = ("--exclude", "*[sa]-monitoring", "--exclude", "*/password-policy-[lmns]*")
"""Leaves one policy that watches logs and one that asks for signs in passwords."""


@pytest.mark.parametrize("name", [*FORMATS][::4])
def test_what_other_tools_write_is_judged_as_in_a_store(run: RunWriter, tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_text(written(name, FORMATS[name]()))
    words = [tmp_path / "a", "--complete", formats.ACCOUNT]
    stored = run("import", *words, "--store", tmp_path / "s")
    asked = (*TIME, *ALL_BUT_LIKE_OTHERS, "--format", "json")
    judged, again = (run("check", *one, *asked) for one in (words, ["--store", tmp_path / "s", "--no-history"]))
    assert (0, again.code, in_any_order(again.out)) == (stored.code, judged.code, in_any_order(judged.out))
    assert json.loads(judged.out)["verdicts"]


def in_any_order(report: str) -> dict[str, Any]:
    """Return a report with its verdicts sorted: a store has objects in the order of their file."""
    parsed = json.loads(report)
    return parsed | {"verdicts": sorted(parsed["verdicts"], key=json.dumps)}


def test_reasons_of_formats_stay_in_a_store_and_give_way_to_facts(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "details.json").write_text(json.dumps(formats.details()))
    (tmp_path / "report.csv").write_text(f"{','.join(formats.ROW)}\n{','.join(formats.ROW.values())}\n")
    reason = "CA10__credReportAttributesJson__c is not known: account authorization details do not tell it"
    run("import", tmp_path / "details.json", "--store", tmp_path / "s")
    assert (
        reason in run("check", "--store", tmp_path / "s", "--no-history", "--policy", KEY_POLICY, *TIME, "--format", "csv").out
    )
    explained = run("explain", KEY_POLICY, formats.ANN, tmp_path / "details.json", *TIME)
    assert (0, True) == (explained.code, "account authorization details do" in explained.out)
    both = run("explain", KEY_POLICY, formats.ANN, tmp_path / "details.json", tmp_path / "report.csv", *TIME)
    assert (0, True) == (both.code, both.out.startswith("COMPLIANT  "))


def test_a_parquet_file_of_cloudquery_and_standard_input_are_taken(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tmp_path / "rows.ndjson"
    rows.write_text(formats.as_lines(formats.cloudquery_policies()))
    with duckdb.connect() as connection:
        columns = "* REPLACE (CAST(_cq_sync_time AS TIMESTAMP) AS _cq_sync_time)"
        connection.execute(f"COPY (SELECT {columns} FROM read_json('{rows}')) TO '{tmp_path}/p.parquet'")
    policy = ("--policy", "*/iam/*", "--format", "json")
    parquet, lines = (run("check", *policy, one) for one in (tmp_path / "p.parquet", rows))
    assert (1, 1) == (parquet.code, lines.code)
    told = [json.loads(one.out) for one in (parquet, lines)]
    assert told[0]["ledger"] == told[1]["ledger"] and "2026-11-20T08:15:00Z" == told[0]["snapshot"]["time"]
    asked = ("--policy", DIRECT, *TIME, "--format", "csv")
    ran = spawn("check", "-", *asked, input=json.dumps(formats.details()).encode())
    assert (1, True) == (ran.code, f"{DIRECT},INCOMPLIANT" in ran.out)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Id\na\n")))
    ran = run("check", "-", "--type", USER)
    assert (2, True) == (ran.code, "a table is read from a file, not from standard input" in ran.err)
    assert parquet == run("check", *policy, tmp_path / "p.parquet", "--engine", "interpreter")


def test_what_cannot_be_used_is_told_and_the_rest_judged_if_asked(run: RunWriter, files: Path) -> None:
    (files / "cut.csv").write_text("Id,x\na\n")
    words = given(files, "cut.csv", "--type", ACCOUNT, *USERS)
    assert (2, "", True) == ((ran := run("check", *words)).code, ran.out, "line 2 has 1 field" in ran.err)
    ran = run("check", *words, "--keep-going", *TIME, "--format", "json")
    assert (2, {"a"}) == (ran.code, {one["object"]["id"] for one in json.loads(ran.out)["verdicts"]})
    assert "not evaluated: " in ran.err


def test_what_is_not_taken_is_named_by_every_command(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(json.dumps({"Users": [{"UserName": "ann"}]}))
    for command in (["check"], ["explain", KEY_POLICY, "ann"], ["import", "--store", tmp_path / "s"]):
        ran = run(*command, tmp_path / "users.json")
        assert (2, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
        assert "users.json: unsupported JSON: " in ran.err


def test_a_mapping_that_says_nothing_is_told_in_one_line(run: RunWriter, files: Path) -> None:
    (files / "empty.yaml").write_text("constants: {}\n", "utf-8")
    for name, said in (
        ("nope.yaml", ": cannot be read: No such file or directory"),
        ("empty.yaml", ":1:1: `columns` is missing (`columns`: The table's columns, each with the API name of its field.)"),
    ):
        ran = run("check", files / "users.csv", "--type", USER, "--mapping", files / name)
        assert (2, f"perpend: {files / name}{said}\n") == (ran.code, ran.err)
