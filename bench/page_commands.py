"""What commands were measured to take in, a section of the performance page out: goals, plots, a table per size and report."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, Final

from bench.bounds import Bound
from bench.commands import LIBRARY, READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench.results import Results

COMMAND: Final = "python -m bench commands --users 1e5,1e6 --rounds 1 --json bench/results.json"
_ALONE: Final = 1.3
PLOT: Final = "bench-commands.png"
PLOT_TEXT: Final = "Lines: time of commands in times of csv.DictReader, and peak memory, by number of users"

_INTRODUCTION: Final = """\
## What people type

Whole processes, from `python` to exit, with every policy of the library. The reports are seeded (`bench/reports.py`):
*friendly*, *untidy*, of which a fifth of the rows have odd, blank or contradicting values, further keys or long paths, and
*edited*, which is such a one as a spreadsheet saves it: a fifth of the cells of one more column hold quotes, backslashes, tabs
or line ends.
All take turns, round by round; the first round does not count. Beside `import` and `check` stands `csv.DictReader` reading the
same file in a process of its own, beside what is written DuckDB writing the same text from a ready table. *clock* is time by
the clock, *processors* what all processors spent on it, of which there are {cpus}; on a machine that others use as well, the
latter says more. Ratios are medians over the rounds. *peak* is the memory of a process and of those that it makes together,
what they share counted once, and before 2026-11-27 that of the largest of them. DuckDB writes large tables with all processors
and in gigabytes of memory, Perpend with up to four processes, each of which draws a thousand objects in turn.
"""


def section(results: Results, plot: str) -> list[str]:
    """Return the section's parts, none where nothing was measured; ``plot`` is what stands for the plots."""
    records = results.content["commands"]
    if not records:
        return []
    cpus = results.content.get("machine", {}).get("cpus", "some")
    lines = ["| asked | bound | found | where |", "| --- | --- | --- | --- |"]
    lines += [_goal(one) for one in goals(records)]
    parts = [_INTRODUCTION.format(cpus=cpus), "\n".join([*lines, ""])]
    return [*parts, *([plot] if plot else []), *map(_table, sorted(records, key=lambda one: one["workload"] == LIBRARY))]


def goals(records: Sequence[Mapping[str, Any]]) -> list[Bound]:
    """Return what was asked of commands, each with its worst figure over all sizes and reports."""
    ratio, peak = _figure("ratio"), _peak
    asked: list[tuple[str, str, float, str, Callable[[Mapping[str, Any]], float]]] = [
        ("import", "`import`, in times of `csv.DictReader`", 4, "×", ratio),
        ("check FILE", "`check FILE`, in times of `csv.DictReader`", 4, "×", ratio),
        ("check FILE", "`check FILE`, peak memory", 300, "MB", peak),
        ("check --store, again", "`check --store`, again, peak memory", 250, "MB", peak),
        ("check --store, ndjson", "`check --store --format ndjson`, in times of DuckDB", 1.5, "×", ratio),
        ("check --store, csv", "`check --store --format csv`, in times of DuckDB", 1.5, "×", ratio),
    ]
    found = [_worst(records, name, text, limit, unit, figure) for name, text, limit, unit, figure in asked]
    largest = max((one["users"] for one in records), default=0)
    of_largest = [one for one in records if one["users"] == largest]
    again = "`check --store`, again, at the largest size"
    found.insert(3, _worst(of_largest, "check --store, again", again, 2, "s", lambda one: statistics.median(one["seconds"])))
    return [*found, _growth(records, "import"), _growth(records, "check FILE")]


def _figure(name: str) -> Callable[[Mapping[str, Any]], float]:
    return lambda candidate: float(candidate[name])


def _peak(candidate: Mapping[str, Any]) -> float:
    return float(max(candidate["megabytes"]))


def _worst(
    records: Sequence[Mapping[str, Any]],
    name: str,
    asked: str,
    limit: float,
    unit: str,
    figure: Callable[[Mapping[str, Any]], float],
) -> Bound:
    found = [(figure(one["candidates"][name]), one) for one in records if name in one["candidates"]]
    if not found:
        return Bound(asked, limit, None, "not measured", COMMAND, unit=unit)
    value, record = max(found, key=lambda pair: pair[0])
    besides = ""
    if unit == "×":
        besides = f"{max(one['candidates'][name]['processor ratio'] for _, one in found):.2f} × of processors' time at most"
    return Bound(asked, limit, value, f"{record['users']:,} users, {record['workload']}", COMMAND, unit=unit, besides=besides)


def _growth(records: Sequence[Mapping[str, Any]], name: str) -> Bound:
    """Return how much more processors' time a user takes at the largest size than at the smallest, by the worse report."""
    asked = f"`{name}`: processors' time per user at the largest size, in times of that at the smallest"
    by_report: dict[str, list[tuple[int, float]]] = {}
    for one in records:
        if name in one["candidates"]:
            seconds = statistics.median(one["candidates"][name]["processor"])
            by_report.setdefault(one["workload"], []).append((one["users"], seconds / one["users"]))
    grown = [(found[-1][1] / found[0][1], report, found) for report, found in by_report.items() if len(found) > 1]
    if not grown:
        return Bound(asked, 1.15, None, "not measured", COMMAND)
    figure, report, found = max(grown)
    return Bound(asked, 1.15, figure, f"{found[0][0]:,} to {found[-1][0]:,} users, {report}", COMMAND)


def _goal(one: Bound) -> str:
    limit = f"≤ {one.limit:g} {one.unit}"
    if one.figure is None:
        return f"| {one.asked} | {limit} | – | {one.where} |"
    shown = f"{one.figure:.2f} {one.unit}" if one.unit != "MB" else f"{one.figure:.0f} MB"
    found = shown if one.held else f"**{shown}**, missed"
    return f"| {one.asked} | {limit} | {found}{f'; {one.besides}' if one.besides else ''} | {one.where} |"


def _table(record: Mapping[str, Any]) -> str:
    report = "The library" if record["workload"] == LIBRARY else f"{record['users']:,} users, {record['workload']} report"
    return "\n".join(
        [
            f"### {report}: commands\n",
            f"Measured on {record['date']} by `{record['command']}`{_company(record['candidates'])}\n",
            "| command | clock, s | processors, s | peak, MB | × clock | × processors | of |",
            "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
            *_lines(record["candidates"]),
            "",
        ]
    )


def _company(candidates: Mapping[str, Mapping[str, Any]]) -> str:
    """Return that others used the machine, where what runs on one processor had to wait for it."""
    alone = candidates.get(READ) or next(iter(candidates.values()))
    waited = statistics.median(alone["seconds"]) / max(statistics.median(alone["processor"]), 0.001)
    return f", while others used the machine: compare processors' time (clock {waited:.1f} × of it)" if waited > _ALONE else ""


def _lines(candidates: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, one in candidates.items():
        shown = f"{name}: `{one['command']}`" if one["command"] else name
        seconds, processor = statistics.median(one["seconds"]), statistics.median(one["processor"])
        beside = f"{one['ratio']:.2f} | {one['processor ratio']:.2f} | {one['base']}" if one["base"] != name else "– | – | –"
        yield f"| {shown} | {seconds:.2f} | {processor:.2f} | {max(one['megabytes']):.0f} | {beside} |"
