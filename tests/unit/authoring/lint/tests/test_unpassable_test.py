"""Tests whose verdict the logic does not have."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, field, found

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"
COMPLIANT = {"status": "COMPLIANT", "currentStateMessage": "m"}


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


def told(tmp_path, status, index):
    expected = {"status": status, "conditionIndex": index, "conditionText": "", "runtimeError": None}
    document = logic(field("a__c", isEmpty="e"), testData=[{"file": "tests.json"}])
    flags = found(tmp_path, "A311", document, {"ce/policy/tests.json": [{"Id": "x", "expectedResult": expected}]})
    return [(each.span.path, each.span.line, each.message) for each in flags]


@pytest.mark.parametrize(
    ("status", "index"),
    [("INCOMPLIANT", "199"), ("INCOMPLIANT", 199), ("UNDETERMINED", "101"), ("COMPLIANT", "200"), ("DISAPPEARED", "99")],
)
def test_a_verdict_of_the_logic_is_left_alone(tmp_path, status, index):
    assert [] == told(tmp_path, status, index)


@pytest.mark.parametrize("index", ["102", "299", "300", "000099999"])
def test_an_index_that_the_logic_does_not_have_is_flagged_at_its_key(tmp_path, index):
    message = f"`/ce/policy/prod.logic.yaml` has no outcome with the index {index}"
    assert [("ce/policy/tests.json", 6, message)] == told(tmp_path, "COMPLIANT", index)


def test_a_status_that_the_index_does_not_stand_for_is_flagged_at_its_key(tmp_path):
    message = "`/ce/policy/prod.logic.yaml` gives INCOMPLIANT at the index 199, never COMPLIANT"
    assert [("ce/policy/tests.json", 5, message)] == told(tmp_path, "COMPLIANT", "199")
