"""``python -m bench histories``: what a history of findings costs: processor time of a commit, bytes of a day, of a question.

Objects are made up; of their verdicts a share changes every day, cell by cell, which is the worst case for compression; a
thousandth of the objects goes and as many come. The clock of commits is simulated: runs are a day apart.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from bench.measure import run
from perpend.core.commit import digest_of
from perpend.core.objects.claims import Claim
from perpend.core.objects.object_types import Field, Lookup, ObjectType, Types
from perpend.core.objects.status import Status
from perpend.core.schema.tables import ROW, SOURCE, Column, Form, Table, Tables
from perpend.evaluation.engines.verdicts import VerdictFiles
from perpend.findings.history.queries.findings import COMPARED, about, compared
from perpend.findings.history.queries.views import asking, history_of_object
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write import compaction
from perpend.findings.history.write.commit import commit_run
from perpend.findings.history.write.evaluated_run import EvaluatedRun, EvaluatedType
from perpend.inventory.snapshots.manifest import StoredFile, StoredSource
from perpend.inventory.snapshots.snapshot import Snapshot, TableFiles
from perpend.language.program.program import Block, DeclaredOutcome, Outcome, Program

THING = ObjectType(
    "Thing",
    fields={name: Field(name, "text") for name in ("Id", "account", "name")},
    lookups={"account__r": Lookup("account__r", "Account", "account")},
    master="account__r",
    name_field="name",
)
CODES = {199: Status.INCOMPLIANT, 300: Status.COMPLIANT, 98: Status.INAPPLICABLE, 201: Status.UNDETERMINED}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def programs(number: int) -> list[Program]:
    """Return made-up programs."""
    block = Block(THING, (), Outcome(Status.COMPLIANT, "fine", None))
    verdicts = {index: DeclaredOutcome(index, status, "text", "message") for index, status in CODES.items()}
    return [
        Program(f"/ce/p{one:03d}/prod.logic.yaml", f"/ce/p{one:03d}", block, verdicts, Types({"Thing": THING}))
        for one in range(number)
    ]


def roll(policy: int, day: str) -> str:
    """Return the code that a cell has drawn on a day: policies differ in how many objects fail."""
    drawn = f"(hash(i, {policy}, {day}) % 1000)"
    mix = 20 + policy * 37 % 160
    bounds = {199: mix, 98: mix + 200, 201: mix + 210}
    return f"CASE {' '.join(f'WHEN {drawn} < {below} THEN {code}' for code, below in bounds.items())} ELSE 300 END"


def day(directory: Path, number: int, objects: int, policies: int, changed: float) -> tuple[Path, Path, int]:
    """Write the objects of a day and the codes of all policies; return both files and the number of rows.

    The codes are those of the day before, but for the cells that draw again, and the objects that have come.
    """
    table, verdicts = directory / f"objects-{number}.parquet", directory / f"codes-{number}.parquet"
    swap, first = objects // 1000, number * (objects // 1000)
    ids = f"SELECT range AS i FROM range({first}, {objects + first})"
    account = "lpad((hash(i) % 500)::VARCHAR, 12, '1')"
    drawn = ", ".join(f"CAST({roll(policy, '0')} AS SMALLINT) AS v{policy}" for policy in range(policies))
    came = f"SELECT i - {first} AS {ROW}, {drawn} FROM ({ids})"
    if number:
        odds = f"hash(i, {{}}, {number}, 7) % 1000000 < {int(changed * 1e6)}"
        again = ", ".join(
            f"CAST(CASE WHEN {odds.format(one)} THEN {roll(one, str(number))} ELSE v{one} END AS SMALLINT) AS v{one}"
            for one in range(policies)
        )
        before = f"(SELECT *, {ROW} + {first - swap} AS i FROM '{directory}/codes-{number - 1}.parquet')"
        came = (
            f"SELECT i - {first} AS {ROW}, {again} FROM {before} WHERE i >= {first} "
            f"UNION ALL {came} WHERE i >= {objects + first - swap}"
        )
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT i - {first} AS {ROW}, 0 AS {SOURCE}, 'arn:aws:iam::' || {account} || ':user/team-' || "
            f"(hash(i, 1) % 40) || '/user-' || i AS \"Id\", {account} AS account, 'user-' || i AS name "
            f"FROM ({ids})) TO '{table}' (FORMAT parquet, COMPRESSION zstd)"
        )
        connection.execute(f"COPY ({came}) TO '{verdicts}' (FORMAT parquet, COMPRESSION zstd)")
    return table, verdicts, objects


def judged(directory: Path, number: int, files: tuple[Path, Path, int], asked: list[Program]) -> EvaluatedRun:
    """Return a day as a history takes it."""
    table, verdicts, rows = files
    stored = StoredFile(str(table.relative_to(directory)), *digest_of(table))
    columns = {name: Column(name, Form.TEXT) for name in ("Id", "account", "name")}
    snapshot = Snapshot(
        f"day-{number:04d}",
        Tables({"Thing": Table("Thing", "Thing", columns, rows=rows)}),
        TableFiles(directory, {"Thing": (stored,)}),
        (StoredSource("bench", "bench", coverage=(Claim("Thing"),)),),
        (),
        BEGIN,
        stored.sha256,
        "bench",
        directory,
    )
    types = [EvaluatedType(THING, asked, VerdictFiles(None, (verdicts,), rows, len(asked)))]  # type: ignore[arg-type]
    return EvaluatedRun(snapshot, BEGIN + timedelta(days=number), "bench", types)


def megabytes(place: HistoryStorage) -> dict[str, float]:
    """Return how much of each kind a history's head names."""
    sizes: dict[str, float] = {}
    for file in place.head().files:
        kind = file.path.partition("/")[0]
        sizes[kind] = sizes.get(kind, 0) + file.size / 1e6
    return sizes


def on_disk(place: HistoryStorage) -> str:
    """Return how much lies on the disk, files included that the head no longer names."""
    sizes = [path.stat().st_size / 1e6 for path in place.directory.rglob("*") if path.is_file()]
    return f"{sum(sizes):.1f} MB on disk in {len(sizes)} files"


def ask(place: HistoryStorage, name: str, question: str, *views: str, since: int = 0) -> None:
    """Print what a question takes, the checks of the files that it needs included."""
    begun = cpu()
    with asking(place, *views, since=since) as connection:
        rows = len(connection.execute(question).fetchall())
    print(f"{name}: {cpu() - begun:.2f} CPU-s, {rows:,} rows", flush=True)


def ask_of_object(place: HistoryStorage, when: str, name: str) -> None:
    """Print what the history of one object takes, the checks of the files that it needs included."""
    begun = cpu()
    with history_of_object(place, name) as connection:
        rows = len(connection.execute(*about(place.head(), name)[1]).fetchall())
    print(f"history of one object{when}: {cpu() - begun:.2f} CPU-s, {rows:,} rows", flush=True)


def ask_anew(directory: Path, *words: str) -> None:
    """Print what a command takes as a whole process: Python, the package, the checks of files."""
    command = [sys.executable, "-m", "perpend", *words, "--store", str(directory)]
    least = min((run(command, allowed=(0, 1, 2)) for _ in range(3)), key=lambda one: one.processor)
    print(f"perpend {' '.join(words)}: {least.processor:.2f} CPU-s (the best of 3 processes)", flush=True)


def cpu() -> float:
    """Return the processor time of this process."""
    return time.process_time()


def measure_histories(objects: int, policies: int, days: int, changed: float) -> None:
    """Commit some days, and ask: also before and after what was kept run by run is put together, sooner where days are few."""
    asked = programs(policies)
    together = max(1, min(compaction.MOST_CHANGES, days - 2))
    compaction.MOST_CHANGES = together  # type: ignore[misc]  # nobody else commits here
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        place, before, grown, spent = HistoryStorage(directory), 0.0, list[float](), list[float]()
        for number in range(days):
            made = day(directory, number, objects, policies, changed)
            taken = judged(directory, number, made, asked)
            begun = cpu()
            committed = commit_run(place, taken, now=taken.time)
            spent.append(cpu() - begun)
            sizes = megabytes(place)
            changes = sum(sizes.get(kind, 0) for kind in ("changes", "past"))
            grown.append(changes - before)
            before = changes
            events = sum(committed.events.values()) if committed else 0
            kinds = ", ".join(f"{kind} {size:.2f}" for kind, size in sorted(sizes.items()))
            kinds += f"; {on_disk(place)}"
            print(
                f"day {number}: {spent[-1]:.2f} CPU-s, {events:,} events, {grown[-1]:.3f} MB of changes; {kinds}",
                flush=True,
            )
            if number in (together - 1, together):
                when = " before compaction" if number < together else " after compaction"
                ask_of_object(place, when, f"user-{objects // 2 + 1}")
            if number:
                for path in directory.glob(f"*-{number - 1}.parquet"):
                    path.unlink()
        last = days if days > 1 else 2
        ask_of_object(place, "", f"user-{objects // 2 + 1}")
        ask_anew(directory, "history", f"user-{objects // 2 + 1}")
        for command in ("findings", "trend", "diff"):
            ask_anew(directory, command)
        ask(place, "last two runs compared", compared(last - 1, last), *COMPARED, since=last - 1)
        ask(place, "open findings counted", "SELECT count(*) FROM finding WHERE life = 'open'", "finding")
    ordinary = [size for size in grown[1:] if size > 0] or grown
    daily = statistics.median(ordinary)
    print(
        f"a day: {daily:.2f} MB of changes, {statistics.median(spent):.1f} CPU-s (median); a year at that pace: "
        f"{365 * daily:,.0f} MB; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB"
    )
