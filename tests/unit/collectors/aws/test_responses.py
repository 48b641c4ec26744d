"""An answer counts for an item only if it names this item: an entry of a listing of many, and an answer to a call for one."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import CloudClient
from perpend.collectors.aws.error_classification import ErrorAnswer
from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, own_path
from perpend.collectors.aws.parse import CloudPlace, value_at
from perpend.collectors.aws.responses import Answers
from perpend.core.objects.claims import FailedCall
from tests.unit.collectors.aws.answering import AnsweringClient

REGION = "eu-west-1"
PUBLIC = DetailCall("ec2.public-snapshots", matched=("SnapshotId", "SnapshotId"), unmatched={})
WHERE = CloudPlace("111122223333", "aws", REGION)


@pytest.mark.parametrize(
    ("listed", "item", "said"),
    [
        ([{"SnapshotId": "a"}], {"SnapshotId": "a"}, {"SnapshotId": "a"}),
        ([{"SnapshotId": "a"}], {"SnapshotId": "b"}, {}),
        ([], {"SnapshotId": "b"}, {}),
        ([{"SnapshotId": "a"}, {}], {"SnapshotId": "b"}, None),
        ([{"SnapshotId": None}], {"SnapshotId": "b"}, None),
        ([{"SnapshotId": "a"}], {}, None),
    ],
)
def test_an_item_is_not_in_a_listing_only_where_each_entry_says_what_it_is(
    listed: list[dict[str, Any]], item: dict[str, Any], said: dict[str, Any] | None
) -> None:
    answers = Answers(CloudClient(region=REGION), WHERE, cached={("ec2.public-snapshots", REGION): listed})
    found = answers.of_object(PUBLIC, item, WHERE)
    assert said == (found.answer if isinstance(found, ErrorAnswer) else None)
    assert isinstance(found, ErrorAnswer) or (isinstance(found, FailedCall) and found.code == "NoResult")


NAMED = [call for call in CALLS.values() if call.resource]


def nested(path: str, value: Any) -> Any:
    """Return a document with a value at a path."""
    return reduce(
        lambda inner, step: {step.removesuffix("[]"): [inner] if step.endswith("[]") else inner},
        reversed(path.split(".")),
        value,
    )


def answer_about(call: CloudCall, name: str | None) -> dict[str, Any]:
    """Return an answer that names a resource, or none."""
    answer: dict[str, Any] = nested(call.resource[0], name) if name else {}
    return {call.result: [answer]} if call.result else answer


@pytest.mark.parametrize("call", NAMED, ids=lambda call: call.name)
@pytest.mark.parametrize("name", ["own", "another", None])
def test_an_answer_counts_only_if_it_names_the_requested_resource(call: CloudCall, name: str | None) -> None:
    item = {own_path(value): "x" for value in call.parameters.values() if own_path(value)}
    item |= {"^": {"UserName": "x"}, "FunctionName": "x", "DomainName": "x"}
    own = value_at(FieldSource(f"{call.resource[1]}{{none/}}"), {**item, "none": ""}, WHERE)
    replies = {call.name: answer_about(call, own if name == "own" else name)}
    answers = Answers(AnsweringClient(replies), WHERE)  # type: ignore[arg-type]  # answers the calls from a table
    found = answers.of_object(DetailCall(call.name), item, WHERE)
    if name == "own":
        assert ErrorAnswer(replies[call.name]) == found
    else:
        assert isinstance(found, FailedCall) and "OtherResource" == found.code


def test_a_list_may_name_its_resource_in_no_entry() -> None:
    call = CALLS["iam.keys"]
    answers = Answers(AnsweringClient({call.name: {call.result: []}}), WHERE)  # type: ignore[arg-type]  # as above
    assert ErrorAnswer({call.result: []}) == answers.of_object(DetailCall(call.name), {"UserName": "x"}, WHERE)
