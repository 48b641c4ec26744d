"""A manifest says which accounts and regions the rows of each source are of."""

from __future__ import annotations

import pytest

from tests.unit.inventory.snapshots.stored import THING, inventory, write_store


@pytest.mark.parametrize(
    ("fields", "accounts", "regions"),
    [
        ({"Id": "arn:aws:lambda:eu-central-1:111122223333:function:f"}, ("111122223333",), ("eu-central-1",)),
        ({"Id": "arn:aws:iam::111122223333:user/ann"}, ("111122223333",), ()),
        ({"Id": "a", "CA10__grantee__c": "arn:aws:iam::111122223333:user/ann"}, (), ()),
        ({"Id": "a", "CA10__account__c": "a01", "CA10__region__c": 5}, (), ()),
    ],
)
def test_accounts_and_regions_are_those_of_the_objects(tmp_path, fields, accounts, regions):
    snapshot = write_store(tmp_path, inventory({THING: [fields]}))
    assert [(accounts, regions)] == [(one.accounts, one.regions) for one in snapshot.sources]


def test_each_source_has_its_own(tmp_path):
    ids = [f"arn:aws:sqs:eu-west-{number}:111122223333:q" for number in (1, 2, 3)]
    one = inventory({THING: [{"Id": ids[0]}, {"Id": ids[1]}]}, source="one")
    snapshot = write_store(tmp_path, one, inventory({THING: [{"Id": ids[2]}]}, source="other"))
    assert [("eu-west-1", "eu-west-2"), ("eu-west-3",)] == [one.regions for one in snapshot.sources]
