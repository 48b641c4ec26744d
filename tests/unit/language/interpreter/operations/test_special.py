"""Operations of one purpose: disappearance, access policies, log filters, and what makes their objects unreadable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.interpreter.operations import special
from tests.unit.language.interpreter.asked import NO, YES, end_of, missing, program_asking

POLICY = "CA10__policyExt__c"
OPEN = {
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "AccessLevel": "ANONYMOUS_PRINCIPAL"}
    ]
}
ALLOWS = {
    "AWS_POLICY_ALLOWS": {
        "policyExtField": POLICY,
        "actions": ["s3:GetObject"],
        "widestAcceptableAccessLevel": "SAME_ACCOUNT",
    }
}


def test_a_policy_is_parsed_once_for_all_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(special, "json_from_text", lambda text: parsed.append(text) or json.loads(text))
    other = {"AWS_POLICY_ALLOWS": {**ALLOWS["AWS_POLICY_ALLOWS"], "actions": ["sqs:SendMessage"]}}
    programs = [program_asking(tmp_path / str(number), check) for number, check in enumerate((ALLOWS, other))]
    documents = [json.dumps({**OPEN, "Id": name}) for name in ("one", "other")]
    for document in documents:
        assert [YES, NO] == Interpreter(programs).evaluate({POLICY: document}, 0)
    assert documents == parsed


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("{x", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{}", "the policy document has no `Statement`"),
        ([], "the policy document is not an object"),
        (7, "the policy document is not an object"),
    ],
)
def test_a_policy_that_is_not_understood_leaves_the_object_unreadable(tmp_path: Path, value: Any, reason: str) -> None:
    found = end_of(program_asking(tmp_path, ALLOWS), {POLICY: value})
    assert (0, f"{POLICY} is no extended policy document: {reason}") == found


def test_a_policy_that_was_not_collected_is_not_known(tmp_path: Path) -> None:
    assert missing(POLICY) == end_of(program_asking(tmp_path, ALLOWS), {}, complete=False)
