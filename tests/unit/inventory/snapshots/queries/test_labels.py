"""Names of views and columns: labels in snake case, each once, none that hides an API name."""

from __future__ import annotations

import pytest

from perpend.core.objects.object_types import Field, ObjectType
from perpend.core.schema.tables import Column, Form, Table
from perpend.inventory.snapshots.queries.labels import column_names, view_names

pytestmark = pytest.mark.medium


def tables(*names: str, **types: str) -> dict[str, Table]:
    return {one: Table(one, types.get(one, "" if "/" in one else one)) for one in (*names, *types)}


def declared(**labels: str):
    types = {name: ObjectType(name, label, declared=True) for name, label in labels.items()}
    return types.get


def test_views_are_called_like_the_labels_of_types():
    labels = declared(Thing__c="AWS IAM: a Thing's Größe", Bare__c="")
    assert {"Thing__c": "aws_iam_a_thing_s_grösse", "Bare__c": "Bare__c", "Other__c": "Other__c"} == view_names(
        tables("Thing__c", "Other__c", "Bare__c"), labels
    )


@pytest.mark.parametrize(
    ("label", "names", "expected"),
    [
        ("Thing", ("A__c", "B__c", "C__c"), {"A__c": "thing", "B__c": "thing_2", "C__c": "thing_3"}),
        ("Other", ("A__c", "OTHER"), {"A__c": "other_2", "OTHER": "other_3"}),
        ("Perpend sources", ("A__c",), {"A__c": "perpend_sources_2"}),
        ("A", ("a", "a_2"), {"a": "a", "a_2": "a_3"}),
    ],
)
def test_a_name_that_is_taken_gets_a_number(label, names, expected):
    assert expected == view_names(tables(*names), declared(**dict.fromkeys(names, label)))


def test_lists_are_called_after_the_view_of_what_holds_them():
    found = tables("Thing__c", "Thing__c/CA10__userParts__r[]", "Thing__c/CA10__userParts__r[]/Bolt__r[]", "Thing__c/owner__r")
    assert {
        "Thing__c": "a_thing",
        "Thing__c/CA10__userParts__r[]": "a_thing__ca10_userparts",
        "Thing__c/CA10__userParts__r[]/Bolt__r[]": "a_thing__ca10_userparts__bolt",
        "Thing__c/owner__r": "a_thing__owner",
    } == view_names(found, declared(Thing__c="A thing"))


def test_a_list_without_the_table_of_its_owner_keeps_its_name_and_a_table_without_type_has_no_label():
    labels = declared(**{"": "Nothing", "Lone/x__r[]": "Lone"})
    assert {"Lone/x__r[]": "Lone/x__r[]", "Odd": "Odd"} == view_names(tables("Lone/x__r[]", Odd=""), labels)


def test_columns_are_called_like_the_labels_of_fields():
    fields = {
        name: Field(name, "text", label)
        for name, label in {
            "Id": "ID",
            "a__c": "Some Text",
            "b__c": "Some text!",
            "c__c": "d__c",
            "d__c": "",
            "e__c": "C  c",
        }.items()
    }
    table = Table("T", "T", {name: Column(name, Form.TEXT) for name in (*fields, "none__c", "c_c")})
    assert {"a__c": "some_text", "c__c": "d_c"} == column_names(table, ObjectType("T", "T", fields))
    assert {} == column_names(table, None)
