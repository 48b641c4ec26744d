"""One policy with two values in two projects: the report, the explanation, the pack, the history and the server show which."""

from __future__ import annotations

import json
import re
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from perpend.findings.waivers.read import WaiverValue, waivers_of
from perpend.language.syntax.files import Files
from perpend.language.syntax.repository import open_repository
from perpend.server.app import create_app
from perpend.server.mcp.server import called
from perpend.server.question import Question
from perpend.server.scope import ALL_ACCOUNTS
from perpend.server.served_store import ServedStore
from perpend.server.settings import ServerSettings
from tests.cli.conftest import EXAMPLE, TIME, RunWriter

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

POLICY = "user-access-keys-are-not-rotated-every-90-days"
ID = f"/ce/ca/aws/iam/{POLICY}"
TOKEN = "one-time"  # noqa: S105  # of this test


@pytest.fixture
def project(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a project with a value, and evaluate the example in it."""

    def made(days: int) -> Path:
        directory = tmp_path / str(days)
        directory.mkdir(exist_ok=True)
        (directory / "perpend.toml").write_text(f"[parameters.{POLICY}]\ndays = {days}\n")
        monkeypatch.chdir(directory)
        if not (directory / "s").exists():
            assert 0 == run("import", EXAMPLE, "--store", "s").code
        assert 1 == run("check", "--store", "s", "--policy", POLICY, *TIME).code
        return directory

    return made


def statement(pack: Path) -> dict[str, Any]:
    with zipfile.ZipFile(pack) as archive:
        found: dict[str, Any] = json.loads(archive.read("statement.json"))["predicate"]
    return found


def served_store(directory: Path, days: int) -> ServedStore:
    repository = open_repository(parameters={POLICY: {"days": days}})
    return ServedStore(str(directory / "s"), repository, waivers=None, ratings=None, default_ratings=True, account_names={})


def page(directory: Path, days: int, address: str) -> str:
    """Return a page of the server of a project."""
    store = served_store(directory, days)
    with TestClient(create_app(store, ServerSettings(one_time_token=TOKEN)), base_url="http://127.0.0.1") as client:
        client.post("/login", data={"token": TOKEN})
        return client.get(address).text


@pytest.mark.parametrize(("days", "looser"), [(30, False), (180, True)])
def test_every_output_of_a_project_shows_its_value(run: RunWriter, project: Any, days: int, looser: bool) -> None:
    directory = project(days)
    report = run("check", EXAMPLE, "--policy", POLICY, *TIME, "--format", "csv").out
    assert f"more than {days} days ago" in report
    assert f"beyondLastDays({days})" in report
    assert "{{" not in report

    explained = run("explain", POLICY, "data-export", EXAMPLE, *TIME)
    assert f"days = {days} (default 90)" in explained.out
    document = json.loads(run("explain", POLICY, "data-export", EXAMPLE, *TIME, "--format", "json").out)
    assert [{"name": "days", "value": days, "default": 90}] == document["parameters"]

    rows = run("inventory", "sql", "SELECT since_run, name, value FROM parameter", "--store", "s", "--format", "csv").out
    assert f"1,days,{days}" in rows
    assert f"rotated every {days} days" in run("history", "show", POLICY, "--store", "s").out

    assert 0 == run("evidence", "--store", "s", "--out", "p.zip", "--snapshot-time", TIME[1]).code
    assert {ID: {"days": days}} == statement(directory / "p.zip")["parameters"]
    assert "is valid" in run("evidence", "verify", "p.zip", "--format", "text").out

    card = run("compliance", "--framework", "cis-aws-v3.0.0", "--store", "s").out
    assert looser is (f"days = {days} is looser than 90" in card)
    shown = run("show", POLICY).out
    assert f"days = {days} (an integer from 1 to 365; default 90)" in shown

    served = page(directory, days, f"/policies{ID}")
    assert f'<td data-label="Value">{days}' in served
    assert looser is ("looser than a requirement" in served)
    store = served_store(directory, 60)  # the values are those of the run
    (finding, *_) = store.current().findings(Question(ALL_ACCOUNTS)).findings
    explanation = called(store, "explain_finding", {"finding": finding.finding_id}, ALL_ACCOUNTS).structured_content
    assert [{"quoted": {"name": "days", "value": days, "default": 90}}] == explanation["parameters"]
    store.close()
    framework = page(directory, days, "/compliance/cis-aws-v3.0.0")
    assert looser is (f"days = {days} is looser than 90" in framework)


def test_another_value_is_the_cause_of_a_change_and_past_runs_keep_theirs(run: RunWriter, project: Any) -> None:
    directory = project(180)
    (directory / "perpend.toml").write_text(f"[parameters.{POLICY}]\ndays = 30\n")
    assert 1 == run("check", "--store", "s", "--policy", POLICY, *TIME).code
    story = run("history", "show", POLICY, "--store", "s").out
    first, _, second = story.partition("run 2,")
    assert "rotated every 180 days" in first
    assert "rotated every 30 days" in second
    assert "(parameter: days = 30 (default 90))" in " ".join(second.split())
    assert "parameter:" not in first

    assert 0 == run("evidence", "--store", "s", "--run", "1", "--out", "1.zip", "--snapshot-time", TIME[1]).code
    assert 0 == run("evidence", "--store", "s", "--run", "2", "--out", "2.zip", "--snapshot-time", TIME[1]).code
    (directory / "perpend.toml").write_text(f"[parameters.{POLICY}]\ndays = 60\n")
    (snapshot,) = (path.stem for path in (directory / "s" / "runs").glob("*.json"))
    for options, days in (((), 60), (("--run", snapshot), 30)):
        assert f"days = {days} (default 90)" in run("explain", POLICY, "data-export", "--store", "s", *options).out

    values = [statement(directory / name)["parameters"][ID]["days"] for name in ("1.zip", "2.zip")]
    assert [180, 30] == values
    assert [] == statement(directory / "1.zip")["history"]["changedSince"]
    assert 0 == run("evidence", "verify", "1.zip").code


def test_the_waiver_that_a_server_proposes_has_the_values_of_the_run(project: Any, tmp_path: Path) -> None:
    directory = project(30)
    store = served_store(directory, 60)
    findings = store.current().findings(Question(ALL_ACCOUNTS)).findings
    finding = next(finding for finding in findings if finding.status == "INCOMPLIANT")
    store.close()
    served = page(directory, 60, f"/findings/{finding.finding_id}")
    (entry,) = {unescape(copied) for copied in re.findall(r'data-copy="([^"]*waivers:[^"]*)"', served)}
    (tmp_path / "w.yaml").write_text(entry, "utf-8")
    read = waivers_of(Files(tmp_path), "w.yaml")
    assert ((), [(WaiverValue(ID, "days", 30),)]) == (read.diagnostics, [waiver.parameters for waiver in read.waivers])


def test_a_mistake_is_an_error_with_its_line_before_anything_is_evaluated(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perpend.toml").write_text(
        f"[parameters.{POLICY}x]\ndays = 1\n[parameters.{POLICY}]\nday = 2\ndays = 0\n[parameters]\nx = 3\n"
    )
    assert 2 == run("check", EXAMPLE).code  # TOML has the table twice
    (tmp_path / "perpend.toml").write_text(f"[parameters.{POLICY}x]\ndays = 1\n[parameters.{POLICY}]\nday = 2\ndays = 0\n")
    ended = run("check", EXAMPLE)
    assert (2, "") == (ended.code, ended.out)
    assert f"perpend.toml:2: unknown policy `{POLICY}x` (did you mean `{ID}`?)" in ended.err
    assert f"perpend.toml:4: {ID} has no parameter `day` (did you mean `days`?)" in ended.err
    assert f"perpend.toml:5: `days` of {ID}: expected an integer from 1 to 365, found `0`" in ended.err
    assert 0 == run("list", "policies", "--no-config").code
    (tmp_path / "perpend.toml").write_text("parameters = 3\n")
    assert "perpend.toml:1: `parameters`: expected a table, found `3`" in run("check", EXAMPLE).err


def test_the_configuration_shows_values_and_tests_use_defaults(run: RunWriter, project: Any) -> None:
    project(30)
    assert f"parameters.{POLICY}.days" in run("config").out
    assert 0 == run("test", POLICY).code
