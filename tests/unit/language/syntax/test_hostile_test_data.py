"""Test data that is no JSON, no test data, or expects what cannot be: named at its line and column."""

from __future__ import annotations

import json
import sys

import pytest

from tests.unit.language.syntax.written import DATA, LOGIC, checked, errors, logic, write

EXPECTED = {"status": "COMPLIANT", "conditionIndex": "199", "conditionText": "public__c", "runtimeError": None}
TEST = {"expectedResult": EXPECTED, "context": {"snapshotTime": "2026-01-31T00:00:00Z"}, "Id": "a", "public__c": True}


INDEX_HELP = "`299` is condition 2 itself, `201` its first check"


def found_in(tmp_path, content):
    head = "testData: [{file: test-data.json}]\n"
    return checked(write(tmp_path, {LOGIC: logic("FIELD: {path: public__c}", head=head), DATA: content}))


def without(key):
    return {name: value for name, value in EXPECTED.items() if name != key}


REFUSED = {
    "nothing": ("", "L140", 1, 1),
    "a trailing comma": ('[\n  {"Id": "a",}\n]', "L140", 2, 13 if sys.version_info >= (3, 13) else 14),
    "an unclosed array": ('[\n  {"Id": "a"}\n', "L140", 3, 1),
    "a second value": ("[]\n[]", "L140", 2, 1),
    "single quotes": ("[{'Id': 1}]", "L140", 1, 3),
    "NaN": ('[\n  {"Id": "NaN", "size__c": NaN}]', "L140", 2, 28),
    "Infinity": ('[{"a": -Infinity}]', "L140", 1, 8),
    "a raw line break in a text": ('[{"Id": "a\nb"}]', "L140", 1, 11),
    "100,000 levels": ("[" * 100_000 + "]" * 100_000, "L140", 1, 1),
    "100,000 levels of objects": ('{"a":' * 100_000, "L140", 1, 1),
    "an object": ('\n {"Id": 1}', "L141", 1, 1),
    "bytes that are not UTF-8": (b'[\n"\xff"]', "L103", 2, 2),
    "UTF-16": ("[]".encode("utf-16"), "L103", 1, 1),
    "an entry that is no object": ('[\n  "a"]', "L141", 2, 3),
    "no expectation": ('[\n  {"Id": "a"}]', "L142", 2, 3),
    "no expectation behind a mark": ('\ufeff[{"Id": "a"}]', "L142", 1, 2),
    "no expectation and a number of 5,000 digits": (f'[{{"Id": {"1" * 5_000}}}]', "L142", 1, 2),
    "an expectation that is no object": ('[{"Id": "a", "expectedResult": "COMPLIANT"}]', "L142", 1, 2),
}


@pytest.mark.parametrize(("content", "code", "line", "column"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_test_is_named_where_it_stands(tmp_path, content, code, line, column):
    assert [(code, DATA, line, column)] == errors(found_in(tmp_path, content))


@pytest.mark.parametrize("key", EXPECTED)
def test_an_expectation_without_a_key_is_named_at_the_expectation(tmp_path, key):
    (found,) = found_in(tmp_path, f'[{{"Id": "a",\n  "expectedResult": {json.dumps(without(key))}}}]')
    assert ("L142", 2, 3, 19) == (found.code, found.span.line, found.span.column, found.span.end_column)
    assert f"`expectedResult` lacks `{key}`" == found.message


@pytest.mark.parametrize(
    ("key", "value", "message", "help"),
    [
        ("status", "COMPLAINT", "`COMPLAINT` is not a status", "did you mean `COMPLIANT`?"),
        ("status", "compliant", "`compliant` is not a status", "did you mean `COMPLIANT`?"),
        ("status", None, "`null` is not a status", "one of COMPLIANT, INCOMPLIANT, INAPPLICABLE, UNDETERMINED, DISAPPEARED"),
        ("conditionIndex", "one", "`one` is not a condition index", INDEX_HELP),
        ("conditionIndex", -1, "`-1` is not a condition index", INDEX_HELP),
        ("conditionIndex", True, "`true` is not a condition index", INDEX_HELP),
        (
            "conditionIndex",
            "9" * 90,
            f"`{'9' * 59}…` is not a condition index",
            INDEX_HELP,
        ),
    ],
)
def test_what_no_verdict_can_be_is_an_error_at_its_key(tmp_path, key, value, message, help):
    text = json.dumps([TEST, TEST | {"expectedResult": EXPECTED | {key: value}}], indent=1)
    line = [number for number, line in enumerate(text.split("\n"), 1) if f'"{key}"' in line][1]
    (found,) = found_in(tmp_path, text)
    assert ("L143", line, 4, message, help) == (found.code, found.span.line, found.span.column, found.message, found.help)


@pytest.mark.parametrize("time", ["yesterday", "2026-02-30T00:00:00Z", "", 5, ["2026-01-31"]])
def test_a_snapshot_taken_at_no_time_is_an_error_at_its_key(tmp_path, time):
    text = json.dumps([TEST | {"Id": "context", "context": {"snapshotTime": time}}])
    (found,) = found_in(tmp_path, text)
    assert ("L143", text.index('"snapshotTime"') + 1) == (found.code, found.span.column)


def test_sound_tests_are_no_fault(tmp_path):
    numbered = TEST | {"expectedResult": EXPECTED | {"conditionIndex": 199}}
    assert [] == found_in(tmp_path, json.dumps([TEST, TEST | {"context": {}}, numbered]))


def test_many_tests_without_expectation_are_counted_and_found_quickly(tmp_path):
    found = found_in(tmp_path, json.dumps([{"Id": str(number)} for number in range(5_000)]))
    assert 21 == len(found)
    assert "and 4,980 more in `ce/acme/test-data.json`" == found[-1].message


def test_test_data_that_is_too_large_is_not_read(tmp_path):
    found = found_in(tmp_path, b" " * (33 * 1024 * 1024))
    assert [("L102", DATA, 1, 1)] == errors(found)


def test_an_id_is_shown_in_short(tmp_path):
    (found,) = found_in(tmp_path, json.dumps([{"Id": "x" * 100_000}]))
    assert f"the test object `{'x' * 59}…` has no `expectedResult`" == found.message
