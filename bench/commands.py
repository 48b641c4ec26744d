"""``python -m bench commands``: what people type, as whole processes, beside the least that could be done with the same file.

Three reports of each size: a friendly one, one in which a fifth of the rows are untidy, and that one as a spreadsheet saves it,
with quotes and line ends in cells. Every candidate of a size takes its turn in each round. Import and check stand beside
``csv.DictReader`` over the same file; what is written beside DuckDB writing the same text from a ready table; what works on the
library beside PyYAML reading its files. Seconds are of the clock and of processors: if others use the machine, the latter say
more.
"""

from __future__ import annotations

import shlex
import shutil
import statistics
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from bench.engines import machine
from bench.measure import ROOT, RunWriter, run
from bench.reports import write_edited_report, write_report, write_untidy_report
from bench.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

REPORTS: Final = {"friendly": write_report, "untidy": write_untidy_report, "edited": write_edited_report}
SNAPSHOT: Final = "2026-11-20T00:00:00Z"
READ: Final = "csv.DictReader"
LIBRARY: Final = "library"
"""The workload of commands that read no report."""

_LOADED: Final = "load its YAML (PyYAML, C)"
_POLICY: Final = "user-has-more-than-one-active-access-key"
_USER: Final = "user-0000001"
_MOST_PAGES: Final = 100_000
_READS: Final = "import csv, sys; print(sum(1 for _ in csv.DictReader(open(sys.argv[1], newline=''))))"
_LOADS: Final = (
    "import sys, yaml, pathlib; "
    "[yaml.compose(path.read_text(), Loader=yaml.CSafeLoader) for path in pathlib.Path(sys.argv[1]).rglob('*.yaml')]"
)
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

    def shown(self, folder: Path) -> str:
        """Return the command as somebody would type it in the folder of its files; nothing for what is not Perpend's."""
        if self.command[1:3] != ["-m", "perpend"]:
            return ""
        words = (one.replace(f"{folder}/", "").replace(f"{ROOT}/", "") for one in self.command[3:])
        return shlex.join(["perpend", *words])


def candidates_of(folder: Path, report: Path, *, pages: bool) -> dict[str, Candidate]:
    """Return what takes turns on one report. The store ``kept`` and the ready tables must stand (``made_ready``).

    ``pages``: also a site of the library.
    """
    perpend = [sys.executable, "-m", "perpend"]
    check = [*perpend, "check", "--snapshot-time", SNAPSHOT]
    fresh, kept, out = folder / "fresh", folder / "kept", ["--out", str(folder / "out")]
    found = {READ: Candidate([sys.executable, "-c", _READS, str(report)], allowed=(0,))}
    found["import"] = Candidate([*perpend, "import", str(report), "--store", str(fresh)], prepare=_removed(fresh))
    found["check FILE"] = Candidate([*check, str(report), *out])
    for form in ("ndjson", "csv", "json"):
        found[f"check FILE, {form}"] = Candidate([*check, str(report), "--format", form, *out])
    stored = [*check, "--store", str(kept)]
    found["check --store, first"] = Candidate([*stored, *out], prepare=_removed(kept / "extracts"))
    found["check --store, again"] = Candidate([*stored, *out])
    one = [*stored, "--policy", _POLICY, "--format", "parquet", *out]
    found["check --store, one policy, first"] = Candidate(one, prepare=_removed(kept / "extracts"))
    found["check --store, one policy, again"] = Candidate(one)
    for form in ("ndjson", "csv"):
        name = f"DuckDB writes the same {form}"
        written = [sys.executable, "-c", _WRITES, str(folder / "ready.parquet"), str(folder / "written")]
        found[name] = Candidate([*written, {"ndjson": "json"}.get(form, form)], base=name, allowed=(0,))
        found[f"check --store, {form}"] = Candidate([*stored, "--format", form, *out], base=name)
    for form in ("json", "parquet"):
        found[f"check --store, {form}"] = Candidate([*stored, "--format", form, *out])
    explain = [*perpend, "explain", _POLICY, _USER]
    found["explain FILE"] = Candidate([*explain, str(report), "--snapshot-time", SNAPSHOT])
    found["explain --store"] = Candidate([*explain, "--store", str(kept), "--snapshot-time", SNAPSHOT])
    if pages:
        site = folder / "site"
        built = [*perpend, "site", "build", "--out", str(site)]
        found["site build"] = Candidate(built, base="site build", prepare=_removed(site))
    return found


def library_candidates() -> dict[str, Candidate]:
    """Return what takes turns on the library."""
    library = str(ROOT / "src/perpend/library")
    perpend = [sys.executable, "-m", "perpend"]
    found = {_LOADED: Candidate([sys.executable, "-c", _LOADS, library], base=_LOADED, allowed=(0,))}
    for what in ("test", "lint"):
        found[what] = Candidate([*perpend, what, "--repo", library], base=_LOADED)
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


def measured(candidates: Mapping[str, Candidate], rounds: int) -> dict[str, list[RunWriter]]:
    """Run all in turn, after one round that does not count."""
    found: dict[str, list[RunWriter]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, candidate in candidates.items():
            if candidate.prepare:
                candidate.prepare()
            finished = run(candidate.command, allowed=candidate.allowed)
            if number:
                found[name].append(finished)
    return found


def figures(
    folder: Path, candidates: Mapping[str, Candidate], runs: Mapping[str, list[RunWriter]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each candidate's name with its seconds, peak memory and the medians of its ratios to what it stands beside."""
    for name, candidate in candidates.items():
        pairs = list(zip(runs[name], runs[candidate.base], strict=True))
        yield (
            name,
            {
                "command": candidate.shown(folder),
                "seconds": [round(one.seconds, 4) for one in runs[name]],
                "processor": [round(one.processor, 4) for one in runs[name]],
                "megabytes": [round(one.megabytes, 1) for one in runs[name]],
                "base": candidate.base,
                "ratio": round(statistics.median(one.seconds / other.seconds for one, other in pairs), 3),
                "processor ratio": round(statistics.median(one.processor / other.processor for one, other in pairs), 3),
            },
        )


def measure_commands(
    sizes: list[int],
    rounds: int,
    directory: Path,
    results: Path | None,
    command: str,
    *,
    only: str = "*",
    reports: Sequence[str] = tuple(REPORTS),
) -> None:
    """Measure every command on some reports at each size, then those on the library; print, and add to a file of results.

    ``only`` are patterns of names with ``|`` between them: others are not run, but for what those stand beside.
    """
    for users in sizes:
        for tidiness in reports:
            write = REPORTS[tidiness]
            folder, pages = directory.resolve() / f"commands-{tidiness}-{users}", users <= _MOST_PAGES
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            report = folder / "report.csv"
            write(report, users)
            made_ready(folder, report)
            candidates = _chosen(candidates_of(folder, report, pages=pages), only)
            found = dict(figures(folder, candidates, measured(candidates, rounds)))
            shutil.rmtree(folder)
            _told(f"{users:,} users, {tidiness} report × all library policies", found, users, tidiness, command, results)
    candidates = _chosen(library_candidates(), only)
    found = dict(figures(directory, candidates, measured(candidates, rounds)))
    _told("the library", found, 0, LIBRARY, command, results)


def _chosen(candidates: Mapping[str, Candidate], only: str) -> dict[str, Candidate]:
    wanted = [name for name in candidates if any(fnmatchcase(name, pattern) for pattern in only.split("|"))]
    needed = {*wanted, *(candidates[name].base for name in wanted)}
    return {name: candidate for name, candidate in candidates.items() if name in needed}


def _told(title: str, found: dict[str, dict[str, Any]], users: int, workload: str, command: str, results: Path | None) -> None:
    """Print figures; put them into a file of results, in the place of those that were measured before."""
    if not found:
        return
    print(f"\n{title}")
    for name, one in found.items():
        beside = f"× {one['ratio']:6.2f} of {one['base']}, processors × {one['processor ratio']:6.2f}"
        seconds, processor = statistics.median(one["seconds"]), statistics.median(one["processor"])
        shown = beside if one["base"] != name else ""
        print(f"  {name:<30} {seconds:8.3f} s {processor:8.3f} s {max(one['megabytes']):7.1f} MB  {shown}", flush=True)
    if results:
        kept = Results.read(results)
        kept.content["machine"] = machine()
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        kept.add("commands", {"users": users, "workload": workload, "date": date, "command": command, "candidates": found})
