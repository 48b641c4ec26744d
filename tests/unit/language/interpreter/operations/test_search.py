"""Searches in texts and collections: JSON arrays among them, and what cannot be searched."""

from __future__ import annotations

from pathlib import Path
from string import ascii_letters
from typing import Any

import pytest

from perpend.language.program.program import Program
from tests.repositories import analyzer_of, policy_files, program_of
from tests.unit.language.interpreter.asked import NO, YES, end_of, field, missing, program_asking

DOCUMENT = {"JSON_FROM": {"arg": field("doc"), "undeterminedIf": {"isInvalid": "not JSON"}}}

NO_ARRAY = (0, "a JSON value that is no array was searched as a collection")
NOT_TEXTS = (0, "a JSON array that is searched for holds more than texts")


def first_dialect(root: Path, check: Any) -> Program:
    """Return the program of a check in a logic file of the first dialect."""
    condition = {"status": "INCOMPLIANT", "currentStateMessage": "found", "condition": check}
    otherwise = {"status": "COMPLIANT", "currentStateMessage": "not found"}
    written = {"inputObject": "CA10__CaThing__c", "conditions": [condition], "otherwise": otherwise}
    return program_of(analyzer_of(root, policy_files(written)))


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


@pytest.mark.parametrize("asked", ["CONTAINS", "STARTS_WITH", "ENDS_WITH"])
@pytest.mark.parametrize(
    ("kind", "read"), [("TEXT", field("a")), ("BYTES", {"FIELD": {"path": "a", "returnType": "BYTES"}})], ids=["TEXT", "BYTES"]
)
def test_null_holds_no_letter_and_every_letter_holds_null(tmp_path: Path, asked: str, kind: str, read: Any) -> None:
    null = {"UNIT_TEST_NULL": {"returnType": kind}}
    program = program_asking(tmp_path, {asked: {"arg": null, "search": read}})
    assert {NO} == {end_of(program, {"a": letter}) for letter in ascii_letters}
    program = program_asking(tmp_path, {asked: {"arg": read, "search": null}})
    assert {YES} == {end_of(program, {"a": letter}) for letter in ascii_letters}


@pytest.mark.parametrize(
    ("asked", "needle"),
    [("CONTAINS", "substring"), ("STARTS_WITH", "prefix"), ("ENDS_WITH", "suffix"), ("CONTAINS_IGNORE_CASE", "substring")],
)
def test_in_the_first_dialect_too_null_holds_no_letter(tmp_path: Path, asked: str, needle: str) -> None:
    null = {"UNIT_TEST_NULL": {"returnType": "TEXT"}}
    program = first_dialect(tmp_path, {asked: {"arg": null, needle: field("a")}})
    assert {NO} == {end_of(program, {"a": letter}) for letter in ascii_letters}
    program = first_dialect(tmp_path, {asked: {"arg": field("a"), needle: null}})
    assert {YES} == {end_of(program, {"a": letter}) for letter in ascii_letters}


def test_a_pattern_is_searched_anywhere_and_in_null_as_in_nothing(tmp_path: Path) -> None:
    program = program_asking(tmp_path, {"REGEX_MATCHES": {"arg": field("a"), "regex": "^$|b+"}})
    assert [YES, YES, YES, NO] == [end_of(program, {"a": text}) for text in (None, "", "abbc", "ac")]
