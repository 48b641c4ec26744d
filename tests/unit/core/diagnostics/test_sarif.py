"""SARIF logs. Their shape was checked once against the OASIS schema; here it is asserted by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity, Span, sorted_diagnostics
from perpend.core.diagnostics.sarif import render_sarif
from tests.unit.core.diagnostics.examples import DIAGNOSTICS, RULES, UNKNOWN, UNREACHABLE

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def _run(found: list[Diagnostic], rules: dict[str, Rule] = RULES) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render_sarif(found, rules=rules, tool_version="1.2.3").encode("ascii"))["runs"][0]
    return run


def _fingerprints(found: list[Diagnostic]) -> list[str]:
    return [result["partialFingerprints"]["codePathMessage/v1"] for result in _run(found)["results"]]


def test_no_diagnostics() -> None:
    run = {
        "tool": {"driver": {"name": "Perpend", "version": "1.2.3", "rules": []}},
        "columnKind": "unicodeCodePoints",
        "results": [],
    }
    expected = json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"
    assert expected == render_sarif([], rules=RULES, tool_version="1.2.3")


def test_rules_that_occur_are_described_by_their_pages() -> None:
    page = RULES["A203"].page
    expected = [
        {
            "id": "A203",
            "name": "unknown-extract",
            "shortDescription": {"text": "The object type has no extract of this name."},
            "fullDescription": {"text": "The object type has no extract of this name. A misspelt name would never match."},
            "help": {"text": page, "markdown": page},
            "defaultConfiguration": {"level": "error"},
        },
        {
            "id": "A310",
            "name": "unreachable-condition",
            "shortDescription": {"text": "No object gets here"},
            "fullDescription": {"text": "No object gets here"},
            "help": {"text": "# Unreachable\n\nNo object gets here", "markdown": "# Unreachable\n\nNo object gets here"},
            "defaultConfiguration": {"level": "warning"},
        },
        {"id": "X999"},
    ]
    assert expected == _run([UNREACHABLE, replace(UNKNOWN, code="X999"), UNKNOWN])["tool"]["driver"]["rules"]


def test_rule_that_does_not_occur_is_left_out() -> None:
    expected = ["A310"]
    assert expected == [rule["id"] for rule in _run([UNREACHABLE])["tool"]["driver"]["rules"]]


def test_results_are_sorted_and_point_at_rule_and_place() -> None:
    expected = [
        {
            "ruleId": "A310",
            "ruleIndex": 1,
            "level": "warning",
            "message": {"text": "condition 2 is never reached"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "a.yaml", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 7, "startColumn": 3, "endLine": 9, "endColumn": 1},
                    }
                }
            ],
            "partialFingerprints": {
                "codePathMessage/v1": "38eff8a86a05c9aaef78e7e92fd6c3e089d3f1651e3c8c9d68604a56c3cef4f9:1",
            },
        },
        {
            "ruleId": "A203",
            "ruleIndex": 0,
            "level": "error",
            "message": {
                "text": "unknown extract `CA10__iamInstanceProfileArn`\n"
                "object type `CA10__CaAwsInstance__c` has no such extract\n"
                "help: did you mean `CA10__iamInstanceProfileArn__c`?"
            },
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {
                            "uri": "ce/acme/aws/ec2/instance-role/prod.logic.yaml",
                            "uriBaseId": "%SRCROOT%",
                        },
                        "region": {"startLine": 13, "startColumn": 20, "endLine": 13, "endColumn": 49},
                    }
                }
            ],
            "partialFingerprints": {
                "codePathMessage/v1": "e38c62d59be74f9e08bbb992cf0594ef2e031c5d5dfe9dc8bc642a672e5db0fb:1",
            },
        },
    ]
    assert expected == _run([UNKNOWN, UNREACHABLE])["results"]


def test_empty_span_covers_one_character() -> None:
    region = _run([replace(UNKNOWN, span=Span("a.yaml", 5, 7))])["results"][0]["locations"][0]["physicalLocation"]["region"]
    expected = {"startLine": 5, "startColumn": 7, "endLine": 5, "endColumn": 8}
    assert expected == region


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/ü#?.yaml", "a%20b/%C3%BC%23%3F.yaml"),
        ("https://x/y:z", "https%3A//x/y%3Az"),
        ("50%.yaml", "50%25.yaml"),
        ("a\nb\\c\udc80", "a%0Ab%5Cc%5Cudc80"),
    ],
)
def test_path_is_a_percent_encoded_relative_uri(path: str, expected: str) -> None:
    location = _run([replace(UNKNOWN, span=Span(path))])["results"][0]["locations"][0]["physicalLocation"]
    assert expected == location["artifactLocation"]["uri"]


def test_files_are_named_from_where_the_repository_stands_and_fingerprints_are_not() -> None:
    log = json.loads(render_sarif([UNREACHABLE], rules=RULES, tool_version="1.2.3", root="a b/policies"))
    (result,) = log["runs"][0]["results"]
    location = {"uri": "a%20b/policies/a.yaml", "uriBaseId": "%SRCROOT%"}
    assert location == result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert _fingerprints([UNREACHABLE]) == [*result["partialFingerprints"].values()]


def test_message_holds_no_placeholder_no_link_and_no_hidden_character() -> None:
    hostile = Diagnostic("A203", Severity.ERROR, "{0} [a](https://b) [c\\](d) \x1b\u202e\ud800", Span("a.yaml"))
    expected = r"{{0}} [a] (https://b) [c\] (d) \x1b\u202e\ud800"
    assert expected == _run([hostile])["results"][0]["message"]["text"]


def test_fingerprint_holds_when_lines_move() -> None:
    assert _fingerprints([UNKNOWN]) == _fingerprints([replace(UNKNOWN, span=Span(UNKNOWN.span.path, 99), label="", help=None)])


@pytest.mark.parametrize(
    "other",
    [replace(UNKNOWN, code="A310"), replace(UNKNOWN, message="other"), replace(UNKNOWN, span=Span("b.yaml", 13, 20, 13, 49))],
)
def test_fingerprint_tells_code_path_and_message_apart(other: Diagnostic) -> None:
    assert _fingerprints([UNKNOWN]) != _fingerprints([other])


def test_equal_problems_of_one_file_are_numbered() -> None:
    found = [replace(UNREACHABLE, span=Span("a.yaml", line)) for line in (1, 2, 3)]
    expected = ["1", "2", "3"]
    assert expected == [fingerprint.partition(":")[2] for fingerprint in _fingerprints(found)]


@pytest.mark.parametrize(("page", "text"), [("", "unknown-extract"), ("# Only a heading", "# Only a heading")])
def test_rule_without_prose_is_described_by_its_name(page: str, text: str) -> None:
    rule = _run([UNKNOWN], {"A203": Rule("A203", "unknown-extract", Severity.ERROR, page)})["tool"]["driver"]["rules"][0]
    expected = {
        "id": "A203",
        "name": "unknown-extract",
        "shortDescription": {"text": "unknown-extract"},
        "fullDescription": {"text": "unknown-extract"},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "error"},
    }
    assert expected == rule


@given(DIAGNOSTICS)
def test_any_diagnostics_are_ascii_json_of_encodable_text(found: list[Diagnostic]) -> None:
    run = _run(found)
    json.dumps(run, ensure_ascii=False).encode("utf-8")
    assert [d.code for d in sorted_diagnostics(found)] == [result["ruleId"] for result in run["results"]]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
