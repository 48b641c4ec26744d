"""Verdicts as Parquet: where they cannot be written, the reason is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perpend.inventory.snapshots.files import StoreError
from perpend.reports.formats.parquet import write_parquet
from tests.repositories import program_of
from tests.unit.evaluation.verdicts.evaluate_objects import analyzer, evaluation, inventory, thing


def test_a_directory_that_is_not_there_is_what_is_told(tmp_path: Path) -> None:
    judged = evaluation(inventory(thing("a")), program_of(analyzer(tmp_path, {"FIELD": {"path": "on"}})))
    target = tmp_path / "nowhere" / "verdicts.parquet"
    with pytest.raises(StoreError) as raised:
        write_parquet(judged, target)
    assert f"{os.path.realpath(target)}: cannot be written: there is no such directory" == str(raised.value)
