"""``site build`` as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from perpend.diagnostics.extras import command_to_add
from tests.cli.conftest import EXAMPLE, TIME, Run
from tests.repositories import write
from tests.sites import POLICY, files

KEY_PAGE = "ce/ca/aws/iam/user-has-more-than-one-active-access-key/index.html"


def test_the_library_is_built_by_default(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("site", "build", "--no-search")
    assert (0, "") == (ran.code, ran.err)
    assert (tmp_path / "site" / KEY_PAGE).is_file()
    again = run("site", "build", "--no-search")
    assert (0, True) == (again.code, again.out.endswith("pages in site: nothing has changed\n"))


def test_verdicts_of_a_check_are_shown(run: Run, tmp_path: Path) -> None:
    verdicts, out = tmp_path / "verdicts.ndjson", tmp_path / "site"
    run("check", EXAMPLE, *TIME, "--format", "ndjson", "--out", verdicts)
    assert 0 == run("site", "build", "--no-search", "--verdicts", verdicts, "--out", out).code
    assert "4 objects do not comply" in (out / "verdicts" / KEY_PAGE).read_text("utf-8")


def test_markdown_is_written_into_the_repository(run: Run, tmp_path: Path) -> None:
    write(tmp_path, files())
    ran = run("site", "build", "--repo", tmp_path, "--format", "markdown")
    assert (0, "") == (ran.code, ran.err)
    assert (tmp_path / POLICY[1:] / "policy.gen.md").is_file()


def test_the_library_itself_gets_no_markdown(run: Run) -> None:
    ran = run("site", "build", "--format", "markdown")
    assert (2, True) == (ran.code, "name it with --repo, or a directory with --out" in " ".join(ran.err.split()))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--repo", "absent"), "perpend: absent: there is no such directory\n"),
        (("--docs", "absent"), "perpend: absent: there is no such directory\n"),
        (("--verdicts", "absent"), "perpend: absent: cannot be read: no such file or directory\n"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("site", "build", "--no-search", *arguments)
    assert (2, "", reason) == ran
    assert [] == list(tmp_path.iterdir())


def test_base_addresses_must_be_of_the_web(run: Run, tmp_path: Path) -> None:
    ran = run("site", "build", "--out", tmp_path / "out", "--base-url", "javascript:alert(1)")
    assert (2, True) == (ran.code, "must start with https:// or http://" in ran.err)


def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['jinja2'] = None; from perpend.cli.app import main; main(['site', 'build', '--out', sys.argv[1]])"
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert (2, f"perpend: the site needs the package jinja2: {command_to_add('site')}\n") == (ran.returncode, ran.stderr)


def test_the_command_line_starts_without_the_site(tmp_path: Path) -> None:
    code = "import sys, perpend.cli.app; print([name for name in sys.modules if name.startswith(('perpend.site', 'jinja2', 'nh3'))])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "[]\n" == ran.stdout
