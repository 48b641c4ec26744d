"""The lines of stored objects: SQL writes the bytes that Python writes, in the order of rows; Python writes what SQL cannot."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from perpend.core.diagnostics.model import Span
from perpend.core.objects.account import Account
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source, object_from_fields
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import selection_of
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.findings.filters import Filter
from perpend.findings.severity.effective import EffectiveRatings
from perpend.findings.severity.levels import SeverityLevel
from perpend.findings.severity.read import PolicyRating
from perpend.findings.severity.results import RatedEvaluation
from perpend.findings.verdict_filter import filter_verdicts
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.snapshots.snapshot import Snapshot
from perpend.reports.formats import lines
from perpend.reports.formats.asff import AsffText, write_asff, write_evaluation_asff
from perpend.reports.formats.csv import write_csv
from perpend.reports.formats.finding import findings_of, run_of
from perpend.reports.formats.finding_lines import FindingFormat
from perpend.reports.formats.json import write_json, write_ndjson
from perpend.reports.formats.ocsf import OcsfText, write_ocsf
from perpend.reports.formats.row_values import NotInSql
from tests.repositories import NAMES, analyzer_of, logic
from tests.unit.evaluation.verdicts.stored import DAY, OTHER, THING
from tests.unit.inventory.snapshots.stored import write_store

LONG = "x" * 1_001
ODD = ["", " ", '"=1+1"', "\t-2", "@x", "é\u202e\U0001f600", "a\\b", "\x7f", LONG, "root", "null", "a,b\r\nc", "'", "0", "true"]
DOCUMENTS: list[Any] = [
    *({"a": one, "b": 1} for one in ODD),
    *({"a": one} for one in (0, -1, 1.5, 1e300, 2**60, True, None, [1, {"x": "é"}], ["y" * 1_001])),
]
TEXTS = ['{"a":"\\u00e9\\""}', '{"a":1e2,"b":-0}', '{"a" : "b" }', '{"a":"b","a":"c"}', "{x", "", "[1]", None]
ARNS = [
    "arn:aws:ec2:eu-west-1:444455556666:x/{}",
    "arn:aws:ec2:eu-west-1:444455556666",
    "arn:aws-cn:ec2:eu-west-1",
    "arn:aws-cn:iam::111122223333:user/{}",
    "arn:aws:iam::1:root",
    "arn:aws:{}",
]
ACCOUNTS = {"111122223333": Account("=prod", "Ann, Bo"), "444455550001": Account('the "other"', None)}


def read(path: str) -> Any:
    return {"FIELD": {"path": path}}


def key(name: str) -> Any:
    document = {"JSON_FROM": {"arg": read("CA10__doc__c"), "undeterminedIf": {"isInvalid": "Not JSON."}}}
    wrong = {"evaluationError": "failed", "resultTypeMismatch": "odd"}
    return {"IS_EMPTY": {"arg": {"JSON_QUERY_TEXT": {"arg": document, "expression": name, "undeterminedIf": wrong}}}}


FIELDS = {
    "Id": "id",
    "Name": "text",
    "CA10__text__c": "text",
    "CA10__on__c": "checkbox",
    "CA10__number__c": "number",
    "CA10__doc__c": "json",
    "CA10__arn__c": "text",
}
TYPE = {
    "label": 'A "Thing"',
    "fields": [{"name": name, "type": kind, "label": f"The {name}"} for name, kind in FIELDS.items()],
    "lookups": [{"name": "CA10__owner__r", "target": OTHER, "key": "CA10__owner__c"}],
    "master": "CA10__owner__r",
    "externalIdField": "CA10__arn__c",
}
OWNER = {"label": "Owner", "fields": [{"name": name, "type": "text"} for name in ("Id", "Name", "CA10__city__c")]}
EMPTY = [{"IS_EMPTY": {"arg": read(path)}} for path in ("CA10__text__c", "CA10__number__c", "CA10__owner__r.CA10__city__c")]
FILES: dict[str, Any] = {
    f"types/{THING}/type.yaml": TYPE,
    f"types/{OTHER}/type.yaml": OWNER,
    "ce/a/prod.logic.yaml": logic(*EMPTY, statuses=["UNDETERMINED", "INCOMPLIANT", "INAPPLICABLE"]),
    "ce/b/prod.logic.yaml": logic(read("CA10__on__c"), key("a"), key("b")),
    **{f"ce/{name}/policy.yaml": {"names": NAMES} for name in "ab"},
}


def things() -> Iterator[dict[str, Any]]:
    """Yield objects with odd values in every field, so that SQL meets each form of a value.

    An object that is on is incompliant whatever its document holds.
    """
    usual = {"CA10__on__c": True, "CA10__text__c": "t", "CA10__number__c": 3, "CA10__doc__c": '{"a":"x","b":"y"}'}
    usual["CA10__owner__r"] = {"Id": "111122223333", "Name": "acme", "CA10__city__c": "Rome"}
    ownerless = {"CA10__owner__r": None, "CA10__owner__c": None}
    for text in [*ODD, None, 5, True, [1], {"a": 1}]:
        yield {**usual, "CA10__text__c": text, "Name": text if isinstance(text, str) else "n"}
    for number, document in enumerate(
        [*map(json.dumps, DOCUMENTS), *(json.dumps(one, ensure_ascii=False) for one in DOCUMENTS), *TEXTS]
    ):
        yield {**usual, "CA10__doc__c": document, "CA10__number__c": [None, 3, -0.0, 1.5, 1e300, 2.0**60][number % 6]}
    for text in ["", "é", LONG, "z"]:
        yield {**usual, "CA10__on__c": False, "CA10__doc__c": json.dumps({"a": "x", "b": text}, ensure_ascii=False)}
    for number, city in enumerate([*ODD, None]):
        owner = {"Id": f"44445555{number:04}" if number % 2 else f"o{number}", "Name": city, "CA10__city__c": city}
        yield {**usual, "CA10__owner__r": owner}
    for number, arn in enumerate(ARNS):
        yield {**usual, "CA10__arn__c": arn.format(number), **(ownerless if number % 2 else {})}
    yield {**usual, "Name": "root", "CA10__arn__c": "arn:aws:iam::444455556666:root"}
    yield {**usual, "Id": LONG, "Name": None}
    yield {**usual, "Id": "444455556666", **ownerless}
    yield {**usual, "Id": None, "CA10__arn__c": "arn:aws:s3:::x", **ownerless}
    yield {**usual, "CA10__disappearanceTime__c": "2020-01-01T00:00:00Z"}
    yield {**usual, "CA10__on__c": False, "CA10__doc__c": "{x"}
    yield {**usual, "CA10__on__c": "odd"}
    yield {}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluation]:
    root = tmp_path_factory.mktemp("lines")
    analyzer = analyzer_of(root / "repository", FILES)
    programs = [analyzer.analyzed(one).program for one in analyzer.repository.logic_ids]
    kind = analyzer.object_type(THING)
    found = [
        object_from_fields({"Id": f"t{row}", **fields}, kind, Origin("a.json" if row % 2 else "=b.json", row))
        for row, fields in enumerate(things())
    ]
    found.append(in_doubt({"CA10__on__c": True}, {"CA10__on__c": False}))
    sources = (Source("a.json", "test-data", DAY, 1), Source("=b.json", "test-data", None, 1))
    snapshot: Snapshot = write_store(
        root / "store", Inventory(sources, {THING: found}), declared=analyzer.object_type, contradiction=contradiction
    )
    selection = selection_of(analyzer, [program for program in programs if program])
    with evaluate_snapshot(snapshot, selection, snapshot_time=DAY) as evaluation:
        yield evaluation


def in_doubt(*readings: dict[str, Any]) -> CloudObject:
    first, *others = (CloudObject(THING, "g", "g", "g", {"Id": "g", **one}, Origin("a.json", 9)) for one in readings)
    return first._replace(variants=tuple(others))


def rated(evaluation: Evaluation) -> RatedEvaluation:
    """Return severities that differ between objects."""
    rating = PolicyRating(("*",), SeverityLevel.MEDIUM, 'said "so"', "CVSS é", None, None, Span("a.yaml", 1, 1))
    ids = [f"t{number}" for number in range(0, 60, 3)]
    return RatedEvaluation(
        EffectiveRatings({"/ce/b": rating}), {}, {"/ce/b": {one: 1 - row % 3 for row, one in enumerate(ids)}}
    )


def text_of(write: Callable[..., object], evaluation: Evaluation, **more: Any) -> str:
    stream = io.StringIO(newline="")
    write(evaluation, stream, **more)
    return stream.getvalue()


def findings(evaluation: Evaluation, stream: io.StringIO, *, form: str, weighed: RatedEvaluation | None) -> None:
    run = run_of(evaluation, weighed)
    if form == "ocsf":
        texts = lines.verdict_lines(evaluation, FindingFormat(run, tuple(Status), weighed, OcsfText(run, "1.8.0")))
        lines.write_lines(texts, stream)
    else:
        texts = lines.verdict_lines(evaluation, FindingFormat(run, tuple(Status), weighed, AsffText(run, "low")))
        stream.write(f"{write_evaluation_asff(texts, stream)} left out")


def findings_one_by_one(evaluation: Evaluation, *, form: str, weighed: RatedEvaluation | None) -> str:
    stream, run = io.StringIO(), run_of(evaluation, weighed)
    every = findings_of(evaluation, run, tuple(Status), weighed)
    if form == "ocsf":
        write_ocsf(run, every, stream)
    else:
        stream.write(f"{write_asff(run, every, stream, unrated='low')} left out")
    return stream.getvalue()


FORMATS: dict[str, tuple[Callable[..., object], dict[str, Any]]] = {
    "ndjson": (write_ndjson, {}),
    "ndjson, all": (write_ndjson, {"references": "all", "accounts": ACCOUNTS}),
    "json": (write_json, {"accounts": ACCOUNTS}),
    "csv": (write_csv, {"accounts": ACCOUNTS}),
    "csv, all": (write_csv, {"references": "all"}),
    "csv without facts": (write_csv, {"facts": False}),
    "ocsf": (findings, {"form": "ocsf"}),
    "asff": (findings, {"form": "asff"}),
}


@pytest.mark.parametrize("has_severities", [False, True])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "shown",
    [
        Filter(),
        Filter({"status": ("UNDETERMINED", "INAPPLICABLE")}),
        Filter({"status": ("INCOMPLIANT",)}),
        Filter({"account": ("111122223333",)}),
    ],
)
def test_sql_writes_what_python_writes(
    stored: Evaluation, monkeypatch: pytest.MonkeyPatch, form: str, shown: Filter, has_severities: bool
) -> None:
    evaluation = filter_verdicts(stored, shown, {})
    write, more = FORMATS[form]
    more = {**more, "weighed": rated(evaluation) if has_severities else None}
    with monkeypatch.context() as patch:
        patch.setattr(lines, "_texts_in_python", None)
        found = text_of(write, evaluation, **more)
    with monkeypatch.context() as patch:
        patch.setattr(lines, "StoredRows", not_in_sql)
        assert text_of(write, evaluation, **more) == found
    if "form" in more:
        assert findings_one_by_one(evaluation, **more) == found
    assert found.count("\n") > 1


def not_in_sql(*_: object, **__: object) -> None:
    raise NotInSql


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_rows_stay_in_order_from_query_to_query(stored: Evaluation, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    whole = text_of(write_ndjson, stored)
    for name, number in (("_MOST_ROWS", rows), ("_AT_ONCE", 2), ("_OBJECTS_AT_ONCE", 1)):
        monkeypatch.setattr(lines, name, number)
    assert whole == text_of(write_ndjson, stored)
    assert whole == text_of(write_ndjson, stored), "functions are known to the database already"


def test_python_writes_the_objects_that_need_a_closer_look_only(stored: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    real = lines._StoredTexts._by_python

    def counted(self: Any, *given: Any) -> Iterator[Any]:
        for row, text in real(self, *given):
            written.append(row)
            yield row, text

    monkeypatch.setattr(lines._StoredTexts, "_by_python", counted)
    of_lines = [json.loads(line) for line in text_of(write_ndjson, stored).splitlines()]
    with_errors = {one["object"]["id"] for one in of_lines if one["runtimeError"] and one["conditionIndex"] > 0}
    assert "g" in {one["object"]["id"] for one in of_lines if one["conditionIndex"] == 0}
    assert 0 < len(with_errors) <= len(written) == len(set(written)) < len(of_lines) / 8


def test_the_order_of_rows_is_not_asked_for_afterwards(stored: Evaluation) -> None:
    objects: Any = stored.objects_of(THING)
    asked = "SELECT current_setting('preserve_insertion_order')"
    before = objects.connection.execute(asked).fetchall()
    texts = lines.verdict_lines(stored, FindingFormat(run_of(stored), tuple(Status), None, OcsfText(run_of(stored), "1.8.0")))
    next(texts)
    assert [(True,)] == objects.connection.execute(asked).fetchall()
    texts.close()
    assert before == objects.connection.execute(asked).fetchall() == [(False,)]


def test_among_many_codes_no_list_is_long_enough_to_be_joined() -> None:
    condition = lines.is_among("v0", range(12))
    assert "(v0 IN (0, 1, 2, 3, 4) OR v0 IN (5, 6, 7, 8, 9) OR v0 IN (10, 11))" == condition
