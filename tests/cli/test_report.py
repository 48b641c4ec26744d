"""``perpend report`` and ``check --format html``: one file, its owner's alone, whatever was found."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, ROOT, TIME, Run


@pytest.fixture
def store(tmp_path: Path, imported: Path) -> Path:
    return shutil.copytree(imported, tmp_path / "store")


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
        (("check", EXAMPLE, "--format", "html"), "perpend: --format html goes with --out FILE: a terminal shows no page"),
        (("report", "--store", "nowhere"), "perpend: missing option '--out'; `perpend report --help` tells more"),
        (("report", "--store", "nowhere", "--out", "x.html"), "perpend: nowhere: there is no such directory"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_line(words: tuple[str, ...], said: str, run: Run) -> None:
    ran = run(*words)
    assert 2 == ran.code and ran.err.splitlines()[-1].startswith(said), ran.err


def test_a_store_with_a_history_tells_lives_and_a_trend(tmp_path: Path, run: Run, days: Path) -> None:
    policies = shutil.copytree(ROOT / "src/perpend/library/types", tmp_path / "policies" / "types").parent
    shutil.copytree(ROOT / f"src/perpend/library/ce/ca/aws/iam/{KEY_POLICY}", policies / "ce/ca/aws/iam" / KEY_POLICY)
    ran = run("report", "--store", days, "--repo", policies, "--out", tmp_path / "a.html")
    assert 0 == ran.code
    page = (tmp_path / "a.html").read_text("utf-8")
    assert "<b>4</b> open, <b>0</b> unconfirmed, <b>3</b> unknown after run 3 (2026-11-22)" in page
    (packed,) = re.findall('id="column-head">([^<]*)<', page)
    head = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert {"open", "reopened", "unknown"} == {life[0] for life in head["lives"]}


def test_a_check_that_writes_a_page_shows_the_run_that_it_keeps(tmp_path: Path, store: Path, run: Run) -> None:
    words = ("check", "--store", store, *TIME, "--policy", KEY_POLICY, "--format", "html", "--out", tmp_path / "a.html")
    assert 1 == run(*words).code
    assert "after run 1 (2026-11-20)" in (tmp_path / "a.html").read_text("utf-8")
    (store / "history" / "head.json").write_text("{}")
    ran = run(*words)
    assert (
        1 == ran.code and "perpend: the history is not shown: " in ran.err and "Trend" not in (tmp_path / "a.html").read_text()
    )
