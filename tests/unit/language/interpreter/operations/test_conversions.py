"""How texts become other values: which check fires where they do not, and what an error says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.language.interpreter.asked import NO, YES, end_of, equal, field, missing, program_asking

BOTH = {"isEmpty": "empty", "invalidFormat": "odd"}


def converted(operation: str, checks: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"NOT_EMPTY": {"arg": {operation: {"arg": field("f"), "undeterminedIf": checks, **more}}}}


@pytest.mark.parametrize(
    ("operation", "more", "good", "odd"),
    [
        ("DATE_TIME_FROM", {"format": "ISO_8601"}, "2026-01-10", "P1D"),
        ("DURATION_FROM", {"format": "ISO_8601"}, "P1D", "60s"),
        ("DURATION_FROM", {"format": "GCP"}, "60s", "P1D"),
    ],
)
def test_a_text_is_a_value_or_fires_the_check_of_what_it_is(
    tmp_path: Path, operation: str, more: dict[str, str], good: str, odd: str
) -> None:
    program = program_asking(tmp_path, converted(operation, BOTH, **more))
    assert [YES, (101, None), (101, None), (102, None)] == [end_of(program, {"f": text}) for text in (good, " ", None, odd)]
    assert missing("f") == end_of(program, {}, complete=False)
    unset = program_asking(tmp_path, converted(operation, {"invalidFormat": "odd"}, **more))
    assert [YES, NO, (101, None)] == [end_of(unset, {"f": text}) for text in (good, None, odd)]


def test_what_stands_for_no_date_fires_the_check_of_no_date(tmp_path: Path) -> None:
    program = program_asking(tmp_path, converted("DATE_TIME_FROM", BOTH, format="ISO_8601", nullValues=["N/A", "no  data"]))
    assert [(101, None)] * 2 + [(102, None)] == [end_of(program, {"f": text}) for text in (" n/a", "No Data", "none")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{x", (102, True)), ('{"a": 1, "a": 2}', (102, True)), ("", (101, False)), ("{}", (200, False)), ("[1]", (199, False))],
)
def test_a_text_that_is_no_json_says_why(tmp_path: Path, text: str, expected: tuple[int, bool]) -> None:
    program = program_asking(tmp_path, converted("JSON_FROM", {"isEmpty": "empty", "isInvalid": "no JSON"}))
    index, error = end_of(program, {"f": text})
    assert expected == (index, error is not None)
    if text.startswith('{"a"'):
        assert "an object has the key `a` twice" == error


def test_the_size_of_what_is_no_array_is_not_known(tmp_path: Path) -> None:
    document = {"JSON_FROM": {"arg": field("f"), "undeterminedIf": {"isInvalid": "no JSON"}}}
    program = program_asking(tmp_path, equal({"SIZE": {"arg": document}}, {"NUMBER": 2}))
    assert [YES, NO, NO] == [end_of(program, {"f": text}) for text in ("[1, null]", "[]", None)]
    odd = (0, "the size of a JSON value that is no array was asked for")
    assert [odd] * 3 == [end_of(program, {"f": text}) for text in ('{"a": 1, "b": 2}', '"ab"', "2")]


CHECKS = {"duplicateKey": "twice", "keyNotFound": "none", "valueIsEmpty": "blank"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tls: 1.2", YES),
        ("TLS : 1.2\nssl: no", YES),
        ("tls: 1.2\nTLS: 1.3", (101, None)),
        ("tls: 1.2\ntls:  1.2 ", YES),
        ("ssl: 1.2", (102, None)),
        (None, (102, None)),
        ("tls:", (103, None)),
    ],
)
def test_an_attribute_is_there_once_or_fires_a_check(tmp_path: Path, text: str | None, expected: Any) -> None:
    value = {
        "ATTRIBUTE_VALUE": {
            "arg": {"ATTRIBUTES_FROM": {"arg": field("f")}},
            "key": {"TEXT": "tls"},
            "undeterminedIf": CHECKS,
        }
    }
    assert expected == end_of(program_asking(tmp_path, equal(value, {"TEXT": "1.2"})), {"f": text})
