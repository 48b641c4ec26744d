"""``site build``, ``site serve`` and ``site clean`` as a user runs them."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perpend.core.diagnostics.extras import command_to_add
from perpend.language.syntax import repository
from tests.cli.conftest import Interrupted, Listener, RunWriter
from tests.repositories import write
from tests.sampled import sampled_library
from tests.sites import dead_links, leave_out_operations

pytestmark = pytest.mark.usefixtures("shared_database")

NAMES = {"full": "A", "contextual": "A"}


@pytest.fixture
def few_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_operations(monkeypatch)


@pytest.fixture
def small(tmp_path: Path, few_operations: None) -> Path:
    found = {
        "ce/folder.yaml": {"names": NAMES},
        "ce/a/policy.yaml": {"names": {"full": "First name", "contextual": "A"}, "description": "What it asks."},
        "ce/a/description.md": "Text.\n",
    }
    return write(tmp_path / "repository", found)


@pytest.mark.usefixtures("few_operations")
def test_the_library_is_built_by_default(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = sampled_library(tmp_path / "library")
    monkeypatch.setattr(repository, "library", lambda: part)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        ran = run("site", "build", "--no-search")
        assert (0, 1) == (ran.code, ran.err.count("\n")) and "errors in the repository" in ran.err, "there are no frameworks"
        assert re.fullmatch(r"[\d,]+ pages in site\n", ran.out)
    assert [] == dead_links(tmp_path / "site")
    assert [] == [one for one in part.policy_ids if not (tmp_path / "site" / one[1:] / "index.html").is_file()]


def test_an_edited_page_is_named_and_makes_the_exit_code_1(run: RunWriter, small: Path, tmp_path: Path) -> None:
    build = ("site", "build", "--repo", small, "--out", tmp_path / "site", "--no-search")
    run(*build)
    (tmp_path / "site" / "index.html").write_text("mine")
    ran = run(*build)
    assert (1, "not overwritten, as they were edited by hand: index.html\n") == (ran.code, ran.err)
    done = run("site", "clean", tmp_path / "site")
    assert (0, True) == (done.code, "files deleted" in done.out)
    assert "not deleted, as it was edited by hand: index.html\n" == done.err
    assert ["index.html"] == [path.name for path in (tmp_path / "site").iterdir()]
    assert (2, True) == ((again := run("site", "clean", tmp_path / "site")).code, "it has no manifest of" in again.err)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--repo", "absent"), "perpend: absent: there is no such directory\n"),
        (("--docs", "absent"), "perpend: absent: there is no such directory\n"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("site", "build", "--no-search", *arguments)
    assert (2, "", reason) == ran
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words", ["build --verdicts x", "build --inherited --verdicts x", "build --waivers x", "serve --verdicts x"]
)
def test_verdicts_are_gone(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    told = "--verdicts is gone: `perpend report html` writes a page of what was found, `perpend serve` shows it"
    assert (2, "", f"perpend: {told}\n") == run("site", *words.split())
    assert "verdicts" not in run("site", words.split()[0], "--help").out
    (tmp_path / "perpend.toml").write_text('[site]\nverdicts = "x"\n')
    assert f"perpend: perpend.toml:2: unknown key `site.verdicts` ({told})\n" == run("site", "build").err


def test_base_addresses_must_be_of_the_web(run: RunWriter, tmp_path: Path) -> None:
    ran = run("site", "build", "--out", tmp_path / "out", "--base-url", "javascript:alert(1)")
    assert (2, True) == (ran.code, "does not start with https:// or http://" in ran.err)


@pytest.mark.parametrize(("command", "package"), [("build", "jinja2"), ("serve", "starlette")])
def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path, command: str, package: str) -> None:
    code = f"import sys; sys.modules['{package}'] = None; from perpend.cli.app import main; main(['site', '{command}'])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (2, f"perpend: the site needs the package {package}: {command_to_add('site')}\n") == (ran.returncode, ran.stderr)


def test_no_command_loads_the_packages_of_another(tmp_path: Path) -> None:
    seldom = "('perpend.reports.site.', 'jinja2', 'nh3', 'starlette', 'uvicorn')"
    for command in ("0", "import perpend.cli.commands.site"):
        code = f"import sys, perpend.cli.app; {command}; print([name for name in sys.modules if name.startswith({seldom})])"
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert "[]\n" == ran.stdout
    code = (
        "import sys; sys.modules['starlette'] = None; from perpend.cli.app import main; main(['site', 'build', '--no-search'])"
    )
    write(tmp_path, {"ce/folder.yaml": {"names": NAMES}})
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def served(port: str, path: str) -> str:
    """Return a page, empty while there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    connection.request("GET", f"/{path}")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return text if answer.status == 200 else ""


def test_serve_says_that_a_port_is_taken(run: RunWriter, small: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("site", "serve", "--repo", small, "--port", port)
    assert (2, f"perpend: 127.0.0.1:{port}: cannot listen: address already in use\n") == (ended.code, ended.err)


def test_serve_needs_a_repository(run: RunWriter, tmp_path: Path) -> None:
    assert "not a policy repository" in run("site", "serve", "--repo", tmp_path, "--port", 0).err


def test_serve_shows_an_edited_policy_and_survives_a_broken_one(interrupted: Interrupted, small: Path) -> None:
    descriptor, logic, page = small / "ce/a/policy.yaml", small / "ce/a/prod.logic.yaml", "ce/a/index.html"
    ends = {"status": "COMPLIANT", "currentStateMessage": "It is."}
    logic.write_text(json.dumps({"inputType": "CA10__CaThing__c", "conditions": [], "otherwise": ends}))

    def edit(printed: Listener) -> None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", printed.until("(Ctrl-C ends)"))
        assert found is not None
        assert "First name" in served(found[1], page)
        version, original = served(found[1], ".perpend/version"), descriptor.read_text()
        descriptor.write_text("a: [")
        printed.until("error[L110]: YAML syntax")
        printed.until("--> ce/a/policy.yaml:")
        assert served(found[1], ".perpend/version") != version
        descriptor.write_text(original.replace("First name", "Edited title"))
        begun = time.monotonic()
        while "Edited title" not in served(found[1], page):
            if time.monotonic() - begun > 60:
                pytest.fail("the edited title is not served")
            time.sleep(0.05)
        logic.write_text("a: [")
        printed.until("--> ce/a/prod.logic.yaml:")
        for name in ("a", "folder.yaml"):
            (small / "ce" / name).rename(small / name)
        (small / "ce").rmdir()
        printed.until("not shown: ")
        assert "Edited title" in served(found[1], page), "the last site stays"

    assert 0 == interrupted(edit, "site", "serve", "--repo", small, "--port", 0)
