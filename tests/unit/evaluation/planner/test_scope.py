"""Rows at the end of lookups: existing, hidden or unknown. Reasons have negative codes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perpend.core.objects.object_types import ObjectType, Types
from perpend.core.schema.tables import CONTRADICTED, ROW, Column, Form, Join, Table, Tables
from perpend.core.values.partial_object import MISSING
from perpend.core.values.values import DAY
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.scope import DYNAMIC, Build, Place, Reasons, ScalarGuard, blank, empty_of, normal_is, text_of
from perpend.evaluation.planner.stage import Scan

GONE = "CA10__disappearanceTime__c"
OWNERS = Join("owner__r", "Owner", "owner__c", "Id")
OWNER = Table("Owner", columns={"Id": Column("Id", Form.TEXT)})


def place(columns: dict[str, Column] | None = None, *, complete: bool = False, owner: Table = OWNER, **more: Any) -> Place:
    """Return the place of a row of things with the columns, and an owner behind a lookup."""
    table = Table("Thing", "CA10__CaThing__c", columns or {}, {"owner__r": more.pop("join", OWNERS)}, **more)
    build = Build(Tables({"Thing": table, "Owner": owner}, complete), Types(), today=20 * DAY)
    return Place(build, Scan(table), "t", table, build.scalars.true, object_type=ObjectType("CA10__CaThing__c"))


def reasons(at: Place, guards: tuple[ScalarGuard, ...]) -> list[str | None]:
    return [at.build.reasons.texts[-1 - guard.code] for guard in guards]


def test_a_reason_has_one_code_below_zero() -> None:
    found = Reasons()
    assert [-1, -2, -1, -3] == [found.code(text) for text in ("a", None, "a", "b")]
    assert ["a", None, "b"] == found.texts


def test_a_column_that_no_row_has_is_null_and_not_known_unless_all_is_known() -> None:
    at = place()
    node, form, guards = at.column("a")
    assert (None, Form.TEXT, [f"a {MISSING}"]) == (node.constants[0], form, reasons(at, guards))
    assert at.build.scalars.true is guards[0].condition
    assert ((), ()) == (at.column("a", missing_is_null=True)[2], place(complete=True).column("a")[2])


def test_of_a_child_even_a_field_that_may_be_null_has_to_be_known() -> None:
    at = replace(place(), in_child=True, path="parts__r[].")
    assert [f"parts__r[].a {MISSING}"] == reasons(at, at.column("a", missing_is_null=True)[2])


def test_a_value_that_is_not_known_in_some_rows_is_guarded_there() -> None:
    at = place({"a": Column("a", Form.NUMBER, partial=True)})
    made = at.build.scalars
    reason = made.column("t", "a#unread", Kind.TEXT)
    node, form, guards = at.column("a")
    assert (made.column("t", "a", Kind.NUMBER), Form.NUMBER) == (node, form)
    assert (ScalarGuard(made.negation(made.is_null(reason)), -1),) == guards
    assert [DYNAMIC] == reasons(at, guards)
    missing = made.make("same", reason, made.literal(MISSING, Kind.TEXT))
    (quieter,) = at.column("a", missing_is_null=True)[2]
    assert made.negation(made.any(made.is_null(reason), missing)) is quieter.condition


def test_a_lookup_leads_to_a_row_that_may_not_be_there() -> None:
    at = place()
    made = at.build.scalars
    owner = at.through(["owner__r"])
    found = made.negation(made.is_null(made.column("l1", ROW, Kind.WHOLE)))
    assert ("l1", OWNER, found, (), "owner__r.", False) == (
        *(owner.alias, owner.table, owner.there),
        *(owner.guards, owner.path, owner.hidden),
    )
    assert made.column("l1", "Id", Kind.TEXT) is owner.column("Id")[0], "a join gives nulls where nothing is found"


def test_a_row_that_has_disappeared_is_not_there_and_shows_no_values() -> None:
    owner = replace(OWNER, columns={**OWNER.columns, GONE: Column(GONE, Form.TEXT)})
    at = place(owner=owner).through(["owner__r"])
    made = at.build.scalars
    assert at.hidden
    found = made.negation(made.is_null(made.column("l1", ROW, Kind.WHOLE)))
    is_deleted = made.negation(blank(made, made.column("l1", GONE, Kind.TEXT)))
    assert made.all(found, made.negation(is_deleted)) is at.there
    assert made.choice(at.there, made.column("l1", "Id", Kind.TEXT), made.literal(None, Kind.TEXT)) is at.column("Id")[0]


def test_what_a_contradicted_row_says_is_not_known() -> None:
    at = place(owner=replace(OWNER, contradicted=True)).through(["owner__r"])
    made = at.build.scalars
    doubt = made.negation(made.is_null(made.column("l1", CONTRADICTED, Kind.TEXT)))
    assert [made.all(at.there, doubt)] == [guard.condition for guard in at.guards]


def test_where_it_is_not_known_whether_a_lookup_leads_anywhere_nothing_is_known() -> None:
    at = place(join=replace(OWNERS, partial=True)).through(["owner__r"])
    made = at.build.scalars
    unknown = made.negation(made.is_null(made.column("t", "owner__r#unfollowed", Kind.TEXT)))
    assert [(unknown, -1)] == list(at.guards)


def test_a_lookup_that_no_table_answers_is_not_known_or_leads_nowhere() -> None:
    at = place()
    nowhere = at.through(["boss__r", "other__r"])
    assert (None, at.build.scalars.false) == (nowhere.table, nowhere.there)
    assert [f"boss__r {MISSING}"] == reasons(at, nowhere.guards), "said once, of the first that is missing"
    assert () == place(complete=True).through(["boss__r"]).guards
    held = place({"boss__r": Column("boss__r", Form.TEXT)}, complete=True)
    made = held.build.scalars
    value = made.column("t", "boss__r", Kind.TEXT)
    assert (ScalarGuard(made.negation(made.is_null(value)), -1),) == held.through(["boss__r"]).guards


def test_a_row_is_gone_where_its_deletion_field_holds_a_time_up_to_the_day() -> None:
    at = place({GONE: Column(GONE, Form.TEXT)})
    made = at.build.scalars
    text = made.column("t", GONE, Kind.TEXT)
    instant = made.make("instant", text)
    tomorrow = made.literal(21 * DAY, Kind.WHOLE)
    is_set = made.negation(made.make("less", instant, made.literal(DAY, Kind.WHOLE)))
    is_time = made.all(made.negation(made.is_null(instant)), is_set, made.make("less", instant, tomorrow))
    filled = made.negation(blank(made, text))
    is_deleted, odd = at.is_deleted()
    assert filled is is_deleted
    assert [made.choice(filled, made.negation(is_time), made.false)] == [guard.condition for guard in odd]
    assert (place().build.scalars.false.constants, ()) == (place().is_deleted()[0].constants, place().is_deleted()[1])


@pytest.fixture
def made() -> Scalars:
    return Scalars()


def column(made: Scalars, kind: Kind = Kind.TEXT) -> Scalar:
    return made.column("t", "a", kind)


def test_a_text_of_a_column_is_null_where_its_value_is_none(made: Scalars) -> None:
    node = column(made)
    assert (node, made.false) == text_of(made, node, Form.TEXT)
    number = column(made, Kind.NUMBER)
    assert (made.literal(None, Kind.TEXT), made.negation(made.is_null(number))) == text_of(made, number, Form.NUMBER)
    fits = made.make("same", made.native("variant form", Kind.TEXT, node), made.literal("text", Kind.TEXT))
    text, wrong = text_of(made, node, Form.VARIANT)
    assert made.all(made.negation(made.is_null(node)), made.negation(fits)) is wrong
    assert ("if", fits) == (text.primitive, text.arguments[0])


def test_a_value_is_empty_by_its_own_form(made: Scalars) -> None:
    node, number = column(made), column(made, Kind.NUMBER)
    assert made.make("is", node, constants=("",)) is empty_of(made, node, Form.TEXT)
    assert made.is_null(number) is empty_of(made, number, Form.NUMBER)
    assert made.native("variant empty", Kind.BOOLEAN, node) is empty_of(made, node, Form.VARIANT)


def test_the_normal_form_of_a_constant_is_known_at_once(made: Scalars) -> None:
    found = [normal_is(made, made.literal(text, Kind.TEXT), "a b", "") for text in (" A  b", None, "c")]
    assert [made.true, made.true, made.false] == found
    assert ("a", "b") == normal_is(made, column(made), "b", "a", "b").constants
