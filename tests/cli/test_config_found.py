"""A configuration that was found, and that nobody named: it is told where it decides, and leads to no bucket."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from perpend.cli.app import group
from perpend.cli.config.settings import settings_of
from perpend.core.errors import PerpendError
from tests.cli.conftest import EXAMPLE, KEY_POLICY, TIME, Offered, RunWriter, command_of, done, leaves
from tests.repositories import write


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the empty directory of a project."""
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one run, to be copied."""
    store = tmp_path_factory.mktemp("evaluated") / "store"
    done("import", EXAMPLE, "--store", store)
    done("check", "--store", store, *TIME, "--policy", KEY_POLICY, "--quiet", code=1)
    return store


def say(directory: Path, text: str) -> None:
    (directory / "perpend.toml").write_text(text, "utf-8")


IN_USE = "exit code by a configuration that was found: fail-on = never (perpend.toml:1)"


def test_a_found_file_that_makes_the_exit_code_another_is_told(run: RunWriter, project: Path) -> None:
    """In the table, in JSON, and on standard error with other forms and without the table's head, as what it leaves out is."""
    say(project, 'fail-on = "never"\n')
    check = ("check", EXAMPLE, *TIME, "--policy", KEY_POLICY)
    table = run(*check)
    assert (0, True) == (table.code, IN_USE in " ".join(table.out.split()))
    assert [{"key": "fail-on", "value": "never", "place": "perpend.toml:1"}] == json.loads(run(*check, "--format", "json").out)[
        "exitCodeBy"
    ]
    told = f"perpend: {IN_USE}; --no-config passes it over\n"
    for more in (
        ("-q",),
        ("--format", "csv"),
        ("--format", "html", "--out", "page.html"),
    ):
        assert (0, told) == (lambda ran: (ran.code, ran.err))(run(*check, *more)), more
    for more in (("--fail-on", "never"), ("--config", "perpend.toml"), ("--no-config",)):
        ran = run(*check, *more, "--format", "csv")
        assert "exit code by" not in ran.out + ran.err, more


def test_what_else_of_a_found_file_makes_the_exit_code_another_is_told(run: RunWriter, project: Path) -> None:
    rating = {"policies": ["/ce/ca/aws/iam/root-user-mfa"], "severity": "low", "because": "A trial.", "source": "board"}
    write(project, {"w/a.yaml": {"waivers": []}, "r/a.yaml": {"ratings": [rating]}})
    say(project, 'waivers = "w"\nratings = "r"\nfail-on = "high"\nunrated-passes = true\n')
    check = ("check", EXAMPLE, *TIME, "--policy", KEY_POLICY, "--format", "csv")
    said = "fail-on = high (perpend.toml:3), unrated-passes = true (perpend.toml:4)"
    said = f"waivers = w (perpend.toml:1), ratings = r (perpend.toml:2), {said}"
    assert f"found: {said}; --no-config" in run(*check).err
    say(project, 'ratings = "r"\nfail-on = "undetermined"\nrequire-coverage = false\n')
    assert "" == run(*check).err, "this is what holds without a file"
    assert 0 == run("import", EXAMPLE, "--store", "estate").code
    assert 1 == run("check", "--store", "estate", "--policy", KEY_POLICY, *TIME).code
    say(project, 'waivers = "w"\nratings = "r"\n')
    assert (
        "found: waivers = w (perpend.toml:1), ratings = r (perpend.toml:2); "
        in run("findings", "--store", "estate", "--fail-on", "high").err
    )
    assert "" == run("findings", "--store", "estate").err


@pytest.mark.parametrize("form", ["table", "json", "html"])
def test_policies_that_a_found_file_chooses_are_reported_in_every_format(run: RunWriter, project: Path, form: str) -> None:
    say(project, f'policies = ["{KEY_POLICY}", "root-*"]\nexclude = ["root-user-mfa"]\n')
    check = ("check", EXAMPLE, *TIME, "--format", form, "--out", "report")
    chosen = f'policies = ["{KEY_POLICY}", "root-*"] (perpend.toml:1), exclude = ["root-user-mfa"] (perpend.toml:2)'
    line = f"perpend: policies by a configuration that was found: {chosen}; --no-config passes it over\n"
    ran = run(*check)
    assert (1, 1) == (ran.code, ran.err.count(line))
    for more in (("--config", "perpend.toml"), ("--no-config",)) if form == "json" else ():
        assert "policies by" not in run(*check, *more).err, more


def test_a_policy_that_a_found_file_excludes_is_reported_with_totals_alone(run: RunWriter, project: Path) -> None:
    say(project, f'policies = ["{KEY_POLICY}", "mfa-*"]\nexclude = ["*more-than-one*"]\nfail-on = "never"\n')
    ran = run("check", EXAMPLE, *TIME, "--quiet")
    assert 0 == ran.code and "= 9 compliant + 3 incompliant" in ran.out
    assert 'exclude = ["*more-than-one*"] (perpend.toml:2); --no-config' in ran.err
    say(project, f"policies = []\nexclude = {json.dumps(['root-user-mfa'] * 9_999)}\n")
    line = run("check", EXAMPLE, *TIME, "--quiet").err
    assert len(line) < 1_000 and line.endswith("… (perpend.toml:2); --no-config passes it over\n")


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("scan", "aws", "--dry-run"), "policies"),
        (("collect", "aws", "--dry-run"), "policies"),
        (("permissions", "--format", "iam-policy"), "policies"),
        (("report", "html", "--store", "estate", "--out", "report.html"), "policies"),
        (
            ("evidence", "write", "--store", "estate", "--run", "1", "--out", "pack.zip", "--exclude", "root-user-mfa"),
            "policies",
        ),
        (("compliance", "--store", "estate", "--format", "json"), "frameworks"),
    ],
    ids=lambda given: " ".join(given[:2]) if isinstance(given, tuple) else "",
)
def test_every_command_reports_the_policies_that_a_found_file_chooses(
    run: RunWriter, project: Path, evaluated: Path, command: tuple[str, ...], key: str
) -> None:
    shutil.copytree(evaluated, "estate")
    assert "policies by" not in run(*command).err
    say(project, f'{key} = ["{KEY_POLICY if key == "policies" else "cis-aws-v6.0.0"}"]\n')
    ran = run(*command)
    assert 0 == ran.code and f"policies by a configuration that was found: {key} = [" in ran.err


def test_policies_of_a_run_are_not_those_of_a_found_file(run: RunWriter, project: Path, evaluated: Path) -> None:
    """A pack has the policies of its run, unless the command line chooses others."""
    shutil.copytree(evaluated, "estate")
    say(project, 'policies = ["root-user-mfa"]\n')
    ran = run("evidence", "write", "--store", "estate", "--out", "pack.zip")
    assert (0, "") == (ran.code, ran.err)


OF_STORES = [
    path for path in leaves(group) if any(setting.name == "store" for setting, _ in settings_of(path, command_of(path)))
]
NEEDED = {
    "explain": (KEY_POLICY, "x"),
    "remediate": (KEY_POLICY,),
    "inventory sql": ("SELECT 1",),
    "inventory prune": ("--keep", "1"),
    "import": (EXAMPLE,),
    "history show": ("x",),
    "history prune": ("--keep", "1"),
    "report html": ("--out", "page.html"),
    "evidence write": ("--out", "p.pack"),
    "notify": ("--channels", "c.yaml"),
    "waivers try": ("w.yaml",),
}


@pytest.mark.parametrize("command", OF_STORES)
def test_a_found_file_leads_no_command_to_a_bucket(
    run: RunWriter, project: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def opened(*_: object, **__: object) -> None:
        raise AssertionError("the bucket is opened")

    monkeypatch.setattr("perpend.inventory.snapshots.remote.open.remote_store", opened)
    say(project, 'store = "s3://stranger/x"\n')
    ran = run(*command.split(), *NEEDED.get(command, ()))
    reason = "`store` leads to s3://stranger/x, and this file was found, not named: if it is meant, say --store s3://stranger/x"
    assert (2, "", f"perpend: perpend.toml:1: {reason}\n") == ran


def test_a_bucket_that_somebody_names_is_meant(run: RunWriter, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object, **__: object) -> None:
        raise PerpendError("the bucket is opened")

    monkeypatch.setattr("perpend.inventory.snapshots.remote.open.remote_store", opened)
    say(project, 'store = "s3://ours/x"\n')
    for more in (("--store", "s3://ours/x"), ("--config", "perpend.toml")):
        assert "the bucket is opened\n" in run("inventory", "ls", *more).err
    assert 1 == run("check", EXAMPLE, *TIME, "--policy", KEY_POLICY).code, "the store is not looked at"


def test_a_found_file_leads_no_key_to_a_bucket(offered: Offered, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr("perpend.inventory.snapshots.remote.open.remote_store", opened.append)
    say(project, 'store = "s3://stranger/x"\n')
    assert [] == offered("check", "--run", "")
    assert [] == offered("explain", KEY_POLICY, "a")
    assert [] == opened
