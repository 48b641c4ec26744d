"""The JSON contract: its keys, its values, and that it stays JSON whatever names and values hold."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from perpend.core.objects.claims import NOT_ASKED, Claim, Scope
from perpend.core.objects.inventory import Source
from perpend.core.objects.status import Status
from perpend.findings.filters import Filter
from perpend.findings.verdict_filter import filter_verdicts
from perpend.reports.formats import evaluated_rows
from perpend.reports.formats.json import write_json, write_ndjson
from perpend.reports.formats.registry import REFERENCES
from perpend.reports.formats.values import json_value, value_text
from tests.unit.reports.terminal.evaluations import (
    HOSTILE,
    MOOD,
    NOTED,
    NOTES,
    OWNER,
    OWNER_LOOKUP,
    THING,
    WANT,
    thing,
    with_rival,
)
from tests.unit.reports.terminal.evaluations import evaluate as evaluate_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perpend.evaluation.verdicts.evaluation import Evaluation

VERDICT_KEYS = [
    "policyId",
    "status",
    "conditionIndex",
    "conditionText",
    "currentStateMessage",
    "remediationMessage",
    "runtimeError",
    "references",
    "object",
]


def text_of(evaluation: Evaluation, references: str = "findings") -> str:
    stream = io.StringIO()
    write_json(evaluation, stream, references=references)
    return stream.getvalue()


def document_of(evaluation: Evaluation, references: str = "findings") -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text_of(evaluation, references), parse_constant=refuse)


def test_a_document_has_the_keys_of_the_contract_in_order(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    document = document_of(evaluate(tmp_path, thing("ann", "bad", owner="acme"), thing("bob", "none")))
    assert ["ledger", "snapshot", "setAside", "excluded", "refused", "frameworks", "waivers", "filter", "verdicts"] == list(
        document
    )
    assert [] == document["setAside"]
    assert {
        "objects": 2,
        "verdicts": 2,
        "COMPLIANT": 0,
        "INCOMPLIANT": 1,
        "INAPPLICABLE": 1,
        "UNDETERMINED": 0,
        "DISAPPEARED": 0,
    } == document["ledger"]
    first, second = document["verdicts"]
    assert VERDICT_KEYS == list(first) == list(second)
    assert {
        "policyId": "/ce/mood",
        "status": "INCOMPLIANT",
        "conditionIndex": 199,
        "conditionText": f"{WANT} == 'bad'",
        "currentStateMessage": "It is bad.",
        "remediationMessage": "Make it good:\nslowly.",
        "runtimeError": None,
        "references": [{"field": WANT, "label": "Wanted", "value": "bad"}],
        "object": {
            "id": "id-ann",
            "name": "ann",
            "externalId": "ext-ann",
            "typeApiName": THING,
            "typeName": "Thing",
            "master": {"typeApiName": OWNER, "typeName": "Owner", "id": "id-acme", "externalId": "id-acme", "name": "acme"},
            "account": {"id": "id-acme", "name": None, "owner": None},
            "region": None,
            "source": "things",
            "observedAt": None,
        },
    } == first
    assert (None, None, 600) == (second["object"]["master"], second["remediationMessage"], second["conditionIndex"])


def test_the_lines_say_what_the_findings_say(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    owner = {OWNER_LOOKUP: {"CA10__city__c": "Rome"}}
    things = [
        thing("ann", "bad", owner="acme", notes="[1, 2"),
        thing("bob", "bare", owner="acme", notes='{"a":1}'),
        with_rival(thing("cid", "good", owner="bolt"), "bad"),
        thing("dan", "odd", notes=None),
        thing("eve", "gone", CA10__disappearanceTime__c="2023-01-01T00:00:00Z"),
        thing("fay", 7, notes='{"a":""}'),
        thing("gus", "worse", **owner),
        thing("hal", "none"),
        thing("ida", "good", owner="acme"),
    ]
    evaluation = evaluate(tmp_path, *things, logics={"mood": MOOD, "noted": NOTED})
    expected = {
        (finding.policy_id, finding.object.id): (
            finding.status.value,
            finding.condition_index,
            finding.condition_text,
            finding.current_state_message,
            finding.remediation_message,
            finding.runtime_error,
            [(reference.field, reference.label, reference.value) for reference in finding.references],
            finding.object.master and finding.object.master.id,
        )
        for finding in evaluation.findings()
    }
    actual = {
        (verdict["policyId"], verdict["object"]["id"]): (
            *(verdict[key] for key in VERDICT_KEYS[1:7]),
            [(reference["field"], reference["label"], reference["value"]) for reference in verdict["references"]],
            verdict["object"]["master"] and verdict["object"]["master"]["id"],
        )
        for verdict in document_of(evaluation, "all")["verdicts"]
    }
    assert expected == actual
    assert 18 == len(actual)
    assert {"COMPLIANT", "INCOMPLIANT", "INAPPLICABLE", "UNDETERMINED", "DISAPPEARED"} == {row[0] for row in actual.values()}
    assert any(row[5] for row in actual.values())
    assert all(row[2] and row[3] and (row[4] or row[0] != "INCOMPLIANT") for row in actual.values())


def test_policies_that_cannot_judge_and_inputs_that_cannot_be_read_are_named_in_the_document(
    evaluate: Callable[..., Evaluation], tmp_path: Path
) -> None:
    judged = evaluate(tmp_path, thing("ann"))
    selection, inventory = replace(judged.selection, refused={"/ce/far": ()}), replace(judged.inventory, unread=("gone.csv",))
    document = document_of(replace(judged, selection=selection, inventory=inventory))
    assert (["/ce/far"], ["gone.csv"]) == (document["refused"], document["snapshot"]["unread"])
    assert ([], []) == (document_of(judged)["refused"], document_of(judged)["snapshot"]["unread"])


def test_types_that_were_not_read_in_full_are_told_with_the_reason(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    for why in ("denied s3:ListAllMyBuckets", f"{NOT_ASKED} s3"):
        sources = [Source("things", "aws", None, 1, coverage=(Claim(THING, Scope("1"), why), Claim("Other", lacking=why)))]
        assert {THING: why} == document_of(evaluate(tmp_path, thing("ann"), sources=sources))["snapshot"]["lacking"]


def test_policies_set_aside_are_named_in_the_document_only(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("ann"), set_aside=["/ce/far", f"/ce/{HOSTILE}"])
    assert ["/ce/far", f"/ce/{HOSTILE}"] == document_of(evaluation)["setAside"]
    assert text_of(evaluation).isascii()
    stream = io.StringIO()
    write_ndjson(evaluation, stream)
    assert "/ce/far" not in stream.getvalue()


def test_verdicts_stand_by_object_and_then_by_policy(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("bob"), thing("ann"), logics={"noted": NOTED, "mood": MOOD})
    expected = [("id-bob", "/ce/mood"), ("id-bob", "/ce/noted"), ("id-ann", "/ce/mood"), ("id-ann", "/ce/noted")]
    assert expected == [(row["object"]["id"], row["policyId"]) for row in document_of(evaluation)["verdicts"]]


def test_ndjson_holds_the_verdicts_of_the_document_a_line_each(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, *(thing(f"thing {number}\n\u2028", "bad") for number in range(1_100)))
    stream = io.StringIO()
    write_ndjson(evaluation, stream)
    lines = stream.getvalue().split("\n")
    assert "" == lines.pop()
    assert document_of(evaluation)["verdicts"] == [json.loads(line) for line in lines]
    assert 1_100 == len(lines)


def test_rows_stay_in_order_from_query_to_query(
    evaluate: Callable[..., Evaluation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluated_rows, "_OBJECTS", range(7, 7))
    things = [
        thing(f"{7 * number % 40}", ("bad", "odd", 7)[number % 3], notes="[1" if number % 4 else "{}") for number in range(40)
    ]
    evaluation = evaluate(tmp_path, *things, logics={"noted": NOTED, "mood": MOOD})
    expected = [(one.id, policy) for one in things for policy in ("/ce/mood", "/ce/noted")]
    assert expected == [(row["object"]["id"], row["policyId"]) for row in document_of(evaluation)["verdicts"]]


def test_nothing_judged_is_a_document_too(tmp_path: Path) -> None:
    evaluation = evaluate_in_memory(tmp_path, logics={})
    stream = io.StringIO()
    write_ndjson(evaluation, stream)
    assert ("", [], 0) == (stream.getvalue(), document_of(evaluation)["verdicts"], document_of(evaluation)["ledger"]["objects"])


def test_names_come_back_character_for_character_from_ascii(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    source = HOSTILE.replace("\ud800", "")
    name = f'{source} "quoted" \\ \x00 \x9b \u2028'
    sources = [Source("things", "test-data", None, 1), Source(source, "test-data", None, 0)]
    evaluation = evaluate(tmp_path, thing(name, owner=name), names={"mood": HOSTILE}, sources=sources)
    text = text_of(evaluation)
    assert text.isascii()
    document = json.loads(text)
    found = document["verdicts"][0]["object"]
    assert [name, name, source] == [found["name"], found["master"]["name"], document["snapshot"]["sources"][0]["name"]]
    assert text == text_of(evaluation)


def test_the_snapshot_says_its_sources_and_whether_its_time_was_assumed(
    evaluate: Callable[..., Evaluation], tmp_path: Path
) -> None:
    seen = datetime(2026, 1, 9, 8, 15, 0, 250_000, tzinfo=UTC)
    sources = [Source("things", "credential-report", None, 3, ("1", "2")), Source("a.json", "credential-report-json", seen, 0)]
    time = "2026-01-09T08:15:00.250Z"
    stated = {"name": "a.json", "kind": "credential-report-json", "observedAt": time, "objects": 0, "accounts": []}
    silent = {"name": "things", "kind": "credential-report", "observedAt": None, "objects": 3, "accounts": ["1", "2"]}
    snapshot = document_of(evaluate(tmp_path, thing("ann"), sources=sources))["snapshot"]
    assert {
        "time": "2026-01-10T00:00:00Z",
        "assumed": True,
        "sources": [stated, silent],
        "unread": [],
        "lacking": {},
    } == snapshot
    snapshot = document_of(evaluate(tmp_path, thing("ann"), sources=sources[:1]))["snapshot"]
    assert {"time": "2026-01-10T00:00:00Z", "assumed": True, "sources": [silent], "unread": [], "lacking": {}} == snapshot
    given = document_of(evaluate(tmp_path, thing("ann"), sources=sources[:1], snapshot_time=seen))["snapshot"]
    assert {"time": "2026-01-09T08:15:00.250Z", "assumed": False, "sources": [silent], "unread": [], "lacking": {}} == given


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (1.5, "1.5"),
        ("é", '"\\u00e9"'),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (float("nan"), '"nan"'),
        ({"a": [float("-inf")], "b": "c"}, '{"a":["-inf"],"b":"c"}'),
    ],
)
def test_values_are_json_whatever_they_hold(value: Any, expected: str) -> None:
    assert expected == json_value(value)


def test_a_reference_has_the_label_of_the_type_a_lookup_leads_to_or_the_key_inside_a_document(
    evaluate: Callable[..., Evaluation], tmp_path: Path
) -> None:
    roman = thing("ann", **{OWNER_LOOKUP: {"Id": "o1", "CA10__city__c": "Rome"}})
    evaluation = evaluate(tmp_path, roman, thing("bob"), logics={"noted": NOTED})
    read = [row["references"] for row in document_of(evaluation, "all")["verdicts"]]
    city = {"field": f"{OWNER_LOOKUP}.CA10__city__c", "label": "City"}
    notes = {"field": NOTES, "label": "a", "value": "b"}
    assert [[notes, {**city, "value": "Rome"}], [notes, {**city, "value": None}]] == read


def test_lines_say_by_which_filter_they_were_chosen(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("ann", "bad"), thing("bob", "none"), thing("cy", "bad"))
    shown = filter_verdicts(evaluation, Filter({"status": (Status.INCOMPLIANT.value,)}), {})
    lines = io.StringIO()
    write_ndjson(shown, lines)
    of_document = [{**verdict, "filter": "--status INCOMPLIANT"} for verdict in document_of(shown)["verdicts"]]
    assert of_document == [json.loads(line) for line in lines.getvalue().splitlines()]


def test_fields_of_findings_are_written_and_all_on_request(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    evaluation = evaluate(tmp_path, thing("ann", "bad"), thing("bob", "good"), thing("cy", "none"), thing("di", 7))
    listed = {which: [bool(one["references"]) for one in document_of(evaluation, which)["verdicts"]] for which in REFERENCES}
    found = [one["status"] in ("INCOMPLIANT", "UNDETERMINED") for one in document_of(evaluation)["verdicts"]]
    assert {"findings": found, "all": [True] * 4} == listed and 0 < sum(found) < 4


def test_a_long_value_is_cut_and_named_by_its_hash(evaluate: Callable[..., Evaluation], tmp_path: Path) -> None:
    value = "bad" + " " * 998
    evaluation = evaluate(tmp_path, thing("ann", value), thing("bob", value[:1_000]))
    (cut, short), whole = ([one["references"][0] for one in document_of(evaluation, which)["verdicts"]] for which in REFERENCES)
    of_want = {"field": WANT, "label": "Wanted"}
    assert [{**of_want, "value": value}, {**of_want, "value": value[:1_000]}] == whole
    digest = hashlib.sha256(value.encode()).hexdigest()
    assert ({**of_want, "value": value[:1_000] + "…", "sha256": digest}, {**of_want, "value": value[:1_000]}) == (cut, short)


@pytest.mark.parametrize(
    ("value", "is_cut"), [("é" * 1_000, False), ("é" * 1_001, True), ('"' * 1_000, False), ("\ud800" * 1_001, True)]
)
def test_characters_count_not_their_escapes(value: str, is_cut: bool) -> None:
    expected = {"value": value[:1_000] + "…", "sha256": hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()}
    assert (expected if is_cut else {"value": value}) == json.loads(f'{{"value":{value_text(value)}}}')


def test_a_long_value_that_is_no_text_is_cut_as_json() -> None:
    value = {"a": list(range(1_000))}
    text = json_value(value)
    expected = {"value": text[:1_000] + "…", "sha256": hashlib.sha256(text.encode()).hexdigest()}
    assert expected == json.loads(f'{{"value":{value_text(value)}}}')
