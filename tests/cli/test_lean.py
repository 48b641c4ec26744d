"""The core runs where nothing is installed but what it declares: numpy, which DuckDB looks for, may be missing."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, KEY_POLICY, ROOT
from tests.sampled import FEW, part_of_library

pytestmark = pytest.mark.slow

WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        lacking = name.partition(".")[0] in ("numpy", "pandas", "pyarrow", "pyspark", "jinja2")
        return None if lacking else super().find_spec(name, path, target)

sys.meta_path[:] = [Without if finder is PathFinder else finder for finder in sys.meta_path]
from perpend.cli.app import main
codes = []
for arguments in {runs!r}:
    try:
        main(arguments)
    except SystemExit as ended:
        codes.append(ended.code)
sys.stdout.flush()
print(codes, sorted({{"numpy", "pandas", "pyarrow"}} & set(sys.modules)), file=sys.stderr)
"""
DAY = ["--snapshot-time", "2026-11-20"]


def test_every_road_to_a_verdict_runs_without_numpy(tmp_path: Path) -> None:
    store, expected, found = (str(tmp_path / name) for name in ("store", "expected.csv", "found.csv"))
    part_of_library(tmp_path / "library", policies=FEW)
    repository = ["--repo", str(tmp_path / "library")]
    check = ["check", *repository, *DAY, "--format", "csv", "--out"]
    parquet = ["check", EXAMPLE, *repository, *DAY, "--format", "parquet", "--out", str(tmp_path / "verdicts.parquet")]
    runs = [
        [*check, expected, EXAMPLE, "--engine", "interpreter"],
        [*check, found, EXAMPLE, "--engine", "duckdb"],
        parquet,
        ["import", EXAMPLE, *repository, "--store", store],
        [*check, str(tmp_path / "stored.csv"), "--store", store],
        ["test", *repository, "--engine", "duckdb", "*access-key*"],
    ]
    assert "[1, 1, 1, 0, 1, 0] []" == run_without(runs).splitlines()[-1]
    assert Path(expected).read_text() == Path(found).read_text()


def test_a_duckdb_that_needs_more_of_numpy_is_told_in_a_line() -> None:
    bare = "import types, perpend.inventory.snapshots.database as functions; functions._empty_numpy = lambda: types.ModuleType('numpy')\n"
    told = run_without([["check", EXAMPLE, *DAY, "--engine", "duckdb", "--policy", KEY_POLICY]], after=bare)
    assert [f"perpend: DuckDB {version('duckdb')} needs the package `numpy`: install it beside Perpend", "[2] []"] == [
        line.partition(" (")[0] for line in told.splitlines()
    ]


def test_a_process_of_its_own_loads_no_more_than_it_needs() -> None:
    """Neither numpy nor what surrounds DuckDB's driver; nor what draws on terminals, where no terminal is written to."""
    script = (
        "import sys\nfrom perpend import __main__\nfrom perpend.core import process as alone\nsys.argv[1:] = sys.argv[1].split('|')\ntry:\n    __main__.main()\n"
        "except SystemExit as ended:\n    sys.stdout.flush(); print(ended.code, {'numpy', 'duckdb', 'email', 'rich.text'} & {*sys.modules}, file=sys.stderr)"
    )
    words = "|".join(["check", EXAMPLE, *DAY, "--engine", "duckdb", "--format", "ndjson"])
    told = subprocess.run([sys.executable, "-c", script, words], capture_output=True, text=True, check=True, cwd=ROOT).stderr
    assert "1 set()" == told.splitlines()[-1]


def run_without(runs: list[list[str]], *, after: str = "") -> str:
    script = WITHOUT.format(runs=runs).replace("codes = []", f"{after}codes = []")
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stderr
