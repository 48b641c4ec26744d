"""``perpend import``: what comes in, what is said of it, and that a dead import changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perpend.inventory.snapshots.store import Store
from tests.cli.conftest import EXAMPLE, RunWriter, wait_for
from tests.unit.inventory.snapshots.stored import plain_duckdb, rows_of

USER, ACCOUNT = "CA10__CaAwsUser__c", "CA10__CaAwsAccount__c"


def ids(directory: Path, table: str) -> list[str]:
    """Return the Ids of a table of the snapshot in force, every byte of which is as it was written."""
    paths = [str(path) for path in Store(directory).snapshot(verify=True).files[table]]
    found = (
        plain_duckdb()
        .cursor()
        .execute('SELECT "Id" FROM read_parquet(?, hive_partitioning=false) ORDER BY perpend_row', [paths])
    )
    return [one for (one,) in found.fetchall()]


def test_a_credential_report_becomes_a_snapshot(run: RunWriter, tmp_path: Path) -> None:
    ended = run("import", EXAMPLE, "--store", tmp_path / "store")
    snapshot = Store(tmp_path / "store").snapshot(verify=True)
    assert (0, f"snapshot {snapshot.id}\n  AWS Account: 1 row\n  AWS IAM User: 25 rows\n", "") == ended
    assert [(EXAMPLE, "credential-report", 25, ("111122223333",))] == [
        (one.name, one.kind, one.objects, one.accounts) for one in snapshot.sources
    ]


def test_several_tables_have_their_own_options(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "u.csv").write_text("key,who,acct\na,ann,1\nb,bob,2\n")
    (tmp_path / "u.yaml").write_text(
        "columns: {key: Id, who: CA10__userName__c, acct: CA10__account__c}\nconstants: {x__c: 1}\n"
    )
    (tmp_path / "a.ndjson").write_text('{"Id": "1"}\n{"Id": "2"}\n')
    (tmp_path / "o.json").write_text('[{"Id": "z"}]')
    arguments = [
        "import",
        tmp_path / "u.csv",
        "--type",
        USER,
        f"--mapping={tmp_path / 'u.yaml'}",
        "--observed-at",
        "2026-01-02",
    ]
    arguments += ["--complete", "all", tmp_path / "a.ndjson", tmp_path / "o.json", f"--type={ACCOUNT}", EXAMPLE]
    arguments += ["--store", tmp_path / "store", "--new-type"]
    ended = run(*arguments)
    assert (0, "") == (ended.code, ended.err)
    assert ["z", "1", "2", "111122223333"] == sorted(
        ids(tmp_path / "store", ACCOUNT), key=["z", "1", "2", "111122223333"].index
    )
    times = {Path(one.name).name: one.observed_at for one in Store(tmp_path / "store").snapshot().sources}
    assert ["2026-01-02T00:00:00+00:00"] == [str(time.isoformat()) for time in times.values() if time]
    assert times["u.csv"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--type", "CA10__CaAwsUsr__c"], "unknown type 'CA10__CaAwsUsr__c' (did you mean 'CA10__CaAwsUser__c'?)"),
        (["--type", USER], "u.csv: has a field `CA10__usrName__c`, which is no field of `CA10__CaAwsUser__c` (did you mean"),
        (["--type", USER, "--mapping", "who"], "the mapping calls `who` `CA10__usrName__c`, which is no field of `"),
        (
            ["--type", USER, "--mapping", "constant"],
            "has a field `CA10__arm__c`, which is no field of `CA10__CaAwsUser__c` (did",
        ),
    ],
)
def test_what_is_misspelt_is_told_unless_it_is_meant(run: RunWriter, tmp_path: Path, options: list[str], reason: str) -> None:
    (tmp_path / "u.csv").write_text("Id,CA10__usrName__c,who\na,ann,ann\n")
    (tmp_path / "who").write_text("columns: {Id: Id, who: CA10__usrName__c}")
    (tmp_path / "constant").write_text("columns: {Id: Id}\nconstants: {CA10__arm__c: a}")
    if "--mapping" in options:
        options = [*options[:-1], str(tmp_path / options[-1])]
    for command in (["check"], ["import", "--store", tmp_path / "s"]):
        refused = run(*command, tmp_path / "u.csv", *options)
        assert (2, "", 1) == (refused.code, refused.out, refused.err.count("\n"))
        assert reason in refused.err and "--new-type says that it is meant" in refused.err
    assert not (tmp_path / "s").exists() or not Store(tmp_path / "s").runs()
    assert 0 == run("import", tmp_path / "u.csv", *options, "--new-type", "--store", tmp_path / "s").code


def test_a_field_with_blank_space_around_its_name_or_in_another_case_is_told(run: RunWriter, tmp_path: Path) -> None:
    for field, meant in ((" CA10__userName__c", "CA10__userName__c"), ("CA10__ARN__C", "CA10__arn__c"), ("Name ", "Name")):
        (tmp_path / "u.csv").write_text(f"Id,{field}\na,ann\n")
        (tmp_path / "u.ndjson").write_text(f'{{"Id": "a", "{field}": "ann"}}\n')
        for name in ("u.csv", "u.ndjson"):
            refused = run("import", tmp_path / name, "--type", USER, "--store", tmp_path / "s")
            assert (2, "", 1) == (refused.code, refused.out, refused.err.count("\n"))
            assert f"{name}: has a field `{field}`, which is no field of `{USER}` (did you mean `{meant}`?)" in refused.err
    (tmp_path / "u.csv").write_text("Id, owner of it\na,ann\n")
    assert 0 == run("import", tmp_path / "u.csv", "--type", USER, "--store", tmp_path / "s").code


def test_private_types_of_a_repository_are_known(run: RunWriter, tmp_path: Path) -> None:
    directory = tmp_path / "repo/types/CA10__CaThing__c"
    directory.mkdir(parents=True)
    (directory / "type.yaml").write_text(
        "label: Thing\nlookups:\n  - {name: owner__r, target: CA10__CaOwner__c, key: owner__c}\n"
    )
    (tmp_path / "t.json").write_text('[{"Id": "a", "owner__r": {"Id": "o"}}]')
    ended = run(
        "import", tmp_path / "t.json", "--type", "CA10__CaThing__c", "--repo", tmp_path / "repo", "--store", tmp_path / "s"
    )
    assert (0, "", ["o"]) == (ended.code, ended.err, ids(tmp_path / "s", "CA10__CaOwner__c"))


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        (b"PAR1", ["--type", USER], "damaged Parquet: it is cut off, or no Parquet file"),
        (b"Id,x\na\n", ["--type", USER], "line 2 has 1 field where the header has 2"),
        (b'{"Id":"a"}\n{"Id":"b"}\n', [], "JSON lines do not state their object type; set it with --type"),
        (b"", ["--type", USER], "the file is empty (zero bytes)"),
    ],
)
def test_an_unusable_input_is_one_line_and_nothing_is_stored(
    run: RunWriter, imported: Path, tmp_path: Path, content: bytes, options: list[str], reason: str
) -> None:
    (tmp_path / "x").write_bytes(content)
    shutil.copytree(imported, tmp_path / "s")
    before = Store(tmp_path / "s").runs()
    ended = run("import", tmp_path / "x", *options, "--store", tmp_path / "s")
    assert (2, "", f"perpend: {tmp_path / 'x'}: {reason}\n") == ended
    assert before == Store(tmp_path / "s").runs()


def test_keep_going_stores_the_rest_and_remembers_what_was_not_read(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Id,x\na\n")
    ended = run(
        "import", EXAMPLE, tmp_path / "x.csv", "--type", USER, tmp_path / "none", "--keep-going", "--store", tmp_path / "s"
    )
    snapshot = Store(tmp_path / "s").snapshot()
    assert 2 == ended.code
    assert [tmp_path / "none", tmp_path / "x.csv"] == [Path(one.source) for one in snapshot.failures]
    assert (
        f"is not known in full: {tmp_path / 'none'} could not be read"
        == rows_of(snapshot, ACCOUNT, "CA10__users__r#unfollowed")[0][0]
    )


def test_each_mistake_in_a_mapping_is_one_line_that_says_where(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Id,x\na,1\n")
    (tmp_path / "m.yaml").write_text("columns:\n  Id: Id\n  x: [1]\nconstant: {}\n")
    ended = run("import", tmp_path / "x.csv", "--type", USER, "--mapping", tmp_path / "m.yaml", "--store", tmp_path / "s")
    assert (2, "") == (ended.code, ended.out)
    known = "unknown key `constant` in `mapping` (did you mean `constants`?)"
    assert f"perpend: {tmp_path / 'm.yaml'}:4:1: {known}" == ended.err.splitlines()[-1]
    (tmp_path / "m.yaml").write_text("columns:\n  Id: Id\n  x: [1]\n")
    ended = run("import", tmp_path / "x.csv", "--type", USER, "--mapping", tmp_path / "m.yaml", "--store", tmp_path / "s")
    assert f"perpend: {tmp_path / 'm.yaml'}:3:6: expected an API name, found a list\n" == ended.err
    assert not (tmp_path / "s").exists()


def test_the_directory_of_the_store_may_be_odd_but_no_pattern(run: RunWriter, tmp_path: Path) -> None:
    odd = tmp_path / 'it\'s a "q" é;--new\nline'
    assert 0 == run("import", EXAMPLE, "--store", odd).code
    assert 25 == len(ids(odd, USER))
    ended = run("import", EXAMPLE, "--store", tmp_path / "a*")
    assert (2, "") == (ended.code, ended.out)
    assert "cannot have `*`, `?` or `[` in it" in ended.err


@pytest.mark.slow
def test_an_import_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    for number in (5_000, 20_000, 80_000):
        store = tmp_path / f"store-{number}"
        command = ("import", _objects(tmp_path, number), "--type", "T__c", "--new-type", "--store", store)
        process = subprocess.Popen(
            [sys.executable, "-m", "perpend", *map(str, command)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PERPEND_DEBUG": ""},
        )
        wait_for(lambda directory=store / "tmp": any(directory.glob("*/*")), process)
        process.send_signal(signal.SIGTERM)
        if process.wait(60):  # else it had ended before it was interrupted
            break
    assert 130 == process.returncode
    assert not store.exists()


def _objects(directory: Path, number: int) -> Path:
    path = directory / "objects.json"
    path.write_text(json.dumps([{"Id": f"t{one}", "v": "x" * 50, "c__r": [{"n": one}]} for one in range(number)]))
    return path


def test_an_import_that_fails_leaves_no_store_behind(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    store = tmp_path / "new" / "store"
    assert 2 == run("import", tmp_path / "x.csv", "--store", store).code
    assert [] == list(store.parent.iterdir())
    assert 0 == run("import", EXAMPLE, "--store", store).code
    before = sorted(store.rglob("*"))
    assert 2 == run("import", tmp_path / "x.csv", "--store", store).code
    assert before == sorted(store.rglob("*"))


def test_an_input_without_a_name_is_told_as_such(run: RunWriter, tmp_path: Path) -> None:
    for command in (["check", ""], ["import", "", "--store", tmp_path / "s"], ["explain", "root-user-mfa", "x", ""]):
        ended = run(*command)
        assert (2, True) == (ended.code, "INPUT '' is empty" in ended.err), command
