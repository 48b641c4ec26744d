"""Diagnostics that the renderers' tests share, and any diagnostic that a hostile repository could bring about."""

from __future__ import annotations

from hypothesis import strategies as st

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity, Span

PATH = "ce/acme/aws/ec2/instance-role/prod.logic.yaml"
SOURCE = '          EXTRACT: "CA10__iamInstanceProfileArn"'

UNKNOWN_EXTRACT = Rule(
    "A203",
    "unknown-extract",
    Severity.ERROR,
    "The object type has no extract of this name. A misspelt name would never match.\n\nTake a name that `perpend list` shows.",
)
UNREACHABLE_CONDITION = Rule("A310", "unreachable-condition", Severity.WARNING, "# Unreachable\n\nNo object gets here")
RULES = {rule.code: rule for rule in (UNKNOWN_EXTRACT, UNREACHABLE_CONDITION)}

UNKNOWN = UNKNOWN_EXTRACT.at(
    Span(PATH, 13, 20, 13, 49),
    "unknown extract `CA10__iamInstanceProfileArn`",
    label="object type `CA10__CaAwsInstance__c` has no such extract",
    help="did you mean `CA10__iamInstanceProfileArn__c`?",
)
UNREACHABLE = UNREACHABLE_CONDITION.at(Span("a.yaml", 7, 3, 9, 1), "condition 2 is never reached")


def source_line(path: str, line: int) -> str | None:
    """Return the lines of the two diagnostics above."""
    return {(PATH, 13): SOURCE, ("a.yaml", 7): "  - IS_EQUAL:   \n"}.get((path, line))


_HOSTILE = st.text(st.sampled_from("ab\t\n\r\x1b\x85\x9b\u200b\u202e\u2028\ud800\U000e0041é日%:,`{}[]()…"), max_size=80)
_NUMBER = st.integers(-1, 90)
SPANS = st.builds(Span, _HOSTILE, _NUMBER, _NUMBER, _NUMBER, _NUMBER)
LINES = st.none() | _HOSTILE
DIAGNOSTICS = st.lists(
    st.builds(
        Diagnostic,
        st.sampled_from(["A203", "A310", "X999"]),
        st.sampled_from(Severity),
        _HOSTILE,
        SPANS,
        _HOSTILE,
        st.none() | _HOSTILE,
    ),
    max_size=4,
)
