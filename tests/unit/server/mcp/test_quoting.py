"""Answers for assistants: foreign text stands under one key, visible and cut, and the schema says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from perpend.language.program.parameters import ParameterValue
from perpend.server.answers import FindingPage
from perpend.server.mcp.quoting import LEFT_OUT, MOST_BYTES, QUOTED, AnswerTooLarge, cut, form_of
from perpend.server.mcp.tools import TOOLS


@dataclass(frozen=True, slots=True)
class Row:
    status: str
    seen: datetime
    name: str | None
    number: int


@dataclass(frozen=True, slots=True)
class Answer:
    numbers: Mapping[str, int]
    services: Mapping[str, int]
    tags: tuple[str, ...]
    description: str
    row: Row | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class InUse:
    parameters: tuple[ParameterValue, ...]


def answer(rows: int = 1, name: str | None = "web", **more: Any) -> Answer:
    row = Row("INCOMPLIANT", datetime(2026, 11, 1, tzinfo=UTC), name, 3)
    given = {"numbers": {"opened": 1}, "services": {"s3": 2}, "tags": ("a=b",), "description": "d", "row": None, **more}
    return Answer(rows=(row,) * rows, **given)


def document(given: Answer) -> dict[str, Any]:
    form = form_of(Answer)
    made = form.document(given)
    Draft202012Validator(form.schema).validate(made)
    return made


def test_texts_stand_under_one_key_unless_they_are_perpends_own() -> None:
    row = {"status": "INCOMPLIANT", "seen": "2026-11-01T00:00:00Z", "number": 3, QUOTED: {"name": "web"}}
    quoted = {"services": {"s3": 2}, "tags": ["a=b"], "description": "d"}
    assert {"numbers": {"opened": 1}, "row": None, "rows": [row], QUOTED: quoted} == document(answer())


def test_hidden_characters_are_written_out_in_values_and_in_names() -> None:
    made = document(answer(name="a\u202eb\x1b[2J\u200b", services={"x\u2066y": 1}, tags=("t\U000e0041",)))
    assert r"a\u202eb\x1b[2J\u200b" == made["rows"][0][QUOTED]["name"]
    assert {r"x\u2066y": 1} == made[QUOTED]["services"]
    assert json.dumps(made, ensure_ascii=False).isprintable()


def test_a_long_text_ends_with_the_number_of_characters_left_out() -> None:
    made = document(answer(name="n" * 300, description="d" * 2_500))
    assert "n" * 200 + "… (100 more characters)" == made["rows"][0][QUOTED]["name"]
    assert "d" * 2_000 + "… (500 more characters)" == made[QUOTED]["description"]
    assert "a" * 200 == cut("a" * 200)


def test_a_long_answer_counts_the_entries_that_are_left_out() -> None:
    made = document(answer(rows=1_000))
    assert len(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()) <= MOST_BYTES
    assert {"rows": 1_000 - len(made["rows"])} == made[LEFT_OUT]
    assert made["rows"]
    assert {"tags"} == document(answer(tags=("t" * 100,) * 1_000))[LEFT_OUT].keys()


def test_an_answer_that_no_list_makes_long_is_refused() -> None:
    with pytest.raises(AnswerTooLarge, match="narrow the question"):
        document(answer(services={f"service {number}": number for number in range(3_000)}))


def test_values_of_parameters_keep_their_types() -> None:
    values = (("days", 30, 90), ("ports", (22, 80), ()), ("name", "o\u202ek", "x"), ("names", ("a", "b\u202e"), ("c",)))
    form = form_of(InUse)
    shown = form.document(InUse(tuple(ParameterValue(*value) for value in values)))
    assert not list(Draft202012Validator(form.schema).iter_errors(shown))
    listed = [[one[QUOTED][key] for key in ("name", "value", "default")] for one in shown["parameters"]]
    assert [["days", 30, 90], ["ports", [22, 80], []]] == listed[:2]
    assert [["name", r"o\u202ek", "x"], ["names", ["a", r"b\u202e"], ["c"]]] == listed[2:]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_schemas_are_valid_and_quote_names(tool: Any) -> None:
    Draft202012Validator.check_schema(tool.input_schema)
    schema = form_of(tool.answer).schema
    Draft202012Validator.check_schema(schema)
    assert "object" == schema["type"]
    for one in (schema, *schema.get("$defs", {}).values()):
        texts = {name for name, field in one.get("properties", {}).items() if {"type": "string"} == {**field, "title": 0} | {}}
        assert texts.isdisjoint({"policy_id", "object_id", "object_name", "account", "message", "reason", "value"})


def test_a_finding_quotes_all_that_others_have_named() -> None:
    row = form_of(FindingPage).schema["$defs"]["FindingRow"]
    own = {"finding_id", "status", "life", "severity", "open_since", "ended_at", "last_known_at", "episodes", "change"}
    assert own | {QUOTED} == row["properties"].keys()
