"""A cached column is named by its whole definition; values that are read together do not change the name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perpend.core.schema.tables import Column, Form, Join, Table, Tables
from perpend.evaluation.planner.build import Plan, plan_of
from perpend.evaluation.planner.cached_columns import cacheable_extracts, cacheable_verdicts
from tests.unit.evaluation.planner.plans import COLUMNS, DOCUMENT, KEYS, TABLES, TYPE, equal, plan, query


def kept(found: Plan) -> set[str]:
    columns = cacheable_extracts(found.scalars, found.stage, KEYS)
    assert columns is not None
    return set(columns.columns)


def test_equal_policies_keep_the_same_columns(tmp_path: Path) -> None:
    assert kept(plan(tmp_path / "a", equal("a", "x"))) == kept(plan(tmp_path / "b", equal("a", "x")))


def test_another_constant_is_another_column(tmp_path: Path) -> None:
    one, other = kept(plan(tmp_path / "a", equal("a", "x"))), kept(plan(tmp_path / "b", equal("a", "y")))
    assert one != other
    assert 1 == len(one - other)


def test_another_key_shares_only_what_is_asked_of_the_whole_document(tmp_path: Path) -> None:
    one, other = kept(plan(tmp_path / "a", equal("a", "x"))), kept(plan(tmp_path / "b", equal("b", "x")))
    both = kept(plan(tmp_path / "c", equal("a", "x"), equal("b", "x")))
    assert one | other == both, "what else is read of the document changes no name"


def test_white_space_of_a_constant_that_compares_alike_does_not_matter(tmp_path: Path) -> None:
    assert kept(plan(tmp_path / "a", equal("a", "Not  Set"))) == kept(plan(tmp_path / "b", equal("a", "not set ")))


def test_a_day_is_part_of_no_definition_of_what_is_asked_of_texts(tmp_path: Path) -> None:
    date = {"DATE_TIME_FROM": {"arg": query("a"), "format": "ISO_8601", "undeterminedIf": {"invalidFormat": "no"}}}
    check = {"IS_BEYOND_LAST_DAYS": {"arg": date, "offsetDays": 90}}
    day = 86_400_000
    assert kept(plan(tmp_path / "a", check, time=0)) == kept(plan(tmp_path / "b", check, time=5 * day))


def test_a_column_of_another_form_is_another_column(tmp_path: Path) -> None:
    check = {"IS_EMPTY": {"arg": {"FIELD": {"path": "CA10__text__c"}}}}
    numbers = COLUMNS | {"CA10__text__c": Column("CA10__text__c", Form.NUMBER)}
    tables = Tables({TYPE: Table(TYPE, TYPE, numbers, rows=1)})
    assert kept(plan(tmp_path / "a", check)).isdisjoint(kept(plan(tmp_path / "b", check, tables=tables)) - set(KEYS))


def verdicts(found: Plan, *reasons: str) -> list[str]:
    columns = cacheable_verdicts(found.scalars, found.stage, KEYS, reasons)
    assert columns is not None
    return list(columns.columns)


def test_a_verdict_of_another_day_is_another_column(tmp_path: Path) -> None:
    date = {"DATE_TIME_FROM": {"arg": query("a"), "format": "ISO_8601", "undeterminedIf": {"invalidFormat": "no"}}}
    check = {"IS_BEYOND_LAST_DAYS": {"arg": date, "offsetDays": 90}}
    day = 86_400_000
    one, same, other = (verdicts(plan(tmp_path / str(time), check, time=time)) for time in (day, day + 1, 2 * day))
    assert one == same
    assert one != other


def test_codes_that_mean_other_reasons_are_another_column(tmp_path: Path) -> None:
    found = plan(tmp_path, equal("a", "x"))
    assert verdicts(found, "not read", "denied") != verdicts(found, "denied", "not read")


def test_a_verdict_that_needs_another_table_is_not_kept(tmp_path: Path) -> None:
    other = Table("CA10__CaOther__c", "CA10__CaOther__c", {"Id": Column("Id", Form.TEXT)}, rows=1)
    lookups = {"CA10__other__r": Join("CA10__other__r", other.name, "CA10__text__c", "Id")}
    tables = Tables({TYPE: Table(TYPE, TYPE, COLUMNS, lookups, rows=1), other.name: other})
    check = {"IS_EMPTY": {"arg": {"FIELD": {"path": "CA10__other__r.Id"}}}}
    found = plan(tmp_path, check, tables=tables)
    assert cacheable_verdicts(found.scalars, found.stage, KEYS, ()) is None


def test_nothing_is_kept_of_a_stage_that_needs_documents_as_they_are(tmp_path: Path) -> None:
    other = Table("CA10__CaOther__c", "CA10__CaOther__c", {"Id": Column("Id", Form.TEXT)}, rows=1)
    lookups = {"CA10__other__r": Join("CA10__other__r", other.name, "CA10__text__c", "Id")}
    tables = Tables({TYPE: Table(TYPE, TYPE, COLUMNS, lookups, rows=1), other.name: other})
    left, right = (
        {"FIELD": {"path": DOCUMENT, "returnType": "BYTES"}},
        {"FIELD": {"path": "CA10__other__r.Id", "returnType": "BYTES"}},
    )
    found = plan(tmp_path, {"IS_EQUAL": {"left": left, "right": right}}, tables=tables)
    assert cacheable_extracts(found.scalars, found.stage, KEYS) is None


def allows(action: str) -> dict[str, Any]:
    asked = {"policyExtField": DOCUMENT, "widestAcceptableAccessLevel": "NOBODY", "actions": [action]}
    return {"AWS_POLICY_ALLOWS": asked}


def has_text(text: str) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": {"FIELD": {"path": "CA10__text__c"}}, "right": {"TEXT": text}}}


def together(*plans: Plan) -> Plan:
    return plan_of([program for one in plans for program in one.programs], TABLES, 0)


def test_a_verdict_keeps_its_name_beside_other_policies_that_ask_the_same(tmp_path: Path) -> None:
    one = plan(tmp_path / "a", has_text("x"), allows("s3:Get*"))
    for name, checks in enumerate(([has_text("y"), allows("s3:Get*")], [allows("sqs:*")], [equal("a", "x")])):
        both = together(one, plan(tmp_path / str(name), *checks))
        assert verdicts(one)[0] == verdicts(both)[0], "for which rows a function was called changes no verdict"


def test_an_extract_is_named_by_the_rows_for_which_it_was_computed(tmp_path: Path) -> None:
    one = plan(tmp_path / "a", has_text("x"), allows("s3:Get*"))
    of_other_rows = together(one, plan(tmp_path / "b", has_text("y"), allows("s3:Get*")))
    other_question = together(one, plan(tmp_path / "c", has_text("y"), allows("sqs:*")))
    assert kept(one) - kept(of_other_rows), "the policies reach it for more rows than one policy alone"
    assert kept(one) <= kept(other_question)
