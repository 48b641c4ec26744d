"""A statement over a pack: the same text for the same content, and nothing else is taken for one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from perpend.evaluation.verdicts.policy_choice import PolicyChoice
from perpend.reports.evidence.statement import (
    EvidenceRun,
    RunRecord,
    Statement,
    UnusableStatement,
    choice_document,
    record_document,
    run_from_predicate,
    statement_from,
)

DIGEST = "0" * 64
RUN = {
    "snapshot": "s",
    "content": "c",
    "time": "2026-11-20T00:00:00Z",
    "timeStated": False,
    "maxAge": None,
    "agesCountedTo": None,
}
ASKED: dict[str, Any] = {"policies": ["/ce/p"], "frameworks": [], "inherited": False, "exclude": ["*q"], "default": True}
HISTORY: dict[str, Any] = {"run": 3, "committed": "c", "judgedBy": "e", "programs": {"/ce/p": None}, "passing": {"/ce/p": 5}}
PREDICATE: dict[str, Any] = {"run": RUN, "inputs": {"packed": True}, "asked": ASKED, "history": HISTORY}


def document(**more: Any) -> bytes:
    return json.dumps({**json.loads(Statement({"a": DIGEST}, PREDICATE).text), **more}).encode()


def test_a_statement_is_that_of_the_framework_and_read_as_it_was_written() -> None:
    made = Statement({"b": "1" * 64, "a": DIGEST}, PREDICATE)
    assert ["_type", "subject", "predicateType", "predicate"] == list(json.loads(made.text))
    assert "https://in-toto.io/Statement/v1" == json.loads(made.text)["_type"]
    assert [{"name": "a", "digest": {"sha256": DIGEST}}, {"name": "b", "digest": {"sha256": "1" * 64}}] == json.loads(
        made.text
    )["subject"]
    assert made == statement_from(made.text.encode())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (document()[:-9], "is not JSON: cut off or damaged"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"_type": 1, "_type": 2}', "is not JSON"),
        (b"[]", "is not an in-toto statement of the type"),
        (document(_type="https://in-toto.io/Statement/v0.1"), "is not an in-toto statement of the type"),
        (document(subject=[{"name": "a"}]), "is missing"),
        (document(subject=5), "is missing"),
        (document(subject=[{"name": "a", "digest": {"sha256": "abc"}}]), "has the wrong form"),
        (document(subject=[{"name": "a", "digest": {"sha256": DIGEST}}] * 2), "names a subject twice"),
        (document(predicate=[]), "has the wrong form"),
    ],
)
def test_what_is_no_statement_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnusableStatement, match=reason):
        statement_from(content)


def test_a_predicate_says_what_judging_again_takes() -> None:
    choice = PolicyChoice(policies=("/ce/p",), exclude=("*q",), is_default=True)
    record = RunRecord(3, "c", "e", {"/ce/p": None}, {"/ce/p": 5})
    expected = EvidenceRun("s", "c", datetime(2026, 11, 20, tzinfo=UTC), False, None, None, True, choice, record)
    assert expected == run_from_predicate(PREDICATE)
    assert ASKED == choice_document(choice) and HISTORY == record_document(record)
    assert run_from_predicate({**PREDICATE, "history": None}).record is None


@pytest.mark.parametrize(
    "predicate",
    [
        {},
        {**PREDICATE, "asked": {**ASKED, "policies": 5}},
        {**PREDICATE, "asked": []},
        {**PREDICATE, "history": {**HISTORY, "programs": []}},
        {**PREDICATE, "history": {**HISTORY, "passing": {"/ce/p": "many"}}},
        {**PREDICATE, "run": {**RUN, "time": "yesterday"}},
        {**PREDICATE, "run": {**RUN, "time": "2026-11-20T00:00:00"}},
        {**PREDICATE, "inputs": ["packed"]},
    ],
)
def test_a_predicate_that_does_not_is_refused(predicate: Any) -> None:
    with pytest.raises(UnusableStatement, match="does not say which run was packed"):
        run_from_predicate(predicate)
