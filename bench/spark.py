"""``python -m bench spark``: snapshots judged by DuckDB and by Spark on one core and on two, in seconds and bytes of shuffles.

Each row is a process of its own, pinned to its cores. Spark's figures of shuffles and spills are from its event log. Codes
of all engines are compared by a sum over all rows.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.engines import machine
from bench.measure import family_of, run
from bench.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import SparkSession

    from perpend.language.program.program import Program

WORKLOADS: Final = ("cells", "joins", "history")
"""The library's policies over cells of reports; one policy over a lookup and a child list; the step of a day of a history."""

ENGINES: Final = ("duckdb", "spark")
DRIVER_MEMORY: Final = "2g"
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_HISTORY: Final = "Thing"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to measure, and where. ``policies`` and ``changed`` are of the history."""

    directory: Path
    only: str
    cores: Sequence[int]
    policies: int
    changed: float
    results: Path | None
    command: str


def measure_spark(sizes: Sequence[int], asked: Asked) -> None:
    """Print a row for each size, workload, engine and number of cores, and keep the records if a file is named."""
    print("\n".join(HEADER), flush=True)
    for objects in sizes:
        for workload in WORKLOADS:
            if fnmatchcase(workload, asked.only):
                _measure(objects, workload, asked)


def _measure(objects: int, workload: str, asked: Asked) -> None:
    task = {"directory": str(asked.directory), "objects": objects, "workload": workload}
    task |= {"asked": asked.policies, "changed": asked.changed}
    record = {"users": objects, "workload": workload, "date": datetime.now(UTC).strftime("%Y-%m-%d"), "command": asked.command}
    record |= _run(task, "make", max(asked.cores)).figures
    record["load"] = round(os.getloadavg()[0], 1)
    rows, sums = list[dict[str, Any]](), set[str]()
    for cores in asked.cores:
        for engine in ENGINES:
            finished = _run(task, engine, cores)
            sums.add(finished.figures.pop("sum"))
            rows.append({"engine": engine, "cores": cores, "peak": round(finished.megabytes), **finished.figures})
            print(line_of(record, rows[-1]), flush=True)
    if len(sums) > 1:
        raise SystemExit(f"{workload}: the engines differ: {', '.join(sorted(sums))}")
    if asked.results:
        results = Results.read(asked.results)
        results.content["machine of spark"] = machine() | {"spark": version("pyspark")}
        results.add("spark", {**record, "rows": rows})


_COLUMNS: Final = (
    "workload",
    "engine",
    "cores",
    "objects",
    "policies",
    "clock, s",
    "processors, s",
    "objects × policies per core and second",
    "peak, MB",
    "shuffle read / written, MB",
    "spilled, MB",
)
HEADER: Final = (f"| {' | '.join(_COLUMNS)} |", f"| --- | --- |{' ---: |' * (len(_COLUMNS) - 2)}")


def line_of(record: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return a row of a table: times, what a core does in a second, memory, shuffles."""
    pairs = record["users"] * record["policies"]
    shuffled = spilled = "–"
    if row["engine"] == "spark":
        shuffled, spilled = f"{row['read'] / 1e6:,.1f} / {row['written'] / 1e6:,.1f}", f"{row['spilled'] / 1e6:,.0f}"
    return (
        f"| {record['workload']} | {row['engine']} | {row['cores']} | {record['users']:,} | {record['policies']} "
        f"| {row['seconds']:.1f} | {row['processors']:.1f} | {pairs / row['processors']:,.0f} | {row['peak']:,.0f} "
        f"| {shuffled} | {spilled} |"
    )


def _run(task: Mapping[str, Any], step: str, cores: int) -> Any:
    return run([sys.executable, "-m", "bench.spark", json.dumps({**task, "step": step, "cores": cores})], reports=True)


class _Times:
    """The seconds of a block, by the clock and of the processors of this process and those that it made."""

    def __enter__(self) -> _Times:
        self._begun, self._spent = time.perf_counter(), _processors()
        return self

    def __exit__(self, *_: object) -> None:
        self.figures = {
            "seconds": round(time.perf_counter() - self._begun, 2),
            "processors": round(_processors() - self._spent, 2),
        }


def _processors() -> float:
    """Return the seconds of processors that this process and all that it made have spent."""
    spent = 0
    for process in family_of(os.getpid()):
        with suppress(OSError):
            # Its name, in parentheses, may hold spaces.
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            spent += sum(map(int, fields[11:15]))
    return spent / _TICKS


def perform(given: Mapping[str, Any]) -> dict[str, Any]:
    """Do one step in this process; return its figures."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given["cores"]])
    place = Path(given["directory"]) / "out" / f"{given['objects']}-{given['workload']}-{given['step']}-{given['cores']}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        return (_history if given["workload"] == "history" else _plan)(given, place)
    finally:
        shutil.rmtree(place)


def _plan(given: Mapping[str, Any], place: Path) -> dict[str, Any]:
    from bench.inventory import SNAPSHOT, cells_of
    from perpend.core.values.values import date_time_from_text
    from perpend.evaluation.engines.duckdb.engine import duck_db
    from perpend.evaluation.engines.spark.engine import Spark
    from perpend.evaluation.planner.build import plan_of

    directory, cores = Path(given["directory"]), given["cores"]
    inventory = cells_of(directory, given["objects"])
    programs = _programs(given["workload"], directory)
    plan = plan_of(programs, inventory.tables, date_time_from_text(SNAPSHOT) or 0)
    files = {name: [inventory.path(name)] for name in inventory.tables.by_name}
    if given["step"] == "make":
        sizes = {name: paths[0].stat().st_size for name, paths in files.items()}
        return {"policies": len(programs), "bytes": sizes}
    figures: dict[str, Any] = {"read": 0, "written": 0, "spilled": 0}
    if given["step"] == "duckdb":
        with duck_db(directories=[directory], spill=place / "spill", threads=cores) as engine, _Times() as times:
            written = engine.evaluate_to_parquet(plan, files, place / "codes.parquet")
    else:
        with _spark(place, cores) as session:
            spark = Spark(session)
            with _Times() as times:
                written = spark.evaluate_to_parquet(plan, files, place / "codes")
        figures = _logged(place)
    codes = ", ".join(f"CAST(v{number} AS INTEGER)" for number in range(len(programs)))
    bytes_written = sum(path.stat().st_size for path in written)
    return {**times.figures, **figures, "bytes": bytes_written, "sum": _sum(written, f"perpend_row, {codes}")}


def _programs(workload: str, directory: Path) -> list[Program]:
    from bench.inventory import DOCUMENT, USER
    from bench.policies import programs_of
    from perpend.evaluation.verdicts.selection import select_policies
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.program.required_columns import required_fields
    from perpend.language.syntax.repository import LIBRARY, Repository

    if workload == "joins":
        return programs_of("related", directory / "repository")
    chosen = select_policies(Analyzer(Repository(LIBRARY))).by_type()[USER]
    return [program for program in chosen if DOCUMENT in required_fields([program]).values]


def _history(given: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """Commit the second day of a history with DuckDB, or make the same step of all pairs with Spark."""
    from bench.histories import day, judged, megabytes, programs
    from bench.histories_spark import compared, step_on_spark
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.history.write.commit import commit_run

    objects, asked = given["objects"], given["asked"]
    made = Path(given["directory"]) / f"history-{objects}-{asked}-{given['changed']}"
    policies = programs(asked)
    if given["step"] == "make":
        if not (made / "made.json").is_file():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            first = day(made, 0, objects, asked, given["changed"])
            commit_run(HistoryStorage(made), judged(made, 0, first, policies))
            second = day(made, 1, objects, asked, given["changed"])
            shutil.copytree(made, made / "two")
            commit_run(HistoryStorage(made / "two"), judged(made / "two", 1, _in(second, made / "two"), policies))
            (made / "made.json").write_text("{}", "utf-8")
        first_day, both = (megabytes(HistoryStorage(place)) for place in (made, made / "two"))
        grown = sum(both.get(kind, 0) - first_day.get(kind, 0) for kind in ("changes", "past"))
        return {
            "policies": asked,
            "changed": given["changed"],
            "bytes": {kind: int(size * 1e6) for kind, size in both.items()} | {"a day": int(grown * 1e6)},
        }
    second = (made / "objects-1.parquet", made / "codes-1.parquet", objects)
    if given["step"] == "duckdb":
        shutil.copytree(made, place / "history", ignore=shutil.ignore_patterns("two"))
        run = judged(place / "history", 1, _in(second, place / "history"), policies)
        with _Times() as times:
            commit_run(HistoryStorage(place / "history"), run)
        return {**times.figures, "read": 0, "written": 0, "spilled": 0, "bytes": 0, "sum": "0"}
    before, after = HistoryStorage(made).head(), HistoryStorage(made / "two")
    run = judged(made, 1, second, policies)
    with _spark(place, given["cores"]) as session, _Times() as times:
        step_on_spark(session, after, before, run, place / "stepped")
    found = compared(after, _HISTORY, place / "stepped")
    return {**times.figures, **_logged(place), "bytes": 0, "sum": str(found.values_otherwise + found.changes_otherwise)}


def _in(files: tuple[Path, Path, int], directory: Path) -> tuple[Path, Path, int]:
    table, codes, rows = files
    return directory / table.name, directory / codes.name, rows


@contextmanager
def _spark(place: Path, cores: int) -> Iterator[SparkSession]:
    from perpend.evaluation.engines.spark.session import spark_session

    log = place / "log"
    log.mkdir()
    settings = {
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.local.dir": str(place / "spill"),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": log.as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
    }
    with spark_session(f"local[{cores}]", settings) as session:
        yield session


def _logged(place: Path) -> dict[str, Any]:
    """Return the bytes that tasks have read from shuffles, written to them, and spilled to the disk."""
    figures = {"read": 0, "written": 0, "spilled": 0}
    for path in (place / "log").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    if line.startswith('{"Event":"SparkListenerTaskEnd"'):
                        task = json.loads(line).get("Task Metrics") or {}
                        read, written = task.get("Shuffle Read Metrics", {}), task.get("Shuffle Write Metrics", {})
                        figures["read"] += read.get("Local Bytes Read", 0) + read.get("Remote Bytes Read", 0)
                        figures["written"] += written.get("Shuffle Bytes Written", 0)
                        figures["spilled"] += task.get("Disk Bytes Spilled", 0)
    return figures


def _sum(paths: Sequence[Path], columns: str) -> str:
    """Return the number of rows in files, and a sum of them in which their order does not count."""
    from perpend.inventory.snapshots.database import opened, pattern, rows_of

    listed = ", ".join(map(pattern, paths))
    with opened(paths=paths) as connection:
        [(rows, together)] = rows_of(
            connection, f"SELECT count(*), bit_xor(hash({columns})) FROM read_parquet([{listed}], hive_partitioning = false)"
        )
    return f"{rows}: {together}"


if __name__ == "__main__":
    print(json.dumps(perform(json.loads(sys.argv[1]))))
