"""GitHub workflow commands."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import given

from perpend.core.diagnostics.github import render_github
from perpend.core.diagnostics.model import Diagnostic, Severity, Span, prose_from_diagnostic, sorted_diagnostics
from tests.unit.core.diagnostics.examples import DIAGNOSTICS, RULES, UNKNOWN, UNREACHABLE

NAMES = {code: rule.name for code, rule in RULES.items()}


def test_no_diagnostics() -> None:
    expected = ""
    assert expected == render_github([], names=NAMES)


def test_diagnostics_are_sorted_one_command_each_and_columns_stay_within_one_line() -> None:
    expected = (
        "::warning file=a.yaml,line=7,endLine=9,title=A310 unreachable-condition::condition 2 is never reached\n"
        "::error file=ce/acme/aws/ec2/instance-role/prod.logic.yaml,line=13,endLine=13,col=20,endColumn=49,"
        "title=A203 unknown-extract::unknown extract `CA10__iamInstanceProfileArn`"
        "%0Aobject type `CA10__CaAwsInstance__c` has no such extract"
        "%0Ahelp: did you mean `CA10__iamInstanceProfileArn__c`?\n"
    )
    assert expected == render_github([UNKNOWN, UNREACHABLE], names=NAMES)


def test_code_without_a_name_is_the_title() -> None:
    expected = "::warning file=a.yaml,line=7,endLine=9,title=A310::condition 2 is never reached\n"
    assert expected == render_github([UNREACHABLE], names={})


def test_files_are_named_from_where_the_repository_stands() -> None:
    expected = "::warning file=a%2Cb/policies/a.yaml,line=7,endLine=9,title=A310::condition 2 is never reached\n"
    assert expected == render_github([UNREACHABLE], names={}, root="a,b/policies")


def test_hostile_text_starts_no_command_and_ends_no_property() -> None:
    hostile = Diagnostic("A203", Severity.ERROR, "100%0A, a:b\r\n::set-output name=x::y\x1b", Span("a,b:c%\n::d.yaml"))
    expected = (
        "::error file=a%2Cb%3Ac%25\\n%3A%3Ad.yaml,line=1,endLine=1,col=1,endColumn=2,title=A203 50%25%2C%0D%0A%3A"
        "::100%250A, a:b\\r\\n::set-output name=x::y\\x1b\n"
    )
    assert expected == render_github([hostile], names={"A203": "50%,\r\n:"})


@given(DIAGNOSTICS)
def test_any_command_reads_back_as_its_diagnostic(found: list[Diagnostic]) -> None:
    lines = render_github(found, names=NAMES).encode("utf-8").decode("utf-8").splitlines()
    read = [re.fullmatch("::(error|warning) ([^:]*)::(.*)", line) for line in lines]
    expected = [(d.severity.value, prose_from_diagnostic(d)) for d in sorted_diagnostics(found)]
    assert expected == [(command[1], unquote(command[3])) for command in read if command]
    assert [{"file", "line", "endLine", "title"}] * len(lines) == [
        {pair.partition("=")[0] for pair in command[2].split(",")} - {"col", "endColumn"} for command in read if command
    ]
