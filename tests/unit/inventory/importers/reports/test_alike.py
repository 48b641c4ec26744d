"""Rows that contradict each other are compared a part at a time: in little memory, to the same end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perpend.inventory.importers.reports import alike
from perpend.inventory.importers.reports.alike import settle_alike
from perpend.inventory.snapshots.database import opened, rows_of
from perpend.inventory.snapshots.manifest import StoredSource

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = tuple(f"column {place}" for place in range(20))


def settled(directory: Path, users: int, memory: str) -> tuple[list[tuple[object, ...]], int]:
    """Return what is said of two lines of each user, which differ in one value, and how many readings remain."""
    values = ", ".join(f"'{place} ' || (line // 2) AS c{place}" for place in range(19))
    listed = f"0 AS source, line, 'u' || line // 2 AS \"user\", 'arn:' || line // 2 AS arn, {values}"
    readings = f"SELECT {listed}, CAST(line % 2 AS VARCHAR) AS c19 FROM range(2 * {users}) AS lines(line)"
    directory.mkdir()
    sources = [StoredSource("report.csv", "credential-report", None, 2 * users)]
    with opened(directories=[directory], spill=directory / "spill", memory_limit=memory) as connection:
        connection.execute("SET threads = 1")
        known, rivals = settle_alike(connection, readings, COLUMNS, sources, directory, rivals=True)
        said = rows_of(connection, f"SELECT number, arn, line, contradicted FROM {known} ORDER BY number")
        return said, rows_of(connection, f"SELECT count(*) FROM {rivals}")[0][0]


@pytest.mark.medium
def test_more_than_memory_holds_is_settled(tmp_path: Path) -> None:
    said, rivals = settled(tmp_path / "x", 30_000, "50MB")
    assert (30_000, 60_000) == (len(said), rivals)


def test_parts_come_to_what_all_at_once_come_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = settled(tmp_path / "once", 50, "500MB")
    monkeypatch.setattr(alike, "_AT_ONCE", 7)
    assert at_once == settled(tmp_path / "parts", 50, "500MB")
    assert at_once[0][0] == (0, "arn:0", 0, "sources contradict each other about column 19 (report.csv:0, report.csv:1)")
