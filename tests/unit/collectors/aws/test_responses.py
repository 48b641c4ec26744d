"""What a listing that is made once says of each of many items: nothing of any, where it does not say of which it speaks."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from perpend.collectors.aws.client import CloudClient
from perpend.collectors.aws.error_classification import Answer
from perpend.collectors.aws.model import DetailCall
from perpend.collectors.aws.parse import CloudPlace
from perpend.collectors.aws.responses import Answers
from perpend.core.objects.claims import FailedCall

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
    assert said == (found.answer if isinstance(found, Answer) else None)
    assert isinstance(found, Answer) or (isinstance(found, FailedCall) and found.code == "NoResult")
