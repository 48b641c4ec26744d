"""Checks of `undeterminedIf` that nothing can set off."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, field, found, messages, query

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"
IMPORTS = {"importExtracts": [{"file": f"/{EXTRACTS}"}]}
TO_STRING = "does not see a missing key: `to_string(…)` turns it into the text `null`, which is not empty"


def boolean_from(arg):
    return {"BOOLEAN_FROM": {"arg": arg, "undeterminedIf": {"isEmpty": "empty"}}}


def date_from(arg, **more):
    checks = {"isEmpty": "e", "invalidFormat": "i"}
    return {"DATE_TIME_FROM": {"arg": arg, "format": "ISO_8601", **more, "undeterminedIf": checks}}


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


FLAGGED = {
    "BOOLEAN_FROM over to_string": (boolean_from(query("to_string(a)")), f"`isEmpty` {TO_STRING}"),
    "a query's own result": (query("to_string(a)", resultIsEmpty="e"), f"`resultIsEmpty` {TO_STRING}"),
    "a field that is its own delegate": (
        field("a__c", noAccessDelegate={"path": "a__c", "currentStateMessage": "d"}, isEmpty="e"),
        "`isEmpty` never fires: `noAccessDelegate` checks for an empty `a__c` first",
    ),
    "a constant": (date_from({"TEXT": "2026-01-31"}), "`isEmpty` never fires: the value is a constant"),
    "a guarded field": (
        date_from(field("a__c", isEmpty="e")),
        "`isEmpty` never fires: the expression inside it stops every empty value",
    ),
}
SOUND = {
    "to_string inside": boolean_from(query("[to_string(a)] | [0]")),
    "a required check over a guarded field": boolean_from(field("a__c", isEmpty="e")),
    "a text that stands for null": date_from(query("to_string(a)"), nullValues=["null"]),
    "a guarded field of Bytes": date_from(
        {"FIELD": {"path": "a__c", "returnType": "BYTES", "undeterminedIf": {"isEmpty": "e"}}}
    ),
    "a JSON document": {"JSON_FROM": {"arg": query("to_string(a)"), "undeterminedIf": {"isEmpty": "e", "isInvalid": "i"}}},
}


@pytest.mark.parametrize(("value", "message"), FLAGGED.values(), ids=FLAGGED.keys())
def test_flagged(tmp_path, value, message):
    files = extracts(text=query("to_string(b)"))
    assert [message] == messages(tmp_path, "A302", {"NOT_EMPTY": {"arg": value}}, files=files, **IMPORTS)


@pytest.mark.parametrize("value", SOUND.values(), ids=SOUND.keys())
def test_left_alone(tmp_path, value):
    assert [] == messages(tmp_path, "A302", {"NOT_EMPTY": {"arg": value}})


def test_the_flag_stands_at_the_check_s_key_in_the_file_of_extracts(tmp_path):
    text = """\
        extracts:
          - name: unused
            value:
              FIELD:
                path: a__c
                undeterminedIf:
                  noAccessDelegate: {path: a__c, currentStateMessage: d}
                  isEmpty: e
        """
    (flag,) = found(tmp_path, "A302", logic(), {EXTRACTS: text})
    assert (EXTRACTS, 8, 11, 18) == (flag.span.path, flag.span.line, flag.span.column, flag.span.end_column)


def test_unit_tests_are_left_alone(tmp_path):
    test = {"UNIT_TEST": {"id": "Test-1", "arg": boolean_from({"TEXT": "true"})}}
    assert [] == messages(tmp_path, "A302", test)
