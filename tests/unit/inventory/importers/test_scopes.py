"""A manifest says which accounts and regions the rows of each source are of."""

from __future__ import annotations

import pytest

from tests.unit.inventory.snapshots.stored import THING, inventory, write_store

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:f"


@pytest.mark.parametrize(
    ("fields", "accounts", "regions"),
    [
        ({"CA10__arn__c": ARN}, ("111122223333",), ("eu-central-1",)),
        ({"CA10__arn__c": "arn:aws:iam::111122223333:user/ann"}, ("111122223333",), ()),
        ({"CA10__regionName__c": "us-gov-west-1", "CA10__accountId__c": "444455556666"}, ("444455556666",), ("us-gov-west-1",)),
        ({"CA10__account__c": "a01", "CA10__region__c": "global"}, (), ()),
        ({"name__c": ARN, "CA10__learned__c": ARN}, (), ()),
        ({"CA10__arn__c": None, "CA10__region__c": 5}, (), ()),
    ],
)
def test_scopes_are_read_off_arns_and_columns_called_so(tmp_path, fields, accounts, regions):
    snapshot = write_store(tmp_path, inventory({THING: [{"Id": "a", **fields}]}))
    assert [(accounts, regions)] == [(one.accounts, one.regions) for one in snapshot.sources]


def test_each_source_has_its_own(tmp_path):
    one = inventory({THING: [{"Id": "a", "region__c": "eu-west-1"}, {"Id": "b", "region__c": "eu-west-2"}]}, source="one")
    other = inventory({THING: [{"Id": "c", "region__c": "eu-west-1"}]}, source="other")
    snapshot = write_store(tmp_path, one, other)
    assert [("eu-west-1", "eu-west-2"), ("eu-west-1",)] == [one.regions for one in snapshot.sources]
