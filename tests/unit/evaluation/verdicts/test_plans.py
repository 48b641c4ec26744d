"""One plan per type, over the tables of a store or over those that the types declare."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from perpend.core.schema.shred import catalogue_tables
from perpend.core.schema.tables import Column, Form, Table, Tables
from perpend.evaluation.planner.build import plan_of
from perpend.evaluation.planner.describe import plan_lines
from perpend.evaluation.verdicts.plans import plans_of
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.program.required_columns import required_fields
from tests.repositories import NAMES, analyzer_of, logic
from tests.unit.evaluation.verdicts.evaluate_objects import THING

OTHER = "CA10__CaOther__c"
OLD = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "seen"}}}}
FILES = {
    "ce/a/prod.logic.yaml": logic(OLD),
    "ce/b/prod.logic.yaml": logic({"FIELD": {"path": "on"}}, input_type=OTHER),
    "ce/c/prod.logic.yaml": logic({"FIELD": {"path": "on"}}),
}
FILES |= {f"{path.rpartition('/')[0]}/policy.yaml": {"names": NAMES} for path in list(FILES)}
DAY = datetime(2026, 1, 10, 18, tzinfo=UTC)
MILLISECONDS = 1_768_068_000_000


def test_there_is_a_plan_per_type_in_the_order_of_policies(tmp_path: Path) -> None:
    analyzer = analyzer_of(tmp_path, FILES)
    selection = select_policies(analyzer)
    found = plans_of(analyzer, selection, snapshot_time=DAY)
    assert [["/ce/a", "/ce/c"], ["/ce/b"]] == [[program.policy_id for program in plan.programs] for plan in found]
    for plan, (name, programs) in zip(found, selection.by_type().items(), strict=True):
        expected = plan_of(programs, catalogue_tables(name, required_fields(programs), analyzer.object_type), MILLISECONDS)
        assert (list(plan_lines(expected)), expected.tables) == (list(plan_lines(plan)), plan.tables)


def test_a_plan_is_over_the_tables_that_are_given(tmp_path: Path) -> None:
    analyzer = analyzer_of(tmp_path, FILES)
    tables = Tables({THING: Table(THING, THING, {"seen": Column("seen", Form.TEXT)})})
    found = plans_of(analyzer, select_policies(analyzer), tables=tables, snapshot_time=DAY)
    assert [tables, tables] == [plan.tables for plan in found]


def test_a_plan_is_of_today_unless_another_day_is_given(tmp_path: Path) -> None:
    analyzer = analyzer_of(tmp_path, FILES)
    selection = select_policies(analyzer)
    then, now = ([list(plan_lines(plan)) for plan in plans_of(analyzer, selection, snapshot_time=time)] for time in (DAY, None))
    assert [True, True] == [one != other for one, other in zip(then, now, strict=True)]
