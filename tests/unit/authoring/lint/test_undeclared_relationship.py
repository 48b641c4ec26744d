"""Fields, lookups and related lists that declared types do not have."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import TYPE, equal, field, found, messages

EXTRACTS = f"types/{TYPE}/object.extracts.yaml"
COMPLIANT = {"status": "COMPLIANT", "currentStateMessage": "m"}


def extracts(**values):
    return {EXTRACTS: {"extracts": [{"name": name, "value": value} for name, value in values.items()]}}


FILES = {
    f"types/{TYPE}/type.yaml": {
        "label": "Thing",
        "fields": [{"name": "a__c", "type": "text"}, {"name": "owner__c", "type": "lookup"}],
        "lookups": [
            {"name": "owner__r", "target": "CA10__CaOwner__c", "key": "owner__c"},
            {"name": "else__r", "target": "CA10__CaElse__c", "key": "owner__c"},
        ],
        "children": [{"name": "disks__r", "type": "CA10__CaDisk__c", "key": "a__c"}],
    },
    "types/CA10__CaOwner__c/type.yaml": {"label": "Owner", "fields": [{"name": "name__c", "type": "text"}]},
}
DISKS = {"relationshipName": "disks__r", "conditions": [], "otherwise": COMPLIANT}
FLAGGED = {
    "a field": (equal(field("b__c"), "x"), f"object type `{TYPE}` declares no field `b__c`"),
    "a field of a lookup": (equal(field("owner__r.b__c"), "x"), "object type `CA10__CaOwner__c` declares no field `b__c`"),
    "a lookup": (equal(field("x__r.b__c"), "x"), f"object type `{TYPE}` declares no lookup `x__r`"),
    "a delegate": (
        equal(field("a__c", noAccessDelegate={"path": "b__c", "currentStateMessage": "d"}), "x"),
        f"object type `{TYPE}` declares no field `b__c`",
    ),
}
SOUND = {
    "a field": equal(field("a__c"), "x"),
    "a field of a lookup": equal(field("owner__r.name__c"), "x"),
    "a field of an undeclared type": equal(field("else__r.b__c"), "x"),
    "the deletion field": {"IS_EMPTY": {"arg": field("CA10__disappearanceTime__c")}},
    "a lookup": {"IS_EMPTY_LOOKUP": "owner__r"},
}


@pytest.mark.parametrize(("check", "message"), FLAGGED.values(), ids=FLAGGED.keys())
def test_flagged(tmp_path, check, message):
    assert [message] == messages(tmp_path, "A307", check, files=FILES)


@pytest.mark.parametrize("check", SOUND.values(), ids=SOUND.keys())
def test_left_alone(tmp_path, check):
    assert [] == messages(tmp_path, "A307", check, files=FILES)


def test_a_type_that_is_not_declared_is_left_alone(tmp_path):
    assert [] == messages(tmp_path, "A307", equal(field("x__r.b__c"), "x"), relatedLists=[DISKS])


def test_a_related_list_is_flagged_at_its_name(tmp_path):
    text = """\
        inputType: CA10__CaThing__c
        conditions: []
        otherwise: {status: COMPLIANT, currentStateMessage: m}
        relatedLists:
          - relationshipName: disk__r
            conditions: []
            otherwise: {status: COMPLIANT, currentStateMessage: m}
        """
    (flag,) = found(tmp_path, "A321", text, FILES)
    assert (5, 23, "did you mean `disks__r`?") == (flag.span.line, flag.span.column, flag.help)


def test_an_extract_is_looked_at_where_it_is_defined(tmp_path):
    (flag,) = found(tmp_path, "A307", logic(), {**FILES, **extracts(b=field("b__c"))})
    assert EXTRACTS == flag.span.path


VOLUME = "CA10__CaAwsVolume__c"


@pytest.mark.parametrize(
    ("name", "code", "near"),
    [
        ("CA10__sise__c", "A307", "did you mean `CA10__size__c`?"),
        ("CA10__ownedByDepartment__c", "A307", None),
        ("CA10__size__c", "A307", ...),
    ],
)
def test_fields_of_the_library_are_known_in_any_repository(tmp_path, name, code, near):
    document = logic({"NOT_EMPTY": {"arg": field(name)}}, input_type=VOLUME)
    flags = found(tmp_path, code, document)
    assert ([] if near is ... else [near]) == [flag.help for flag in flags]
    assert ["warning"] * len(flags) == [flag.severity.value for flag in flags]


def test_a_declaration_of_the_repository_counts_for_a_type_of_the_library(tmp_path):
    own = {f"types/{VOLUME}/type.yaml": {"label": "Volume", "fields": [{"name": "CA10__sise__c", "type": "number"}]}}
    document = logic({"NOT_EMPTY": {"arg": field("CA10__sise__c")}}, input_type=VOLUME)
    assert [] == found(tmp_path, "A321", document, own)
