"""Messages that name another field than the one that is read."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, field, found, query

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"
COMPLIANT = {"status": "COMPLIANT", "currentStateMessage": "m"}


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


def told(tmp_path, message, expression="access_key_2_active"):
    files = extracts(one=query("access_key_1_active"), two=query(expression, resultIsEmpty=message), size=query("size"))
    return [each.message for each in found(tmp_path, "A304", logic(), files)]


@pytest.mark.parametrize(
    "message",
    [
        "access_key_1_active is blank.",
        "The column 'access_key_1_active' is blank.",
        "The `size` is blank.",
    ],
)
def test_flagged(tmp_path, message):
    (found_message,) = told(tmp_path, message)
    assert found_message.startswith("the message names `")
    assert found_message.endswith("but `access_key_2_active`, `document__c` is read here")


@pytest.mark.parametrize(
    "message",
    [
        "access_key_2_active is blank.",
        "The size is blank.",
        "my_access_key_1_active is blank.",
        "document__c holds no key; access_key_1_active either.",
    ],
)
def test_left_alone(tmp_path, message):
    assert [] == told(tmp_path, message)


def test_a_text_that_the_query_looks_for_counts_as_read(tmp_path):
    assert [] == told(tmp_path, "access_key_1_active is missing", "[?name=='access_key_1_active'].value | [0]")


def test_what_reads_nothing_may_name_what_led_there(tmp_path):
    unknown = {"BOOLEAN_FROM": {"arg": {"TEXT": ""}, "undeterminedIf": {"isEmpty": "access_key_1_active is odd."}}}
    assert [] == found(tmp_path, "A304", logic(), extracts(one=query("access_key_1_active"), two=unknown))
    unknown["BOOLEAN_FROM"]["arg"] = {"TEXT": "access_key_2_active"}
    assert ["the message names `access_key_1_active`, but `access_key_2_active` is read here"] == [
        each.message for each in found(tmp_path, "A304", logic(), extracts(one=query("access_key_1_active"), two=unknown))
    ]


def test_a_condition_s_message_is_looked_at(tmp_path):
    document = logic(field("first__c"), field("second__c"), field("third__c"))
    document["conditions"][1]["currentStateMessage"] = "third__c is set"
    (flag,) = found(tmp_path, "A304", document)
    assert "the message names `third__c`, but `first__c`, `second__c` is read here" == flag.message


def test_what_earlier_conditions_read_may_be_named(tmp_path):
    document = logic(field("first__c"), field("second__c"))
    document["conditions"][1]["currentStateMessage"] = "first__c is not set"
    assert [] == found(tmp_path, "A304", document)


def test_what_related_lists_read_may_be_named_where_they_are_asked(tmp_path):
    disks = {"relationshipName": "disks__r", "otherwise": COMPLIANT}
    disks["conditions"] = [COMPLIANT | {"check": field("encrypted__c"), "currentStateMessage": "m"}]
    document = logic({"RELATED_LIST_HAS": {"status": "COMPLIANT", "relationshipName": "disks__r"}}, relatedLists=[disks])
    document["conditions"][0]["currentStateMessage"] = "some disk has encrypted__c"
    assert [] == found(tmp_path, "A304", document)
