"""Production logic without tests."""

from __future__ import annotations

from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, found, messages

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


def test_production_logic_with_test_data_is_left_alone(tmp_path):
    document = logic(testData=[{"file": "tests.json"}])
    assert [] == found(tmp_path, "A308", document, {"ce/policy/tests.json": []})


def test_other_logic_is_left_alone(tmp_path):
    assert ["ce/policy/prod.logic.yaml"] == [
        each.span.path for each in found(tmp_path, "A308", logic(), {"ce/policy/wip.logic.yaml": logic()})
    ]


def test_unit_tests_are_left_alone(tmp_path):
    assert [] == messages(tmp_path, "A308", {"UNIT_TEST": {"id": "x", "arg": {"BOOLEAN": True}}})
