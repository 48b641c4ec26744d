"""The object at hand: its fields as values of the types asked for, what lookups lead to, what was not collected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.object_types import ObjectType, Types
from perpend.core.values.partial_object import MISSING, PartialObject
from perpend.language.interpreter.context import EvaluationContext
from tests.repositories import analyzer_of, judged, logic, policy_files, program_of, write
from tests.unit.language.interpreter.asked import NO, YES, end_of, equal, field, missing, program_asking

DATE, DURATION, NUMBER = {"DATE_TIME": "2026-01-10"}, {"DURATION": "P1D"}, {"NUMBER": 1}
EMPTY = {"IS_EMPTY": {"arg": field("a")}}
NAME = field("owner__r.name")
IS_ANN = equal(NAME, {"TEXT": "ann"})


@pytest.mark.parametrize(
    ("fields", "index", "error"),
    [
        ({"a": None}, 199, None),
        ({"a": "x"}, 200, None),
        ({}, 0, "a is missing from the data: it was not collected"),
        ({"b": 1}, 0, "a is missing from the data: it was not collected"),
    ],
)
def test_a_field_that_was_not_collected_is_not_null(
    tmp_path: Path, fields: dict[str, Any], index: int, error: str | None
) -> None:
    program = program_asking(tmp_path, EMPTY)
    assert (index, error) == end_of(program, fields, complete=False)
    assert (index or 199, None) == end_of(program, fields), "test data are complete"


@pytest.mark.parametrize("fields", [{}, {"o__r": {}}, {"o__r": {"Id": "o"}}])
def test_nothing_behind_a_lookup_is_guessed(tmp_path: Path, fields: dict[str, Any]) -> None:
    program = program_asking(tmp_path, {"IS_EMPTY": {"arg": field("o__r.a")}})
    assert missing("o__r.a" if fields else "o__r") == end_of(program, fields, complete=False)
    assert YES == end_of(program, fields)
    assert YES == end_of(program, {"o__r": None}, complete=False)


@pytest.mark.parametrize(
    ("read", "fields", "expected"),
    [
        (field("a", isEmpty="no a"), {}, (101, None)),
        (field("vpc__r.name__c"), {"vpc__r": {}}, missing("vpc__r.name__c")),
        (field("vpc__r.name__c", isEmpty="no name"), {"vpc__r": {}}, (101, None)),
        (field("vpc__r.name__c", isEmpty="no name"), {}, missing("vpc__r")),
        (field("vpc__r.net__r.name__c"), {"vpc__r": {}}, missing("vpc__r.net__r")),
    ],
)
def test_a_check_of_its_own_speaks_for_a_field_that_was_not_collected(
    tmp_path: Path, read: Any, fields: dict[str, Any], expected: tuple[int, str | None]
) -> None:
    assert expected == end_of(program_asking(tmp_path, {"IS_EMPTY": {"arg": read}}), fields, complete=False)


@pytest.mark.parametrize("complete", [True, False])
def test_nan_is_no_number(tmp_path: Path, complete: bool) -> None:
    program = program_asking(tmp_path, {"NOT_EQUAL": {"left": field("CA10__size__c"), "right": {"NUMBER": 1}}})
    found = end_of(program, {"CA10__size__c": float("nan")}, complete=complete)
    assert (0, "CA10__size__c holds NaN, which is no number") == found


@pytest.mark.parametrize(
    ("value", "described"),
    [(True, "the Boolean true"), (1.5, "the number 1.5"), (["a"], "a list"), ({"a": 1}, "an object")],
)
def test_an_unreadable_value_is_described(tmp_path: Path, value: Any, described: str) -> None:
    program = program_asking(tmp_path, equal(field("a"), {"TEXT": "x"}))
    assert (0, f"a holds {described}, not Text") == end_of(program, {"a": value})


@pytest.mark.parametrize(("length", "shown"), [(39, "x" * 39), (40, "x" * 40), (41, "x" * 40 + "…"), (900, "x" * 40 + "…")])
def test_of_a_long_text_the_beginning_is_told(tmp_path: Path, length: int, shown: str) -> None:
    found = end_of(program_asking(tmp_path, equal(field(), NUMBER)), {"f": "x" * length})
    assert (0, f"f holds the text '{shown}', not Number") == found


def test_an_object_of_no_known_type_is_taken_for_one_of_the_type_that_is_asked_for() -> None:
    types = Types({"CA10__CaOwner__c": ObjectType("CA10__CaOwner__c", deletion="gone__c")})
    frame = EvaluationContext({"a": 1}, 7, "owner__r.", types=types, complete=False)
    owner = frame.with_type("CA10__CaOwner__c")
    assert (frame.fields, 7, "owner__r.", False) == (owner.fields, owner.today, owner.path, owner.complete)
    assert ("gone__c", types) == (owner.object_type.deletion_field, owner.types)
    assert frame.with_type("CA10__CaOwner__c") is owner, "one object, computed on once"
    assert frame.with_type("") is frame
    assert owner.with_type("CA10__CaBucket__c") is owner


TWICE = "stands there twice"
DELETION = "CA10__disappearanceTime__c"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (PartialObject({"a": "x"}, {}), NO),
        (PartialObject({"a": "x"}, {}, TWICE), (0, TWICE)),
        (PartialObject({}, {"a": "was denied"}), (0, "a was denied")),
        (PartialObject({}, {"b": "was denied"}), missing("a")),
        (PartialObject({"a": "x"}, {DELETION: "was denied"}), (0, f"{DELETION} was denied")),
        (PartialObject({"a": "x"}, {DELETION: MISSING}), NO),
    ],
)
def test_of_what_is_partly_known_the_reason_is_told(tmp_path: Path, fields: PartialObject, expected: Any) -> None:
    assert expected == end_of(program_asking(tmp_path, EMPTY), fields, complete=False)
    behind = program_asking(tmp_path, {"IS_EMPTY": {"arg": field("o__r.a")}})
    told = {(0, TWICE): f"o__r: {TWICE}"}.get(expected, f"o__r.{expected[1]}")
    assert (expected if expected == NO else (0, told)) == end_of(behind, {"o__r": fields}, complete=False)


def test_what_a_lookup_leads_to_is_one_object_however_often_it_is_asked_for() -> None:
    frame = EvaluationContext({"owner__r": {"Id": "o"}, "vpc__r": None}, 0)
    assert frame.through("owner__r") is frame.through("owner__r")
    assert frame.through("vpc__r") is frame.through("vpc__r")
    assert frame.along(["owner__r"]) is frame.through("owner__r")
    assert frame.along([]) is frame


def test_a_lookup_that_holds_no_object_is_unreadable(tmp_path: Path) -> None:
    assert (0, "owner__r is no object") == end_of(program_asking(tmp_path, IS_ANN), {"owner__r": "ann"})
    deep = program_asking(tmp_path, {"IS_EMPTY": {"arg": field("owner__r.boss__r.name")}})
    assert (0, "owner__r.boss__r is no object") == end_of(deep, {"owner__r": {"boss__r": []}})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "holds NaN, which is no number"),
        (5.5, "holds the number 5.5, not DateTime"),
        (5, "holds the number 5, not DateTime"),
        (True, "holds the Boolean true, not DateTime"),
        ("soon", "holds the text 'soon', not DateTime"),
        ([], "holds a list, not DateTime"),
        ("2026-01-11", "holds the text '2026-01-11', a time after the snapshot"),
        ("1970-01-01", "holds the text '1970-01-01', where clocks begin: it was never set"),
    ],
)
def test_an_object_whose_deletion_field_is_odd_can_not_be_judged(tmp_path: Path, value: Any, reason: str) -> None:
    name = "CA10__disappearanceTime__c"
    assert (0, f"{name} {reason}") == end_of(program_asking(tmp_path, EMPTY), {name: value})
    behind = program_asking(tmp_path, IS_ANN)
    assert (0, f"owner__r.{name} {reason}") == end_of(behind, {"owner__r": {"name": "ann", name: value}})


@pytest.mark.parametrize(
    ("type_name", "field"),
    [
        ("CA10__CaPhysicalServer__c", "CA10__deletedAt__c"),
        ("CA10Z1__CaAzureDisk__c", "CA10Z1__disappearanceTime__c"),
        ("Account", "CA10__disappearanceTime__c"),
    ],
)
def test_the_deletion_field_follows_from_the_type_name(tmp_path: Path, type_name: str, field: str) -> None:
    program = program_of(analyzer_of(tmp_path, policy_files(logic(input_type=type_name))))
    assert (99, f"isDisappeared({field})") == judged(program, {field: "2026-01-01"})[0::2][:2]
    assert judged(program, {"other__disappearanceTime__c": "2026-01-01"}).index == 100


def test_a_type_may_declare_its_deletion_field_or_that_it_has_none(tmp_path: Path) -> None:
    write(tmp_path, {"types/CA10__CaThing__c/type.yaml": {"label": "Thing", "deletionField": "gone__c"}})
    program = program_of(analyzer_of(tmp_path, policy_files(logic())))
    assert [99, 100] == [judged(program, {name: "2026-01-01"}).index for name in ("gone__c", "CA10__disappearanceTime__c")]
    write(tmp_path, {"types/CA10__CaThing__c/type.yaml": {"label": "Thing", "deletionField": "none"}})
    program = program_of(analyzer_of(tmp_path, policy_files(logic())))
    assert judged(program, {"CA10__disappearanceTime__c": "x"}).index == 100
    assert 99 not in program.verdicts
