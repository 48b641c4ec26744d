"""``perpend lint``: its forms, its exit codes, and what it must call an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, RunWriter
from tests.repositories import NAMES, logic, policy_files, write

KEYS = {"code", "severity", "message", "path", "line", "column", "endLine", "endColumn", "help"}
FIELD = {"FIELD": {"path": "a"}}


def found(ran: Run) -> list[dict[str, Any]]:
    """Return the diagnostics of a JSON answer, their keys checked."""
    diagnostics: list[dict[str, Any]] = json.loads(ran.out)["diagnostics"]
    for one in diagnostics:
        assert KEYS == set(one)
        assert one["severity"] in ("error", "warning")
        assert not one["path"].startswith("/")
        assert all(one[key] >= 1 for key in ("line", "column", "endLine", "endColumn"))
    return diagnostics


def lint(run: RunWriter, root: Path, **more: Any) -> list[dict[str, Any]]:
    ran = run("lint", "--repo", root, "--format", "json")
    diagnostics = found(ran)
    assert ran.code == int(any(one["severity"] == "error" for one in diagnostics))
    return diagnostics


EXTRACT = {"name": "a", "value": FIELD}


@pytest.mark.parametrize(("target", "code"), [("ce/policy/loop", "L105"), ("/etc", "L104"), ("..", "L105")])
def test_links_that_loop_or_leave_are_errors(run: RunWriter, tmp_path: Path, target: str, code: str) -> None:
    write(tmp_path, policy_files(logic()))
    (tmp_path / "ce/policy/loop").symlink_to(target if target.startswith(("/", "..")) else tmp_path / target)
    diagnostics = lint(run, tmp_path)
    assert code in [one["code"] for one in diagnostics]
    assert "root:" not in json.dumps(diagnostics)


def test_no_byte_of_a_file_outside_is_shown(run: RunWriter, tmp_path: Path) -> None:
    secret = tmp_path / "outside" / "secret.yaml"
    secret.parent.mkdir()
    secret.write_text("names: {full: TOPSECRET\n")
    root = write(tmp_path / "repo", policy_files(logic()))
    (root / "ce" / "folder.yaml").unlink()
    (root / "ce" / "folder.yaml").symlink_to(secret)
    for form in ("text", "json", "github", "sarif"):
        ran = run("lint", "--repo", root, "--format", form)
        assert 1 == ran.code
        assert "TOPSECRET" not in ran.out + ran.err


def test_all_forms_tell_the_same_errors(run: RunWriter, tmp_path: Path) -> None:
    write(tmp_path, policy_files(logic({"EXTRACT": "none"})))
    diagnostics = lint(run, tmp_path)
    text, github, sarif = (run("lint", "--repo", tmp_path, "--format", form) for form in ("text", "github", "sarif"))
    assert {1} == {text.code, github.code, sarif.code}
    assert len(diagnostics) == len(github.out.splitlines())
    assert len(diagnostics) == len(json.loads(sarif.out)["runs"][0]["results"])
    assert "error[A203]: unknown extract `none`" in text.out
    assert '"EXTRACT": "none"' in text.out


@pytest.mark.parametrize(
    ("here", "directory", "expected"),
    [
        (".", "deep/repo", "deep/repo/ce/policy/prod.logic.yaml"),
        ("deep/repo", ".", "ce/policy/prod.logic.yaml"),
        ("deep/other", "../repo", "ce/policy/prod.logic.yaml"),
    ],
)
def test_annotations_name_files_from_the_working_directory(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str, directory: str, expected: str
) -> None:
    write(tmp_path / "deep/repo", policy_files(logic({"EXTRACT": "none"})))
    (tmp_path / "deep/other").mkdir()
    monkeypatch.chdir(tmp_path / here)
    forms = ("json", "github", "sarif")
    told, github, sarif = (run("lint", "--repo", directory, "--format", form).out for form in forms)
    assert f"::error file={expected},line=" in github
    location = json.loads(sarif)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert {"uri": expected, "uriBaseId": "%SRCROOT%"} == location
    assert "ce/policy/prod.logic.yaml" == json.loads(told)["diagnostics"][0]["path"]


@pytest.mark.parametrize("make", [lambda root: None, lambda root: (root / "ce").write_text("")])
def test_what_is_no_repository_is_exit_2(run: RunWriter, tmp_path: Path, make: Any) -> None:
    make(tmp_path)
    ran = run("lint", "--repo", tmp_path)
    assert (2, "") == (ran.code, ran.out)
    assert "not a policy repository" in ran.err


def two_policies(root: Path) -> Path:
    """Write a repository whose policies `one` and `two` have an error each, and whose types one more."""
    bad = logic({"EXTRACT": "none"})
    files = {f"ce/{name}/{file}": content for name in ("one", "two") for file, content in _policy(bad).items()}
    top = {"ce/folder.yaml": {"names": NAMES}, "types/T/e.extracts.yaml": {"extracts": [EXTRACT, EXTRACT]}}
    return write(root, {**files, **top})


def _policy(content: Any) -> dict[str, Any]:
    return {"policy.yaml": {"names": NAMES, "description": "x"}, "prod.logic.yaml": content}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("one",), {"ce/one"}),
        (("/ce/one", "types"), {"ce/one", "types/T"}),
        (("ce",), {"ce/one", "ce/two"}),
        (("two/prod.logic.yaml",), {"ce/two"}),
        (("*/policy.yaml",), set()),
        (("types/T/e.extracts.yaml",), {"types/T"}),
        (("/",), {"ce/one", "ce/two", "types/T"}),
        ((), {"ce/one", "ce/two", "types/T"}),
    ],
)
def test_lint_of_places_tells_what_stands_there(
    run: RunWriter, tmp_path: Path, names: tuple[str, ...], expected: set[str]
) -> None:
    ran = run("lint", *names, "--repo", two_policies(tmp_path), "--format", "json")
    errors = [one for one in found(ran) if one["severity"] == "error"]
    assert expected == {one["path"].rpartition("/")[0] for one in errors}
    assert int(bool(expected)) == ran.code


def test_a_path_says_which_repository_is_meant(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = two_policies(tmp_path / "deep" / "repo")
    monkeypatch.chdir(tmp_path)
    for name in (root, "deep/repo"):
        assert (1, {"ce", "types"}) == _tops(run("lint", name, "--format", "json"))
    for name in ("deep/repo/ce", root / "ce/one/prod.logic.yaml"):
        assert (1, {"ce"}) == _tops(run("lint", name, "--format", "json"))
    monkeypatch.chdir(root / "ce")
    assert (1, {"ce"}) == _tops(run("lint", "one", "--repo", "..", "--format", "json"))


def _tops(ran: Run) -> tuple[int, set[str]]:
    return ran.code, {one["path"].partition("/")[0] for one in found(ran)}


@pytest.mark.parametrize("name", ["thre", "/etc/passwd", "ce/none.yaml", "../outside.yaml", "README.md"])
def test_a_place_that_is_none_is_exit_2(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    root = write(two_policies(tmp_path / "repo"), {"README.md": "x", "../outside.yaml": "x"})
    monkeypatch.chdir(root)
    ran = run("lint", name)
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("perpend: unknown file, policy or folder '")
    assert f"{name}'" in ran.err
