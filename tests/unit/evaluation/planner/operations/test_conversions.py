"""Texts become values; a check of the policy reports texts that cannot."""

from __future__ import annotations

from typing import Any

from tests.unit.evaluation.planner.operations.planned import ends, field

TEXT = field("text")
SET = {"SET_FROM": {"arg": TEXT, "separator": ","}}


def empty(conversion: Any) -> Any:
    return ends({"IS_EMPTY": {"arg": conversion}})


def test_a_truth_value_is_one_word_and_never_null() -> None:
    conversion = {"BOOLEAN_FROM": {"arg": TEXT, "trueValue": " Yes", "undeterminedIf": {"isEmpty": "m"}}}
    assert [("is(text, '')", 101), ("is(text, 'yes')", 199)] == ends(conversion)


def test_a_date_is_null_for_what_the_author_calls_null() -> None:
    checks = {"isEmpty": "m", "invalidFormat": "m"}
    conversion = {"DATE_TIME_FROM": {"arg": TEXT, "format": "ISO_8601", "nullValues": ["N/A"], "undeterminedIf": checks}}
    no_date = "is(text, '', 'n/a')"
    assert [
        (no_date, 101),
        (f"and(not({no_date}), null(instant(text)))", 102),
        (f"null(if({no_date}, None as whole, instant(text)))", 199),
    ] == empty(conversion)


def test_a_duration_is_read_in_its_format() -> None:
    conversion = {"DURATION_FROM": {"arg": TEXT, "format": "GCP", "undeterminedIf": {"invalidFormat": "m"}}}
    planned = "duration(text, 'GCP')"
    assert [(f"and(not(is(text, '')), null({planned}))", 101), (f"null({planned})", 199)] == empty(conversion)


def test_a_size_is_that_of_a_collection_or_of_a_json_array() -> None:
    def larger(arg: Any) -> Any:
        return ends({"GREATER_THAN": {"left": {"SIZE": {"arg": arg}}, "right": {"NUMBER": 1}}})

    assert [("less(1.0, size(split(text, ',', 'Text', (True, True, True))))", 199)] == larger(SET)
    assert [("less(json size('{}'), 0.0)", -1), ("less(1.0, json size('{}'))", 199)] == larger({"JSON": {}})


def test_a_document_is_checked_only_where_no_engine_reads_it_by_itself() -> None:
    checks = {"isEmpty": "m", "isInvalid": "m"}
    nothing = "or(null(json), same(json, ''))"
    failure = f"null(if(or(true(json#plain), {nothing[3:-1]}), None, invalid json(json)))"
    found = empty({"JSON_FROM": {"arg": field("json", "BYTES"), "undeterminedIf": checks}})
    assert [(nothing, 101), (f"and(not({nothing}), not({failure}))", 102), ("true(json empty(json))", 199)] == found


def test_an_attribute_is_absent_repeated_or_has_a_value() -> None:
    checks = {"duplicateKey": "m", "keyNotFound": "m", "valueIsEmpty": "m"}
    conversion = {
        "ATTRIBUTE_VALUE": {"arg": {"ATTRIBUTES_FROM": {"arg": TEXT}}, "key": {"TEXT": "a"}, "undeterminedIf": checks}
    }
    found = "attribute(text, 'a')"
    assert [
        (f"same({found}, 'r')", 101),
        (f"same({found}, 'a')", 102),
        (f"is(if(same({found}, 'a'), None, rest({found})), '')", 103),
    ] == empty(conversion)
