"""Diagnostics as people read them."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.diagnostics.model import Diagnostic, Severity, Span
from perpend.core.diagnostics.text import render_text
from tests.unit.core.diagnostics.examples import DIAGNOSTICS, LINES, UNKNOWN, UNREACHABLE, source_line


def _error(span: Span, message: str = "wrong", label: str = "", help: str | None = None) -> Diagnostic:
    return Diagnostic("A203", Severity.ERROR, message, span, label, help)


def test_no_diagnostics() -> None:
    expected = "no problems found\n"
    assert expected == render_text([], source_line=source_line)


def test_diagnostics_are_sorted_drawn_and_counted() -> None:
    expected = """\
warning[A310]: condition 2 is never reached
 --> a.yaml:7:3
  |
7 |   - IS_EQUAL:
  |   ^^^^^^^^^^^

error[A203]: unknown extract `CA10__iamInstanceProfileArn`
  --> ce/acme/aws/ec2/instance-role/prod.logic.yaml:13:20
   |
13 |           EXTRACT: "CA10__iamInstanceProfileArn"
   |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ object type `CA10__CaAwsInstance__c` has no such extract
   |
   = help: did you mean `CA10__iamInstanceProfileArn__c`?

1 error, 1 warning
"""
    assert expected == render_text([UNKNOWN, UNREACHABLE, UNKNOWN], source_line=source_line)


def test_without_a_source_line_label_and_help_remain() -> None:
    expected = """\
error[A203]: unknown extract `CA10__iamInstanceProfileArn`
  --> ce/acme/aws/ec2/instance-role/prod.logic.yaml:13:20
   = note: object type `CA10__CaAwsInstance__c` has no such extract
   = help: did you mean `CA10__iamInstanceProfileArn__c`?

1 error
"""
    assert expected == render_text([UNKNOWN], source_line=lambda path, line: None)


def test_empty_line_and_empty_span_get_one_caret() -> None:
    expected = """\
error[A203]: wrong
 --> a.yaml:3:1
  |
3 |
  | ^ here

1 error
"""
    assert expected == render_text([_error(Span("a.yaml", 3), label="here")], source_line=lambda path, line: "")


def test_long_line_is_cut_to_the_width() -> None:
    expected = """\
error[A203]: wrong
 --> a.yaml:3:501
  |
3 | …aaaaaaaaaaaaaKEYbbbbbbbbbbbbbb…
  |               ^^^

1 error
"""
    line = "a" * 500 + "KEY" + "b" * 500
    assert expected == render_text([_error(Span("a.yaml", 3, 501, 3, 504))], source_line=lambda *_: line, width=36)


def test_tabs_and_wide_characters_keep_the_carets_in_place() -> None:
    expected = """\
error[A203]: wrong
 --> a.yaml:1:6
  |
1 |  日本: 値
  |        ^^

1 error
"""
    assert expected == render_text([_error(Span("a.yaml", 1, 6, 1, 7))], source_line=lambda *_: "\t日本:\t値")


def test_hostile_text_is_written_out_wherever_it_stands() -> None:
    expected = r"""error[A203]: a\x1b[2Jb\nerror[A999]: forged
 --> \u202egpj.yaml\r:1:1
  |
1 | \x9b31m\u2066x\r\ud800
  | ^^^^^^^ l\x07\u2028
  |
  = help: h\x1b]0;t\x07\U000e0041

1 error
"""
    hostile = _error(
        Span("\u202egpj.yaml\r", 1, 1, 1, 5), "a\x1b[2Jb\nerror[A999]: forged", "l\x07\u2028", "h\x1b]0;t\x07\U000e0041"
    )
    assert expected == render_text([hostile], source_line=lambda *_: "\x9b31m\u2066x\r\ud800\r\n")


def test_colour_marks_severity_sentence_gutter_and_notes() -> None:
    expected = (
        "<1;31>error[A203]<0><1>: wrong<0>\n"
        " <1;34>--><0> a.yaml:1:1\n"
        "<1;34>  |<0>\n"
        "<1;34>1 |<0> key\n"
        "<1;34>  |<0> <1;31>^^^ here<0>\n"
        "<1;34>  |<0>\n"
        "  <1;34>=<0> <1;36>help:<0> mend it\n"
        "\n"
        "1 error\n"
    )
    drawn = render_text(
        [_error(Span("a.yaml", 1, 1, 1, 4), "wrong", "here", "mend it")], source_line=lambda *_: "key", colour=True
    )
    assert expected == re.sub("\x1b\\[([0-9;]+)m", r"<\1>", drawn)


@pytest.mark.parametrize(
    ("errors", "warnings", "expected"),
    [(1, 0, "1 error"), (2, 1, "2 errors, 1 warning"), (0, 2, "2 warnings"), (1, 3, "1 error, 3 warnings")],
)
def test_summary_counts_what_occurs(errors: int, warnings: int, expected: str) -> None:
    severities = [Severity.ERROR] * errors + [Severity.WARNING] * warnings
    found = [Diagnostic("A1", severity, "wrong", Span("a", line)) for line, severity in enumerate(severities)]
    assert expected == render_text(found, source_line=lambda *_: None).splitlines()[-1]


@given(DIAGNOSTICS, LINES, st.integers(0, 120))
def test_any_diagnostic_is_drawn_without_a_hidden_character(found: list[Diagnostic], line: str | None, width: int) -> None:
    drawn = render_text(found, source_line=lambda *_: line, width=width)
    assert set() == {mark for mark in drawn if unicodedata.category(mark) in {"Cc", "Cf", "Zl", "Zp", "Cs"}} - {"\n"}
