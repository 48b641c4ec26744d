"""How an explanation looks: on terminals of three widths, and where a program reads it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from perpend.core.objects.inventory import CloudObject, Origin
from perpend.core.objects.labels import AS_WRITTEN, Labels
from perpend.core.objects.object_types import Field, ObjectType
from perpend.core.values.partial_object import PartialObject
from perpend.evaluation.explain.steps import Explanation
from perpend.reports.terminal.explanation import print_explanation
from tests.repositories import logic
from tests.unit.evaluation.explain.explanations import CHECKS, FLAG, MFA, explained
from tests.unit.evaluation.verdicts.evaluate_objects import THING, thing

LONG = {"IS_EQUAL": {"left": {"EXTRACT": "mfa"}, "right": {"TEXT": "a text of many words, long enough for two lines"}}}
TWO = {"AND": {"args": [MFA, FLAG]}}
OBJECT = {"doc": '{"mfa_active": "false"}', "flag": "true"}
HEAD = """\
policy    A policy
          /ce/policy
object    a
read at   report.csv:7
snapshot  2026-01-10 18:00 UTC
"""


def printed(
    found: Explanation, width: int = 80, *, terminal: bool = True, everything: bool = True, labels: Labels = AS_WRITTEN
) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=terminal, color_system=None)
    print_explanation(found, console, everything=everything, labels=labels)
    return stream.getvalue().removeprefix(HEAD)


@pytest.fixture
def found(tmp_path: Path) -> Explanation:
    return explained(tmp_path, thing("a", "report.csv", 7, **OBJECT), LONG, TWO, FLAG)


def test_the_short_form_gives_the_fields_that_decided_the_change_and_the_fix(found: Explanation) -> None:
    assert """\
INCOMPLIANT  a
             condition 2

  because   mfa_active  "false"
            flag        "true"
  unless    flag were "false" instead of "true": then it is COMPLIANT: the rest
  fix       See the policy's remediation: perpend show /ce/policy
  policy    A policy
            /ce/policy
  read at   report.csv:7, evaluated as of 2026-01-10 18:00 UTC

--all shows each condition in order
""" == printed(found, everything=False)


def test_all_shows_each_condition_and_what_was_derived_and_not_reached(found: Explanation) -> None:
    assert """\
verdict   INCOMPLIANT  condition 2
because   mfa_active  "false"
          flag        "true"
fix       See the policy's remediation: perpend show /ce/policy

   99 false       isDisappeared(CA10__disappearanceTime__c)
  199 false       extract('mfa') == 'a text of many words, long enough for two
                  lines'
                    mfa_active  "false"
                    extract('mfa') = "false"  ← mfa_active
  299 true        extract('mfa') == 'false' && flag.asBoolean() → INCOMPLIANT
                    mfa_active  "false"
                    flag        "true"
                    extract('mfa') = "false"  ← mfa_active
  399 not reached flag.asBoolean()
  400 not reached otherwise

smallest change flag from "true" to "false" would make it COMPLIANT: the rest
""" == printed(found)


@pytest.mark.parametrize(("width", "widest"), [(40, 40), (80, 80), (200, 120)])
def test_lines_fit_the_terminal_and_are_never_too_long_to_read(tmp_path: Path, width: int, widest: int) -> None:
    words = " && ".join(["extract('mfa')"] * 12)
    check = {"IS_EQUAL": {"left": {"EXTRACT": "mfa"}, "right": {"TEXT": words}}}
    lines = printed(explained(tmp_path, thing("a", "report.csv", 7, **OBJECT), check), width).splitlines()
    assert widest - 20 < max(map(len, lines)) <= widest


def test_a_pipe_gets_whole_lines_without_trailing_blanks(found: Explanation) -> None:
    lines = printed(found, 40, terminal=False).split("\n")
    assert [] == [line for line in lines if line != line.rstrip()]
    assert "  199 false       extract('mfa') == 'a text of many words, long enough for two lines'" in lines


@pytest.mark.parametrize(
    ("fields", "because", "ended", "change"),
    [
        ({"flag": 7}, "flag  7", "unreadable: flag holds the number 7, not Text", "flag from 7 to"),
        ({}, "flag  not collected", "unreadable: flag is missing from the data", "flag from not collected to"),
        ({"flag": None}, "flag  null", "check fired: flag.isEmpty()", "flag from null to"),
    ],
)
def test_what_was_not_collected_is_not_null_and_what_is_unreadable_no_check(
    tmp_path: Path, fields: dict[str, Any], because: str, ended: str, change: str
) -> None:
    lines = [line.strip() for line in printed(explained(tmp_path, thing("a", "report.csv", 7, **fields), FLAG)).splitlines()]
    assert f"because   {because}" in lines
    assert 1 == sum(line.startswith(("check fired", "unreadable")) for line in lines)
    assert any(line.startswith(ended) for line in lines)
    assert any(line.startswith(f"smallest change {change}") for line in lines)


def test_why_a_field_is_not_known_is_said_once_with_the_verdict_and_once_with_its_condition(tmp_path: Path) -> None:
    fields = PartialObject({"Id": "a", "flag": "true"}, {"doc": "was denied"})
    denied = CloudObject(THING, "a", "a", "a", fields, Origin("report.csv", 7))
    assert """\
verdict   UNDETERMINED  doc was denied
because   doc  not known

   99 false       isDisappeared(CA10__disappearanceTime__c)
    0 stopped     extract('mfa') == 'false' && flag.asBoolean() → UNDETERMINED
                    doc  not known
                    extract('doc').jsonQueryText('mfa_active') = unreadable: doc
                      was denied  ← mfa_active
                    extract('mfa') = unreadable: doc was denied  ← mfa_active
                    unreadable: doc was denied
""" in printed(explained(tmp_path, denied, TWO))


def test_where_no_condition_decided_all_fields_that_were_looked_at_come_first(tmp_path: Path) -> None:
    given = thing("a", "report.csv", 7, flag="perhaps", doc='{"mfa_active": "no"}')
    lines = printed(explained(tmp_path, given, LONG, TWO, FLAG)).splitlines()
    head = [line.strip() for line in lines[: lines.index("")] if not line.startswith("fix")]
    assert any("400 true        otherwise" in line for line in lines)
    assert ['because   mfa_active  "no"', 'flag        "perhaps"'] == head[-2:]


def test_a_value_does_not_fade_with_its_label(found: Explanation) -> None:
    stream = io.StringIO()
    print_explanation(found, Console(file=stream, width=80, force_terminal=True, color_system="standard"), everything=True)
    lines = stream.getvalue().splitlines()
    assert "\x1b[2mpolicy    \x1b[0mA policy" == lines[0]
    assert [] == [line for line in lines if "[1;2;31m" in line]
    assert "\x1b[2msmallest change \x1b[0m\x1b[1m" in stream.getvalue()


def test_objects_of_a_list_stand_below_the_verdict_with_what_theirs_come_from(tmp_path: Path) -> None:
    related = {**logic(FLAG), "relationshipName": "Parts__r"}
    del related["inputType"]
    has = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "Parts__r"}}
    judged = thing("a", "report.csv", 7, Parts__r=[{"Id": "p", "flag": "false"}, {"Id": "q", "flag": "true"}])
    assert """\
verdict   INCOMPLIANT  condition 1
because   Parts__r[1] q  INCOMPLIANT  condition 1
            flag  "true"
fix       See the policy's remediation: perpend show /ce/policy

   99 false       isDisappeared(CA10__disappearanceTime__c)
  199 true        Parts__r.has(INCOMPLIANT) → INCOMPLIANT
                    Parts__r[0].flag  "false"
                    Parts__r[1].flag  "true"
                    Parts__r[1] q  INCOMPLIANT  condition 1
                    Parts__r.has(INCOMPLIANT) = true
  200 not reached otherwise
""" in printed(explained(tmp_path, judged, has, relatedLists=[related]))


def test_a_long_query_is_left_to_all_and_cut_there(tmp_path: Path) -> None:
    asked = {"arg": {"EXTRACT": "doc"}, "expression": f"a.b || '{'x' * 60}'", "undeterminedIf": CHECKS}
    check = {"IS_EQUAL": {"left": {"JSON_QUERY_TEXT": asked}, "right": {"TEXT": "y"}}}
    found = explained(tmp_path, thing("a", "report.csv", 7, doc='{"a": {"b": "y"}}'), check)
    assert 'because   doc  "{\\"a\\": {\\"b\\": \\"y\\"}}"\n' in printed(found, everything=False)
    query = f'doc: a.b || \'{"x" * 51}…  "y"\n'
    assert [False, True] == [query in printed(found, 120, everything=everything) for everything in (False, True)]


def test_further_lines_of_what_stands_further_in_stay_there(tmp_path: Path) -> None:
    related = {**logic({"IS_EQUAL": {"left": {"FIELD": {"path": "t"}}, "right": {"TEXT": "one two three four"}}})}
    del related["inputType"]
    has = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "Parts__r"}}
    judged = thing("a", "report.csv", 7, Parts__r=[{"Id": "q", "t": "one two three four"}])
    found = explained(tmp_path, judged, has, relatedLists=[{**related, "relationshipName": "Parts__r"}])
    assert """\
because   Parts__r[0] q
          INCOMPLIANT
          condition 1
            t  "one two three
              four"
""" in printed(found, 30)


def test_fields_have_their_labels_in_both_forms(tmp_path: Path) -> None:
    check = {"IS_EQUAL": {"left": {"FIELD": {"path": "CA10__mfa__c"}}, "right": {"TEXT": "no"}}}
    declared = ObjectType("Thing", fields={"CA10__mfa__c": Field("CA10__mfa__c", "text", "MFA State")})
    found = explained(tmp_path, thing("a", "report.csv", 7, CA10__mfa__c="no"), check)
    short, long = (printed(found, labels=Labels({"Thing": declared}), everything=everything) for everything in (False, True))
    assert '  because   MFA state  "no"\n' in short
    assert "  unless    MFA state were" in short
    assert "  199 true        MFA state == 'no' → INCOMPLIANT\n" in long
    assert "smallest change MFA state from" in long
    assert "CA10__mfa__c" not in short + long
