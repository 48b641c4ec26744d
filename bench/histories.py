"""``python -m bench.histories``: what a history of findings costs: processor time of a commit, bytes of a day, of a question.

Objects are made up; of their verdicts a share changes every day, cell by cell, which is the worst case for compression; a
thousandth of the objects goes and as many come.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from perpend.engines.verdicts import VerdictFiles
from perpend.history.ask.questions import about, compared
from perpend.history.ask.views import asking
from perpend.history.commit.commit import commit_run
from perpend.history.commit.judged import JudgedRun, TypeJudged
from perpend.history.place import HistoryPlace
from perpend.ir.coverage import Claim
from perpend.ir.object_types import Field, Lookup, ObjectType, Types
from perpend.ir.program import Block, Outcome, Program, Verdict
from perpend.ir.status import Status
from perpend.store.files import digest_of
from perpend.store.manifest import StoredFile, StoredSource
from perpend.store.snapshot import Snapshot, TableFiles
from perpend.tables.schema import ROW, Column, Form, Table, Tables

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
    verdicts = {index: Verdict(index, status, "text", "message") for index, status in CODES.items()}
    return [
        Program(f"/ce/p{one:03d}/prod.logic.yaml", f"/ce/p{one:03d}", block, verdicts, Types({"Thing": THING}))
        for one in range(number)
    ]


def codes_of(policy: int, changed: float) -> str:
    """Return the code of a row on a day: its own, or another one since each day on which its cell has changed."""
    ever = f"(SELECT count(*) FROM range(1, day + 1) AS d(d) WHERE hash(i, {policy}, d, 7) % 1000000 < {int(changed * 1e6)})"
    roll = f"(hash(i, {policy}, {ever}) % 1000)"
    mix = 20 + policy * 37 % 160
    return (
        f"CASE WHEN {roll} < {mix} THEN 199 WHEN {roll} < {mix + 200} THEN 98 WHEN {roll} < {mix + 210} THEN 201 ELSE 300 END"
    )


def day(directory: Path, number: int, objects: int, policies: int, changed: float) -> tuple[Path, Path, int]:
    """Write the objects of a day and the codes of all policies; return both files and the number of rows."""
    table, verdicts = directory / f"objects-{number}.parquet", directory / f"codes-{number}.parquet"
    swap = objects // 1000
    ids = f"SELECT range AS i FROM range({number * swap}, {objects + number * swap})"
    cells = ", ".join(f"CAST({codes_of(policy, changed)} AS INTEGER) AS v{policy}" for policy in range(policies))
    account = "lpad((hash(i) % 500)::VARCHAR, 12, '1')"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT row_number() OVER (ORDER BY i) - 1 AS {ROW}, 'arn:aws:iam::' || {account} || ':user/team-' || "
            f"(hash(i, 1) % 40) || '/user-' || i AS \"Id\", {account} AS account, 'user-' || i AS name "
            f"FROM ({ids})) TO '{table}' (FORMAT parquet, COMPRESSION zstd)"
        )
        connection.execute(
            f"COPY (SELECT row_number() OVER (ORDER BY i) - 1 AS {ROW}, {cells} FROM (SELECT i, {number} AS day FROM ({ids}))) "
            f"TO '{verdicts}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return table, verdicts, objects


def judged(directory: Path, number: int, files: tuple[Path, Path, int], asked: list[Program]) -> JudgedRun:
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
    types = [TypeJudged(THING, asked, VerdictFiles(None, (verdicts,), rows))]  # type: ignore[arg-type]
    return JudgedRun(snapshot, BEGIN + timedelta(days=number), "bench", types)


def megabytes(place: HistoryPlace) -> dict[str, float]:
    """Return how much of each kind a history's head names."""
    sizes: dict[str, float] = {}
    for file in place.head().files:
        kind = file.path.partition("/")[0]
        sizes[kind] = sizes.get(kind, 0) + file.size / 1e6
    return sizes


def main() -> None:
    """Commit some days, then ask."""
    parser = argparse.ArgumentParser(prog="python -m bench.histories", description=__doc__)
    parser.add_argument("--objects", type=lambda text: int(float(text)), default=100_000)
    parser.add_argument("--policies", type=int, default=20)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--changed", type=float, default=0.001, help="the share of verdicts that change in a day")
    given = parser.parse_args()
    asked = programs(given.policies)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        place = HistoryPlace(directory)
        before = 0.0
        for number in range(given.days):
            run = judged(directory, number, day(directory, number, given.objects, given.policies, given.changed), asked)
            begun = time.process_time()
            committed = commit_run(place, run)
            spent = time.process_time() - begun
            sizes = megabytes(place)
            changes = sum(sizes.get(kind, 0) for kind in ("changes", "past"))
            events = sum(committed.events.values()) if committed else 0
            print(
                f"day {number}: {spent:.2f} CPU-s, {events:,} events, {changes - before:.3f} MB of changes; "
                + ", ".join(f"{kind} {size:.2f}" for kind, size in sorted(sizes.items()))
            )
            before = changes
        for name, query in (
            ("history of one object", about(place.head(), f"user-{given.objects // 2 + 1}")[1]),
            ("last two runs compared", (compared(given.days - 1, given.days), [])),
            ("open findings counted", ("SELECT count(*) FROM finding WHERE life = 'open'", [])),
        ):
            begun = time.process_time()
            with asking(place) as connection:
                rows = len(connection.execute(*query).fetchall())
            print(f"{name}: {time.process_time() - begun:.2f} CPU-s, {rows:,} rows")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
