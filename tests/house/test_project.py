"""What hosts and people of the project read: workflows, forms, lock files, hooks and the form of commit messages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
SCHEMAS = {
    "github-workflows": WORKFLOWS,
    "github-issue-forms": FORMS,
    "github-issue-config": [ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml"],
    "github-actions": [ROOT / "action.yml"],
    "dependabot": [ROOT / ".github" / "dependabot.yml"],
}
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
_LOCKED = re.compile(r"^([a-z0-9][a-z0-9-]*)==[\w.+]+", re.MULTILINE)
_PLACES = re.compile(r"//|/(?:home|opt|root|tmp|work)\b|^-|@|\.(?:com|io|net|org)\b", re.MULTILINE)


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text("utf-8"))
        yield from ((f"{path.name}: {name}", job) for name, job in workflow["jobs"].items())


def names(requirements: list[str]) -> set[str]:
    """Return the names of distributions, as lock files spell them."""
    words = (re.split(r"[\[<>=!~; ]", requirement)[0] for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", word).lower() for word in words}


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.medium
def test_files_have_the_form_that_their_host_asks_for(schema: str) -> None:
    assert SCHEMAS[schema]
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, SCHEMAS[schema])]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (checked.returncode, checked.stdout.partition("ok -- validation done")[0] + checked.stderr)


def test_every_job_ends_and_says_what_it_may_do() -> None:
    silent = [name for name, job in jobs() if "timeout-minutes" not in job or "permissions" not in job]
    assert [] == silent
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text("utf-8"))
        assert {} == workflow["permissions"], f"{path.name}: jobs say what they may"
        assert workflow["concurrency"]["group"], path.name


def test_only_jobs_that_run_no_code_of_ours_may_write_or_sign() -> None:
    strong = {name for name, job in jobs() if job["permissions"] != {"contents": "read"}}
    assert {"docs.yml: publish", "release.yml: attest", "release.yml: publish", "release.yml: announce"} == strong
    assert [] == [name for name, job in jobs() if name in strong and "actions/checkout" in str(job)]


def test_no_script_of_a_workflow_is_put_together_from_expressions() -> None:
    scripts = [(name, step["run"]) for name, job in jobs() for step in job["steps"] if "run" in step]
    assert scripts
    assert [] == [name for name, script in scripts if "${{" in script]


def test_actions_are_pinned_by_commit_and_keep_no_credentials() -> None:
    for path in (*WORKFLOWS, ROOT / "action.yml"):
        used = [line.strip().removeprefix("- ") for line in path.read_text("utf-8").splitlines() if "uses:" in line]
        assert [] == [line for line in used if not PINNED.fullmatch(line)], path.name
    checkouts = [step for _, job in jobs() for step in job["steps"] if "actions/checkout" in step.get("uses", "")]
    assert [False] * len(checkouts) == [step["with"]["persist-credentials"] for step in checkouts]


def test_what_workflows_call_is_there() -> None:
    scripts = "\n".join(step.get("run", "") for _, job in jobs() for step in job["steps"])
    targets = re.findall(r"\bmake (\w+)", scripts)
    assert targets
    assert [] == [target for target in targets if not re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.M)]
    files = re.findall(r"(?:requirements|examples)/[\w.-]+|\.ci/\w+", scripts)
    assert files
    assert [] == [file for file in files if not (ROOT / file).is_file()]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_forms_send_vulnerabilities_elsewhere_and_name_each_field_once() -> None:
    assert FORMS
    for path in FORMS:
        fields = [part["id"] for part in yaml.safe_load(path.read_text("utf-8"))["body"] if "id" in part]
        assert sorted(set(fields)) == sorted(fields), path.name
    told = "".join(path.read_text("utf-8") for path in FORMS if path.name != "policy.yml")
    assert told.count("(../security/policy)") == len(FORMS) - 1


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_has_hashes_and_names_no_place(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert [] == _PLACES.findall(text)
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    assert [] == [block.splitlines()[0] for block in blocks if not _LOCKED.match(block) or "--hash=sha256:" not in block]


def test_lock_files_hold_all_that_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    own = [requirement for requirement in extras["dev"] if requirement.startswith("perpend[")]
    brought = [requirement for extra in re.findall(r"[\w-]+", own[0])[1:] for requirement in extras[extra]]
    asked = {
        "dev.txt": names([*project["project"]["dependencies"], *extras["dev"], *brought]) - {"perpend"},
        "release.txt": names((ROOT / "requirements" / "release.in").read_text("utf-8").splitlines()[1:]),
    }
    for lock in LOCKS:
        assert set() == asked[lock.name] - set(_LOCKED.findall(lock.read_text("utf-8"))), "run `make lock`"


def test_hooks_use_the_environment_and_files_that_are_here() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert ["local"] == [repository["repo"] for repository in config["repos"]]
    hooks = config["repos"][0]["hooks"]
    assert {"system"} == {hook["language"] for hook in hooks}
    assert [] == [hook["entry"] for hook in hooks if not hook["entry"].startswith(".venv/bin/")]
    files = [word for hook in hooks for word in hook["entry"].split()[1:] if "/" in word]
    assert [] == [file for file in files if not (ROOT / file).exists()]


LONGEST = "a/b: " + "Say " + "x" * 63
COMMITS = [
    ("clouds/aws: Refuse an answer without a region\n\nIt passed.\n", ""),
    (f"{LONGEST}\n\nWhy.\n", ""),
    (f"{LONGEST}x\n\nWhy.\n", "73 characters"),
    ("Refuse an answer without a region\n\nWhy.\n", "is not like"),
    ("clouds/aws: Refuse an answer.\n\nWhy.\n", "full stop"),
    ("clouds/aws: Refuse an answer\nWhy.\n", "second line"),
    ("clouds/aws: Refuse an answer\n\n# a comment\n", "no body"),
    ('Revert "clouds/aws: Refuse an answer"\n\nThis reverts commit 1.\n', ""),
    ("fixup! clouds/aws: Refuse an answer\n", ""),
]


@pytest.mark.parametrize(("message", "fault"), COMMITS)
def test_a_commit_message_has_the_form_that_contributing_asks_for(message: str, fault: str, tmp_path: Path) -> None:
    written = tmp_path / "COMMIT_EDITMSG"
    written.write_text(message, "utf-8")
    command = [sys.executable, "-B", ROOT / ".ci" / "commit_message.py", written]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bool(fault) == bool(checked.returncode)
    assert fault in checked.stderr if fault else checked.stderr == ""
