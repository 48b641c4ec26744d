"""The ledger of a history: rows that differ only, in histories begun by this version and by an earlier one; files removed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend.findings.history import manifest
from perpend.findings.history.compliance import newest_counts_of
from perpend.findings.history.maintenance import problems_of
from perpend.findings.history.queries.findings import coverage, trend
from perpend.findings.history.queries.views import asking
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write import commit, counts
from perpend.findings.history.write.commit import commit_run
from tests.histories import BEGIN, Inventory, Thing, program

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

P, Q = program("/ce/p"), program("/ce/q")
A, B, C = Thing("a"), Thing("b", "2"), Thing("c", "2")
DAY = timedelta(days=1)

RUNS: tuple[tuple[dict[Thing, list[int]], list[Any]], ...] = (
    ({A: [199, 300], B: [300, 300]}, [P, Q]),
    ({A: [199, 300], B: [300, 300], C: [101, 199]}, [P, Q]),
    ({A: [199]}, [P]),
    ({A: [199, 300], B: [199, 300], C: [101, 199]}, [P, Q]),
    ({A: [199, 300], B: [199, 300], C: [101, 199]}, [P, Q]),
    ({B: [199, 300]}, [P, Q]),
    ({A: [300, 300], B: [199, 300]}, [P, Q]),
    ({A: [300], B: [300]}, [Q]),
    ({A: [300], B: [300]}, [P]),
)
"""Objects and policies come and go; some runs evaluate one policy only, and one changes no count."""


def run(inventory: Inventory, number: int) -> None:
    things, asked = RUNS[number]
    evaluated = inventory.judged(things, asked, time=BEGIN + number * DAY)
    assert commit_run(inventory.place, evaluated, now=evaluated.time)


def answers(place: HistoryStorage) -> list[Any]:
    """Return what readers of the ledger answer: its view, the trend, coverages, and the counts of scorecards after each run."""
    runs = range(1, len(RUNS) + 1)
    with asking(place, "run", "ledger") as connection:
        rows = connection.execute("SELECT * FROM ledger ORDER BY ALL").fetchall()
        covered = [coverage(connection, number) for number in runs]
        trends = [connection.execute(*trend(accounts, [])).fetchall() for accounts in ([], ["2"])]
    newest = [newest_counts_of(place, accounts, until) for accounts in ((), ("2",)) for until in runs]
    return [rows, covered, trends, newest]


def write_all(patch: pytest.MonkeyPatch) -> None:
    """Let commits write all counts of the types that they evaluate, as the format 5 has it."""
    patch.setattr(commit, "rows_to_write", lambda *_, **__: "FROM ledger")
    plain = commit.HistoryManifest.with_run

    def with_run(head: Any, *more: Any) -> Any:
        return plain(replace(head, full_counts=()), *more)

    patch.setattr(commit.HistoryManifest, "with_run", with_run)
    patch.setattr(manifest, "FORMAT", 5)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The answers of a history in which each run wrote all counts."""
    inventory = Inventory(tmp_path_factory.mktemp("full"))
    with pytest.MonkeyPatch.context() as patch:
        write_all(patch)
        for number in range(len(RUNS)):
            run(inventory, number)
        assert json.loads((inventory.place.directory / "head.json").read_text())["format"] == 5
        return answers(inventory.place)


@pytest.mark.parametrize("after", [1, 3, 64])
@pytest.mark.parametrize("earlier", range(len(RUNS)))
def test_all_readers_answer_as_if_each_run_had_written_all_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: list[Any], earlier: int, after: int
) -> None:
    inventory = Inventory(tmp_path)
    monkeypatch.setattr(counts, "FULL_AFTER", after)
    with pytest.MonkeyPatch.context() as patch:
        write_all(patch)
        for number in range(earlier):
            run(inventory, number)
    for number in range(earlier, len(RUNS)):
        run(inventory, number)
    assert expected == answers(inventory.place)
    assert [] == list(problems_of(inventory.place))
    assert inventory.place.head().full_counts == tuple(range(earlier + 1, len(RUNS) + 1, after))


def test_a_run_writes_the_counts_that_differ(tmp_path: Path) -> None:
    inventory, files = Inventory(tmp_path), []
    steps = [{A: [199], B: [300]}, {A: [199], B: [300]}, {A: [199], B: [199]}, {A: [199], Thing("b", "3"): [199]}]
    for number, things in enumerate(steps):
        evaluated = inventory.judged(things, [P], time=BEGIN + number * DAY)
        assert commit_run(inventory.place, evaluated, now=evaluated.time)
        files.append(inventory.place.head().ledger)
    assert files[0] == files[1], "no count differs, so there is no file"
    rows = duckdb.read_parquet([str(path) for path in inventory.place.paths(files[-1])])
    columns = "run, account, compliant, incompliant, judged"
    assert [(1, "1", 0, 1, 1), (1, "2", 1, 0, 1), (3, "2", 0, 1, 1), (4, "2", 0, 0, 0), (4, "3", 0, 1, 1)] == sorted(
        rows.project(columns).fetchall()
    )


def test_superseded_files_go_with_the_first_run_a_day_later(tmp_path: Path) -> None:
    inventory, place = Inventory(tmp_path), HistoryStorage(tmp_path)
    run(inventory, 0)
    first = place.head()
    again = inventory.judged(*RUNS[1], time=BEGIN + DAY)
    assert commit_run(place, again, now=again.time)
    second = place.head()
    superseded = {file.path for file in first.files} - {file.path for file in second.files}
    assert superseded
    later = replace(again, time=again.time)
    assert commit_run(place, later, now=again.time + DAY - timedelta(seconds=1)) is None
    assert place.paths(first.files), "a reader of the former head finds its files"
    assert commit_run(place, later, now=again.time + DAY) is None
    assert not [path for path in superseded if (place.directory / path).exists()]
    assert place.paths(second.files)
