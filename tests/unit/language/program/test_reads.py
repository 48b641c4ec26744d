"""What a program reads follows from the declarations of its operations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.values.tags import TAGS_FIELD
from perpend.language.program.program import Read
from perpend.language.program.required_columns import reads_of
from tests.repositories import analyzer_of, logic, policy_files, program_of

TAG = {"name": {"TEXT": "owner"}}
DOCUMENT = {"JSON_FROM": {"arg": {"FIELD": {"path": "a__r.json__c"}}, "undeterminedIf": {"isInvalid": "no"}}}
FAILS = {"undeterminedIf": {"evaluationError": "no", "resultTypeMismatch": "no"}}


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ({"IS_EMPTY": {"arg": {"FIELD": {"path": "a__r.b__c"}}}}, [Read("a__r.b__c")]),
        ({"TAG_EXISTS": TAG}, [Read(TAGS_FIELD)]),
        ({"TAG_EXISTS": {**TAG, "tagsJson": "tags__c"}}, [Read("tags__c")]),
        (
            {
                "AWS_POLICY_ALLOWS": {
                    "policyExtField": "p__c",
                    "widestAcceptableAccessLevel": "SAME_ACCOUNT",
                    "actions": ["a:b"],
                }
            },
            [Read("p__c")],
        ),
        ({"JSON_QUERY_BOOLEAN": {"arg": DOCUMENT, "expression": "on", **FAILS}}, [Read("a__r.json__c", "on")]),
        ({"JSON_QUERY_BOOLEAN": {"arg": DOCUMENT, "expression": "a && b", **FAILS}}, [Read("a__r.json__c")]),
        ({"IS_EMPTY_LOOKUP": "a__r"}, []),
    ],
)
def test_reads(tmp_path: Path, check: Any, expected: list[Read]) -> None:
    assert tuple(expected) == reads_of(program_of(analyzer_of(tmp_path, policy_files(logic(check)))).block)


def test_what_an_extract_reads_stands_behind_its_lookups(tmp_path: Path) -> None:
    types = {
        "types/CA10__CaThing__c/type.yaml": {"label": "T", "lookups": [{"name": "o__r", "target": "Own", "key": "o__c"}]},
        "types/Own/type.yaml": {"label": "O", "fields": [{"name": "on__c", "type": "checkbox"}]},
        "types/Own/e.extracts.yaml": {"extracts": [{"name": "on", "value": {"FIELD": {"path": "on__c"}}}]},
    }
    written = logic({"EXTRACT": "o__r.on"}, importExtracts=[{"file": "/types/Own/e.extracts.yaml"}])
    program = program_of(analyzer_of(tmp_path, policy_files(written, **types)))
    assert (Read("o__r.on__c"),) == reads_of(program.block)
