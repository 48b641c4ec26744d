"""The JSON contract."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from perpend.core.diagnostics.as_json import render_json
from perpend.core.diagnostics.model import Diagnostic, Severity, Span, sorted_diagnostics
from tests.unit.core.diagnostics.examples import DIAGNOSTICS, UNKNOWN, UNREACHABLE

pytestmark = pytest.mark.medium


def test_no_diagnostics() -> None:
    expected = '{\n  "diagnostics": []\n}\n'
    assert expected == render_json([])


def test_diagnostics_are_sorted_and_carry_every_key() -> None:
    expected = """\
{
  "diagnostics": [
    {
      "code": "A310",
      "severity": "warning",
      "message": "condition 2 is never reached",
      "path": "a.yaml",
      "line": 7,
      "column": 3,
      "endLine": 9,
      "endColumn": 1,
      "help": null
    },
    {
      "code": "A203",
      "severity": "error",
      "message": "unknown extract `CA10__iamInstanceProfileArn`",
      "path": "ce/acme/aws/ec2/instance-role/prod.logic.yaml",
      "line": 13,
      "column": 20,
      "endLine": 13,
      "endColumn": 49,
      "help": "did you mean `CA10__iamInstanceProfileArn__c`?"
    }
  ]
}
"""
    assert expected == render_json([UNKNOWN, UNREACHABLE])


def test_text_comes_back_as_it_was_but_for_lone_surrogates() -> None:
    hostile = Diagnostic("A1", Severity.ERROR, 'q"\\\x1b\u202e日\ud800', Span("p\udc80", 1, 1, 1, 2), help="\ud83d\ude00")
    entry = json.loads(render_json([hostile]).encode("ascii"))["diagnostics"][0]
    expected = {"message": 'q"\\\x1b\u202e日\\ud800', "path": "p\\udc80", "help": "\\ud83d\\ude00"}
    assert expected == {key: entry[key] for key in expected}


@given(DIAGNOSTICS)
def test_any_diagnostics_are_ascii_json_of_encodable_text(found: list[Diagnostic]) -> None:
    document = json.loads(render_json(found).encode("ascii"))
    json.dumps(document, ensure_ascii=False).encode("utf-8")
    assert [d.code for d in sorted_diagnostics(found)] == [entry["code"] for entry in document["diagnostics"]]
