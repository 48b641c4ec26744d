"""`DEBUG` where it is forgotten."""

from __future__ import annotations

from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, field, found

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


DEBUG = {"DEBUG": {"name": "x", "arg": field("a__c")}}


def test_flagged_in_extracts(tmp_path):
    (flag,) = found(tmp_path, "A310", logic(), extracts(a=DEBUG))
    assert (EXTRACTS, "`DEBUG` was left in an extract") == (flag.span.path, flag.message)


def test_left_alone_in_logic_under_work(tmp_path):
    assert [] == found(tmp_path, "A310", logic(), {"ce/policy/wip.logic.yaml": logic(DEBUG)})
