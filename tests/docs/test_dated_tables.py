"""Tables of the library that copy changing facts declare their day. No test here asks what day it is."""

from __future__ import annotations

from datetime import date, timedelta

from perpend.language.syntax.repository import LIBRARY
from tests.docs.dated_tables import MOST_DAYS, DatedTable, dated_tables, warnings

TABLE = DatedTable("Colours", "ce/colours", date(2026, 1, 31), "https://example.com/colours")


def test_a_table_of_the_last_day_is_no_warning() -> None:
    assert [] == list(warnings([TABLE], TABLE.read + timedelta(days=MOST_DAYS)))


def test_an_older_table_is_a_warning_that_names_its_source() -> None:
    assert ["warning: ce/colours was read 91 days ago, on 2026-01-31; compare it with https://example.com/colours"] == list(
        warnings([TABLE], TABLE.read + timedelta(days=MOST_DAYS + 1))
    )


def test_each_declared_table_stands_in_the_library() -> None:
    assert [] == [table.where for table in dated_tables() if not (LIBRARY / table.where).exists()]


def test_a_policy_with_a_dated_table_names_its_day_in_logic_and_description() -> None:
    logics = [(table, LIBRARY / table.where) for table in dated_tables() if table.where.endswith(".logic.yaml")]
    texts = [(table, path) for table, logic in logics for path in (logic, logic.with_name("description.md"))]
    assert 2 <= len(texts)
    assert [] == [str(path) for table, path in texts if str(table.read) not in path.read_text("utf-8")]
