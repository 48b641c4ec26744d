"""Import circles, paths through packages, and the modules that importing the content of pages loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from bench.code_paths import circles, imports_of, modules_of

from tests.house.trees import ROOT, tree

pytestmark = pytest.mark.medium

SOURCE = ROOT / "src"
MODULES = modules_of(SOURCE)

RENDERING = {"jinja2", "markdown_it", "markupsafe", "nh3", "pygments"}


def test_no_imports_go_in_a_circle() -> None:
    trees = {name: tree(path.relative_to(ROOT).as_posix()) for name, path in MODULES.items()}
    assert [] == circles({name: {*imports_of(within, MODULES)} for name, within in trees.items()})


def test_what_pages_say_is_known_without_anything_that_draws_them() -> None:
    pages = [name for name in MODULES if name.startswith("perpend.reports.site.content.")]
    command = f"import sys, {', '.join(pages)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert set() == set(done.stdout.split()) & RENDERING


def test_classes_use_the_decorator_that_costs_little_at_start_up() -> None:
    standard = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(tree(path.relative_to(ROOT).as_posix()))
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses" and "dataclass" in {one.name for one in node.names}
    }
    assert {"perpend.core.dataclass"} == standard


SELDOM_USED = {
    "importlib.metadata": "the command that installs an extra",
    "multiprocessing": "processes that share work",
    "perpend.evaluation.verdicts.stores.by_interpreter": "--engine interpreter",
    "perpend.findings.history.manifest": "the history of a store",
    "perpend.findings.waivers.match_history": "waivers over a history",
    "perpend.reports.formats.csv": "another form of the output",
    "perpend.reports.terminal.explanation": "perpend explain",
    "tomllib": "a configuration file",
}
"""Modules that a small check does not use, and their use. Importing them took a tenth of its time."""


def test_a_check_imports_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    (tmp_path / "report.csv").write_bytes((ROOT / "examples" / "credential-report.csv").read_bytes())
    command = [sys.executable, "-X", "importtime", "-m", "perpend", "check", "report.csv", "--snapshot-time", "2026-11-20"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "perpend.runs.evaluate" in imported
    assert set() == imported & SELDOM_USED.keys()
