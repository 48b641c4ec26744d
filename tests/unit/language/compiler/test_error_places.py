"""Errors of meaning, each at its own line and column: `¦` stands before the character where it is expected."""

from __future__ import annotations

import pytest

from tests.unit.language.syntax.written import LOGIC, checked, errors, logic, write

JSON = "JSON_FROM: {arg: {FIELD: {path: a__c}}, undeterminedIf: {isInvalid: no JSON}}"
MESSAGES = "undeterminedIf: {evaluationError: failed, resultTypeMismatch: no text}"


def delegate(written: str) -> str:
    """Return a logic file with a field whose `noAccessDelegate` is written as given."""
    return logic(f"FIELD: {{path: a__c, undeterminedIf: {{noAccessDelegate: {written}}}}}")


def query(expression: str) -> str:
    """Return a logic file with a JMESPath expression, written as given."""
    return logic(
        "IS_EMPTY:\n        arg:\n          JSON_QUERY_TEXT:\n"
        f"            arg: {{{JSON}}}\n            expression: {expression}\n            {MESSAGES}"
    )


DISKS = "\nrelatedLists: [{relationshipName: disks__r, conditions: [], otherwise: {status: COMPLIANT, currentStateMessage: m}}]"

ERRORS = {
    "Text compared with Number": ("A202", logic("¦IS_EQUAL: {left: {TEXT: a}, right: {NUMBER: 1}}")),
    "Text sought in a set of Bytes": (
        "A202",
        logic("¦CONTAINS: {arg: {SET: {itemType: BYTES, items: [a]}}, search: {TEXT: a}}"),
    ),
    "a Number where Text belongs": ("A201", logic("STARTS_WITH: {arg: {¦NUMBER: 1}, search: {TEXT: a}}")),
    "a Text where a date belongs": ("A201", logic("IS_BEFORE_TODAY: {arg: {¦TEXT: a}}")),
    "a check that is Text": ("A209", logic("¦TEXT: a")),
    "a day that does not exist": ("L126", logic('IS_BEFORE_TODAY: {arg: {DATE_TIME: ¦"2026-02-30"}}')),
    "a duration that is none": ("L126", logic("IS_EMPTY: {arg: {DURATION: ¦90 days}}")),
    "a status that is none": ("L126", logic(f"RELATED_LIST_HAS: {{status: ¦BROKEN, relationshipName: disks__r}}{DISKS}")),
    "a condition's status that is none": ("L123", logic("BOOLEAN: true").replace("COMPLIANT", "¦COMPLAINT", 1)),
    "a related list that is not declared": (
        "A207",
        logic("RELATED_LIST_HAS: {status: COMPLIANT, relationshipName: ¦disks__r}"),
    ),
    "an unknown operation": ("L124", logic("¦IS_EQUALS: {left: {TEXT: a}, right: {TEXT: a}}")),
    "two operations": ("L125", logic("IS_EMPTY: {arg: {TEXT: a}}\n      ¦NOT_EMPTY: {arg: {TEXT: a}}")),
    "an unknown extract": ("A203", logic("EXTRACT: ¦a0")),
    "a regular expression": ("A211", logic("REGEX_MATCHES: {arg: {TEXT: a}, regex: '¦(?=a)'}")),
    "a regular expression of 100,000 brackets": (
        "A211",
        logic(f"REGEX_MATCHES: {{arg: {{TEXT: a}}, regex: '¦{'(' * 100_000}'}}"),
    ),
    "a log filter": ("A212", logic("GCP_LOGGING_QUERY_MATCH: {arg: {TEXT: a}, value: a OR ¦AND )}")),
    "a log filter of 100,000 negations": (
        "A212",
        logic(f"GCP_LOGGING_QUERY_MATCH: {{arg: {{TEXT: a}}, value: '{'NOT ' * 16_384}¦{'NOT ' * 83_616}'}}"),
    ),
    "a delegate with a strange key": ("L120", delegate("{path: a__c, currentStateMessage: m, ¦pfad: b__c}")),
    "a delegate without a message": ("L122", delegate("¦{path: a__c}")),
    "a delegate that is no path": ("L122", delegate("¦{path: a..b, currentStateMessage: m}")),
    "JMESPath, plain": ("A210", query("a[?b == `1`].c ¦d")),
    "JMESPath, quoted once": ("A210", query("'a[?b == ''x''].c ¦d'")),
    "JMESPath, quoted twice": ("A210", query('"a[?b == \\"x\\"].c ¦d"')),
    "JMESPath with escapes": ("A210", query('"a.\\n\\u0062\\x20\\tc\\_ ¦c"')),
    "JMESPath, folded": ("A210", query(">-\n              a[?b == `1`]\n              .c ¦d")),
    "JMESPath, literal": ("A210", query("|\n              a.b |\n                c ¦d\n")),
    "JMESPath that ends too early": ("A210", query("foo¦[")),
    "JMESPath of nothing": ("A210", query("¦''")),
    "a function that does not exist": ("A210", query("a.b[?¦is_null(c)]")),
    "a function with too many arguments": ("A210", query("a | ¦length(b, c)")),
    "JMESPath of 5,000 negations": ("A210", query(f"'¦{'!' * 5_000}a'")),
    "JMESPath of 3,000 alternatives": ("A210", query("¦a" + " || a" * 3_000)),
}


@pytest.mark.parametrize(("code", "content"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_is_named_where_it_stands(tmp_path, code, content):
    before, _, after = content.partition("¦")
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert [(code, LOGIC, *place)] == errors(checked(write(tmp_path, {LOGIC: before + after})))
