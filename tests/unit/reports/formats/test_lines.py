"""Who draws the lines of objects that are read as they are asked for: this process, or several where that is worth it and safe."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.reports.formats import lines
from perpend.reports.formats.csv import write_csv
from tests.reference import evaluate_objects
from tests.unit.evaluation.verdicts.stored import DAY, Case

CAN: dict[str, Any] = {
    "_MANY": 2,
    "processors": lambda: 2,
    "is_alone": lambda: True,
    "can_fork": lambda: True,
    "has_only_python_threads": lambda: True,
}
"""Where several processes draw."""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


@pytest.fixture
def dealt(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give the numbers of processes that were asked for; all of them are this one here."""
    asked: list[int] = []

    def counted(answers: Callable[[int], Iterable[Any]], count: int) -> Iterator[Any]:
        asked.append(count)
        for turn in zip(*map(answers, range(count)), strict=False):
            yield from turn

    monkeypatch.setattr(lines, "dealt", counted)
    return asked


def text_of(evaluation: Evaluation) -> str:
    stream = io.StringIO()
    write_csv(evaluation, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ({}, [2]),
        ({"processors": lambda: 64}, [4]),
        ({"processors": lambda: 1}, []),
        ({"_MANY": 8}, []),
        ({"is_alone": lambda: False}, []),
        ({"can_fork": lambda: False}, []),
        ({"has_only_python_threads": lambda: False}, []),
    ],
)
def test_several_draw_only_where_it_is_worth_it_and_safe(
    case: Case, dealt: list[int], monkeypatch: pytest.MonkeyPatch, otherwise: dict[str, Any], expected: list[int]
) -> None:
    for name, value in (CAN | otherwise).items():
        monkeypatch.setattr(lines, name, value)
    with evaluate_snapshot(case.snapshot, case.selection, snapshot_time=DAY) as evaluation:
        text_of(evaluation)
    assert expected == dealt


def test_objects_that_are_held_are_drawn_here(case: Case, dealt: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CAN.items():
        monkeypatch.setattr(lines, name, value)
    assert text_of(evaluate_objects(case.inventory, case.selection, snapshot_time=DAY))
    assert [] == dealt
