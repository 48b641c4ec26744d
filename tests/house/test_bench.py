"""The bench measures the same thing many times over: every candidate gives the same codes, and the page shows its figures."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bench.agreement import look
from bench.bounds import bounds
from bench.commands import Candidate, measure_commands
from bench.engines import out_of
from bench.measure import ROOT
from bench.page import WORKLOADS as TITLES
from bench.page import write_page
from bench.results import Results
from bench.spark import WORKLOADS as SCALES
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


def test_ratios_are_to_the_fastest_by_hand_that_is_right(tmp_path: Path) -> None:
    results = Results.read(tmp_path / "results.json")
    for number, different in enumerate((0, 3)):
        results.add("engines", record("1", 1_000 * (number + 1), {"plan": 1.0}, different))
    one, other = results.measured
    assert ("hand struct-valid", 10.0) == (one.hand(), one.ratio("plan", one.hand()))
    assert ("hand list-valid", 2.0) == (other.hand(), other.ratio("plan", other.hand()))


def test_a_size_measured_again_replaces_its_record(tmp_path: Path) -> None:
    results = Results.read(tmp_path / "results.json")
    for seconds in (1.0, 3.0):
        results.add("engines", record("1", 1_000, {"plan": seconds}))
    assert [[3.0, 6.0]] == [one.seconds("plan") for one in Results.read(tmp_path / "results.json").measured]


def test_a_command_measured_again_takes_no_other_with_it(tmp_path: Path) -> None:
    results = Results.read(tmp_path / "results.json")
    one = {"base": "read", "seconds": [1.0]}
    first = {"read": one, "import": one, "check": one, "write": {**one, "base": "write"}, "out": {**one, "base": "write"}}
    for date, candidates in (("a", first), ("b", {"read": one, "check": one}), ("c", {"write": one, "out": one})):
        results.add("commands", {"users": 9, "workload": "untidy", "date": date, "candidates": candidates})
    expected = {"a": ["read", "import"], "b": ["read", "check"], "c": ["write", "out"]}
    assert expected == {each["date"]: [*each["candidates"]] for each in results.content["commands"]}


def test_memory_is_that_of_all_processes_of_a_command() -> None:
    hold = "import os, time; kept = b'x' * 60_000_000; time.sleep(2)"
    twice = f"import os; other = os.fork(); {hold}; other and os.wait()"
    asked = f"import sys; from bench import measure; [print(measure.run([sys.executable, '-c', one]).megabytes) for one in {hold, twice}]"
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    one, two = map(float, told.split())
    assert 60 < one < 90 < two


def test_the_page_shows_what_was_measured_and_what_was_not(tmp_path: Path) -> None:
    results = Results.read(tmp_path / "results.json")
    results.add("engines", record("20", 1_000, {"plan": 1.0, "passes": 7.0, "kept, first run": 1.0, "kept, second run": 0.05}))
    write_page(results, tmp_path)
    page = (tmp_path / "performance.md").read_text("utf-8")
    assert "| 20 passes, in times of one fused pass | ≥ 5 × | 7.00 × | 1,000 users |" in page
    assert "| 20 policies: plan, in times of hand-tuned SQL | ≤ 1.5 × | **10.00 ×**, missed; 10.00 × of SQL" in page
    assert "| seed policy: plan, in times of hand-tuned SQL | ≤ 1.25 × | – | not measured |" in page
    assert [TITLES["20"]] == re.findall("^### (.+), 1,000 users$", page, re.MULTILINE)


def test_the_page_shows_commands_with_their_worst_figures(tmp_path: Path) -> None:
    results = Results.read(tmp_path / "results.json")
    for users, workload, seconds in ((1_000, "friendly", 3.0), (1_000, "untidy", 6.0), (10_000, "friendly", 60.0)):
        one = {"command": "perpend import report.csv", "seconds": [seconds], "processor": [seconds], "megabytes": [100.0]}
        made = {"import": one | {"base": "csv.DictReader", "ratio": seconds, "processor ratio": 2.0}}
        made_of = {"users": users, "workload": workload, "date": "2026-01-10", "command": "make", "candidates": made}
        results.add("commands", made_of)
    write_page(results, tmp_path)
    page = (tmp_path / "performance.md").read_text("utf-8")
    assert "| `import`, in times of `csv.DictReader` | ≤ 4 × | **60.00 ×**, missed; 2.00 × of processors' time" in page
    assert "| ≤ 1.15 × | **2.00 ×**, missed | 1,000 to 10,000 users, friendly |" in page
    assert "| import: `perpend import report.csv` | 6.00 | 6.00 | 100 | 6.00 | 2.00 | csv.DictReader |" in page
    assert "| `check FILE`, peak memory | ≤ 300 MB | – | not measured |" in page


def test_the_page_shows_what_collecting_takes_beside_another_scanner(tmp_path: Path) -> None:
    results = Results.read(tmp_path / "results.json")
    ours = {"seconds": 2.0, "processor": 1.0, "server": 0.5, "waited": 0.5, "calls": 4, "found": 250}
    theirs = {"seconds": 18.0, "processor": 5.0, "server": 5.5, "waited": 50.0, "calls": 1_004, "found": 250}
    for number, more in enumerate(({}, {"custodian run": theirs})):
        slower = {name: {**one, "waited": 29.0} for name, one in more.items()}
        delays = [
            {"delay": delay, "candidates": {"perpend scan aws": ours, "a bare script": ours, **theirs_of}}
            for delay, theirs_of in ((0, more), (50, slower))
        ]
        made_of = {"users": 1_000 * (number + 1), "date": "2026-01-10", "command": "make", "load": [0.1, 2.5]}
        results.add("collect", {**made_of, "delays": delays})
    made = {"accounts": 2, "rows": {"a": 3, "b": 4}, "calls": 9, "seconds": 1.5, "memory": 99, "kills": 3, "twice": 0}
    results.add("organization", {"users": 5, "date": "2026-01-10", "command": "make", **made, "same": False})
    write_page(results, tmp_path)
    page = (tmp_path / "performance.md").read_text("utf-8")
    assert {"## Collecting an account", "## Collecting an organization"} < set(page.splitlines())
    assert (
        "| 1,000 | 0 ms | processors, its own | 1.00 | 1.00 | – | – |\n|  |  | with the server's | 1.50 | 1.50 | – | – |"
        in page
    )
    assert "| 2,000 | 50 ms | processors, its own | 1.00 | 1.00 | 5.00 | 5.0 |" in page
    assert "|  |  | with the waits | 2.00 | 2.00 | 39.50 | 19.8 |\n|  |  | by the clock | 2.00 | 2.00 | 18.00 | 9.0 |" in page
    assert "|  |  | calls | 4 | 4 | 1,004 | 251 |" in page
    assert "For 2,000 users and waits of 0, 50 ms the ratio, waits counted, is 30.2, 19.8;" in page
    assert "The 20 times are missed where a call waits 50 ms.\n" in page
    assert "`make`, on 2026-01-10, the machine's load 0.1 before and 2.5 after" in page
    assert "| rows | 7 |" in page and "| tables and claims that differ after the kills | some |" in page


def scale_record(workload: str, users: int, seconds: float) -> dict[str, Any]:
    """Return a record in which Spark takes four times as long as DuckDB, and ten seconds before."""
    figures = {"peak": 100, "read": 0, "written": 5 * users, "spilled": 0}
    rows = [
        {"engine": engine, "cores": cores, "seconds": spent, "processors": spent, **figures}
        for cores in (1, 2)
        for engine, spent in (("duckdb", seconds), ("spark", 10 + 4 * seconds))
    ]
    made = {"policies": 2, "changed": 0.5, "bytes": {"known": users, "objects": users, "a day": users}, "rows": rows}
    return {"users": users, "workload": workload, "date": "2026-01-10", "command": "make", "load": 0.5, **made}


def test_the_page_on_scale_tells_what_was_measured_from_what_was_computed(tmp_path: Path) -> None:
    results = Results.read(tmp_path / "results.json")
    results.content["machine of spark"] = dict.fromkeys(("system", "cpus", "memory", "python", "duckdb", "spark"), "?")
    write_page(results, tmp_path)
    assert not (tmp_path / "explanation/scale.md").exists()
    for workload in SCALES:
        for users, seconds in ((1_000, 1.0), (11_000, 11.0)):
            results.add("spark", scale_record(workload, users, seconds))
    write_page(results, tmp_path)
    page = (tmp_path / "explanation/scale.md").read_text("utf-8")
    measured, computed = page.split("**The figures below are computed, not measured.**")
    assert "| cells | spark | 2 | 11,000 | 2 | 54.0 | 54.0 | 407 | 100 | 0.0 / 0.1 | 0 |" in measured
    assert "| cells | 2,000 | 500 | 4.0 |" in measured
    assert "A run of Spark spends about 10 seconds" in measured
    assert "At 22,000 objects × policies, Spark's step alone takes 5 times the seconds" in " ".join(measured.split())
    # 10⁸ × (20 + 5) / 2,000 a second / 3,600 s
    assert "| cores for verdicts, DuckDB | *N* × (*P* / *d*₁ + *J* / *d*₂) / *T*, at least 1 | 347.2 | 3,472.2 |" in computed
    assert "| shuffles a run, Spark | *N* × *x* | 500.0 MB | 5.0 GB |" in computed
    assert "| history, storage a day for changes | *N* × (*P* + *J*) × *c* × *g* | 2.5 MB | 25.0 MB |" in computed
    assert "](explanation/scale.md)" in (tmp_path / "performance.md").read_text("utf-8")


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


def test_a_command_is_shown_without_the_directories_of_a_machine(tmp_path: Path) -> None:
    words = ["python", "-m", "perpend", "lint", "--repo", str(ROOT / "src"), "--out", str(tmp_path / "x")]
    assert "perpend lint --repo src --out x" == Candidate(words).shown(tmp_path)


def test_every_bound_names_the_command_that_measures_it(tmp_path: Path) -> None:
    assert [] == [
        one for one in bounds(Results.read(tmp_path / "results.json")) if not one.command.startswith("python -m bench")
    ]
    assert list(WORKLOADS) == list(TITLES)
