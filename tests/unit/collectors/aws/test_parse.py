"""Recorded bytes (``spec/aws/CALL/NAME.http``) and what they mean: objects, a fact, not known and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

import botocore.loaders
import botocore.parsers
from botocore.awsrequest import HeadersDict
from botocore.handlers import json_decode_policies
from botocore.model import ServiceModel

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.collectors.aws.error_classification import ErrorAnswer, FailureKind, Refusal, meaning_of, unread
from perpend.collectors.aws.model import REPORT, CloudCall, FieldSource, TypeRow
from perpend.collectors.aws.parse import (
    CloudPlace,
    NoResult,
    ObjectFields,
    add_fields,
    id_of,
    is_answer,
    items_of,
    member,
    objects_in,
    report_items,
    value_at,
)
from perpend.collectors.items import ABOVE
from perpend.inventory.readers.errors import UnusableContent

SPEC = Path(__file__).parents[4] / "spec" / "aws"
VECTORS = sorted(SPEC.glob("*/*.http"))
LOADER = botocore.loaders.create_loader()
WHERE = CloudPlace("111122223333", "aws", "eu-west-1")


def answer_of(call: CloudCall, recorded: bytes) -> dict[str, Any]:
    """Return what the SDK makes of recorded bytes."""
    head, _, body = recorded.partition(b"\n\n")
    first, *headers = head.decode().split("\n")
    model = ServiceModel(LOADER.load_service_model(call.service, "service-2"), call.service)
    parser = botocore.parsers.create_parser(model.resolved_protocol)
    response = {
        "status_code": int(first.split(" ")[1]),
        "headers": HeadersDict(dict(line.split(": ", 1) for line in headers)),
        "body": body,
    }
    operation = model.operation_model(call.operation)
    found: dict[str, Any] = parser.parse(response, operation.output_shape)
    if call.service == "iam" and "Error" not in found:
        json_decode_policies(found, operation)
    return found


def items(call: CloudCall, answer: dict[str, Any], told: dict[str, Any], body: bytes) -> Any:
    if "Error" in answer:
        refusal = Refusal(answer["Error"]["Code"], answer["Error"]["Message"])
        meaning = meaning_of(call, refusal, WHERE)
        return items_of(call, meaning.answer) if isinstance(meaning, ErrorAnswer) else meaning
    if not is_answer(call, answer, body):
        return unread(call, FailureKind.FAILED, WHERE, "NoResult")
    if call.name == REPORT:
        return report_items(answer["Content"], "report", answer["GeneratedTime"])
    return items_of(call, answer)


def of_detail(call: CloudCall, answer: dict[str, Any], told: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a detail call says of an object, and why it does not say the rest."""
    fields = ObjectFields()
    if "Error" in answer:
        meaning = meaning_of(call, Refusal(answer["Error"]["Code"], answer["Error"]["Message"]), WHERE)
        assert isinstance(meaning, ErrorAnswer)
        answer = dict(meaning.answer)
    row = TYPES[told["type"]]
    if any(detail.call == call.name and (detail.matched or detail.metric) for one in row.rows for detail in one.details):
        answer = items_of(call, answer)[0]
    add_fields(fields, row, call.name, {**answer, ABOVE: told.get("item", {})}, WHERE)
    return fields.known, fields.reasons


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_bytes_mean_what_is_written_beside_them(path: Path) -> None:
    call, told = CALLS[path.parent.name], json.loads(path.with_suffix(".json").read_text())
    found = items(call, answer_of(call, path.read_bytes()), told, path.read_bytes().partition(b"\n\n")[2])
    if "fields" in told:
        assert isinstance(found, list), found
        assert (told["fields"], told.get("reasons", {})) == of_detail(call, answer_of(call, path.read_bytes()), told)
        return
    if not isinstance(found, list):
        assert told["meaning"] == str(found)
        return
    rows = TYPES[told["type"]].rows if "type" in told else [row for one in TYPES.values() for row in one.rows]
    row = next((one for one in rows if one.listed == call.name), rows[0])
    objects = []
    for one in (one for listed in found for one in objects_in(row, listed, WHERE.account)):
        fields = ObjectFields()
        add_fields(fields, row, "", one, WHERE)
        reasons = {"reasons": fields.reasons} if fields.reasons else {}
        objects.append({"Id": id_of(row, one, WHERE), **fields.known, **reasons})
    assert told["objects"] == objects


def test_every_vector_has_its_meaning() -> None:
    assert {path.with_suffix("") for path in SPEC.glob("*/*.json")} == {path.with_suffix("") for path in VECTORS}


@pytest.mark.parametrize(
    ("source", "item", "expected"),
    [
        (FieldSource("a.b"), {"a": {"b": 3}}, 3),
        (FieldSource("a", optional=True), {}, None),
        (FieldSource("a", "enabled_disabled"), {"a": False}, "Disabled"),
        (FieldSource("a", "policy_kind"), {"a": "arn:aws:iam::aws:policy/P"}, "AWS managed"),
        (FieldSource("a", "policy_kind"), {"a": "arn:aws:iam::111122223333:policy/P"}, "Customer managed"),
        (FieldSource("a", "time"), {"a": "2026-11-20T10:00:00+02:00"}, "2026-11-20T08:00:00Z"),
        (FieldSource("a", "json_text"), {"a": {"B": "é"}}, '{"B":"é"}'),
        (FieldSource("a", "basic_selectors"), {"a": [{"ReadWriteType": "All"}]}, '[{"readWriteType":"All"}]'),
        (FieldSource("a", "lower_camel_json", optional=True), {"a": []}, None),
        (FieldSource("a", "non_empty json_document"), {"a": ""}, None),
        (FieldSource("a", "non_empty json_document"), {"a": "{}"}, "{}"),
        (FieldSource("{account}/{a}"), {"a": "x"}, "111122223333/x"),
        (FieldSource("{region}/{a|b}/{c}"), {"b": 7, "c": True}, "eu-west-1/7/true"),
        (FieldSource("{a}/x", optional=True), {}, None),
        (FieldSource("a[].b"), {"a": [{"b": 1}, {"b": 2}]}, "[1, 2]"),
        (FieldSource("=classic"), {}, "classic"),
        (FieldSource(""), {"a": 1}, None),
    ],
)
def test_values(source: FieldSource, item: dict[str, Any], expected: Any) -> None:
    assert expected == value_at(source, item, WHERE)


@pytest.mark.parametrize("path", ["a[].b", "{a}/x", "a.b"])
def test_a_member_that_some_lack_is_not_known(path: str) -> None:
    with pytest.raises(NoResult, match="the answer has no"):
        value_at(FieldSource(path), {"a": [{"b": 1}, {}]} if "[]" in path else {}, WHERE)


def test_objects_stand_in_items_at_any_depth_and_belong_to_whom_the_item_names() -> None:
    row = TypeRow("T", "call", "{value}", {}, inside="groups.names", owner="owner")
    item = {"id": 1, "owner": WHERE.account, "groups": [{"names": ["a", "b"]}, {"names": []}]}
    found = list(objects_in(row, item, WHERE.account))
    assert [("a", 1), ("b", 1)] == [(one["value"], member(one, f"{ABOVE}.{ABOVE}.id")) for one in found]
    assert [] == list(objects_in(row, {**item, "owner": "444455556666"}, WHERE.account))
    assert 2 == len(list(objects_in(row, {**item, "owner": None}, WHERE.account)))
    with pytest.raises(NoResult, match="no names"):
        list(objects_in(row, {**item, "groups": [{}]}, WHERE.account))


def test_a_listing_of_mere_texts_is_one_of_items() -> None:
    assert [{"value": "a"}] == items_of(CloudCall("c", "s", "O", result="names"), {"names": ["a"]})


def test_a_member_that_is_missing_is_not_known() -> None:
    trail = TYPES["CA10__CaAwsCloudTrailTrail__c"]
    fields = ObjectFields()
    add_fields(fields, trail, "cloudtrail.selectors", {"AdvancedEventSelectors": [{"Name": "n"}]}, WHERE)
    assert {"CA10__advancedEventSelectorsJson__c": '[{"name":"n"}]'} == fields.known
    assert "advanced event selectors" in fields.reasons["CA10__eventSelectorsJson__c"]
    add_fields(fields, trail, "cloudtrail.status", {}, WHERE)
    assert "was not read: the answer has no IsLogging" == fields.reasons["CA10__isLogging__c"]


def test_a_report_that_contradicts_itself_is_none() -> None:
    row = "ann,arn:aws:iam::111122223333:user/ann"
    with pytest.raises(UnusableContent, match="contradict"):
        report_items(f"user,arn,mfa_active\n{row},true\n{row},false\n".encode(), "report", None)
