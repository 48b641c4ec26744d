"""``perpend report`` and ``check --format html``: one file, its owner's alone, whatever was found."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Run


@pytest.fixture
def store(tmp_path: Path, run: Run) -> Path:
    assert 0 == run("import", EXAMPLE, "--store", tmp_path / "store").code
    return tmp_path / "store"


def test_a_store_is_handed_over_as_one_file(tmp_path: Path, store: Path, run: Run) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    for out in (first, second):
        ran = run("report", "--store", store, *TIME, "--framework", "cis-aws-v6.0.0", "--out", out)
        assert (0, "") == (ran.code, ran.out), ran.err
    assert first.read_bytes() == second.read_bytes()
    assert 0o600 == stat.S_IMODE(first.stat().st_mode)
    assert "7 of 63 requirements were asked." in first.read_text("utf-8")
    assert not (store / "history").exists(), "a report keeps nothing"


def test_a_check_writes_the_same_kind_of_file_and_still_fails(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "a.html"
    ran = run("check", EXAMPLE, *TIME, "--policy", KEY_POLICY, "--status", "COMPLIANT", "--format", "html", "--out", out)
    assert 1 == ran.code
    assert "only these are in this file: --status COMPLIANT" in out.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", EXAMPLE, "--format", "html"), "Error: --format html goes with --out FILE: a terminal shows no page"),
        (("report", "--store", "nowhere"), "Error: Missing option '--out'."),
        (("report", "--store", "nowhere", "--out", "x.html"), "perpend: nowhere: there is no such directory"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_line(words: tuple[str, ...], said: str, run: Run) -> None:
    ran = run(*words)
    assert 2 == ran.code and ran.err.splitlines()[-1].startswith(said), ran.err
