"""All words of a diagnostic in one text."""

from __future__ import annotations

from perpend.core.diagnostics.model import Diagnostic, Severity, Span, prose_from_diagnostic
from tests.unit.core.diagnostics.examples import UNKNOWN, UNREACHABLE


def test_message_label_and_help_take_a_line_each() -> None:
    expected = (
        "unknown extract `CA10__iamInstanceProfileArn`\n"
        "object type `CA10__CaAwsInstance__c` has no such extract\n"
        "help: did you mean `CA10__iamInstanceProfileArn__c`?"
    )
    assert expected == prose_from_diagnostic(UNKNOWN)


def test_absent_label_and_help_take_none() -> None:
    expected = "condition 2 is never reached"
    assert expected == prose_from_diagnostic(UNREACHABLE)


def test_line_breaks_of_the_texts_are_written_out() -> None:
    hostile = Diagnostic("A1", Severity.ERROR, "a\nb", Span("a"), "c\u2028d", "e\x1bf")
    expected = "a\\nb\nc\\u2028d\nhelp: e\\x1bf"
    assert expected == prose_from_diagnostic(hostile)
