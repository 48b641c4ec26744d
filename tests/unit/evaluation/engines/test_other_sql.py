"""Dialects that Perpend does not run name the primitive that they lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.evaluation.engines.other_sql import OTHERS, OtherSql
from perpend.evaluation.planner.sql import Unprintable, query_of
from tests.unit.evaluation.planner.plans import equal, plan


def text_of(engine: str, root: Path, *checks: Any) -> str:
    dialect = OtherSql(engine)
    return query_of(plan(root, *checks), dialect, dialect.identifier).text


def bytes_equal(text: str) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": {"FIELD": {"path": "CA10__text__c", "returnType": "BYTES"}}, "right": {"BYTES": text}}}


@pytest.mark.parametrize("engine", OTHERS)
def test_exact_comparisons_are_printed(tmp_path: Path, engine: str) -> None:
    found = text_of(engine, tmp_path, bytes_equal("it's \\ here"))
    assert "IS NOT DISTINCT FROM" in found
    assert "THEN 199" in found


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("postgres", "'it''s \\ here'"),
        ("trino", "'it''s \\ here'"),
        ("bigquery", "'it\\'s \\\\ here'"),
        ("snowflake", "'it\\'s \\\\ here'"),
    ],
)
def test_texts_are_quoted_as_the_engine_reads_them(tmp_path: Path, engine: str, expected: str) -> None:
    assert expected in text_of(engine, tmp_path, bytes_equal("it's \\ here"))


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("IS_EQUAL", {"left": {"FIELD": {"path": "CA10__text__c"}}, "right": {"TEXT": "x"}}),
        ("IS_EMPTY", {"arg": {"FIELD": {"path": "CA10__text__c"}}}),
        ("REGEX_MATCHES", {"arg": {"FIELD": {"path": "CA10__text__c"}}, "regex": "x"}),
    ],
)
def test_a_gap_names_the_primitive_and_the_operation(
    tmp_path: Path, engine: str, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(Unprintable, match=f"{engine} has no primitive `[a-z ]+`, which {operation} needs"):
        text_of(engine, tmp_path, {operation: arguments})


@pytest.mark.parametrize("engine", OTHERS)
def test_a_query_that_is_rewritten_is_a_gap_of_its_operation(tmp_path: Path, engine: str) -> None:
    with pytest.raises(Unprintable, match=r"which JSON_(FROM|QUERY_TEXT) needs"):
        text_of(engine, tmp_path, equal("a", "x"))
