"""``perpend inventory``: lists, questions in SQL that can read and nothing else, and pruning."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perpend.inventory.snapshots.store import Store
from tests.cli.conftest import EXAMPLE, RunWriter, end_by, heard, wait_for


@pytest.fixture
def store(imported: Path, tmp_path: Path) -> Path:
    """Return a store of the example for one test alone."""
    return shutil.copytree(imported, tmp_path / "store")


def test_snapshots_are_listed_with_the_one_in_force_marked(run: RunWriter, store: Path) -> None:
    run("import", EXAMPLE, "--store", store)
    first, second = Store(store).runs()
    lines = run("inventory", "ls", "--store", store).out.splitlines()
    assert [["snapshot"], [first], ["*", second]] == [line.split()[: 2 if line[0] == "*" else 1] for line in lines]
    assert "26" == lines[1].split()[4]


def test_a_snapshot_is_shown_with_its_tables(run: RunWriter, store: Path) -> None:
    ended = run("inventory", "show", "--store", store, "--verify")
    assert 0 == ended.code
    assert "CA10__CaAwsUser__c (aws_iam_user): 25 rows\n" in ended.out
    assert "  CA10__account__r: lookup of CA10__CaAwsAccount__c\n" in ended.out
    assert ended.out == run("inventory", "show", Store(store).runs()[0], "--store", store).out


@pytest.mark.parametrize("command", [["ls"], ["show"], ["sql", "SELECT 1"], ["prune", "--keep", "1"]])
def test_a_store_that_is_not_there_is_named(run: RunWriter, tmp_path: Path, command: list[str]) -> None:
    ended = run("inventory", *command, "--store", tmp_path / "none")
    assert (2, "") == (ended.code, ended.out)
    assert f"perpend: {tmp_path / 'none'}: there is no such directory; `perpend import` makes one\n" == ended.err
    assert not (tmp_path / "none").exists()


def test_questions_are_answered_over_labels_and_api_names(run: RunWriter, store: Path) -> None:
    question = 'SELECT user_name, "CA10__userName__c" AS same FROM aws_iam_user JOIN aws_account ON aws_account.id = "CA10__account__c" ORDER BY 1'
    ended = run("inventory", "sql", question, "--store", store, "--format", "json")
    found = json.loads(ended.out)
    assert (25, "root") == (len(found), next(one["user_name"] for one in found if one["user_name"] == "root"))
    assert all(one["user_name"] == one["same"] for one in found)
    assert "2 rows\n" == run("inventory", "sql", "SELECT 1 UNION ALL SELECT 2", "--store", store).out[-7:]
    assert "2 rows shown, there are more" in run("inventory", "sql", "FROM range(9)", "--store", store, "--limit", "2").out


def test_cells_of_csv_are_no_formulas(run: RunWriter, store: Path) -> None:
    question = "SELECT '=1+1' AS a, -1 AS b, '-1' AS \"@c\", NULL AS d, 'x\"y' AS e, [1] AS f, TIMESTAMP '2026-01-02' AS g"
    ended = run("inventory", "sql", question, "--store", store, "--format", "csv")
    assert [["a", "b", "'@c", "d", "e", "f", "g"], ["'=1+1", "-1", "'-1", "", 'x"y', "[1]", "2026-01-02T00:00:00"]] == list(
        csv.reader(io.StringIO(ended.out))
    )


def test_json_has_every_column_and_no_nan(run: RunWriter, store: Path) -> None:
    question = "SELECT 'NaN'::DOUBLE AS a, 1 AS a, {'k': 1.5::DECIMAL(3,1)} AS s, 'x'::BLOB AS b, 'inf'::DOUBLE AS i"
    ended = run("inventory", "sql", question, "--store", store, "--format", "json")
    assert [{"a": None, "a_2": 1, "s": {"k": "1.5"}, "b": "78", "i": "inf"}] == json.loads(ended.out)


def test_sources_can_be_asked_for(run: RunWriter, store: Path) -> None:
    question = (
        "SELECT s.name, count(*) AS n FROM aws_iam_user u JOIN perpend_sources s ON s.number = u.perpend_source GROUP BY 1"
    )
    ended = run("inventory", "sql", question, "--store", store, "--format", "json")
    assert [{"name": EXAMPLE, "n": 25}] == json.loads(ended.out)


@pytest.mark.parametrize(
    ("question", "message", "place"),
    [
        ("SELEC 1", 'syntax error at or near "SELEC"', "1:1"),
        ("SELECT nope FROM aws_iam_user", 'referenced column "nope" not found', "1:8"),
        ("SELECT *\nFROM nope", "table with name nope does not exist!", "2:6"),
        ("", "the question holds no statement", "1:1"),
        ("CREATE TABLE t AS SELECT 1", "a snapshot can only be read: CREATE is not allowed, SELECT is", "1:1"),
        ("ATTACH 'x.db'", "ATTACH is not allowed", "1:1"),
        ("INSTALL httpfs", "LOAD is not allowed", "1:1"),
        ("PRAGMA database_list", "PRAGMA is not allowed", "1:1"),
        ("DELETE FROM aws_iam_user", "DELETE is not allowed", "1:1"),
        ("SELECT * FROM read_text('/etc/hostname')", "only the snapshot's own tables can be read", "1:15"),
        ("SELECT * FROM glob('/etc/*')", "only the snapshot's own tables can be read", "1:15"),
        ("SELECT * FROM '/etc/hostname'", "table with name /etc/hostname does not exist!", "1:15"),
        ("SELECT * FROM 'https://example.org/x.parquet'", "", "1:"),
        ("SELECT * FROM query('DROP VIEW aws_iam_user')", "", "1:"),
    ],
)
def test_a_question_without_answer_is_told_in_one_line(
    run: RunWriter, store: Path, question: str, message: str, place: str
) -> None:
    before = Store(store).snapshot(verify=True)
    ended = run("inventory", "sql", question, "--store", store)
    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith(f"perpend: SELECT:{place}")
    assert message in ended.err
    assert 1 == ended.err.count("\n")
    assert "Error:" not in ended.err and "Traceback" not in ended.err
    assert before == Store(store).snapshot(verify=True)


def test_nothing_is_ever_written(run: RunWriter, store: Path, tmp_path: Path) -> None:
    path = Store(store).snapshot().files["CA10__CaAwsUser__c"][0]
    for target in (path, tmp_path / "new.csv"):
        for question in (f"COPY (SELECT 1) TO '{target}'", f"EXPLAIN ANALYZE COPY (SELECT 1) TO '{target}'"):
            assert 2 == run("inventory", "sql", question, "--store", store).code
    assert Store(store).snapshot(verify=True)
    assert not (tmp_path / "new.csv").exists()


SLOW = "SELECT count(*) FROM range(100000000000) a, range(1000) b"


def test_a_question_that_takes_too_long_is_given_up(run: RunWriter, store: Path) -> None:
    ended = run("inventory", "sql", SLOW, "--store", store, "--timeout", "0.3")
    assert 2 == ended.code
    assert "the question was not answered within 0.3 seconds" in ended.err


ENORMOUS = "SELECT length(repeat('x', 4000000000))"


@pytest.mark.parametrize(("question", "options"), [(ENORMOUS, ()), (SLOW, ("--timeout", "1"))])
def test_a_question_takes_no_more_time_and_memory_than_it_may(store: Path, question: str, options: tuple[str, ...]) -> None:
    arguments = [sys.executable, "-m", "perpend", "inventory", "sql", question, "--store", str(store), *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        err = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    told = b"needs more memory" if question == ENORMOUS else b"was not answered within 1 seconds"
    assert (2, True, 1) == (process.returncode, told in err, err.count(b"\n")), err
    assert used.ru_utime + used.ru_stime < 20, "seconds, of all processes"
    assert used.ru_maxrss < 2.5 * 1024**2, "kilobytes, of the largest process"


def computed(process: int) -> float:
    """Return for how many seconds the one who asks for a process has computed, 0 while no database is open, with its threads."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    if not children or len(os.listdir(f"/proc/{children[0]}/task")) == 1:
        return 0
    ticks = Path(f"/proc/{children[0]}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="a process cannot be looked into here")
def test_a_question_can_be_interrupted(store: Path) -> None:
    arguments = [sys.executable, "-m", "perpend", "inventory", "sql", SLOW, "--store", str(store)]
    environment = {**os.environ, "PERPEND_DEBUG": ""}
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, preexec_fn=heard)
    try:
        wait_for(lambda: computed(process.pid) > 0, process)
        begun = computed(process.pid)
        wait_for(lambda: computed(process.pid) > begun + 0.25, process)
    finally:
        code = end_by(process, signal.SIGTERM)
    assert 130 == code
    out, err = process.communicate(timeout=60)
    assert (b"", b"perpend: interrupted") == (out, err.strip())


def test_pruning_keeps_the_newest(run: RunWriter, store: Path) -> None:
    for _ in range(2):
        run("import", EXAMPLE, "--store", store)
    first, second, third = Store(store).runs()
    assert (0, f"removed {first}\nremoved {second}\n2 removed, 1 kept\n", "") == run(
        "inventory", "prune", "--keep", "1", "--store", store
    )
    assert [third] == Store(store).runs()


def test_an_answer_whose_columns_do_not_fit_is_shown_as_records(
    run: RunWriter, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "SELECT Id, 'x' AS a_column_of_quite_a_long_name FROM aws_iam_user ORDER BY Id LIMIT 1"
    monkeypatch.setenv("COLUMNS", "50")
    assert (
        """\
row 1
Id                             arn:aws:iam::111122223333:root
a_column_of_quite_a_long_name  x
1 row
"""
        == run("inventory", "sql", question, "--store", store).out
    )
    monkeypatch.setenv("COLUMNS", "90")
    assert "Id                              a_column" in run("inventory", "sql", question, "--store", store).out
