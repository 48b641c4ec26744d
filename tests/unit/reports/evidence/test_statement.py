"""A statement over a pack: the same text for the same content, and nothing else is taken for one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from perpend.reports.evidence.statement import EvidenceRun, Statement, UnusableStatement, run_from_predicate, statement_from

DIGEST = "0" * 64
RUN = {
    "snapshot": "s",
    "content": "c",
    "time": "2026-11-20T00:00:00Z",
    "timeStated": False,
    "maxAge": None,
    "agesCountedTo": None,
}
PREDICATE: dict[str, Any] = {"run": RUN, "policies": [{"id": "/ce/p"}], "inputs": {"packed": True}}


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
    expected = EvidenceRun("s", "c", datetime(2026, 11, 20, tzinfo=UTC), ("/ce/p",), False, None, None, True)
    assert expected == run_from_predicate(PREDICATE)


@pytest.mark.parametrize(
    "predicate",
    [
        {},
        {**PREDICATE, "policies": 5},
        {**PREDICATE, "run": {**RUN, "time": "yesterday"}},
        {**PREDICATE, "run": {**RUN, "time": "2026-11-20T00:00:00"}},
        {**PREDICATE, "inputs": ["packed"]},
    ],
)
def test_a_predicate_that_does_not_is_refused(predicate: Any) -> None:
    with pytest.raises(UnusableStatement, match="does not say which run was packed"):
        run_from_predicate(predicate)
