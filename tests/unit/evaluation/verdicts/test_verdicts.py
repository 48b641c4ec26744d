"""Verdicts in memory are counted, found and listed in the order of their objects."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from perpend.evaluation.verdicts.verdicts import InMemoryVerdicts, StreamedObjects, VerdictRow
from perpend.language.program.numbering import UNREADABLE
from tests.unit.evaluation.verdicts.evaluate_objects import analyzer, program_of, thing

INDEXES = [199, 0, 299, 199, 0, 99, 199]
ERRORS = {1: "odd", 4: "denied"}


@pytest.fixture
def verdicts(tmp_path: Path) -> InMemoryVerdicts:
    return InMemoryVerdicts(program_of(analyzer(tmp_path, {"FIELD": {"path": "on"}})), array("i", INDEXES), ERRORS)


def test_each_index_is_counted(verdicts: InMemoryVerdicts) -> None:
    assert Counter({199: 3, 0: 2, 299: 1, 99: 1}) == verdicts.counted()
    assert Counter() == InMemoryVerdicts(verdicts.program).counted()


def test_reasons_of_unreadable_objects_are_counted_without_their_places(verdicts: InMemoryVerdicts) -> None:
    differ = "sources contradict each other about x (a.csv:1, b.csv:2)"
    errors = {0: differ, 1: differ.replace("1", "7"), 2: "denied", 3: "denied"}
    ended = replace(verdicts, indexes=array("i", [UNREADABLE, UNREADABLE, UNREADABLE, 199]), errors=errors)
    assert {"sources contradict each other about x": 2, "denied": 1} == ended.unreadable()


@pytest.mark.parametrize(
    ("indexes", "limit", "found"),
    [
        ([0], 9, [(1, "odd"), (4, "denied")]),
        ([0], 1, [(1, "odd")]),
        ({0, 199}, 3, [(0, None), (1, "odd"), (3, None)]),
        ([199], 0, []),
        ([], 9, []),
        ([7], 9, []),
    ],
)
def test_the_first_of_some_endings_are_those_of_the_lowest_places(
    verdicts: InMemoryVerdicts, indexes: Collection[int], limit: int, found: list[tuple[int, str | None]]
) -> None:
    assert found == verdicts.first(indexes, limit)
    assert [[VerdictRow(place, INDEXES[place]) for place, _ in found]] == verdicts.firsts([indexes], limit)


def test_every_group_of_endings_has_its_own_first(verdicts: InMemoryVerdicts) -> None:
    assert [[(0, 199), (3, 199)], [(1, 0), (2, 299)], []] == verdicts.firsts([[199], [0, 299], []], 2)


def test_what_went_wrong_goes_with_the_end_of_its_object(verdicts: InMemoryVerdicts) -> None:
    ends = [(index, ERRORS.get(place)) for place, index in enumerate(INDEXES)]
    assert ends == list(verdicts.ends())
    assert [ends[4], ends[0]] == verdicts.verdicts_at([VerdictRow(4, 0), VerdictRow(0, 199)], {4: thing("e"), 0: thing("a")})


def test_objects_that_are_held_are_not_streamed() -> None:
    assert not isinstance([thing("a")], StreamedObjects)
