"""``perpend report html`` and ``check --format html``: one file, its owner's alone, whatever was found."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, ROOT, TIME, RunWriter

pytestmark = pytest.mark.usefixtures("shared_database")


@pytest.fixture
def store(tmp_path: Path, imported: Path) -> Path:
    return shutil.copytree(imported, tmp_path / "store")


def head_of(page: str) -> Any:
    """Return the values behind the numbers in a page's columns."""
    (packed,) = re.findall('id="column-head">([^<]*)<', page)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_a_store_is_handed_over_as_one_file(tmp_path: Path, store: Path, run: RunWriter) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    for out in (first, second):
        ran = run("report", "html", "--store", store, *TIME, "--framework", "cis-aws-v6.0.0", "--out", out)
        assert (0, "") == (ran.code, ran.out), ran.err
    assert first.read_bytes() == second.read_bytes()
    assert 0o600 == stat.S_IMODE(first.stat().st_mode)
    assert "7 of 63 requirements were asked" in first.read_text("utf-8")
    assert not (store / "history").exists(), "a report keeps nothing"


def test_a_check_writes_the_same_kind_of_file_and_still_fails(tmp_path: Path, run: RunWriter) -> None:
    out = tmp_path / "a.html"
    ran = run("check", EXAMPLE, *TIME, "--policy", KEY_POLICY, "--status", "COMPLIANT", "--format", "html", "--out", out)
    assert 1 == ran.code
    assert "This file contains only these findings: --status COMPLIANT" in out.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", EXAMPLE, "--format", "html"), "perpend: --format html goes with --out FILE: a terminal shows no page"),
        (
            ("report", "html", "--store", "nowhere"),
            "perpend: missing option '--out'; `perpend report html --help` shows more",
        ),
        (("report", "html", "--store", "nowhere", "--out", "x.html"), "perpend: nowhere: there is no such directory"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_line(words: tuple[str, ...], said: str, run: RunWriter) -> None:
    ran = run(*words)
    assert 2 == ran.code and ran.err.splitlines()[-1].startswith(said), ran.err


def test_a_store_with_a_history_tells_lives_and_a_trend(tmp_path: Path, run: RunWriter, days: Path) -> None:
    policies = shutil.copytree(ROOT / "src/perpend/library/types", tmp_path / "policies" / "types").parent
    shutil.copytree(ROOT / f"src/perpend/library/ce/ca/aws/iam/{KEY_POLICY}", policies / "ce/ca/aws/iam" / KEY_POLICY)
    ran = run("report", "html", "--store", days, "--repo", policies, "--out", tmp_path / "a.html")
    assert 0 == ran.code
    page = (tmp_path / "a.html").read_text("utf-8")
    assert "<b>4</b> open, <b>0</b> unconfirmed, <b>3</b> unknown after run 3 (2026-11-22)" in page
    assert {"open", "reopened", "unknown"} == {life[0] for life in head_of(page)["lives"]}


def test_a_check_that_writes_a_page_shows_the_run_that_it_keeps(tmp_path: Path, store: Path, run: RunWriter) -> None:
    words = ("check", "--store", store, *TIME, "--policy", KEY_POLICY, "--format", "html", "--out", tmp_path / "a.html")
    assert 1 == run(*words).code
    page = (tmp_path / "a.html").read_text("utf-8")
    assert {("new", "2026-11-20"), ("unknown", None)} == {
        tuple(life[:2]) for life in head_of(page)["lives"]
    } and "Trend" not in page
    (store / "history" / "head.json").write_text("{}")
    ran = run(*words)
    assert (
        2 == ran.code and "perpend: the report has no history: " in ran.err and "Trend" not in (tmp_path / "a.html").read_text()
    )


def test_a_table_that_holds_nothing_and_that_nobody_claims_was_not_judged_and_every_report_says_so(
    tmp_path: Path, run: RunWriter
) -> None:
    users, page = tmp_path / "users.csv", tmp_path / "page.html"
    users.write_text("Id,CA10__account__c\n")
    for claim, code in (((), 3), (("--complete", "all"), 0)):
        asked = (
            "check",
            users,
            "--type",
            "AWS IAM User",
            *claim,
            "--policy",
            "*delete-user-inline-or-directly-attached-policies",
        )
        told = run(*asked, "--format", "markdown")
        assert (code, bool(code)) == (told.code, "and not everything was evaluated" in told.out)
        assert bool(code) is ("AWS IAM User: some objects may not be evaluated: " in told.err)
        run(*asked, "--format", "html", "--out", page)
        assert bool(code) is ("Not everything was evaluated" in page.read_text("utf-8"))


def test_a_report_takes_the_settings_of_check_from_the_configuration(
    tmp_path: Path, store: Path, run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perpend.toml").write_text(
        f'store = "{store.name}"\npolicies = ["{KEY_POLICY}", "root-user-mfa"]\nexclude = ["root-*"]\nrequire-coverage = true\n',
        "utf-8",
    )
    ran = run("report", "html", *TIME, "--out", "a.html")
    assert 0 == ran.code, ran.err
    assert "1 policy not evaluated: excluded (root-user-mfa)" in ran.err
    (tmp_path / "perpend.toml").write_text('exclude = ["root-user-mf"]\n', "utf-8")
    ran = run("report", "html", "--store", store, *TIME, "--out", "b.html")
    assert (2, True) == (ran.code, ran.err.startswith("perpend: perpend.toml:1: unknown policy 'root-user-mf'")), ran.err


def test_a_title_is_given_or_configured(tmp_path: Path, store: Path, run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perpend.toml").write_text('[report]\ntitle = "Acme & Sons"\n', "utf-8")
    for words, title in (((), "Acme &amp; Sons"), (("--title", "Q4"), "Q4"), (("--no-config",), "Compliance report")):
        assert 0 == run("report", "html", "--store", store, *TIME, *words, "--out", "a.html").code
        page = (tmp_path / "a.html").read_text("utf-8")
        assert f"<h1>{title}</h1>" in page and f"<title>{title}, 2026-11-20</title>" in page


def test_the_commands_of_a_finding_are_those_of_the_store(tmp_path: Path, store: Path, run: RunWriter) -> None:
    page = tmp_path / "a.html"
    assert 0 == run("report", "html", "--store", store, *TIME, "--max-age", "90d", "--out", page).code
    head = head_of(page.read_text("utf-8"))
    place = ["--store", str(store)]
    assert ["perpend", "explain", 0, None, *place, "--max-age", "90d", "--snapshot-time", "2026-11-20"] == head["explain"]
    assert ["perpend", "remediate", 0, *place] == head["remediate"]
    object_id = "arn:aws:iam::111122223333:user/alma.brekke"
    for words in (head["explain"], head["remediate"]):
        filled = [KEY_POLICY if word == 0 else object_id if word is None else word for word in words]
        assert run(*filled[1:]).code in (0, 3)
