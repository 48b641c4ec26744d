"""Files that other tools write, with one value of them gone or null: what was unknown or wrong does not come to pass."""

from __future__ import annotations

import copy
import json
import os
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from perpend import Analyzer, UnusableInput, open_repository, select_policies
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.selection import Selection
from perpend.inventory.readers.read import collect_files
from tests.formats import FORMATS, as_csv, written
from tests.reference import evaluate_objects

pytestmark = pytest.mark.usefixtures("shared_database")

DAY = datetime(2026, 11, 20, tzinfo=UTC)
KNOWN_GOOD = (Status.COMPLIANT, Status.INAPPLICABLE)
CONTENTS = ("Document", "PolicyDocument", "policy")
"""What stands below is one value: a document with less in it says something else."""


STEP = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 4
"""Every how many members of a file are left out in turn."""


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(open_repository())


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places of members of objects. Elements of lists are not left out: a list states what it holds."""
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(value, dict):
            yield (*at, key)
        if key not in CONTENTS:
            yield from paths(below, (*at, key))


def damaged(value: Any, path: tuple[Any, ...], *, gone: bool) -> Any:
    """Return a value of which one member is gone, or null."""
    value = copy.deepcopy(value)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    if gone:
        del holder[path[-1]]
    else:
        holder[path[-1]] = None
    return value


def selection_over(file: Path, text: str, analyzer: Analyzer) -> Selection:
    """Return the policies that judge what is in a file."""
    file.write_text(text)
    return select_policies(analyzer, over=collect_files([str(file)]).inventory)


def verdicts(file: Path, text: str, selection: Selection) -> dict[tuple[str, str], Status]:
    file.write_text(text)
    evaluation = evaluate_objects(collect_files([str(file)]).inventory, selection, snapshot_time=DAY)
    return {(one.policy_id, one.object.id): one.status for one in evaluation.findings()}


@pytest.mark.parametrize("name", FORMATS)
def test_less_in_a_file_makes_nothing_pass(tmp_path: Path, analyzer: Analyzer, name: str) -> None:
    value = FORMATS[name]()
    selection = selection_over(tmp_path / "a", written(name, value), analyzer)
    before = verdicts(tmp_path / "a", written(name, value), selection)
    assert before
    judged = 0
    for path in islice(paths(value), zlib.crc32(name.encode()) % STEP, None, STEP):
        for text in {written(name, damaged(value, path, gone=gone)) for gone in (True, False)}:
            try:
                after = verdicts(tmp_path / "a", text, selection)
            except UnusableInput:
                continue
            judged += 1
            better = {key for key, status in after.items() if status in KNOWN_GOOD and before.get(key) not in KNOWN_GOOD}
            assert set() == better, (path, better)
    assert judged > 1


@pytest.mark.parametrize("name", ["steampipe", "steampipe-report", "cloudquery"])
def test_csv_says_no_more_than_json(tmp_path: Path, analyzer: Analyzer, name: str) -> None:
    rows = FORMATS[name]()
    selection = selection_over(tmp_path / "a", written(name, rows), analyzer)
    assert verdicts(tmp_path / "a", written(name, rows), selection) == verdicts(tmp_path / "a", as_csv(rows), selection)


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    for name, make in FORMATS.items():
        text = written(name, make())
        for end in range(len(text) // 7, len(text) - 2, len(text) // 7):
            (tmp_path / "a").write_text(text[:end])
            with pytest.raises(UnusableInput):
                collect_files([str(tmp_path / "a")])
    assert json.loads(written("aws-config", FORMATS["aws-config"]()))
