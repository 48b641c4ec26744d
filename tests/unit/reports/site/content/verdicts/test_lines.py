"""Lines of verdicts, counted; files of something else, or of another repository, refused."""

from __future__ import annotations

import json

import pytest

from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import Repository
from perpend.reports.site.content.page import Counts
from perpend.reports.site.content.verdicts.read import read_verdicts
from perpend.reports.site.content.verdicts.tally import SHOWN, InvalidVerdicts, ObservedSource
from tests.repositories import write
from tests.sites import INDEXES, POLICY, TYPE, files, lines_in, verdict_line

SOURCE = '{"name":"of/me/a.csv","kind":"credential-report","observedAt":null,"objects":25,"accounts":["111122223333"]}'
HEAD = [
    '{"ledger":{"objects":2,"verdicts":2},',
    f'"snapshot":{{"time":"2026-11-20T00:00:00Z","assumed":true,"sources":[{SOURCE}]}},',
    '"setAside":[],',
    '"verdicts":[',
]


@pytest.fixture
def analyzer(tmp_path):
    return Analyzer(Repository(write(tmp_path / "repository", files())))


def test_verdicts_are_counted_by_policy_account_and_type(tmp_path, analyzer):
    lines = [
        verdict_line(POLICY, "INCOMPLIANT", "a"),
        verdict_line(POLICY, "COMPLIANT", "b", "2"),
        "",
        verdict_line(POLICY, "UNDETERMINED", "c"),
    ]
    book = read_verdicts(lines_in(tmp_path, lines), analyzer)
    assert Counts((1, 1, 1, 0, 0)) == book.counts([POLICY])
    assert [("1", (1, 1, 0, 0, 0)), ("2", (0, 0, 1, 0, 0))] == [(name, counts.numbers) for name, counts in book.accounts()]
    assert 3 == book.counts_of_type(TYPE).total
    assert [lines[0]] == [found.decode().strip() for found in book.lines(POLICY, "INCOMPLIANT")]
    assert [lines[3]] == [found.decode().strip() for found in book.lines(POLICY, "UNDETERMINED")]
    assert ["c"] == [one.name for one in book.objects[POLICY, "UNDETERMINED"]]


def test_what_a_first_line_says_of_all_verdicts_holds_for_each(tmp_path, analyzer):
    full = [json.loads(verdict_line(POLICY, status, name)) for status, name in (("INCOMPLIANT", "a"), ("UNDETERMINED", "b"))]
    texts = ("currentStateMessage", "remediationMessage")
    said = {POLICY: {str(one["conditionIndex"]): {key: f"{key} of all" for key in texts} for one in full}}
    own = [{key: value for key, value in one.items() if key not in (*texts, "object", "references")} for one in full]
    own[1]["currentStateMessage"] = "its own"
    own = [{"object": one["object"], "verdicts": [verdict]} for one, verdict in zip(full, own, strict=True)]
    lines = [json.dumps(one, separators=(",", ":")) for one in ({"verdicts": said}, *own)]
    book = read_verdicts(lines_in(tmp_path, lines), analyzer)
    shown = [(one.name, one.message) for key in sorted(book.objects) for one in book.objects[key]]
    assert [("a", "currentStateMessage of all"), ("b", "its own")] == shown
    assert [] == list(book.lines(POLICY, "INCOMPLIANT"))


@pytest.mark.parametrize("first", ['{"verdicts":{', '{"verdicts":{"a":[]}}\n{"x":1}'])
def test_a_first_line_that_is_none_is_refused(tmp_path, analyzer, first):
    with pytest.raises(InvalidVerdicts):
        read_verdicts(lines_in(tmp_path, [first]), analyzer)


def test_listed_objects_are_capped_and_still_all_there(tmp_path, analyzer):
    lines = [verdict_line(POLICY, "INCOMPLIANT", f"n{number}") for number in range(SHOWN + 5)]
    book = read_verdicts(lines_in(tmp_path, lines), analyzer)
    key = (POLICY, "INCOMPLIANT")
    assert (SHOWN, SHOWN + 5) == (len(book.objects[key]), len(list(book.lines(*key))))


def test_a_document_says_when_and_what_was_observed(tmp_path, analyzer):
    line = verdict_line(POLICY, "INCOMPLIANT", "a")
    book = read_verdicts(lines_in(tmp_path, [*HEAD, f"{line},", verdict_line(POLICY, "COMPLIANT", "b"), "]}"]), analyzer)
    assert ("2026-11-20T00:00:00Z", True) == (book.observed.time, book.observed.assumed)
    assert (ObservedSource("of/me/a.csv", "credential-report", "", 25, ("111122223333",)),) == book.observed.sources
    assert (2, [f"{line}\n".encode()]) == (book.counts([POLICY]).total, list(book.lines(POLICY, "INCOMPLIANT")))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([*HEAD, verdict_line(POLICY, "COMPLIANT", "a")], r"v\.ndjson:5: is cut off"),
        ([*HEAD, verdict_line(POLICY, "COMPLIANT", "a"), "]}"], r"v\.ndjson: holds 1 of 2 verdicts"),
        (HEAD[:2], r"v\.ndjson:2: is not an output of"),
        (['{"ledger":x', '"verdicts":['], r"v\.ndjson:1: is not an output of .*: not JSON"),
    ],
)
def test_half_a_document_is_refused(tmp_path, analyzer, lines, reason):
    with pytest.raises(InvalidVerdicts, match=reason):
        read_verdicts(lines_in(tmp_path, lines), analyzer)


@pytest.mark.parametrize("lines", [[], [""], ['{"verdicts":{"/ce/a":{"199":{}}}}']])
def test_what_a_job_that_died_leaves_is_not_an_estate_without_objects(tmp_path, analyzer, lines):
    with pytest.raises(InvalidVerdicts, match=r"v\.ndjson: has no verdicts, as after a failed check"):
        read_verdicts(lines_in(tmp_path, lines), analyzer)


@pytest.mark.parametrize("lines", [['{"ledger":{"verdicts":0},', '"verdicts":[', "", "]}"], ['{"verdicts":{"/ce/a":{}}}']])
def test_an_estate_without_objects_has_no_verdicts(tmp_path, analyzer, lines):
    assert {} == read_verdicts(lines_in(tmp_path, lines), analyzer).by_policy


@pytest.mark.parametrize(
    "text", ["{", "[1]", "{}", '{"policyId":"x","status":"ODD","object":{}}', '{"policyId":1,"status":"COMPLIANT","object":{}}']
)
def test_a_file_of_something_else_is_refused_with_its_line(tmp_path, analyzer, text):
    with pytest.raises(InvalidVerdicts, match=r"v\.ndjson:2: is not a line of"):
        read_verdicts(lines_in(tmp_path, [verdict_line(POLICY, "COMPLIANT", "a"), text]), analyzer)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (verdict_line("/ce/other", "COMPLIANT", "a"), "`/ce/other` is not here"),
        (verdict_line(POLICY, "COMPLIANT", "a", conditionIndex=INDEXES["INCOMPLIANT"]), "never gives COMPLIANT at index 199"),
        (verdict_line(POLICY, "COMPLIANT", "a", conditionText="another"), "never gives COMPLIANT at index 300"),
    ],
)
def test_verdicts_of_another_repository_are_refused(tmp_path, analyzer, line, reason):
    with pytest.raises(InvalidVerdicts, match=f"another repository: .*{reason}.*; name theirs with --repo"):
        read_verdicts(lines_in(tmp_path, [line, line]), analyzer)


def test_some_that_are_strange_are_outside_of_all_counts_and_told_by_number(tmp_path, analyzer):
    lines = [
        verdict_line(POLICY, "COMPLIANT", "a"),
        verdict_line("/ce/gone", "INCOMPLIANT", "a", "2"),
        verdict_line(POLICY, "INCOMPLIANT", "b", "3", conditionIndex=999),
    ]
    book = read_verdicts(lines_in(tmp_path, lines), analyzer)
    assert (1, {POLICY: 1}, {POLICY}) == (book.strangers, book.unlike, book.in_part.keys())
    assert ({POLICY: [0, 0, 1, 0, 0]}, 1, ["1"]) == (book.by_policy, book.counts_of_type(TYPE).total, [*book.by_account])
    assert ({}, {}) == (book.objects, book.places)
