"""A file of results in, ``docs/performance.md`` and its plots out. Every number of the page is from the file."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final

from bench.bounds import bounds
from bench.page_collect import COMMANDS, sections
from bench.page_commands import PLOT, PLOT_TEXT, section
from bench.page_scale import LINK, write_scale

if TYPE_CHECKING:
    from pathlib import Path

    from bench.bounds import Bound
    from bench.results import Measured, Results

WORKLOADS: Final = {
    "library": "The library's `user-has-more-than-one-active-access-key`",
    "1": "The seed policy",
    "20": "20 policies: the seed and 19 variants",
    "200": "200 policies: the seed and 199 variants",
    "related": "One policy over a lookup and a related list",
}
PLOTS: Final = {
    "bench-ratios.png": "Bars: each candidate's time in times of the fastest SQL written by hand",
    "bench-scale.png": "Lines: seconds by number of users, both axes logarithmic",
    "bench-memory.png": "Lines: peak memory of the process by number of users",
}

_INTRODUCTION: Final = """\
# Performance

This page is written by `python -m bench page` from `bench/results.json`; every figure in it was
measured by the command beside it. Measure on your own machine before you rely on one.

{scale}
## What was measured

{machine}. {dates}

**Rows.** Users of AWS accounts as a store keeps them: a credential report of about 800 bytes as a JSON column, with its
mark of plain JSON. Of them 3 % have disappeared; 0.5 % each have no document, an empty one, a truncated one; 0.2 % have valid
JSON that is no object; in 0.8 % a flag is missing, null or blank, in 0.1 % it is no text. Beside them accounts (one per
500 users), managed policies and three attachments per user. The generator is seeded (`bench/estate.py`).

**Policies.** The library's policy on second access keys; a seed policy with the semantics of a plain reading (two flags by
`BOOLEAN_FROM`), and variants of it, each over one of six flags and one of seven dates with a window of its own; one
policy that follows a lookup and counts a related list. They are written as a repository and loaded like any other.

**Candidates.** All take turns, round by round, each run as a process of its own; the first round does not count. A time
starts with policies compiled and DuckDB open, and ends with a Parquet file of row numbers and verdict codes; planning
counts. Every candidate's codes are compared with the plan's, row by row (`EXCEPT ALL` both ways).

- `plan`: all policies in one plan and one pass. `passes`: each in a pass of its own.
- `kept, first run`, `kept, second run`: with extracts and verdicts kept beside the snapshot. `kept, extracts alone`: a
  run that finds all extracts there and no verdict, as with policies that all changed.
- `hand …`: the same policies in SQL that was tuned for DuckDB and for these rows: documents parsed once, by
  `json_transform` (`struct`) or by one `json_extract` of all keys (`list`), behind `json_valid` (`valid`) or the store's mark
  (`marked`). `strings` reads texts only; it cannot tell `"true"` from `true`, so some of its rows are wrong. Ratios are to the
  fastest that is right and behind `json_valid`. Such SQL is laxer than the language where these rows do not show it.
- `interpreter`: the reference. `loop, json`, `loop, orjson`: plain Python over a CSV of the same documents. `c7n`: Cloud
  Custodian's filters over that CSV; it finds the incompliant only, and only these are compared. These four read
  the first rows only, as said, and are scaled.

Times of the same query differ by half on shared machines from one minute to the next; take differences below 1.5 × of
candidates for ties.
"""

_AGAIN: Final = f"""\
## Measure again

`make figures` measures all but what needs another tool, and writes this page. With Cloud Custodian on `PATH`:

```sh
{COMMANDS}
python -m bench page
```
"""


def write_page(results: Results, docs: Path) -> None:
    """Write the page and its plots below a directory of documents."""
    (docs / "images").mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("matplotlib"):
        # matplotlib is in the extra `bench` alone.
        from bench.plots import draw

        draw(results, docs / "images")
    else:
        print("the plots are left as they are: pip install matplotlib")
    shown = [f"![{text}](images/{name})\n" for name, text in PLOTS.items() if (docs / "images" / name).is_file()]
    parts = [_introduction(results), _bounds(results), *shown]
    drawn = f"![{PLOT_TEXT}](images/{PLOT})\n" if (docs / "images" / PLOT).is_file() else ""
    parts += [*section(results, drawn), "## All figures\n", *map(_table, results.measured)]
    parts += [*_check(results), *sections(results), _AGAIN]
    (docs / "performance.md").write_text("\n".join(parts), "utf-8")
    write_scale(results, docs)


def _introduction(results: Results) -> str:
    found = results.content.get("machine", {})
    machine = (
        f"{found.get('system')}, {found.get('cpus')} CPUs, {found.get('memory')} GiB; Python {found.get('python')}, "
        f"DuckDB {found.get('duckdb')}, Perpend {found.get('perpend')}"
    )
    days = sorted({record["date"] for part in ("engines", "check", "commands") for record in results.content[part]})
    dates = f"Measured on {' and '.join(dict.fromkeys((days[0], days[-1])))}." if days else ""
    return _INTRODUCTION.format(machine=machine, dates=dates, scale=LINK)


def _bounds(results: Results) -> str:
    lines = ["## Bounds\n", "| asked | bound | found | at | command |", "| --- | --- | --- | --- | --- |"]
    lines += [_line(one) for one in bounds(results)]
    return "\n".join(lines) + "\n"


def _line(bound: Bound) -> str:
    limit = f"{'≥' if bound.at_least else '≤'} {bound.limit:g} {bound.unit}"
    if bound.figure is None:
        return f"| {bound.asked} | {limit} | – | {bound.where} | `{bound.command}` |"
    shown = f"{bound.figure:.2f} {bound.unit}"
    found = shown if bound.held else f"**{shown}**, missed"
    found += f"; {bound.besides}" if bound.besides else ""
    return f"| {bound.asked} | {limit} | {found} | {bound.where} | `{bound.command}` |"


def _table(measured: Measured) -> str:
    base = measured.hand(gate="-valid")
    lines = [
        f"### {WORKLOADS.get(measured.workload, measured.workload)}, {measured.users:,} users\n",
        f"`{measured.record['command']}`\n",
        f"| candidate | min, s | median, s | × `{base}` | peak, MB | rows | rows that differ |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, candidate in measured.candidates.items():
        ratio, seconds = measured.ratio(name, base), measured.seconds(name)
        shown = f"{ratio:.2f}" if ratio is not None else "–"
        different = "–" if name == "compile and plan" else f"{candidate['different']:,}"
        lines.append(
            f"| {name} | {min(seconds):.3f} | {measured.median(name):.3f} | {shown} | {measured.peak(name):.0f} "
            f"| {candidate['rows']:,} | {different if name != 'plan' else '–'} |"
        )
    codes = ", ".join(f"{code}: {number:,}" for code, number in measured.record["codes"].items())
    return "\n".join([*lines, f"\nVerdicts of the first policy by code: {codes}.\n"])


def _check(results: Results) -> list[str]:
    found = []
    for record in results.content["check"]:
        found += [
            f"### A credential report of {record['users']:,} users, all library policies\n",
            f"`{record['command']}`\n",
            "| candidate | min, s | × `csv.DictReader` | peak, MB |",
            "| --- | ---: | ---: | ---: |",
            *(
                f"| `{name}` | {min(one['seconds']):.3f} | {one['ratio']:.2f} | {max(one['megabytes']):.0f} |"
                for name, one in record["candidates"].items()
            ),
            "",
        ]
    return found
