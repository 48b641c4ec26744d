"""Operations for unit tests: one object is matched by its exact Id; an error stops like a check."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perpend.core.schema.tables import Column, Form, Tables
from tests.unit.evaluation.planner.operations.planned import TABLES, TYPE, condition, ends, field

TEST = {"UNIT_TEST": {"id": "T 1", "arg": field("boolean", isEmpty="m")}}


def with_id(form: Form | None) -> Tables:
    thing = TABLES.by_name[TYPE]
    columns = {name: one for name, one in thing.columns.items() if name != "Id"}
    if form is not None:
        columns["Id"] = Column("Id", form)
    return replace(TABLES, by_name={**TABLES.by_name, TYPE: replace(thing, columns=columns)})


@pytest.mark.parametrize(("form", "mine"), [(Form.TEXT, "same(Id, 'T 1')"), (Form.VARIANT, "same(Id, json quote('T 1'))")])
def test_only_the_object_of_the_test_is_asked(form: Form, mine: str) -> None:
    assert [
        (f"and({mine}, null(boolean))", 101),
        (f"true(if({mine}, boolean, False))", 199),
    ] == ends(TEST, tables=with_id(form))


@pytest.mark.parametrize("form", [None, Form.NUMBER, Form.BOOLEAN])
def test_where_no_id_is_a_text_no_object_is_meant(form: Form | None) -> None:
    assert [] == ends(TEST, tables=with_id(form))


def test_what_is_looked_into_is_computed_even_if_it_is_true_anyway() -> None:
    arg = field("boolean", isEmpty="m")
    assert [("null(boolean)", 101), ("True", 199)] == ends({"DEBUG": {"name": "n", "arg": arg, "returnTrue": True}})
    assert "true(boolean)" == condition({"DEBUG": {"name": "n", "arg": field("boolean")}})


def test_an_error_is_the_end_and_null_is_a_value() -> None:
    assert [("True", 101)] == ends({"IS_EMPTY": {"arg": {"UNIT_TEST_RUNTIME_ERROR": {"returnType": "TEXT", "message": "m"}}}})
    assert "True" == condition({"IS_EMPTY": {"arg": {"UNIT_TEST_NULL": {"returnType": "NUMBER"}}}})


def test_behind_a_lookup_that_leads_nowhere_no_object_is_meant() -> None:
    files = {
        f"types/{TYPE}/type.yaml": {"label": "T", "lookups": [{"name": "boss__r", "target": "CA10__CaBoss__c"}]},
        "types/CA10__CaBoss__c/e.extracts.yaml": {"extracts": [{"name": "e", "value": TEST}]},
    }
    imports = [{"file": "/types/CA10__CaBoss__c/e.extracts.yaml"}]
    assert [] == ends({"EXTRACT": "boss__r.e"}, files=files, importExtracts=imports)
