"""What a verdict says of an object, what is to be done next, and of which verdicts only the object itself can tell more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.evaluation.verdicts.verdict import message_of, remediation_of, untold_indexes
from perpend.language.program.numbering import UNREADABLE
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
    } == {index: program.verdicts[index].text for index in untold_indexes(program)}
