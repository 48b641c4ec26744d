"""How a policy can end, as people read it: conditions first, checks that say the same once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from perpend.reports.terminal.repository.entity import folded_checks, print_outcomes
from tests.repositories import program_of
from tests.unit.evaluation.verdicts.evaluate_objects import analyzer


def filled(name: str, message: str) -> dict[str, Any]:
    return {"NOT_EMPTY": {"arg": {"FIELD": {"path": name, "undeterminedIf": {"isEmpty": message}}}}}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ({"one": "one is empty", "two": "two is empty"}, [("… is empty", [101, 201], ["one", "two"])]),
        ({"one": "is empty", "two": "is empty"}, [("is empty", [101, 201], [])]),
        ({"one": "one is empty", "two": "two is blank"}, [("one is empty", [101], []), ("two is blank", [201], [])]),
        ({"one": "one, or two", "two": "one, or two"}, [("one, or two", [101], []), ("one, or two", [201], [])]),
    ],
)
def test_checks_that_differ_only_in_what_they_read_are_one(
    tmp_path: Path, messages: dict[str, str], expected: list[tuple[str, list[int], list[str]]]
) -> None:
    program = program_of(analyzer(tmp_path, *(filled(name, message) for name, message in messages.items())))
    assert expected == [(one.message, one.indexes, [*one.names]) for one in folded_checks(program)]


def test_conditions_come_first_and_all_shows_each_check_in_its_place(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, filled("one", "one is empty"), filled("two", "two is empty")))

    def printed(*, everything: bool) -> list[str]:
        stream = io.StringIO()
        print_outcomes(program, Console(file=stream, width=80), everything=everything)
        return stream.getvalue().splitlines()

    lines = printed(everything=False)
    assert ["0", "99", "199", "299", "300"] == [line[:5].strip() for line in lines[: lines.index("")] if line[:5].strip()]
    assert [
        "2 checks give UNDETERMINED if a value cannot be used (--all lists each one)",
        "  101  … is empty",
        "       also 201 (… is one, two)",
    ] == lines[lines.index("") + 1 :]
    numbers = [line[:5].strip() for line in printed(everything=True) if line[:5].strip()]
    assert ["0", "99", "101", "199", "201", "299", "300"] == numbers
