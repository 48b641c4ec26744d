"""A bare value where an operation is expected: the hint writes the operation."""

from __future__ import annotations

import pytest

from tests.unit.language.syntax.written import LOGIC, checked, logic, write


@pytest.mark.parametrize(
    ("bare", "meant"),
    [
        ("gp2", "write `{TEXT: gp2}`"),
        ("2012-10-17", 'write `{TEXT: "2012-10-17"}`'),
        ('"yes"', 'write `{TEXT: "yes"}`'),
        ("100", "write `{NUMBER: 100}`"),
        ("1.50", "write `{NUMBER: 1.50}`"),
        ("true", "write `{BOOLEAN: true}`"),
        ("CA10__size__c", "write `{FIELD: {path: CA10__size__c}}`"),
        ("[a]", "for example `IS_EMPTY: {arg: …}`"),
        ('""', "for example `IS_EMPTY: {arg: …}`"),
    ],
)
def test_a_bare_value_is_answered_with_its_operation(tmp_path, bare, meant):
    files = {LOGIC: logic(f"IS_EQUAL: {{left: {{FIELD: {{path: a__c}}}}, right: {bare}}}")}
    assert [meant] == [one.help for one in checked(write(tmp_path, files)) if one.code == "L125"]
