"""Whoever imports the package reads files by any path, in a process where there is more than Perpend."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perpend.inventory.readers.read import collect_files

REPORT = Path(__file__).parents[4] / "examples" / "credential-report.csv"


class Circle:
    """Something of others that only the collector of cycles removes."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.medium
def test_what_others_have_made_is_collected_as_before() -> None:
    kept = gc.get_freeze_count()
    circle = Circle()
    there = weakref.ref(circle)
    collect_files([str(REPORT)])
    del circle
    gc.collect()
    assert (None, True) == (there(), gc.isenabled())
    assert gc.get_freeze_count() - kept < 100, "some are the interpreter's own"


def test_paths_are_named_as_texts() -> None:
    assert collect_files([str(REPORT)]) == collect_files([REPORT])


def test_what_is_said_of_no_input_is_refused_it_would_say_nothing() -> None:
    with pytest.raises(ValueError, match=r"^none of the inputs is 'b\.csv'$"):
        collect_files([REPORT], complete={"c.csv": []}, observed_at={"b.csv": datetime(2026, 3, 1, tzinfo=UTC)})


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        collect_files([REPORT], observed_at={str(REPORT): datetime(2026, 3, 1)})


def test_a_text_is_no_scope() -> None:
    with pytest.raises(TypeError, match=r"^'111122223333' is not a Scope"):
        collect_files([REPORT], complete={str(REPORT): ["111122223333"]})  # type: ignore[list-item]  # as somebody may write it


def test_one_path_is_not_taken_for_many() -> None:
    with pytest.raises(TypeError, match=r"paths must be a list, not one text: write \['x.csv'\]"):
        collect_files("x.csv")
