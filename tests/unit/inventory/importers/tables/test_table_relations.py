"""Child lists of stored tables: what is known of them where keys are blank or in dispute."""

from __future__ import annotations

import pytest

from perpend.core.objects.claims import Claim
from tests.unit.inventory.snapshots.stored import (
    EVERYTHING,
    OWNER,
    PART,
    THING,
    inventory,
    rows_of,
    stored,
    table_file,
    write_store,
)

pytestmark = pytest.mark.medium


@pytest.mark.parametrize("content", ["Id,thing__c\np,\nq,a\n", 'Id,thing__c\np,""\nq,a\n'])
def test_a_row_without_the_key_that_it_must_have_leaves_every_list_open(tmp_path, content):
    tables = [
        table_file(tmp_path, "1.csv", "Id\na\nb\n"),
        table_file(tmp_path, "2.csv", content, type_name=PART, complete=EVERYTHING),
    ]
    snapshot, problems = stored(tmp_path, *tables)
    reason = f"may hold more: some `{PART}` do not say in `thing__c` what they belong to"
    assert [("a", reason), ("b", reason)] == rows_of(snapshot, THING, "Id", "parts__r#unfollowed")
    message = f"`thing__c` of `{PART}` is blank where each row must belong to another: 1 in all, `p`"
    assert [("K307", message)] == problems


@pytest.mark.parametrize(
    ("blank_is_none", "reason"),
    [
        (("owner__c",), None),
        (False, f"may hold more: some `{THING}` do not say in `owner__c` what they belong to"),
    ],
)
def test_a_lookup_may_be_blank_where_that_means_null(tmp_path, blank_is_none, reason):
    tables = [
        table_file(tmp_path, "1.csv", "Id,owner__c\na,\n", complete=EVERYTHING, blank_is_none=blank_is_none),
        table_file(tmp_path, "2.csv", "Id\no\n", type_name=OWNER),
    ]
    snapshot, problems = stored(tmp_path, *tables)
    assert ([], [("o", reason)]) == (problems, rows_of(snapshot, OWNER, "Id", "things__r#unfollowed"))


_DISPUTED = [("a", None), ("b", f"sources contradict each other about which `{PART}` belong here"), ("c", None)]


def test_who_loses_a_row_to_another_reading_of_it_is_not_known_to_have_none(tmp_path):
    content = "Id,thing__c,x\np,a,1\np,b,1\nq,c,1\nq,c,2\n"
    tables = [
        table_file(tmp_path, "1.csv", "Id\na\nb\nc\n"),
        table_file(tmp_path, "2.csv", content, type_name=PART, complete=EVERYTHING),
    ]
    snapshot, _ = stored(tmp_path, *tables)
    assert _DISPUTED == rows_of(snapshot, THING, "Id", "parts__r#unfollowed")


def test_who_loses_an_object_to_a_variant_of_it_is_not_known_to_have_none(tmp_path):
    found = inventory(
        {THING: [{"Id": "a"}, {"Id": "b"}, {"Id": "c"}], PART: [{"Id": "p", "thing__c": "a"}]}, claims=[Claim(PART)]
    )
    part = found.objects[PART][0]
    found.objects[PART][0] = part._replace(variants=(part._replace(fields={"Id": "p", "thing__c": "b"}),))
    assert _DISPUTED == rows_of(write_store(tmp_path / "store", found), THING, "Id", "parts__r#unfollowed")
