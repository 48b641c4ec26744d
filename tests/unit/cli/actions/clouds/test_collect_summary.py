"""What an interrupted collection leaves is told with the words that go on with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from perpend.cli.actions.clouds.collect_summary import tell_interrupted, tell_unfinished
from perpend.collectors.aws.work_units import WorkUnit, WorkUnitResult
from perpend.collectors.runs.checkpoint import Journal
from perpend.inventory.snapshots.store import Store
from perpend.inventory.snapshots.unfinished_collections import new_unfinished

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_what_is_done_is_counted_and_once_nobody_is_at_it_it_is_told_as_unfinished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "store")
    directory = new_unfinished(store.directory)
    journal = Journal(directory, "a plan")
    for region in ("eu-west-1", "eu-west-2"):
        journal.end(WorkUnitResult(WorkUnit("111122223333", region, "ec2.instances"), NOON, NOON))
        tell_interrupted(store, journal)
    tell_unfinished(store)  # somebody is at it
    journal.close()
    one, two = capsys.readouterr().err.splitlines()
    assert f"1 listing is done and kept in {store.directory}: the same command with --resume goes on" == one
    assert two.startswith("2 listings are done and kept in ")
    tell_unfinished(store)
    assert (
        f"perpend: an unfinished collection of {directory.name[:15]} UTC stands in the store: --resume with its options goes on "
        "with it, `perpend inventory prune --keep N` removes it\n"
    ) == capsys.readouterr().err
