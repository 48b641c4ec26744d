"""The records of ``python -m bench spark`` in, the page ``docs/explanation/scale.md`` out. Every number is from the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bench.inventory import LINKS_PER_USER
from bench.spark import DRIVER_MEMORY, HEADER, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.results import Results

PAGE: Final = "explanation/scale.md"
LINK: Final = f"[Beyond one machine]({PAGE}): throughput per core with DuckDB and Spark, and a sizing table.\n"
_OWN_POLICIES: Final = 20
_JOINED_POLICIES: Final = 5
_SECONDS: Final = 3_600
_CHANGED: Final = 0.001
_DAYS: Final = 30
_NETWORK: Final = 1.25e9
_SIZES: Final = (10**8, 10**9)
_NAMES: Final = {
    "cells": "**cells**: the library's {policies} policies over the cells of a credential report, without a join",
    "joins": "**joins**: one policy that follows a lookup to accounts and counts a child list of "
    f"{LINKS_PER_USER} attachments per user, each with a lookup to its managed policy",
    "history": "**history**: the second day of a history of {policies} policies, of whose verdicts {changed:.1%} changed",
}

_PAGE: Final = """\
# Beyond one machine

This page is written by `python -m bench page` from `bench/results.json`. It has three parts: how work is divided, figures
that were measured, and figures that are **computed** for sizes that nobody has measured.

## How work is divided

| step | runs on |
| --- | --- |
| `import`, `collect` | one machine, DuckDB |
| verdicts of `check` | one machine with DuckDB, or the workers of a cluster with `--engine spark` |
| the history of findings, all outputs | one machine, DuckDB |

Both engines read the same snapshot: the same Parquet files and the same plan. Tests compare their verdicts.

**A store on a disk.** Spark's workers read the files of the store and write codes of verdicts, so the store and `TMPDIR`
must be on a disk that all workers share, under the same path.

**A store on S3.** `check --store s3://…` first copies the files of the snapshot to the cache of the machine that runs the
command (`$XDG_CACHE_HOME/perpend/stores`), and compares them with their hashes. DuckDB and Spark then read the copy.
Workers do not read S3: Spark as `pip` installs it has no file system for S3. The machine therefore needs disk space for the
whole snapshot, and the cache must be on the shared disk, too. Files that are there already are not copied again.

## Measured

{machine}.

Each row is a process of its own, pinned to one core or to two. Seconds start with policies compiled and the engine open, and
end with the codes written to Parquet. *processors* are the seconds of all processors, compilers of the JVM included. Other
processes ran on the machine at the same time, so they say more than those by the clock. *peak* is the memory of the process
and of those that it makes. Spark runs on one machine (`local[1]`, `local[2]`) with a heap of {memory}; DuckDB may hold 1 GB.
Shuffles are those in Spark's event log.

{names}

For **history**, DuckDB's row is a whole commit: it also numbers objects, writes files and hashes them. Spark's row is only
the step that joins new codes with the former state; `perpend` does not make it on Spark. Spark's result was compared with
the commit's.

{tables}

{missing}
## Where DuckDB stops being the better choice

{comparison}

- **Time.** A cluster of *k* cores is faster than a machine of *c* cores only if *k* > *f* × *c*, where *f* is the factor
  above. So Spark helps if the largest machine that you can get is too slow, and a cluster with *f* times its cores is at
  hand. A machine of 64 cores would give {most:,.0f} × 10⁹ verdicts over cells in an hour, if DuckDB used 64 cores as well as
  one. This was not measured beyond two.
- **Start.** A run of Spark spends about {start:.0f} seconds of processors before it is as fast as above.
- **Memory.** It is no reason for Spark: DuckDB's peak hardly grows with the number of objects, and joins that exceed 1 GB are
  spilled to the disk.
- **Disk.** Both engines need the whole snapshot on one disk. A disk that workers share can be larger than a local one.
- **History.** At {pairs:,} objects × policies, Spark's step alone takes {history:.0f} times the seconds of processors of
  DuckDB's whole commit.

## Sizes that were not measured

**The figures below are computed, not measured.** They extend the figures above in a straight line: by the rate between the
two largest sizes if there are two, else by the largest. Take them for the order of magnitude.

Assumed: *N* objects with {links} attachments each; *P* = {own} policies over cells and *J* = {joined} over a lookup and a
child list; *T* = {seconds:,} seconds for a run; {changed:.1%} of verdicts (*c*) change in a day; snapshots of *D* = {days}
days are kept.

| symbol | value | from |
| --- | ---: | --- |
{symbols}

{sizing}

**Cost drivers.** A run costs its core hours (cores × *T* / 3,600, plus the import and the commit) times the price of one.
With DuckDB, policies over lists cost more than policies over cells. Storage costs the bytes kept times the price of one a
month. Each snapshot is complete, so the number of days kept (`perpend inventory prune --keep`) counts most. On S3, each
machine with an empty cache fetches a snapshot once. Requests are few: a table is one file or few. Spark costs *f* times the
core hours, and disks of workers for shuffles.

**Doubts.** The cells here are drawn from few values and compress well: take *b* from a store of your own. Memory, spills and
hashing of files at such sizes were not tried. `import` and the commit to the history run on one machine. Their time grows with
*N*, and more cores help them only in part. An estate can be divided into several stores, for example one per organization:
an object and the objects that it refers to must be in the same store.

## Measure again

```sh
pip install -e '.[dev,bench,spark]'
{commands}
python -m bench page
```
"""


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a core does in a second, and the seconds of processors before."""

    pairs: float
    start: float


def write_scale(results: Results, docs: Path) -> None:
    """Write the page, if something was measured."""
    records = results.content["spark"]
    if {record["workload"] for record in records} == _NAMES.keys():
        (docs / PAGE).parent.mkdir(parents=True, exist_ok=True)
        (docs / PAGE).write_text(_page(records, results.content), "utf-8")


def _page(records: Sequence[Mapping[str, Any]], content: Mapping[str, Any]) -> str:
    by_name = {name: [one for one in records if one["workload"] == name] for name in _NAMES}
    rates = {(name, engine): _rate(some, engine) for name, some in by_name.items() for engine in ("duckdb", "spark")}
    found = content["machine of spark"]
    days = dict.fromkeys(record["date"] for record in records)
    names = [f"- {text.format(**by_name[name][-1])}." for name, text in _NAMES.items()]
    commands = dict.fromkeys(record["command"] for record in records)
    tables = [_table(command, [record for record in records if record["command"] == command]) for command in commands]
    largest = max(record["users"] for record in records)
    missing = [name for name, some in by_name.items() if some[-1]["users"] < largest]
    symbols = _symbols(by_name, rates, content)
    return _PAGE.format(
        machine=f"{found['system']}, {found['cpus']} CPUs, {found['memory']} GiB; Python {found['python']}, DuckDB "
        f"{found['duckdb']}, Spark {found['spark']}, on {' and '.join(days)}",
        memory=DRIVER_MEMORY.removesuffix("g") + " GB",
        names="\n".join(names),
        tables="\n".join(tables).rstrip(),
        missing=f"Not measured at {largest:,} objects, for lack of time: {', '.join(missing)}.\n" if missing else "",
        comparison=_comparison(rates),
        most=rates["cells", "duckdb"].pairs * 64 * 3_600 / 1e9,
        start=rates["cells", "spark"].start,
        pairs=by_name["history"][-1]["users"] * by_name["history"][-1]["policies"],
        history=_first(by_name["history"][-1], "spark") / _first(by_name["history"][-1], "duckdb"),
        links=LINKS_PER_USER,
        own=_OWN_POLICIES,
        joined=_JOINED_POLICIES,
        seconds=_SECONDS,
        changed=_CHANGED,
        days=_DAYS,
        symbols="\n".join(f"| {name} | {value} | {source} |" for name, (_, value, source) in symbols.items()),
        sizing=_sizing({name: number for name, (number, _, _) in symbols.items()}),
        commands="\n".join(commands),
    )


def _table(command: str, records: Sequence[Mapping[str, Any]]) -> str:
    loads = " and ".join(str(record["load"]) for record in records)
    rows = [line_of(record, row) for record in records for row in record["rows"]]
    return "\n".join([f"`{command}`, the machine's load {loads} before:\n", *HEADER, *rows, ""])


def _first(record: Mapping[str, Any], engine: str) -> float:
    """Return the seconds of processors of an engine on the fewest cores."""
    return float(next(row["processors"] for row in record["rows"] if row["engine"] == engine))


def _rate(records: Sequence[Mapping[str, Any]], engine: str) -> _Rate:
    """Return the rate of one core between the two largest sizes; of the largest if there is one, or if they do not differ."""
    sizes = [(record["users"] * record["policies"], _first(record, engine)) for record in records]
    pairs, spent = sizes[-1]
    fewer, less = sizes[-2] if len(sizes) > 1 else (0, 0.0)
    if pairs <= fewer or spent <= less:
        return _Rate(pairs / spent, 0.0)
    rate = (pairs - fewer) / (spent - less)
    return _Rate(rate, max(0.0, spent - pairs / rate))


def _comparison(rates: Mapping[tuple[str, str], _Rate]) -> str:
    lines = [
        "| workload | DuckDB: objects × policies per core and second | Spark | factor *f* |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name in ("cells", "joins"):
        duckdb, spark = rates[name, "duckdb"].pairs, rates[name, "spark"].pairs
        lines.append(f"| {name} | {duckdb:,.0f} | {spark:,.0f} | {duckdb / spark:.1f} |")
    return "\n".join(lines)


def _symbols(
    by_name: Mapping[str, Sequence[Mapping[str, Any]]],
    rates: Mapping[tuple[str, str], _Rate],
    content: Mapping[str, Any],
) -> dict[str, tuple[float, str, str]]:
    """Return each symbol of the formulas: its number, how it is shown, and its source."""
    cells, joins, history = (by_name[name][-1] for name in ("cells", "joins", "history"))
    spark_joins = next(row for row in joins["rows"] if row["engine"] == "spark")
    peak = max(row["peak"] for one in (cells, joins, history) for row in one["rows"] if row["engine"] == "duckdb")
    spark_peak = max(row["peak"] / row["cores"] for one in (cells, joins) for row in one["rows"] if row["engine"] == "spark")
    pairs = history["users"] * history["policies"]
    sizes = history["bytes"]
    found: dict[str, tuple[float, str, str]] = {}
    for place, (engine, sign) in enumerate((("duckdb", "d"), ("spark", "s"))):
        for name in ("cells", "joins"):
            rate = rates[name, engine].pairs
            found[f"*{sign}*{'₁₂'[name == 'joins']}"] = (
                rate,
                f"{rate:,.0f} / s",
                f"{name}, {('DuckDB', 'Spark')[place]}, a core",
            )
    commit = rates["history", "duckdb"].pairs
    found["*h*"] = commit, f"{commit:,.0f} / s", "history, DuckDB, a core"
    if (imported := _imported(content)) is not None:
        found["*i*"] = imported[0], f"{imported[0]:,.0f} / s", f"`perpend import` of a report, a core ({imported[1]})"
    for name, number, source in (
        ("*b*", sum(cells["bytes"].values()) / cells["users"], "snapshot, an object with its attachments"),
        ("*x*", spark_joins["written"] / joins["users"], "joins, shuffled an object"),
        ("*k*", sizes["known"] / pairs, "history, current state, a verdict"),
        ("*o*", sizes["objects"] / history["users"], "history, an object"),
        ("*g*", sizes["a day"] / (pairs * history["changed"]), "history, a changed verdict"),
    ):
        found[name] = number, f"{number:,.1f} bytes", source
    found["*m*"] = peak * 1e6, f"{peak:,} MB", "DuckDB, the highest peak of all"
    found["*M*"] = spark_peak * 1e6, f"{spark_peak:,.0f} MB", "Spark, the highest peak of cells and joins, a core"
    return found


def _imported(content: Mapping[str, Any]) -> tuple[float, str] | None:
    """Return the objects that an import reads in a second of a core, and the size at which that was measured."""
    found = [
        (record["users"], min(record["candidates"]["import"]["processor"]))
        for record in content["commands"]
        if "import" in record["candidates"]
    ]
    if not found:
        return None
    users, spent = max(found)
    return users / spent, f"{users:,} users, [performance](../performance.md)"


def _sizing(value: Mapping[str, float]) -> str:
    every = _OWN_POLICIES + _JOINED_POLICIES

    def core_seconds(objects: int, sign: str) -> float:
        return objects * (_OWN_POLICIES / value[f"*{sign}*₁"] + _JOINED_POLICIES / value[f"*{sign}*₂"])

    rows: list[tuple[str, str, list[str]]] = []

    def add(what: str, formula: str, shown: Sequence[str]) -> None:
        rows.append((what, formula, list(shown)))

    for sign, name in (("d", "DuckDB"), ("s", "Spark")):
        cores = [max(1, core_seconds(size, sign) / _SECONDS) for size in _SIZES]
        formula = f"*N* × (*P* / *{sign}*₁ + *J* / *{sign}*₂) / *T*, at least 1"
        add(f"cores for verdicts, {name}", formula, [f"{one:,.1f}" for one in cores])
        if sign == "s":
            add("memory of workers, Spark", "cores × *M*", [_bytes(one * value["*M*"]) for one in cores])
        else:
            add("memory, DuckDB", "*m*; more is spilled to the disk", [_bytes(value["*m*"])] * 2)
    add("shuffles a run, Spark", "*N* × *x*", [_bytes(size * value["*x*"]) for size in _SIZES])
    if "*i*" in value:
        add("core hours of an import", "*N* / *i* / 3,600", [f"{size / value['*i*'] / 3_600:,.1f}" for size in _SIZES])
    commit = [size * every / value["*h*"] / 3_600 for size in _SIZES]
    add("core hours of a commit to the history", "*N* × (*P* + *J*) / *h* / 3,600", [f"{one:,.1f}" for one in commit])
    add("snapshot, and storage a day for it", "*N* × *b*", [_bytes(size * value["*b*"]) for size in _SIZES])
    add("snapshots kept", "*N* × *b* × *D*", [_bytes(size * value["*b*"] * _DAYS) for size in _SIZES])
    state = [size * (every * value["*k*"] + value["*o*"]) for size in _SIZES]
    add("history, current state", "*N* × ((*P* + *J*) × *k* + *o*)", [_bytes(one) for one in state])
    changes = [size * every * _CHANGED * value["*g*"] for size in _SIZES]
    add("history, storage a day for changes", "*N* × (*P* + *J*) × *c* × *g*", [_bytes(one) for one in changes])
    fetched = [f"{size * value['*b*'] / _NETWORK / 60:,.1f}" for size in _SIZES]
    add("minutes to fetch a snapshot from S3 at 10 Gbit/s", "*N* × *b* / 1.25 GB / 60", fetched)
    lines = [
        f"| computed, not measured | formula | {' | '.join(f'{size:,}' for size in _SIZES)} |",
        "| --- | --- | ---: | ---: |",
    ]
    return "\n".join([*lines, *(f"| {what} | {formula} | {' | '.join(shown)} |" for what, formula, shown in rows)])


def _bytes(number: float) -> str:
    for unit in ("MB", "GB", "TB"):
        number /= 1_000 if unit != "MB" else 1e6
        if number < 1_000:
            break
    return f"{number:,.1f} {unit}"
