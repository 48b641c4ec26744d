"""The bench measures the same thing many times over: every candidate gives the same codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench.agreement import look
from bench.bounds import bounds
from bench.commands import measure_commands
from bench.engines import out_of
from bench.page import WORKLOADS as TITLES
from bench.results import Results
from bench.spark import Asked, measure_spark
from bench.worker import perform
from bench.workloads import WORKLOADS, policies_of, varieties

from tests.differential.on_spark import why_not

pytestmark = pytest.mark.slow

USERS = 1_000
OWN = ("plan", "kept, first run", "kept, second run", "kept, extracts alone", "interpreter", "passes")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


def run(directory: Path, workload: str, candidate: str, rows: int = USERS) -> dict[str, Any]:
    out = str(out_of(directory, USERS, workload, candidate))
    task = {"directory": str(directory), "users": USERS, "workload": workload, "sample": rows}
    return perform(task | {"candidate": candidate, "out": out})


def found(directory: Path, workload: str, candidate: str, rows: int = USERS, **more: Any) -> dict[str, Any]:
    places = {name: str(out_of(directory, USERS, workload, one)) for name, one in (("reference", "plan"), ("out", candidate))}
    task = {"directory": str(directory), "policies": policies_of(workload), "rows": rows, "incompliant": 299}
    return look(task | places | more)


def candidates(workload: str) -> list[str]:
    right = [f"hand {variety}" for variety in varieties(workload) if not variety.startswith("strings")]
    loops = ["loop, json"] if workload == "1" else []
    return [*right, *(OWN if workload != "related" else OWN[:1]), *loops]


@pytest.mark.parametrize("workload", ["library", "1", "20", "related"])
def test_every_candidate_gives_the_codes_of_the_plan(directory: Path, workload: str) -> None:
    run(directory, workload, "plan")
    for candidate in candidates(workload)[::-1]:
        run(directory, workload, candidate)
        assert {"rows": USERS, "different": 0} == found(directory, workload, candidate), candidate


def test_a_candidate_that_is_wrong_is_told(directory: Path) -> None:
    for candidate in ("plan", "hand strings-valid"):
        run(directory, "1", candidate)
    assert 0 < found(directory, "1", "hand strings-valid")["different"], "texts alone cannot tell true from 'true'"


def test_a_second_run_computes_nothing(directory: Path) -> None:
    first, second, again = (run(directory, "20", f"kept, {which}") for which in ("first run", "second run", "extracts alone"))
    assert (20, 0) == (second["reused"], second["computed"])
    assert (first["computed"], 0) == (again["reused"] + 20, again["computed"])


def test_every_way_to_end_occurs(directory: Path) -> None:
    run(directory, "library", "plan")
    statuses = {int(code) for code in found(directory, "library", "plan", counts=True)}
    assert {99, 101, 102, 199, 299, 399, 599, 600} <= statuses


def record(workload: str, users: int, seconds: dict[str, float], different: int = 0) -> dict[str, Any]:
    made = {
        name: {"seconds": [one, one * 2], "megabytes": [100.0, 110.0], "rows": users, "different": 0}
        for name, one in seconds.items()
    }
    made["hand struct-valid"] = made["plan"] | {"seconds": [0.1, 0.2], "different": different}
    made["hand list-valid"] = made["plan"] | {"seconds": [0.5, 1.0]}
    return {"users": users, "workload": workload, "date": "2026-01-10", "command": "make", "codes": {}, "candidates": made}


@pytest.mark.skipif(why_not() is not None, reason=why_not() or "")
def test_spark_is_measured_beside_duckdb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measure_spark([1_000], Asked(tmp_path, "joins", [1], 1, 0.1, tmp_path / "results.json", "make"))
    [record] = Results.read(tmp_path / "results.json").content["spark"]
    assert [("duckdb", 1), ("spark", 1)] == [(row["engine"], row["cores"]) for row in record["rows"]]
    assert 0 < record["rows"][1]["written"] == record["rows"][1]["read"]
    assert "| joins | spark | 1 | 1,000 | 1 |" in capsys.readouterr().out


def test_commands_run_with_what_they_stand_beside(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    measure_commands([20], 1, tmp_path, results, "make", only="*explain*", reports=["edited"])
    [record, *_] = Results.read(results).content["commands"]
    assert ["csv.DictReader", "explain FILE", "explain --store"] == list(record["candidates"])
    assert record["candidates"]["explain --store"]["command"].startswith("perpend explain user-has-more-than-one-active")


def test_every_bound_names_the_command_that_measures_it(tmp_path: Path) -> None:
    assert [] == [
        one for one in bounds(Results.read(tmp_path / "results.json")) if not one.command.startswith("python -m bench")
    ]
    assert list(WORKLOADS) == list(TITLES)
