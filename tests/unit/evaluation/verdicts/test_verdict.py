"""The messages of a verdict, its next step, the values that its policy read, and the indexes that need the object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.values.partial_object import PartialObject
from perpend.evaluation.verdicts.verdict import (
    indexes_needing_object,
    message_of,
    reader_of,
    remediation_of,
    value_at,
    values_read,
)
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.program import Read
from tests.repositories import logic
from tests.unit.evaluation.verdicts.evaluate_objects import analyzer, program_of

ON = {"FIELD": {"path": "on"}}
DOCUMENT = {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "Not JSON."}}}
QUERY = {
    "JSON_QUERY_BOOLEAN": {
        "arg": DOCUMENT,
        "expression": "on",
        "undeterminedIf": {"evaluationError": "failed", "resultTypeMismatch": "odd"},
    }
}
FLAG = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "The flag is unset."}}}


def test_only_an_unreadable_object_says_itself_what_keeps_it_from_being_judged(tmp_path: Path) -> None:
    verdicts = program_of(analyzer(tmp_path, ON)).verdicts
    unreadable, fired = verdicts[UNREADABLE], verdicts[199]
    assert ["it is odd", unreadable.message, unreadable.message] == [
        message_of(unreadable, one) for one in ("it is odd", "", None)
    ]
    assert ["condition 1", "condition 1"] == [message_of(fired, one) for one in ("it is odd", None)]


@pytest.mark.parametrize(
    ("status", "more"), [("INCOMPLIANT", {}), ("COMPLIANT", {}), ("INCOMPLIANT", {"remediationMessage": "Do."})]
)
def test_an_incompliant_verdict_always_names_a_next_step(tmp_path: Path, status: str, more: dict[str, Any]) -> None:
    conditions = [{"status": status, "currentStateMessage": "x", "check": ON, **more}]
    program = program_of(analyzer(tmp_path, files={"ce/policy/prod.logic.yaml": {**logic(), "conditions": conditions}}))
    given = more.get("remediationMessage")
    expected = given or ("See the policy's remediation: perpend show /ce/policy" if status == "INCOMPLIANT" else None)
    assert expected == remediation_of(program, program.verdicts[199])


def test_only_objects_tell_why_they_are_unreadable_and_what_an_error_says(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, FLAG, ON, {"AND": {"args": [FLAG, QUERY]}}))
    assert {
        0: "isUnreadable()",
        302: "doc.asJson().isInvalid()",
        304: "doc.asJson().jsonQueryText('on').isEvaluationFailed()",
    } == {index: program.verdicts[index].text for index in indexes_needing_object(program)}


FIELDS: dict[str, Any] = {
    "a": 1,
    "null": None,
    "o__r": {"x": "y", "p__r": {"z": [0]}, "text": '{"k": "inner"}'},
    "odd__r": ["x"],
    "doc": '{"k": [1], "l": null, "m": "n"}',
    "text": "{x",
    "list": '["k"]',
    "dotted.name": "not a path",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", 1),
        ("null", None),
        ("none", None),
        ("o__r.x", "y"),
        ("o__r.p__r.z", [0]),
        ("o__r.none", None),
        ("o__r", FIELDS["o__r"]),
        ("a.x", None),
        ("odd__r.x", None),
        ("null.x", None),
        ("none__r.x.y", None),
        ("dotted.name", None),
    ],
)
def test_a_path_leads_through_lookups_to_a_value_or_to_nothing(path: str, value: Any) -> None:
    assert value == value_at(FIELDS, path)
    assert [value] == values_read(FIELDS, [Read(path)])


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (Read("doc", "k"), [1]),
        (Read("doc", "l"), None),
        (Read("doc", "none"), None),
        (Read("o__r.text", "k"), "inner"),
        (Read("a", "k"), None),
        (Read("text", "k"), None),
        (Read("list", "k"), None),
        (Read("none", "k"), None),
    ],
)
def test_a_key_is_looked_up_in_the_document_at_its_path(read: Read, value: Any) -> None:
    assert [value] == values_read(FIELDS, [read])


def test_many_reads_are_answered_in_their_order_whole_and_by_key() -> None:
    reads = [Read("doc", "m"), Read("a"), Read("doc"), Read("o__r.x"), Read("doc", "k"), Read("a"), Read("o__r.text", "k")]
    assert ["n", 1, FIELDS["doc"], "y", [1], 1, "inner"] == values_read(FIELDS, reads)
    assert [] == values_read(FIELDS, [])


def test_one_reader_reads_one_object_after_the_other() -> None:
    read = reader_of((Read("a"), Read("doc", "k")))
    assert [[1, [1]], [None, None], [2, "v"]] == [
        read(one) for one in (FIELDS, {}, PartialObject({"a": 2, "doc": '{"k": "v"}'}, {}))
    ]
