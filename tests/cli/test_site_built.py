"""`perpend site serve` and `perpend site clean`."""

from __future__ import annotations

import http.client
import json
import os
import pty
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cli.conftest import Interrupted, Listener
from tests.sites import leave_out_operations, lines_in, verdict_line

pytest.importorskip("jinja2", reason="the extra `site` is not installed")

from perpend.cli.app import group

pytestmark = pytest.mark.usefixtures("shared_database")

NAMES = {"full": "A", "contextual": "A"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["site", *map(str, arguments)], standalone_mode=False)


@pytest.fixture(autouse=True)
def few_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_operations(monkeypatch)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for path, content in {
        "ce/folder.yaml": {"names": NAMES},
        "ce/a/policy.yaml": {"names": {"full": "First name", "contextual": "A"}, "description": "What it asks."},
        "ce/a/description.md": "Text.\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def test_clean_deletes_all_that_a_build_wrote(repository: Path) -> None:
    out = repository.parent / "site"
    assert 0 == run("build", "--repo", repository, "--out", out, "--no-search").return_value
    assert len(list(out.rglob("*.html"))) > 3
    done = run("clean", out)
    assert 0 == done.return_value and "files deleted" in done.output
    assert [] == list(out.iterdir())


def test_clean_names_what_was_changed_by_hand(repository: Path) -> None:
    out = repository.parent / "site"
    run("build", "--repo", repository, "--out", out, "--no-search")
    (out / "index.html").write_text("mine")
    done = run("clean", out)
    assert "not deleted, as it was edited by hand: index.html" in done.stderr
    assert ["index.html"] == [path.name for path in out.iterdir()]
    assert "it has no manifest of" in str(run("clean", out).exception)


def served(port: str, path: str) -> str:
    """Return a page, empty while there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    connection.request("GET", f"/{path}")
    answer = connection.getresponse()
    text = answer.read().decode()
    return text if answer.status == 200 else ""


def test_serve_says_that_a_port_is_taken(repository: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("serve", "--repo", repository, "--port", port)
    assert f"127.0.0.1:{port}: cannot listen: address already in use" == str(ended.exception)


def test_serve_needs_a_repository(tmp_path: Path) -> None:
    assert "not a policy repository" in str(run("serve", "--repo", tmp_path, "--port", 0).exception)


@pytest.mark.slow
def test_serve_counts_pages_on_a_terminal_while_it_builds(repository: Path) -> None:
    ours, theirs = pty.openpty()
    few = "from perpend.reports.site.content import guides; guides.OPERATIONS = {name: guides.OPERATIONS[name] for name in ('AND', 'NOT')}"
    code = f"{few}; from perpend.cli.app import main; main()"
    command = [sys.executable, "-c", code, "site", "serve", "--repo", str(repository), "--port", "0"]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        printed = b""
        while b"(Ctrl-C ends)" not in printed and process.poll() is None:
            printed += os.read(ours, 4096)
        process.terminate()
    os.close(theirs)
    os.close(ours)
    assert re.search(rb"pages.*\d:\d\d:\d\d.*\(Ctrl-C ends\)", printed, re.DOTALL)


def test_serve_shows_an_edited_policy_and_survives_a_broken_one(interrupted: Interrupted, repository: Path) -> None:
    descriptor, logic, page = repository / "ce/a/policy.yaml", repository / "ce/a/prod.logic.yaml", "ce/a/index.html"
    ends = {"status": "COMPLIANT", "currentStateMessage": "It is."}
    logic.write_text(json.dumps({"inputType": "CA10__CaThing__c", "conditions": [], "otherwise": ends}))
    verdicts = lines_in(repository.parent, [verdict_line("/ce/a", "COMPLIANT", "x", conditionIndex=100)])

    def edit(printed: Listener) -> None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", printed.until("(Ctrl-C ends)"))
        assert found is not None
        assert "First name" in served(found[1], page)
        original = descriptor.read_text()
        descriptor.write_text("a: [")
        printed.until("error[L110]: YAML syntax")
        printed.until("--> ce/a/policy.yaml:")
        descriptor.write_text(original.replace("First name", "Edited title"))
        begun = time.monotonic()
        while "Edited title" not in served(found[1], page):
            if time.monotonic() - begun > 60:
                pytest.fail("the edited title is not served")
            time.sleep(0.05)
        logic.write_text("a: [")
        printed.until("error[L110]: YAML syntax")
        printed.until("--> ce/a/prod.logic.yaml:")
        printed.until("has verdicts of `/ce/a`, which has errors here: perpend lint")

    assert 0 == interrupted(edit, "site", "serve", "--repo", repository, "--port", 0, "--verdicts", verdicts)
