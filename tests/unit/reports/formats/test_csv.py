"""CSV: rows that come back as they were, and cells that no spreadsheet computes."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.objects.inventory import Source
from perpend.reports.formats.csv import HEADER, cell_text, write_csv
from tests.unit.reports.terminal.evaluations import MOOD, NOTED, WANT, thing
from tests.unit.reports.terminal.evaluations import evaluate as evaluate_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perpend.evaluation.verdicts.evaluation import Evaluation


def rows_of(evaluation: Evaluation, references: str = "findings") -> list[list[str]]:
    stream = io.StringIO(newline="")
    write_csv(evaluation, stream, references=references)
    assert stream.getvalue().endswith("\r\n")
    return list(csv.reader(io.StringIO(stream.getvalue(), newline=""), strict=True))


def read_back(cell: str) -> str:
    (row,) = csv.reader(io.StringIO(f"{cell},\r\n", newline=""), strict=True)
    return row[0]


def test_a_row_per_verdict_below_the_header(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    things = [thing('a "b", c', "bad", owner="acme"), thing("bob", Id="arn:aws:s3:eu-west-1:111122223333:b")]
    header, first, second = rows_of(evaluate(tmp_path, *things, sources=[Source("things", "test-data", None, 2)]))
    assert (
        "policyId,status,conditionIndex,conditionText,currentStateMessage,remediationMessage,runtimeError,"
        "objectId,objectName,externalId,typeApiName,typeName,masterId,masterName,references,"
        "account,accountName,accountOwner,region,source,observedAt"
    ) == ",".join(header)
    assert [
        "/ce/mood",
        "INCOMPLIANT",
        "199",
        f"{WANT} == 'bad'",
        "It is bad.",
        "Make it good:\nslowly.",
        "",
        'id-a "b", c',
        'a "b", c',
        'ext-a "b", c',
        "CA10__CaThing__c",
        "Thing",
        "id-acme",
        "acme",
    ] == first[:14]
    assert [{"field": WANT, "label": "Wanted", "value": "bad"}] == json.loads(first[14])
    assert ["", "", "", "things", ""] == first[16:], "nothing is said of an account's names and of regions, and no time"
    assert ["", "", ""] == [second[5], *second[12:14]]
    assert ["111122223333", "", "", "eu-west-1", "things", ""] == second[15:], "an account may have no description"


def test_without_facts_rows_hold_nothing_that_stands_in_objects(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("t1", "odd", notes='{"a":"secret note"}'), logics={"mood": MOOD, "noted": NOTED})
    stream = io.StringIO(newline="")
    write_csv(evaluation, stream, facts=False)
    header, *rows = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    of_facts = ("objectName", "masterName", "references", "runtimeError")
    assert [[""] * 4] * 2 == [[row[header.index(name)] for name in of_facts] for row in rows]
    assert "secret" not in stream.getvalue()
    assert "secret note" in str(rows_of(evaluation, references="all"))


def test_nothing_judged_is_a_header_alone(tmp_path: Path) -> None:
    assert [list(HEADER)] == rows_of(evaluate_in_memory(tmp_path, logics={}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a=b", "a=b"),
        ("<root_account>", "<root_account>"),
        ("'quoted'", "'quoted'"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", '"\'\rx"'),
        ("\nx", '"\'\nx"'),
        ("  =1", "'  =1"),
        ("\u00a0\u3000=1", "'\u00a0\u3000=1"),
        ("\x00\ufeff\u200b=1", "'\x00\ufeff\u200b=1"),
        ("\uff1d1", "'\uff1d1"),
        ("'=1", "''=1"),
        ('=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'),
        ("a,b", '"a,b"'),
        ("\ud800", "\\ud800"),
    ],
)
def test_cells_are_safe_and_quoted(text: str, expected: str) -> None:
    assert expected == cell_text(text)


_SUSPECTS = "'=+-@\t\r\n\",; \ufeff\u00a0\uff1d"
_PIECES = st.lists(st.one_of(st.sampled_from(_SUSPECTS), st.characters(codec="utf-8")), max_size=6).map("".join)


@given(_PIECES)
def test_no_cell_starts_a_formula_and_each_comes_back(text: str) -> None:
    shown = read_back(cell_text(text))
    assert not re.match(r"[\s\ufeff]*[=+\-@\uff1d]|[\t\r\n]", shown)
    assert text == (shown if shown == text else shown[1:])


@given(_PIECES)
def test_the_quote_in_front_is_never_mistaken_for_one_of_the_text(text: str) -> None:
    assert cell_text(text) != cell_text(f"'{text}")
