"""Sizes and workloads in, every candidate run side by side out: a table, and a record in a file of results."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.measure import RunWriter, run
from bench.results import Measured, Results
from bench.workloads import LOOPED, policies_of, varieties

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERPRETED: Final = 20_000
"""How many programs times objects the interpreter judges; it is scaled to all users."""

SLOW_UP_TO: Final = 1_000_000
"""Up to how many users the candidates run that only show what plans are for."""

_INCOMPLIANT: Final = 299
_FROM_THE_EXTRA: Final = {"loop, orjson": "orjson", "c7n": "c7n"}
"""Candidates by the package of the extra ``bench`` that they need."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to run, and where."""

    directory: Path
    rounds: int
    only: str = "*"
    results: Path | None = None
    command: str = ""


@dataclass(slots=True)
class _Candidate:
    """One candidate's rounds."""

    name: str
    rows: int
    runs: list[RunWriter] = field(default_factory=list)
    different: int = 0

    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "seconds": [round(one.figures["seconds"], 4) for one in self.runs],
            "megabytes": [round(one.megabytes, 1) for one in self.runs],
            "rows": self.rows,
            "different": self.different,
        }
        for name in ("plan", "reused", "computed", "characters"):
            if name in self.runs[0].figures:
                found[name] = [round(one.figures[name], 4) for one in self.runs]
        return found


def measure_engines(sizes: Sequence[int], workloads: Sequence[str], options: Options) -> None:
    """Measure every workload at every size, print a table each, and keep the records where a file is named."""
    for users in sizes:
        made = run(_worker(options, users, "1", "make", 0), reports=True)
        print(f"\n{users:,} users: {made.figures['megabytes']:.0f} MB of Parquet, ready after {made.seconds:.1f} s", flush=True)
        for workload in workloads:
            record = _measured(users, workload, options)
            if options.results:
                results = Results.read(options.results)
                results.content["machine"] = machine()
                results.add("engines", record)
            print_table(Measured(record))


def _measured(users: int, workload: str, options: Options) -> dict[str, Any]:
    candidates = [_Candidate(name, rows) for name, rows in _names(users, workload, options).items()]
    for number in range(options.rounds + 1):
        for one in candidates:
            finished = run(_command(options, users, workload, one), reports=True)
            if number:
                one.runs.append(finished)
            elif one.name not in ("plan", "compile and plan"):
                one.different = _different(options, users, workload, one)
    counts = _agreement(options, users, workload, reference="plan", counts=True)
    return {
        "users": users,
        "workload": workload,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "command": options.command,
        "codes": counts,
        "candidates": {one.name: one.record() for one in candidates},
    }


def _names(users: int, workload: str, options: Options) -> dict[str, int]:
    """Return the candidates of a workload, the plan first, and how many rows each reads."""
    policies = policies_of(workload)
    found = {"plan": users} | {f"hand {variety}": users for variety in varieties(workload)}
    if workload != "related":
        found |= dict.fromkeys(("kept, first run", "kept, second run", "kept, extracts alone"), users)
        if users <= SLOW_UP_TO and policies <= 20:
            found |= {"interpreter": min(users, INTERPRETED // policies)}
    if 1 < policies <= 20 and users <= SLOW_UP_TO:
        found["passes"] = users
    if policies == 200:
        found["compile and plan"] = users
    if workload == "1" and users <= SLOW_UP_TO:
        found["loop, json"] = min(users, LOOPED)
        found |= {name: min(users, LOOPED) for name, package in _FROM_THE_EXTRA.items() if importlib.util.find_spec(package)}
    return {name: rows for name, rows in found.items() if name == "plan" or fnmatchcase(name, options.only)}


def _command(options: Options, users: int, workload: str, one: _Candidate) -> list[str]:
    if one.name != "c7n":
        return _worker(options, users, workload, one.name, one.rows)
    script = str(Path(__file__).with_name("c7n_loop.py"))
    inventory = next(options.directory.glob(f"estate-*-{users}"))
    return [sys.executable, script, str(inventory / "users.csv"), str(one.rows), str(_out(options, users, workload, one.name))]


def _worker(options: Options, users: int, workload: str, name: str, rows: int) -> list[str]:
    task = {"directory": str(options.directory), "users": users, "workload": workload, "candidate": name, "sample": rows}
    return [sys.executable, "-m", "bench.worker", json.dumps(task | {"out": str(_out(options, users, workload, name))})]


def _out(options: Options, users: int, workload: str, name: str) -> Path:
    return out_of(options.directory, users, workload, name)


def out_of(directory: Path, users: int, workload: str, name: str) -> Path:
    """Return where a candidate writes: a Parquet file, a directory of several, or row numbers."""
    suffix = {"passes": "", "c7n": ".rows"}.get(name, ".parquet")
    return directory / "out" / f"{users}-{workload}" / f"{name.replace(' ', '-').replace(',', '')}{suffix}"


def _different(options: Options, users: int, workload: str, one: _Candidate) -> int:
    """Return in how many rows a candidate's codes are not the plan's."""
    found = _agreement(options, users, workload, reference="plan", candidate=one.name, rows=one.rows)
    return int(found["different"])


def _agreement(
    options: Options,
    users: int,
    workload: str,
    *,
    reference: str,
    candidate: str = "plan",
    rows: int = 0,
    counts: bool = False,
) -> dict[str, Any]:
    task = {
        "directory": str(options.directory),
        "reference": str(_out(options, users, workload, reference)),
        "out": str(_out(options, users, workload, candidate)),
        "policies": policies_of(workload),
        "rows": rows,
        "incompliant": _INCOMPLIANT,
        "counts": counts,
    }
    return run([sys.executable, "-m", "bench.agreement", json.dumps(task)], reports=True).figures


def print_table(measured: Measured) -> None:
    """Print one workload's candidates: seconds, ratio to the fastest by hand, memory, and rows that differ."""
    base = measured.hand(gate="-valid")
    print(f"\n{measured.users:,} users × {measured.workload}  (ratio to `{base}`, median of rounds)")
    for name, candidate in measured.candidates.items():
        seconds, ratio = measured.seconds(name), measured.ratio(name, base)
        shown = f"× {ratio:7.2f}" if ratio else ""
        scaled = "" if candidate["rows"] == measured.users else f"  from {candidate['rows']:,} rows"
        wrong = f"  {candidate['different']:,} rows differ" if candidate["different"] else ""
        print(
            f"  {name:<22} {min(seconds):9.3f} / {measured.median(name):9.3f} s  {shown:<11}"
            f" {measured.peak(name):8.1f} MB{scaled}{wrong}",
            flush=True,
        )


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpus": os.cpu_count(),
        "memory": round(pages / 2**30, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "duckdb": version("duckdb"),
        "perpend": version("perpend"),
    }
