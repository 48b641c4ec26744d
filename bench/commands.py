"""``python -m bench commands``: what people type, as whole processes, beside the least that could be done with the same file.

Two reports of each size: a friendly one, and one where a fifth of the rows are untidy. Every candidate of a size takes its turn
in each round. Import and check stand beside ``csv.DictReader`` over the same file; what is written beside DuckDB writing the
same text from a ready table.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from bench.engines import machine
from bench.measure import Run, run
from bench.reports import write_report, write_untidy_report
from bench.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REPORTS: Final = {"friendly": write_report, "untidy": write_untidy_report}
SNAPSHOT: Final = "2026-11-20T00:00:00Z"
READ: Final = "csv.DictReader"
_READS: Final = "import csv, sys; print(sum(1 for _ in csv.DictReader(open(sys.argv[1], newline=''))))"
_WRITES: Final = (
    "import duckdb, sys; source, target, form = sys.argv[1:]; "
    "duckdb.sql(f\"COPY (FROM read_parquet('{source}')) TO '{target}' (FORMAT {form})\")"
)
_TABLE: Final = (
    "import duckdb, sys; source, target = sys.argv[1:]; "
    "duckdb.sql(f\"COPY (FROM read_json('{source}', format='newline_delimited', maximum_object_size=100000000)) "
    "TO '{target}' (FORMAT parquet)\")"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One command line, what it stands beside, and what is put in order before it runs."""

    command: list[str]
    base: str = READ
    prepare: Callable[[], None] | None = None
    allowed: tuple[int, ...] = (0, 1, 3)


def candidates_of(folder: Path, report: Path) -> dict[str, Candidate]:
    """Return what takes turns on one report. The store ``kept`` and the ready tables must stand (``made_ready``)."""
    perpend = [sys.executable, "-m", "perpend"]
    check = [*perpend, "check", "--snapshot-time", SNAPSHOT]
    fresh, kept = folder / "fresh", folder / "kept"
    extracts = kept / "extracts"
    object_id = f"arn:aws:iam::100000000000:user/user-{0:07d}"
    found = {READ: Candidate([sys.executable, "-c", _READS, str(report)], allowed=(0,))}
    found["import"] = Candidate([*perpend, "import", str(report), "--store", str(fresh)], prepare=_removed(fresh))
    for form in ("table", "ndjson", "csv", "json"):
        found[f"check FILE, {form}"] = Candidate([*check, str(report), "--format", form, "--out", str(folder / "out")])
    stored = [*check, "--store", str(kept)]
    found["check --store, first"] = Candidate(stored, prepare=_removed(extracts))
    found["check --store, again"] = Candidate(stored)
    for form in ("ndjson", "csv"):
        name = f"DuckDB writes the same {form}"
        written = [sys.executable, "-c", _WRITES, str(folder / "ready.parquet"), str(folder / "written")]
        found[name] = Candidate([*written, {"ndjson": "json"}.get(form, form)], allowed=(0,))
        found[f"check --store, {form}"] = Candidate([*stored, "--format", form, "--out", str(folder / "out")], base=name)
    found["explain"] = Candidate(
        [*perpend, "explain", "user-has-more-than-one-active-access-key", object_id, str(report), "--snapshot-time", SNAPSHOT]
    )
    return found


def _removed(directory: Path) -> Callable[[], None]:
    def remove() -> None:
        shutil.rmtree(directory, ignore_errors=True)

    return remove


def made_ready(folder: Path, report: Path) -> None:
    """Make what candidates find: a store of the report, and the verdicts as a table that DuckDB can write out."""
    perpend = [sys.executable, "-m", "perpend"]
    run([*perpend, "import", str(report), "--store", str(folder / "kept")])
    verdicts = folder / "verdicts.ndjson"
    judged = [*perpend, "check", "--store", str(folder / "kept"), "--snapshot-time", SNAPSHOT, "--format", "ndjson"]
    run([*judged, "--out", str(verdicts)], allowed=(0, 1, 3))
    run([sys.executable, "-c", _TABLE, str(verdicts), str(folder / "ready.parquet")])
    verdicts.unlink()


def measured(candidates: dict[str, Candidate], rounds: int) -> dict[str, list[Run]]:
    """Run all in turn, after one round that does not count."""
    found: dict[str, list[Run]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, candidate in candidates.items():
            if candidate.prepare:
                candidate.prepare()
            finished = run(candidate.command, allowed=candidate.allowed)
            if number:
                found[name].append(finished)
    return found


def figures(candidates: dict[str, Candidate], runs: dict[str, list[Run]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each candidate's name with its seconds, peak memory and the median of its ratios to what it stands beside."""
    for name, candidate in candidates.items():
        pairs = zip(runs[name], runs[candidate.base], strict=True)
        yield (
            name,
            {
                "seconds": [round(one.seconds, 4) for one in runs[name]],
                "megabytes": [round(one.megabytes, 1) for one in runs[name]],
                "base": candidate.base,
                "ratio": round(statistics.median(one.seconds / other.seconds for one, other in pairs), 3),
            },
        )


def measure_commands(sizes: list[int], rounds: int, directory: Path, results: Path | None, command: str) -> None:
    """Measure every command on both reports at each size; print, and add to a file of results."""
    for users in sizes:
        for tidiness, write in REPORTS.items():
            folder = directory.resolve() / f"commands-{tidiness}-{users}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            report = folder / "report.csv"
            write(report, users)
            made_ready(folder, report)
            candidates = candidates_of(folder, report)
            found = dict(figures(candidates, measured(candidates, rounds)))
            shutil.rmtree(folder)
            _print(f"{users:,} users, {tidiness} report × all library policies", found)
            if results:
                kept = Results.read(results)
                kept.content["machine"] = machine()
                date = datetime.now(UTC).strftime("%Y-%m-%d")
                kept.add(
                    "commands", {"users": users, "workload": tidiness, "date": date, "command": command, "candidates": found}
                )


def _print(title: str, found: dict[str, dict[str, Any]]) -> None:
    print(f"\n{title}")
    for name, one in found.items():
        beside = f"× {one['ratio']:6.2f} of {one['base']}" if one["base"] != name else ""
        print(f"  {name:<32} {statistics.median(one['seconds']):8.3f} s  {max(one['megabytes']):7.1f} MB  {beside}", flush=True)
