"""What ``check`` and ``explain`` take as inputs is what ``import`` takes, and they say the same as of a store of them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Run

USER, ACCOUNT = "CA10__CaAwsUser__c", "CA10__CaAwsAccount__c"
NO_USERS = "account-has-no-iam-users"
KEYS = '{"access_key_1_active":"true","access_key_2_active":"true"}'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory of tables in every form, and of a mapping."""
    (tmp_path / "users.csv").write_text('key,acct,row\na,111122223333,"{}"\n'.replace("{}", KEYS.replace('"', '""')))
    (tmp_path / "users.yaml").write_text(
        "columns: {key: Id, acct: CA10__account__c, row: CA10__credReportAttributesJson__c}\ncomplete: all\n"
    )
    (tmp_path / "accounts.ndjson").write_text('{"Id": "111122223333"}\n{"Id": "444455556666"}\n')
    (tmp_path / "accounts.json").write_text('[{"Id": "777788889999"}]')
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM '{tmp_path}/accounts.ndjson') TO '{tmp_path}/accounts.parquet'")
    return tmp_path


def given(files: Path, *words: str) -> list[str]:
    return [str(files / word) if (files / word).exists() else word for word in words]


USERS = ("users.csv", "--type", USER, "--mapping", "users.yaml")
INPUTS = [
    USERS,
    (*USERS, "accounts.parquet", "--type", "AWS Account"),
    (*USERS, "accounts.ndjson", "accounts.json", "--type", ACCOUNT),
    (*USERS, "accounts.json", "--type", ACCOUNT, EXAMPLE),
    ("--type", ACCOUNT, "--complete", "all", "accounts.parquet", "accounts.ndjson"),
    (*USERS, "--observed-at", "2026-11-20", "accounts.json", "--type", ACCOUNT),
]


@pytest.mark.parametrize("inputs", INPUTS)
def test_tables_and_several_types_are_judged_as_in_a_store(run: Run, files: Path, inputs: tuple[str, ...]) -> None:
    words = given(files, *inputs)
    stored = run("import", *words, "--store", files / "store")
    judged, again = (run("check", *one, *TIME, "--format", "json") for one in (words, ["--store", files / "store"]))
    assert (0, again.code, again.out) == (stored.code, judged.code, judged.out)
    assert json.loads(judged.out)["verdicts"]
    assert stored.err == judged.err


def test_a_verdict_on_a_table_is_explained_by_the_command_that_the_report_prints(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    words = [*USERS, "accounts.parquet", "--type", ACCOUNT]
    table = run("check", *words, *TIME, "--policy", NO_USERS)
    command = shlex.split(table.out.splitlines()[-1])
    assert ["perpend", "explain", NO_USERS, "111122223333", *words] == command[: 4 + len(words)]
    explained = run(*command[1:])
    assert (0, True) == (explained.code, "verdict   UNDETERMINED" in explained.out)
    assert "verdict   COMPLIANT" in run("explain", NO_USERS, "444455556666", *words, *TIME).out
    users = run("explain", KEY_POLICY, "a", *USERS, *TIME)
    assert (0, True) == (users.code, "read at   " in users.out and "users.csv" in users.out)


def test_an_input_that_is_called_like_the_object_is_an_input(run: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    (files / "a").write_text("Id\n111122223333\n")
    explained = run("explain", KEY_POLICY, "a", *USERS, "a", "--type", ACCOUNT)
    assert (0, "") == (explained.code, explained.err)


def test_what_cannot_be_used_is_told_and_the_rest_judged_if_asked(run: Run, files: Path) -> None:
    (files / "cut.csv").write_text("Id,x\na\n")
    words = given(files, "cut.csv", "--type", ACCOUNT, *USERS)
    assert (2, "", True) == ((ran := run("check", *words)).code, ran.out, "line 2 has 1 field" in ran.err)
    ran = run("check", *words, "--keep-going", *TIME, "--format", "json")
    assert (2, {"a"}) == (ran.code, {one["object"]["id"] for one in json.loads(ran.out)["verdicts"]})
    assert "not judged: " in ran.err


def test_the_interpreter_judges_no_tables(run: Run, files: Path) -> None:
    ran = run("check", *given(files, *USERS), "--engine", "interpreter")
    assert (2, "", True) == (ran.code, ran.out, "judged by duckdb or spark, not by the interpreter" in ran.err)
