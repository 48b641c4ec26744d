"""``site build`` as a user runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from perpend.core.diagnostics.extras import command_to_add
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax import repository
from perpend.language.syntax.repository import open_repository
from perpend.reports.site.content.verdicts.read import read_verdicts
from perpend.reports.site.content.verdicts.tally import EvaluatedObject, SiteVerdicts
from tests.cli.conftest import EXAMPLE, TIME, RunWriter
from tests.repositories import write
from tests.sampled import sampled_library
from tests.sites import POLICY, TYPE, dead_links, files, leave_out_operations, lines_in, verdict_line

pytestmark = pytest.mark.usefixtures("shared_database")

FORMS = ("json", "ndjson", "ndjson --by object", "parquet")
KEY_PAGE = "ce/ca/aws/iam/user-has-more-than-one-active-access-key/index.html"


@pytest.fixture
def few_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_operations(monkeypatch)


@pytest.mark.usefixtures("few_operations")
def test_the_library_is_built_by_default_and_a_second_build_changes_nothing(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = sampled_library(tmp_path / "library")
    monkeypatch.setattr(repository, "library", lambda: part)
    monkeypatch.chdir(tmp_path)
    ran = run("site", "build", "--no-search")
    assert (0, 1) == (ran.code, ran.err.count("\n")) and "errors in the repository" in ran.err, "there are no frameworks"
    assert [] == dead_links(tmp_path / "site")
    assert [] == [one for one in part.policy_ids if not (tmp_path / "site" / one[1:] / "index.html").is_file()]
    again = run("site", "build", "--no-search")
    assert (0, True) == (again.code, again.out.endswith("pages in site: nothing has changed\n"))


@pytest.mark.usefixtures("few_operations")
@pytest.mark.usefixtures("small_library")
def test_verdicts_of_a_check_are_shown(run: RunWriter, tmp_path: Path) -> None:
    verdicts, out = tmp_path / "verdicts.ndjson", tmp_path / "site"
    run("check", EXAMPLE, *TIME, "--format", "ndjson", "--out", verdicts)
    assert 0 == run("site", "build", "--no-search", "--verdicts", verdicts, "--out", out).code
    assert "4 objects do not comply" in (out / "verdicts" / KEY_PAGE).read_text("utf-8")


@pytest.mark.usefixtures("small_library")
def test_filtered_verdicts_are_never_taken_for_all(run: RunWriter, tmp_path: Path) -> None:
    verdicts, why = tmp_path / "verdicts", "has only the verdicts of `--status COMPLIANT`: write them without"
    for form, place in (("json", ""), ("ndjson", ":1"), ("parquet", ""), ("ndjson --by object", "")):
        run("check", EXAMPLE, *TIME, "--status", "COMPLIANT", "--format", *form.split(), "--out", verdicts)
        ran = run("site", "build", "--no-search", "--verdicts", verdicts, "--out", tmp_path / "site")
        assert (form, 2, f"perpend: {verdicts}{place}: {why} that filter\n") == (form, ran.code, ran.err)
    assert not (tmp_path / "site").exists()


def test_verdicts_are_the_same_whatever_holds_them(run: RunWriter, imported: Path, tmp_path: Path) -> None:
    shutil.copytree(imported, tmp_path / "store")
    for form in FORMS:
        run("check", "--store", tmp_path / "store", "--no-history", "--format", *form.split(), "--out", tmp_path / form)
    analyzer = Analyzer(open_repository(None))
    books = {name: read_verdicts(tmp_path / name, analyzer, {"111122223333": "prod"}) for name in (*FORMS, "store")}
    wanted = books["json"]
    for name, book in books.items():
        assert (name, wanted.by_policy, wanted.by_type, {}) == (name, book.by_policy, book.by_type, book.unlike)
        said = {key: [(one.object_id, one.index, one.message, one.remediation) for one in ones] for key, ones in _sorted(book)}
        assert said == {
            key: [(one.object_id, one.index, one.message, one.remediation) for one in ones] for key, ones in _sorted(wanted)
        }
    assert wanted.observed == books["store"].observed and wanted.observed.sources
    assert _sorted(wanted) == _sorted(books["ndjson --by object"])
    assert (_sorted(wanted), ["prod (111122223333)"]) == (
        _sorted(books["ndjson"]),
        [name for name, _ in books["store"].accounts()],
    )
    assert [one.references for _, ones in _sorted(wanted) for one in ones] == [
        one.references for _, ones in _sorted(books["store"]) for one in ones
    ]


def _sorted(book: SiteVerdicts) -> list[tuple[tuple[str, str], list[EvaluatedObject]]]:
    return [(key, sorted(ones, key=lambda one: one.object_id)) for key, ones in sorted(book.objects.items())]


@pytest.mark.usefixtures("few_operations")
def test_a_site_of_a_store_is_built_anew_when_another_snapshot_is_in_force(run: RunWriter, tmp_path: Path) -> None:
    write(tmp_path / "repository", files())
    (tmp_path / "things.json").write_text(json.dumps([{"Id": "t1", "open__c": True}]), "utf-8")
    imported = (
        "import",
        tmp_path / "things.json",
        "--type",
        TYPE,
        "--store",
        tmp_path / "store",
        "--repo",
        tmp_path / "repository",
    )
    built = (
        "site",
        "build",
        "--no-search",
        "--repo",
        tmp_path / "repository",
        "--out",
        tmp_path / "out",
        "--verdicts",
        tmp_path / "store",
    )
    assert (0, 0) == (run(*imported).code, run(*built).code)
    assert "nothing has changed" in run(*built).out
    page = (tmp_path / "out/verdicts" / POLICY[1:] / "index.html").read_text("utf-8")
    assert "1 object does not comply" in page and f"perpend explain {POLICY} OBJECT --store DIR<" in page
    (tmp_path / "things.json").write_text(json.dumps([{"Id": "t1", "open__c": None}]), "utf-8")
    assert (0, 0) == (run(*imported).code, run(*built).code)
    assert "1 object does not comply" not in (tmp_path / "out/verdicts" / POLICY[1:] / "index.html").read_text("utf-8")


def test_verdicts_of_another_repository_are_refused(run: RunWriter, tmp_path: Path) -> None:
    write(tmp_path / "repository", files())
    path = lines_in(tmp_path, [verdict_line("/ce/other", "COMPLIANT", "a")])
    ran = run("site", "build", "--no-search", "--repo", tmp_path / "repository", "--verdicts", path, "--out", tmp_path / "out")
    why = "has verdicts of another repository: `/ce/other` is not here; name theirs with --repo"
    assert (2, f"perpend: {path}: {why}\n", False) == (ran.code, ran.err, (tmp_path / "out").exists())


@pytest.mark.usefixtures("few_operations")
def test_errors_of_the_repository_are_counted_and_the_site_is_built(run: RunWriter, tmp_path: Path) -> None:
    write(tmp_path / "repository", {**files(), f"{POLICY[1:]}/policy.yaml": "names: ["})
    for _ in ("built", "nothing has changed"):
        ran = run("site", "build", "--no-search", "--repo", tmp_path / "repository", "--out", tmp_path / "out")
        assert (0, "1 error in the repository: see the page Health or `perpend lint`\n") == (ran.code, ran.err)
    assert "health/index.html" in {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.html")}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--repo", "absent"), "perpend: absent: there is no such directory\n"),
        (("--docs", "absent"), "perpend: absent: there is no such directory\n"),
        (("--verdicts", "absent"), "perpend: absent: cannot be read: no such file or directory\n"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("site", "build", "--no-search", *arguments)
    assert (2, "", reason) == ran
    assert [] == list(tmp_path.iterdir())


def test_base_addresses_must_be_of_the_web(run: RunWriter, tmp_path: Path) -> None:
    ran = run("site", "build", "--out", tmp_path / "out", "--base-url", "javascript:alert(1)")
    assert (2, True) == (ran.code, "does not start with https:// or http://" in ran.err)


def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['jinja2'] = None; from perpend.cli.app import main; main(['site', 'build', '--out', sys.argv[1]])"
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert (2, f"perpend: the site needs the package jinja2: {command_to_add('site')}\n") == (ran.returncode, ran.stderr)


def test_the_command_line_starts_without_the_site(tmp_path: Path) -> None:
    code = "import sys, perpend.cli.app; print([name for name in sys.modules if name.startswith(('perpend.reports.site', 'jinja2', 'nh3'))])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "[]\n" == ran.stdout


def test_a_file_where_a_site_should_be_is_told_before_any_page_is_made(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("kept")
    monkeypatch.setattr("perpend.reports.site.build.build_site", pytest.fail)
    ran = run("site", "build", "--out", tmp_path / "taken")
    assert (2, "", True) == (ran.code, ran.out, "taken' is a file" in ran.err)
    assert "kept" == (tmp_path / "taken").read_text()
