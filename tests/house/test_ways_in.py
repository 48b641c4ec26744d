"""What other tools start Perpend with: the action's own shell, the hooks' commands and the container's, as they stand."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.sampled import FEW, part_of_library

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NO_CHANGES = {
    "format_version": "1.2",
    "planned_values": {},
    "resource_changes": [
        {
            "address": "aws_s3_bucket.a",
            "mode": "managed",
            "type": "aws_s3_bucket",
            "name": "a",
            "change": {"actions": ["no-op"], "before": {"bucket": "a"}, "after": {"bucket": "a"}, "after_unknown": {}},
        }
    ],
}
"""A plan that leaves everything as it is."""

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
CONTAINER = (ROOT / "Containerfile").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def started(folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell's script where `perpend` is this package, and `python` this interpreter."""
    commands = folder.with_name(f"{folder.name}-commands")
    commands.mkdir(exist_ok=True)
    for name, words in {"perpend": "-P -m perpend ", "python": ""}.items():
        command = commands / name
        command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words}"$@"\n', "utf-8")
        command.chmod(0o755)
    found = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", **environment}
    return subprocess.run(["bash", "-ec", script], cwd=folder, env=found, capture_output=True, text=True, check=False)


def test_the_action_runs_no_code_of_the_checkout(tmp_path: Path) -> None:
    checkout, installed = tmp_path / "checkout", tmp_path / "installed"
    for directory in (checkout / "perpend", checkout / "click", installed):
        directory.mkdir(parents=True)
    hostile = "import pathlib, sys\npathlib.Path('executed').touch()\nsys.exit(9)\n"
    for name in ("pip.py", "perpend/__init__.py", "perpend/__main__.py", "click/__init__.py", "json.py"):
        (checkout / name).write_text(hostile, "utf-8")
    (installed / "pip.py").write_text("import sys\nprint(*sys.argv[1:])\n", "utf-8")
    (checkout / "ce").mkdir()
    inputs = {"ACTION": "/the action", "COMMAND": "list", "ARGUMENTS": "", "REPOSITORY": ".", "PYTHONPATH": str(installed)}
    steps = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    ended = [started(checkout, step, **inputs) for step in steps]
    assert not (checkout / "executed").exists()
    assert [(0, "install --quiet /the action\n"), (0, "none\n")] == [(one.returncode, one.stdout) for one in ended], ended


def test_the_action_passes_on_its_inputs_as_they_are(tmp_path: Path) -> None:
    script = ACTION["runs"]["steps"][-1]["run"]
    report = tmp_path / "$(touch spilt) report.csv"
    report.write_bytes((ROOT / "examples" / "credential-report.csv").read_bytes())
    arguments = f"{report.name}\n--snapshot-time\n2026-11-20\n--policy\nroot-user-mfa\n"
    ran = started(tmp_path, script, COMMAND="check", ARGUMENTS=arguments, REPOSITORY="")
    assert (1, "") == (ran.returncode, ran.stderr)
    assert "root-user-mfa" in ran.stdout
    assert not (tmp_path / "spilt").exists()


def test_the_action_lints_with_annotations(tmp_path: Path) -> None:
    (tmp_path / "policies" / "ce").mkdir(parents=True)
    (tmp_path / "policies" / "ce" / "x.logic.yaml").write_text("inputType: [\n", "utf-8")
    ran = started(tmp_path, ACTION["runs"]["steps"][-1]["run"], COMMAND="lint", ARGUMENTS="", REPOSITORY="policies")
    assert (1, "::error file=policies/ce/x.logic.yaml") == (ran.returncode, ran.stdout.partition(",")[0])


def test_the_action_checks_a_plan_with_annotations(tmp_path: Path) -> None:
    script = ACTION["runs"]["steps"][-1]["run"]
    plan = str(ROOT / "tests/fixtures/terraform/created.json")
    ran = started(tmp_path, script, COMMAND="check", ARGUMENTS="", REPOSITORY="", PLAN=plan)
    assert (1, "") == (ran.returncode, ran.stderr)
    assert ran.stdout.startswith("::error title=")
    (tmp_path / "plan.json").write_text(json.dumps(NO_CHANGES), "utf-8")
    assert started(tmp_path, script, COMMAND="check", ARGUMENTS="", REPOSITORY="", PLAN="plan.json").returncode == 0


def test_the_action_puts_no_input_into_a_script() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert scripts
    assert [] == [script for script in scripts if "${{" in script]


@pytest.mark.parametrize("hook", [hook["id"] for hook in HOOKS])
def test_hooks_run_as_they_stand(hook: str, tmp_path: Path) -> None:
    stated = next(one for one in HOOKS if one["id"] == hook)
    part_of_library(tmp_path / "part", "*", FEW)
    (tmp_path / "plan.json").write_text(json.dumps(NO_CHANGES), "utf-8")
    files = "" if stated.get("pass_filenames") is False else " plan.json"
    ran = started(tmp_path, stated["entry"].replace("--repo .", "--repo part") + files)
    assert (0, "") == (ran.returncode, ran.stderr)


def test_the_container_has_no_root_and_copies_what_there_is() -> None:
    assert re.search(r"^USER 10001:10001$", CONTAINER, re.MULTILINE)
    copied = [name for line in re.findall(r"^COPY (?!--)(.+) \S+$", CONTAINER, re.MULTILINE) for name in line.split()]
    assert ["pyproject.toml", "README.md", "LICENSE", "src"] == copied
    assert [] == [name for name in copied if not (ROOT / name).exists()]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_run_gives_the_documented_result_and_says_where_the_command_is(tmp_path: Path) -> None:
    command = tmp_path / "bin" / "perpend"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m perpend "$@"\n', "utf-8")
    command.chmod(0o755)
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    ran = subprocess.run(["make", "run", f"VENV={tmp_path}"], cwd=ROOT, env=alone, capture_output=True, text=True, check=False)
    assert (0, "") == (ran.returncode, ran.stderr)
    (documented,) = re.findall(r"`(\d+ failing, \d+ unknown of [^`]+)`", README)
    assert documented in ran.stdout
    assert f"This was {command}; after `source {command.parent}/activate` it is `perpend`." == ran.stdout.splitlines()[-1]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_says_what_it_is_about_while_it_installs(tmp_path: Path) -> None:
    planned = subprocess.run(["make", "-n", "lint", f"VENV={tmp_path}"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = planned.stdout.splitlines()
    installs = [place for place, line in enumerate(lines) if " -m pip install " in line]
    assert 2 == len(installs)
    assert [] == [lines[place] for place in installs if not any("echo" in line for line in lines[place - 2 : place])]


def test_no_document_advises_a_registry_that_has_no_perpend() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    advised = re.compile(r"(?:pipx?|uv tool) install [^`\n]*\bperpend\b(?!\.git)[^`\n]*")
    found = [match for one in documents if "adr" not in one.parts for match in advised.findall(one.read_text("utf-8"))]
    assert ["pip install ./perpend  # a checkout or a wheel"] == found
