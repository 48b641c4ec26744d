"""Searches in texts and collections: JSON arrays among them, and what cannot be searched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.interpret.asked import NO, YES, end_of, field, missing, program_asking

DOCUMENT = {"JSON_FROM": {"arg": field("doc"), "undeterminedIf": {"isInvalid": "not JSON"}}}
NO_ARRAY = (0, "a JSON value that is no array was searched as a collection")
NOT_TEXTS = (0, "a JSON array that is searched for holds more than texts")


@pytest.mark.parametrize("operation", ["CONTAINS_ALL", "CONTAINS_ANY"])
@pytest.mark.parametrize("document", ['{"a": 1}', "5", '"a"', "true"])
def test_a_document_that_is_no_array_is_no_collection(tmp_path: Path, operation: str, document: str) -> None:
    items = {"LIST": {"itemType": "TEXT", "items": ["a"]}}
    program = program_asking(tmp_path, {operation: {"arg": DOCUMENT, "search": items}})
    assert NO_ARRAY == end_of(program, {"doc": document})


@pytest.mark.parametrize(
    ("document", "every", "some"),
    [
        ('["A ", "b", 7]', YES, YES),
        ('["a", 7, {}]', NO, YES),
        ("[7]", NO, NO),
        ("[]", NO, NO),
        ("", NO, NO),
    ],
)
def test_of_an_array_its_texts_are_searched(tmp_path: Path, document: str, every: Any, some: Any) -> None:
    items = {"LIST": {"itemType": "TEXT", "items": ["a", "B"]}}
    for operation, expected in (("CONTAINS_ALL", every), ("CONTAINS_ANY", some)):
        assert expected == end_of(program_asking(tmp_path, {operation: {"arg": DOCUMENT, "search": items}}), {"doc": document})


@pytest.mark.parametrize("operation", ["CONTAINS_ALL", "CONTAINS_ANY"])
def test_what_is_looked_for_is_read_from_the_object_and_holds_texts(tmp_path: Path, operation: str) -> None:
    program = program_asking(tmp_path, {operation: {"arg": {"TEXT": "abc"}, "search": DOCUMENT}})
    documents = ('["A", "c"]', '["d"]', "[]", '["a", 1]', '{"a": 1}')
    assert [YES, NO, NO, NOT_TEXTS, NO_ARRAY] == [end_of(program, {"doc": document}) for document in documents]


def test_both_sides_are_read_before_the_search(tmp_path: Path) -> None:
    for operation in ("CONTAINS", "STARTS_WITH", "ENDS_WITH"):
        program = program_asking(tmp_path, {operation: {"arg": field("a"), "search": {"TEXT": "x"}}})
        assert missing("a") == end_of(program, {}, complete=False)
        program = program_asking(tmp_path, {operation: {"arg": {"TEXT": ""}, "search": field("b")}})
        assert missing("b") == end_of(program, {}, complete=False)


def test_a_pattern_is_searched_anywhere_and_in_null_as_in_nothing(tmp_path: Path) -> None:
    program = program_asking(tmp_path, {"REGEX_MATCHES": {"arg": field("a"), "regex": "^$|b+"}})
    assert [YES, YES, YES, NO] == [end_of(program, {"a": text}) for text in (None, "", "abbc", "ac")]
