"""Where output may go, and what happens to what is there already."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, ROOT, TIME, RunWriter, done, end_by, forked
from tests.repositories import logic, policy_files, write

pytestmark = pytest.mark.usefixtures("shared_database")

CHECK = ("check", EXAMPLE, *TIME, "--policy", KEY_POLICY, "--format", "csv")


def test_a_pipe_is_written_to_as_it_is(run: RunWriter, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert 1 == run(*CHECK, "--out", pipe).code
    reader.join(60)
    assert read[0].startswith("policyId,")
    assert pipe.is_fifo()


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_a_full_disk_cannot_hold_is_told(run: RunWriter, form: str) -> None:
    ran = run("check", EXAMPLE, *TIME, "--format", form, "--out", "/dev/full")
    assert (2, "", "perpend: /dev/full: cannot be written: no space left on device\n") == ran


def test_an_input_is_never_written_over(run: RunWriter, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    report.write_bytes(Path(EXAMPLE).read_bytes())
    ran = run("check", report, *TIME, "--format", "csv", "--out", report)
    assert (2, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
    assert report.read_bytes() == Path(EXAMPLE).read_bytes()


SIGNS = "n\u00e4me\u2028\u202e\x85"


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a repository and of a store of two runs with names that are not ASCII."""
    place = tmp_path_factory.mktemp("signs")
    check = {"IS_EMPTY": {"arg": {"FIELD": {"path": "CA10__name__c"}}}}
    names = {"full": "\u00dcbung", "contextual": "\u00dcbung"}
    files = policy_files(logic({"NOT": {"arg": check}}, input_type="CA10__CaAwsBucket__c"))
    write(place / "repository", {**files, "ce/policy/policy.yaml": {"names": names, "description": "\u00dcber \u2028."}})
    for number, ids in enumerate((("b1",), ("b1", "b2")), 20):
        buckets = [{"Id": one, "CA10__disappearanceTime__c": None, "CA10__name__c": f"{SIGNS}{one}"} for one in ids]
        (place / "buckets.json").write_text(json.dumps(buckets))
        kind = ("--type", "CA10__CaAwsBucket__c", "--observed-at", f"2026-11-{number}")
        done("import", *kind, place / "buckets.json", "--store", place / "store")
        done("check", "-q", "--store", place / "store", "--repo", place / "repository", code=1)
    return place


@pytest.mark.parametrize(
    "words",
    [
        *((*name, "--format", form) for name in (("findings",), ("diff",), ("history", "b1")) for form in ("ndjson",)),
        ("inventory", "sql", "SELECT id, name FROM aws_s3_bucket", "--format", "json"),
        ("explain", "policy", "b1", "--format", "json"),
        ("list", "policies", "--format", "json"),
        ("search", "policy", "--format", "json"),
        ("check", "--no-history", "--format", "json"),
        ("check", "--no-history", "--format", "ndjson"),
    ],
    ids=lambda words: f"{words[0]} {words[-1]}",
)
def test_json_is_ascii_whatever_names_hold(run: RunWriter, signs: Path, words: tuple[str, ...]) -> None:
    of_store = () if words[0] in ("list", "search") else ("--store", signs / "store")
    of_repository = () if words[0] in ("history", "inventory") else ("--repo", signs / "repository")
    ran = run(*words, *of_store, *of_repository)
    assert ran.code in (0, 1) and ran.out.isascii(), ran.err
    assert "\\u2028" in ran.out or "\\u00dcbung" in ran.out


IN_TURN = """
import json, sys
from perpend.cli.app import main
for arguments in json.loads(sys.argv[1]):
    sys.stdout.reconfigure(errors="strict")  # as it is when a process begins
    try:
        main(arguments)
    except SystemExit as ended:
        print(flush=True)
        assert not ended.code, arguments
"""


def test_signs_that_the_terminal_lacks_are_written_out() -> None:
    commands = [["show", KEY_POLICY], ["explain", KEY_POLICY, "alma.brekke", EXAMPLE], ["list", "operations"]]
    plain = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", IN_TURN, json.dumps(commands)], cwd=ROOT, capture_output=True, env=plain, timeout=60, check=False
    )
    assert (0, b"") == (ended.returncode, ended.stderr)
    assert ended.stdout.isascii()
    assert all(word in ended.stdout for word in (KEY_POLICY.encode(), b"alma.brekke", b"RELATED_LIST_HAS"))


def test_a_request_to_terminate_leaves_nothing_behind(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "perpend", "check", str(pipe), "--format", "json", "--out", str(tmp_path / "out.json")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with pipe.open("wb") as writer:
        writer.write(b"user,arn\n")
        writer.flush()
        assert 130 == end_by(process, signal.SIGTERM)
    assert ["pipe"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(("closing", "reason"), [(">&-", "standard output is closed"), ("<&-", "standard input is closed")])
def test_closed_streams_are_told(closing: str, reason: str) -> None:
    source = "-" if closing == "<&-" else EXAMPLE
    line = f'"{sys.executable}" -m perpend check {source} {closing}'
    ended = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (2, 1) == (ended.returncode, ended.stderr.count("\n"))
    assert reason in ended.stderr


HOSTILE = "ann\x1b]0;title\x07 \x9b31m \u202eevil\rover"


def in_a_terminal(*arguments: object) -> bytes:
    """What a command sends to a terminal of its own."""
    mine, its = pty.openpty()
    child = forked(*arguments, output=its)
    os.close(its)
    found = b""
    with suppress(OSError):  # how a terminal says that nobody writes to it any more
        while chunk := os.read(mine, 65_536):
            found += chunk
    os.close(mine)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, 1, 3), found
    return found


@pytest.mark.parametrize(("command", "form"), [("check", "csv"), ("check", "ndjson"), ("sql", "csv")])
def test_nothing_that_an_object_says_controls_a_terminal(run: RunWriter, tmp_path: Path, command: str, form: str) -> None:
    path, store = tmp_path / "users.json", tmp_path / "store"
    path.write_text(json.dumps([{"Id": HOSTILE, "Name": HOSTILE}]))
    arguments: tuple[object, ...] = ("check", path, "--type", "CA10__CaAwsUser__c", *TIME, "--policy", KEY_POLICY)
    if command == "sql":
        assert 0 == run("import", path, "--type", "CA10__CaAwsUser__c", "--store", store).code
        arguments = ("inventory", "sql", 'SELECT "Id", "Name" FROM aws_iam_user', "--store", store)
    drawn = in_a_terminal(*arguments, "--format", form).replace(b"\r\n", b"\n").decode()
    assert {"\n"} >= {sign for sign in drawn if not sign.isprintable()}
    assert "ann" in drawn
    out = tmp_path / "out"
    piped = run(*arguments, "--format", form).out
    run(*arguments, "--format", form, "--out", out)
    assert piped.encode() == out.read_bytes()
    if form == "csv":
        assert HOSTILE in piped


def test_what_is_drawn_for_a_terminal_keeps_its_colours(tmp_path: Path) -> None:
    policy = tmp_path / "ce" / "p"
    policy.mkdir(parents=True)
    (policy / "prod.logic.yaml").write_text("inputType: X\nconditions: []\notherwise: {status: COMPLIANT, odd: 1}\n")
    mine = in_a_terminal("lint", "--repo", tmp_path)
    assert b"\x1b[" in mine
    assert b"\\x1b" not in mine


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        (("config",), "repository        the library   default"),
        (("show", "aws_iam_user"), "CA10__credReportPasswordLastUsed__c"),
        (
            ("test", "--coverage", "disable-user-with-unused-credentials-45-days-and-more"),
            "/ce/ca/aws/iam/disable-user-with-unused-credentials-45-days-and-more/prod.logic.yaml",
        ),
    ],
)
def test_tables_break_no_names_and_end_without_blanks(
    run: RunWriter, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], whole: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run(*words).out.split("\n")
    assert any(whole in line for line in lines), lines
    assert [] == [line for line in lines if line != line.rstrip()]
