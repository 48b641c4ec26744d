"""What only a process of its own can show: exit codes, streams, pipes, what is imported, the environment."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from perpend import __main__
from perpend.cli.app import main
from perpend.core import process as alone
from tests.cli.conftest import EXAMPLE, KEY_POLICY, ROOT, TIME, RunWriter, spawn
from tests.repositories import logic, policy_files, write

HEAVY = (
    "yaml",
    "duckdb",
    "_duckdb",
    "pydantic",
    "boto3",
    "jinja2",
    "pyspark",
    "rich",
    "re2",
    "jmespath",
    "perpend.language.syntax",
    "perpend.language.compiler",
)
LOOK = f"""
import sys
from perpend.cli.app import main
try:
    main({{arguments}})
except SystemExit as ended:
    code = ended.code
print(code, sorted(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    ended = subprocess.run([sys.executable, "-c", LOOK.format(arguments=arguments)], capture_output=True, text=True, check=True)
    assert "0 []\n" == ended.stderr
    assert ended.stdout


def test_on_windows_it_says_where_it_runs(run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    ran = run("check", EXAMPLE)
    monkeypatch.undo()
    assert (2, "") == (ran.code, ran.out)
    assert "perpend: Windows lacks the file locks of stores: run perpend in WSL or a container" in ran.err


def test_the_probe_above_sees_what_a_command_imports(tmp_path: Path) -> None:
    look = LOOK.format(arguments=["list", "--repo", str(write(tmp_path, policy_files(logic())))])
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert "'yaml'" in ended.stderr


@pytest.mark.slow
def test_verdicts_go_to_stdout_the_same_bytes_whatever_the_hash_seed_the_locale_and_the_way_in(
    run: RunWriter, tmp_path: Path
) -> None:
    """And nothing goes to standard error: neither of a file nor of standard input."""
    report = tmp_path / "report.csv"
    report.write_text(Path(EXAMPLE).read_text("utf-8").replace("alma.brekke", "älma.brekke"), "utf-8")
    asked = (*TIME, "--format", "csv")
    plain = run("check", report, *asked)
    assert 175 == len(plain.out.splitlines()) - 1
    assert "älma.brekke" in plain.out
    assert plain == spawn("check", report, *asked, PYTHONHASHSEED="1", LC_ALL="C", PYTHONUTF8="0")
    content = report.read_bytes()
    of_stream = spawn("check", "-", *asked, input=content, PYTHONHASHSEED="2", LC_ALL="C.UTF-8", PYTHONUTF8="0")
    assert ",'-," in of_stream.out
    assert (1, plain.out, "") == (of_stream.code, of_stream.out.replace(",'-,", f",{report},"), of_stream.err)


@pytest.mark.slow
def test_a_reader_that_leaves_early_ends_the_command_quietly(tmp_path: Path) -> None:
    lines = Path(EXAMPLE).read_text().splitlines()
    users = [lines[2].replace("alma.brekke", f"user-{number}") for number in range(300)]
    report = tmp_path / "report.csv"
    report.write_text("\n".join([lines[0], *users]))
    asked = (*TIME, "--policy", KEY_POLICY, "--format", "csv")
    command = [sys.executable, "-m", "perpend", "check", str(report), *asked]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    error = process.stderr.read().decode()
    process.stderr.close()
    assert (141, "") == (process.wait(60), error)


@pytest.mark.slow
def test_what_was_judged_is_kept_though_its_reader_leaves_early(run: RunWriter, tmp_path: Path) -> None:
    lines = Path(EXAMPLE).read_text().splitlines()
    report, store = tmp_path / "report.csv", str(tmp_path / "store")
    report.write_text("\n".join([lines[0], *(lines[2].replace("alma.brekke", f"user-{number}") for number in range(2_000))]))
    assert 0 == run("import", report, "--store", store).code
    asked = (*TIME, "--policy", KEY_POLICY, "--format", "ndjson")
    command = [sys.executable, "-m", "perpend", "check", "--store", store, *asked]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert (b"", 141) == (process.stderr.read(), process.wait(60))
    kept = run("history", "show", KEY_POLICY, "--store", store)
    assert (0, "") == (kept.code, kept.err)


def test_an_unexpected_error_is_one_line_and_a_traceback_only_on_demand(
    run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perpend.cli.commands.list.open_repository_here", lambda directory: 1 / 0)
    said = "perpend: internal error: ZeroDivisionError: division by zero (set PERPEND_DEBUG=1 for the traceback)\n"
    assert (2, "", said) == run("list")
    monkeypatch.setenv("PERPEND_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["list"])


def test_a_module_that_a_full_disk_has_cut_off_is_no_interruption(run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*given: object) -> None:
        raise EOFError("marshal data too short")

    monkeypatch.setattr(importlib, "import_module", cut_off)
    said = "\nperpend: internal error: marshal data too short (is a file below __pycache__ damaged?)\n"
    assert (2, "", said) == run("list")


def test_completion_answers_a_shell() -> None:
    ended = spawn(_PERPEND_COMPLETE="bash_complete", COMP_WORDS="perpend ex", COMP_CWORD="1")
    assert {"plain,explain", "plain,export"} == set(ended.out.split())


def test_the_command_knows_that_the_process_is_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["perpend", "--version"])
    monkeypatch.setattr(alone, "_ALONE", threading.Event())
    assert not alone.is_alone()
    with pytest.raises(SystemExit):
        __main__.main()
    assert alone.is_alone()
    assert capsys.readouterr().out.startswith("perpend, version ")
