"""``perpend test --update``: blanks are filled with what the logic says, nothing else of a file moves, nobody is overruled."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import RunWriter
from tests.repositories import logic, policy_files, write

FLAG = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "unset"}}}
FAULT = '"status": "INCOMPLIANT", "conditionIndex": "199", "conditionText": "flag.asBoolean()", "runtimeError": null'
REST = '"status": "COMPLIANT", "conditionIndex": "200", "conditionText": "otherwise", "runtimeError": null'


def repository(root: Path, text: str, **files: Any) -> Path:
    """Write a repository with one policy whose test data is a text; return the file of test data."""
    write(root, {**policy_files(logic(FLAG, testData=[{"file": "test-data.json"}])), **files})
    (root / "ce/policy/test-data.json").write_bytes(text.encode("utf-8"))
    return root / "ce/policy/test-data.json"


FILLED: dict[str, tuple[str, str]] = {
    "in one line": ('[{"flag": "true"}]', f'[{{"expectedResult": {{{FAULT}}}, "flag": "true"}}]'),
    "null": ('[{"flag":"x", "expectedResult" : null}]', f'[{{"flag":"x", "expectedResult" : {{{REST}}}}}]'),
    "blanks": (
        '[{"flag": "x", "expectedResult": {"runtimeError": null, "status": " ", "conditionIndex": null, "conditionText" :""}}]',
        '[{"flag": "x", "expectedResult": {"runtimeError": null, "status": "COMPLIANT", "conditionIndex": "200", "conditionText" :"otherwise"}}]',
    ),
    "a status alone": (
        '[{"flag": "x", "expectedResult": {"status": "COMPLIANT"}}]',
        f'[{{"flag": "x", "expectedResult": {{{REST}}}}}]',
    ),
    "CRLF": (
        '[ {\r\n    "flag": "x",\r\n    "expectedResult":\r\n    {\r\n      "status": "COMPLIANT"\r\n    }\r\n } ]\r\n',
        '[ {\r\n    "flag": "x",\r\n    "expectedResult":\r\n    {\r\n      "status": "COMPLIANT",\r\n      "conditionIndex": "200",\r\n      "conditionText": "otherwise",\r\n      "runtimeError": null\r\n    }\r\n } ]\r\n',
    ),
    "a byte order mark": ('\ufeff[{"flag": "x"}]', f'\ufeff[{{"expectedResult": {{{REST}}}, "flag": "x"}}]'),
    "signs": (
        '[{"a": "é\\u00e9\\ud800 \U0001f600", "flag": "x"}]',
        f'[{{"expectedResult": {{{REST}}}, "a": "é\\u00e9\\ud800 \U0001f600", "flag": "x"}}]',
    ),
}


@pytest.mark.parametrize("name", FILLED)
def test_blanks_are_filled_and_all_else_stays_byte_for_byte(run: RunWriter, tmp_path: Path, name: str) -> None:
    before, after = FILLED[name]
    data = repository(tmp_path, before)
    data.chmod(0o640)
    ran = run("test", "--repo", tmp_path, "--update", "--yes")
    assert after == data.read_bytes().decode("utf-8")
    assert (0, 0o640) == (ran.code, data.stat().st_mode & 0o777), ran
    assert "filled 1 expectation in 1 file" in ran.out
    assert "1 execution, 1 passed, 0 failed" in ran.out
    ran = run("test", "--repo", tmp_path, "--update", "--yes")
    assert (0, after) == (ran.code, data.read_bytes().decode("utf-8"))
    assert "no expectation was filled" in ran.out


KEPT: dict[str, tuple[str, str]] = {
    "a wrong status": (
        '[{"Id": "a", "flag": "true", "expectedResult": {"status": "COMPLIANT"}}]',
        'a in ce/policy/test-data.json: expects status "COMPLIANT", but the result is "INCOMPLIANT"',
    ),
    "a wrong index": (
        '[{"flag": "true", "expectedResult": {"conditionIndex": 299}}]',
        'object 1 in ce/policy/test-data.json: expects conditionIndex 299, but the result is "199"',
    ),
    "an error where there is none": ('[{"flag": "true", "expectedResult": {"runtimeError": "x"}}]', "expects runtimeError"),
    "no status": ('[{"flag": "true", "expectedResult": {"status": "COMPLIENT"}}]', 'expects status "COMPLIENT"'),
    "no time": ('[{"flag": "true", "context": {"snapshotTime": "today"}}]', "`snapshotTime` is not a date"),
    "no JSON": ('[{"flag": }]', ""),
    "a key twice": ('[{"flag": "true", "flag": "x"}]', ""),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_written_already_is_never_changed(run: RunWriter, tmp_path: Path, name: str) -> None:
    text, reason = KEPT[name]
    data = repository(tmp_path, text)
    ran = run("test", "--repo", tmp_path, "--update", "--yes")
    assert text == data.read_text("utf-8")
    assert ran.code in (1, 2)
    assert "no expectation was filled" in ran.out
    assert (reason in ran.err) and bool(reason) == bool(ran.err)


def test_of_one_file_the_blank_are_filled_and_the_wrong_are_kept(run: RunWriter, tmp_path: Path) -> None:
    wrong = '{"Id": "wrong", "flag": "true", "expectedResult": {"status": "COMPLIANT"}}'
    data = repository(tmp_path, f'[{wrong},\n{{"Id": "blank", "flag": "true"}}]')
    ran = run("test", "--repo", tmp_path, "--update", "--yes")
    assert f'[{wrong},\n{{"expectedResult": {{{FAULT}}}, "Id": "blank", "flag": "true"}}]' == data.read_text("utf-8")
    assert 1 == ran.code


def test_what_would_change_is_shown_and_nothing_written_where_nobody_can_be_asked(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = repository(tmp_path, '[\n {"Id": "a\\u001b",\n  "flag": "x"}\n]\n')
    before = data.read_bytes()
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    ran = run("test", "--repo", tmp_path, "--update")
    shown = f'ce/policy/test-data.json:2\n  -  {{"Id": "a\\u001b",\n  +  {{"expectedResult": {{{REST}}}, "Id": "a\\u001b",\n'
    assert (2, shown) == (ran.code, ran.out)
    assert "standard input is no terminal to confirm at: add --yes to fill them" in ran.err
    assert before == data.read_bytes()


@pytest.mark.parametrize("answer", ["y", "n"])
def test_at_a_terminal_somebody_is_asked(tmp_path: Path, answer: str) -> None:
    data = repository(tmp_path, '[{"flag": "x"}]')
    before = data.read_text()
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "perpend", "test", "--repo", str(tmp_path), "--update"],
        stdin=inner, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.write(outer, f"{answer}\n".encode())
    out, err = process.communicate(timeout=60)
    os.close(inner)
    os.close(outer)
    assert "Fill 1 expectation in 1 file? [y/N]" in err
    assert (answer == "n") == (before == data.read_text())
    assert ("filled 1 expectation" in out, "nothing was written" in out) == (answer == "y", answer == "n")


def test_a_file_that_two_logic_files_share_is_filled_where_they_agree(run: RunWriter, tmp_path: Path) -> None:
    other = logic({"NOT": {"arg": FLAG}}, testData=[{"file": "test-data.json"}])
    data = repository(tmp_path, '[{"Id": "both", "flag": "true"}]', **{"ce/policy/wip.logic.yaml": other})
    ran = run("test", "--repo", tmp_path, "prod.logic.yaml", "--update", "--yes")
    assert '[{"Id": "both", "flag": "true"}]' == data.read_text()
    assert "/ce/policy/prod.logic.yaml ends at 199, /ce/policy/wip.logic.yaml at 200: one object cannot expect both" in ran.err
    write(tmp_path, {"ce/policy/wip.logic.yaml": logic(FLAG, FLAG, testData=[{"file": "test-data.json"}])})
    assert 0 == run("test", "--repo", tmp_path, "prod.logic.yaml", "--update", "--yes").code
    write(tmp_path, {"ce/policy/wip.logic.yaml": logic({"NONE": 1}, testData=[{"file": "test-data.json"}])})
    data.write_text('[{"Id": "both", "flag": "true"}]')
    assert (
        "wip.logic.yaml has errors: see `perpend lint`"
        in run("test", "--repo", tmp_path, "prod.logic.yaml", "--update", "--yes").err
    )


def test_links_are_followed_inside_of_the_repository_only(run: RunWriter, tmp_path: Path) -> None:
    root, blank = tmp_path / "repo", '[{"flag": "x"}]'
    data = repository(root, blank)
    data.rename(root / "ce" / "real.json")
    data.symlink_to(root / "ce" / "real.json")
    assert 0 == run("test", "--repo", root, "--update", "--yes").code
    assert data.is_symlink()
    assert f'[{{"expectedResult": {{{REST}}}, "flag": "x"}}]' == (root / "ce" / "real.json").read_text()
    data.unlink()
    (tmp_path / "outside.json").write_text(blank)
    data.symlink_to(tmp_path / "outside.json")
    assert run("test", "--repo", root, "--update", "--yes").code in (1, 2)
    assert blank == (tmp_path / "outside.json").read_text()
    assert [] == list(tmp_path.rglob("*.part"))


def test_a_report_for_machines_stays_one(run: RunWriter, tmp_path: Path) -> None:
    repository(tmp_path, '[{"flag": "x"}]')
    ran = run("test", "--repo", tmp_path, "--update", "--yes", "--format", "json")
    assert 1 == json.loads(ran.out)["summary"]["passed"]
    assert "filled 1 expectation in 1 file" in ran.err


def test_the_library_is_nobodys_to_fill(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("test", "--update", "--yes")
    assert (2, "") == (ran.code, ran.out)
    assert "there is no policy repository here" in ran.err


@pytest.mark.parametrize(
    "more", [("--yes",), ("--watch", "--update"), ("--watch", "--format", "json"), ("--watch", "--out", "x")]
)
def test_options_that_do_not_go_together_are_refused(run: RunWriter, more: tuple[str, ...]) -> None:
    ran = run("test", *more)
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("perpend: --") and 1 == ran.err.count("\n")
