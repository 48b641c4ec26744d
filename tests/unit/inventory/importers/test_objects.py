"""Nested objects become rows of their types' tables, joined as declared; what is not known is marked, never empty."""

from __future__ import annotations

import pytest

from perpend.core.objects.claims import Claim, not_imported, unclaimed
from perpend.core.objects.object_types import Children, Lookup, ObjectType
from perpend.core.objects.relations import NO_ID, NO_OBJECT, OTHER_OBJECT, OTHER_OWNER
from perpend.core.schema.tables import CONTRADICTED, ROW, Column, Form, Join
from perpend.core.schema.tables import OWNER as OWNER_ROW
from perpend.core.values.partial_object import MISSING
from perpend.inventory.snapshots.files import StoreError
from tests.unit.inventory.snapshots.stored import OWNER, PART, THING, TYPES, inventory, rows_of, write_store

pytestmark = pytest.mark.usefixtures("shared_database")


def stored(directory, things, *more, **others):
    return write_store(directory, inventory({THING: things, **others}), *more)


def test_objects_under_a_declared_lookup_are_rows_of_its_type_once_each(tmp_path):
    owner = {"Id": "o", "name__c": "Ann"}
    snapshot = stored(tmp_path, [{"Id": "a", "owner__r": owner}, {"Id": "b", "owner__r": owner}])
    assert [("o", "Ann")] == rows_of(snapshot, OWNER, "Id", "name__c")
    assert [("a", "o"), ("b", "o")] == rows_of(snapshot, THING, "Id", "owner__c")
    assert {"owner__r": Join("owner__r", OWNER, "owner__c", "Id")} == snapshot.tables.by_name[THING].lookups
    assert OWNER == snapshot.tables.by_name[OWNER].type_name


def test_children_get_the_key_that_they_lack_from_their_owner(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "parts__r": [{"Id": "p"}, {"n": 1}]}, {"Id": "b", "parts__r": []}])
    assert [("p", "a"), (None, "a")] == rows_of(snapshot, PART, "Id", "thing__c")
    assert {"parts__r": Join("parts__r", PART, "Id", "thing__c", scope="Id/")} == snapshot.tables.by_name[THING].children


def test_a_list_that_the_data_lack_is_not_known_unless_a_claim_covers_it(tmp_path):
    things = [{"Id": "a", "parts__r": [{"Id": "p"}]}, {"Id": "b"}]
    parts = {PART: [{"Id": "q", "thing__c": "b"}]}
    unknown = [None, unclaimed(PART, "all")]
    assert unknown == [one for (one,) in rows_of(stored(tmp_path / "1", things), THING, "parts__r#unfollowed")]
    assert unknown == [one for (one,) in rows_of(stored(tmp_path / "2", things, **parts), THING, "parts__r#unfollowed")]
    snapshot = write_store(tmp_path / "3", inventory({THING: things, **parts}, claims=[Claim(PART)]))
    assert not snapshot.tables.by_name[THING].children["parts__r"].partial
    assert {("p", "a"), ("q", "b")} == set(rows_of(snapshot, PART, "Id", "thing__c"))


def test_a_list_of_a_type_that_is_not_in_the_snapshot_says_what_to_import(tmp_path):
    lacking = Join("parts__r", PART, "Id", "thing__c", partial=True, lacking=not_imported(PART), scope="Id/")
    assert {"parts__r": lacking} == stored(tmp_path, [{"Id": "a"}]).tables.by_name[THING].children


def test_empty_lists_make_an_empty_table(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "parts__r": []}, {"Id": "b", "parts__r": None}])
    assert (0, ["Id", "thing__c"]) == (snapshot.tables.by_name[PART].rows, sorted(snapshot.tables.by_name[PART].columns))
    assert Join("parts__r", PART, "Id", "thing__c", scope="Id/") == snapshot.tables.by_name[THING].children["parts__r"]


def test_children_that_do_not_say_whose_they_are_make_all_lists_unknown(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a"}], **{PART: [{"Id": "p"}, {"Id": "q", "thing__c": "a"}]})
    reason = f"may hold more: some `{PART}` do not say in `thing__c` what they belong to"
    assert [(reason,)] == rows_of(snapshot, THING, "parts__r#unfollowed")


def test_children_whose_type_has_no_key_column_cannot_be_looked_up(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a"}], **{PART: [{"Id": "p"}]})
    reason = f"cannot be looked up: `{PART}` has no column `thing__c` of texts"
    assert reason == snapshot.tables.by_name[THING].children["parts__r"].lacking


LED = [
    ({"owner__c": "o"}, "o", None),
    ({"owner__c": None}, None, None),
    ({"owner__r": None}, None, None),
    ({"owner__r": None, "owner__c": None}, None, None),
    ({}, None, MISSING),
    ({"owner__c": "x"}, "x", "leads to `x`, which was not collected"),
    ({"owner__r": None, "owner__c": "o"}, "o", NO_OBJECT),
    ({"owner__r": {"Id": "o"}, "owner__c": "x"}, "x", OTHER_OBJECT),
    ({"owner__r": {"Id": "o"}, "owner__c": None}, None, OTHER_OBJECT),
    ({"owner__r": {"n": 1}, "owner__c": "n"}, "n", NO_ID),
    ({"owner__r": {}, "owner__c": "n"}, "n", NO_ID),
    ({"owner__r": {"error": "AccessDenied"}, "owner__c": "o"}, "o", NO_ID),
    ({"owner__r": {"Id": None, "n": 1}, "owner__c": "n"}, "n", NO_ID),
    ({"owner__r": {"n": 1}}, None, NO_ID),
    ({"owner__r": "text", "owner__c": "o"}, "o", "is no object"),
    ({"owner__r": [], "owner__c": "o"}, "o", "is no object"),
]
"""What things say of their owner, the key that is stored, and why it is not known where it leads."""


def test_where_a_lookup_leads_is_known_or_said_to_be_not(tmp_path):
    things = [{"Id": str(number), **thing} for number, (thing, _, _) in enumerate(LED)]
    snapshot = stored(tmp_path, [*things, {"Id": "other", "owner__r": {"Id": "o"}}])
    said = rows_of(snapshot, THING, "owner__c", "owner__r#unfollowed")
    assert LED == [(thing, *row) for (thing, _, _), row in zip(LED, said, strict=False)]


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        ({"Id": "a", "parts__r": "text"}, "is no list of objects"),
        ({"Id": "a", "parts__r": [1]}, "is no list of objects"),
        ({"Id": "a", "parts__r": [{"Id": "p", "thing__c": "b"}]}, OTHER_OWNER),
        ({"parts__r": [{"Id": "p"}]}, "holds objects, but there is no Id to find them by"),
    ],
)
def test_a_child_list_that_cannot_be_joined_is_not_known(tmp_path, thing, reason):
    other = {"Id": "z", "owner__r": {"Id": "o", "things__r": [thing]}, "parts__r": [{"Id": "q"}]}
    snapshot = stored(tmp_path, [other] if "Id" not in thing else [other, thing])
    assert reason in [one for (one,) in rows_of(snapshot, THING, "parts__r#unfollowed")]


def test_relations_that_nothing_declares_are_tables_of_their_own_and_noted(tmp_path):
    problems = []
    things = [{"Id": "a", "x__r": {"y": 1}, "z__r": [{"Id": "1"}, {"Id": "1"}]}, {"Id": "b"}]
    snapshot = write_store(tmp_path, inventory({THING: things}), problems=problems)
    assert [(0, 1.0)] == rows_of(snapshot, f"{THING}/x__r", OWNER_ROW, "y")
    assert [(0, "1"), (0, "1")] == rows_of(snapshot, f"{THING}/z__r[]", OWNER_ROW, "Id")
    assert Join("x__r", f"{THING}/x__r", ROW, OWNER_ROW, partial=True) == snapshot.tables.by_name[THING].lookups["x__r"]
    assert [(None, None), (MISSING, MISSING)] == rows_of(snapshot, THING, "x__r#unfollowed", "z__r#unfollowed")
    assert [("K303", f"`{THING}` has objects under the lookup `x__r`, which nothing declares")] == [
        (one.code, one.message) for one in problems if "lookup" in one.message
    ]
    assert [
        f"add to types/{THING}/type.yaml: lookups: [{{name: x__r, target: <object type>, key: x__c}}]",
        f"add to types/{THING}/type.yaml: children: [{{name: z__r, type: <object type>, key: <the child's field with this object's Id>}}]",
    ] == [one.help for one in problems]


def test_readings_of_one_object_are_united_where_they_agree(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "x": 1, "owner__r": {"Id": "o", "n": 1}}, {"Id": "a", "y": True, "x": 1.0}])
    assert [("a", 1.0, True, "o")] == rows_of(snapshot, THING, "Id", "x", "y", "owner__c")
    assert not snapshot.tables.by_name[THING].contradicted


@pytest.mark.parametrize(
    ("one", "other"), [(1, 2), (1, True), (None, 1), ("1", 1), ([1], [2]), ({"a": 1}, {"a": 1, "b": None})]
)
def test_readings_that_disagree_mark_the_object(tmp_path, one, other):
    snapshot = stored(tmp_path, [{"Id": "a", "x": one}, {"Id": "a", "x": other}, {"Id": "b", "x": one}])
    assert snapshot.tables.by_name[THING].contradicted
    reason = "sources contradict each other about x (objects.json:1, objects.json:2)"
    assert [("a", reason), ("b", None)] == rows_of(snapshot, THING, "Id", "perpend_contradicted")


def test_a_nested_object_that_disagrees_with_another_is_marked_and_its_referrers_are_not(tmp_path):
    things = [{"Id": "a", "owner__r": {"Id": "o", "n": 1}}, {"Id": "b", "owner__r": {"Id": "o", "n": 2}}]
    snapshot = stored(tmp_path, things)
    assert ["sources contradict each other about n (objects.json:1, objects.json:2)"] == [
        one for (one,) in rows_of(snapshot, OWNER, "perpend_contradicted")
    ]
    assert not snapshot.tables.by_name[THING].contradicted


def test_a_cycle_of_lookups_is_stored(tmp_path):
    types = {
        "A": ObjectType("A", lookups={"b__r": Lookup("b__r", "B", "b__c")}),
        "B": ObjectType("B", lookups={"a__r": Lookup("a__r", "A", "a__c")}, children={"as__r": Children("as__r", "A", "b__c")}),
    }
    objects = [{"Id": "1", "b__r": {"Id": "2", "a__r": {"Id": "1", "b__c": "2"}}}]
    snapshot = write_store(tmp_path, inventory({"A": objects}), declared=types.get)
    assert ([("1", "2")], [("2", "1")]) == (rows_of(snapshot, "A", "Id", "b__c"), rows_of(snapshot, "B", "Id", "a__c"))
    assert (1, 1) == (snapshot.tables.by_name["A"].rows, snapshot.tables.by_name["B"].rows)


def test_forms_follow_from_values_and_odd_ones_make_a_variant(tmp_path):
    things = [
        {"Id": "a", "t": "x", "n": 1, "b": True, "v": "x", "w": [1], "big": 2**53 + 1, "none": None, "some": 1},
        {"Id": "b", "t": None, "n": 2.5, "b": False, "v": 1, "w": {"k": "é"}, "big": 1, "none": None},
    ]
    snapshot = stored(tmp_path, things)
    assert {
        "Id": Column("Id", Form.TEXT),
        "b": Column("b", Form.BOOLEAN),
        "big": Column("big", Form.VARIANT),
        "n": Column("n", Form.NUMBER),
        "none": Column("none", Form.TEXT),
        "some": Column("some", Form.NUMBER, partial=True),
        "t": Column("t", Form.TEXT),
        "v": Column("v", Form.VARIANT),
        "w": Column("w", Form.VARIANT),
    } == snapshot.tables.by_name[THING].columns
    assert [("9007199254740993", '"x"', "[1]", 1.0, None), ("1", "1", '{"k":"é"}', None, MISSING)] == rows_of(
        snapshot, THING, "big", "v", "w", "some", "some#unread"
    )


def test_texts_that_are_plain_json_are_marked(tmp_path):
    texts = ['{"a":1}', '{"a":1,"a":2}', "x", None, "[1]", '{"a":{"b":[]}}', '{"a":"\\n"}', "{"]
    snapshot = stored(tmp_path, [{"Id": str(number), "t": one} for number, one in enumerate(texts)])
    assert Column("t", Form.TEXT, plain=True) == snapshot.tables.by_name[THING].columns["t"]
    marks = [one for (one,) in rows_of(snapshot, THING, "t#plain")]
    assert [True, False, False, False, True, True, False, False] == marks


def test_texts_with_odd_signs_survive(tmp_path):
    texts = ["", " ", "\x00", "\u2028\u0085", "\\n", '"', "\r\n", "𝄞", "\ufffe", "null", "NaN", "\x7f\x1b"]
    snapshot = stored(tmp_path, [{"Id": str(number), "t": one} for number, one in enumerate(texts)])
    assert texts == [one for (one,) in rows_of(snapshot, THING, "t")]


def test_nan_and_half_surrogates_are_not_known(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "n": float("nan"), "t": "\ud800"}, {"Id": "b", "n": 1, "t": "x"}])
    assert ("holds NaN, which is no number", "holds a text that is not Unicode") == rows_of(
        snapshot, THING, "n#unread", "t#unread"
    )[0]


@pytest.mark.parametrize("name", ["perpend_row", "x#unread", "", "x\ny", "x" * 300, "#plain"])
def test_names_that_no_column_can_have_are_refused(tmp_path, name):
    with pytest.raises(StoreError, match=r"is reserved|cannot be the name of a column"):
        stored(tmp_path, [{"Id": "a", name: 1}])


def test_names_that_differ_in_case_alone_are_refused_by_both_names(tmp_path):
    with pytest.raises(StoreError, match=f"{THING}: (X__c and x__c|x__c and X__c) differ only in case"):
        stored(tmp_path, [{"Id": "a", "x__c": 1}, {"Id": "b", "X__c": 1}])


@pytest.mark.parametrize("name", ["", "a/b", "a b", "../x", "x\n", "perpend_sources", "Perpend_Sources"])
def test_types_need_names_that_can_be_types(tmp_path, name):
    with pytest.raises(StoreError, match="cannot be the name of an object type"):
        write_store(tmp_path, inventory({name: [{"Id": "a"}]}))


def test_variants_of_an_object_are_a_contradiction_in_the_words_given(tmp_path):
    from dataclasses import replace

    found = inventory({THING: [{"Id": "a"}]})
    first = found.objects[THING][0]
    two = replace(found, objects={THING: [first._replace(variants=(first,))]})
    snapshot = write_store(tmp_path, two, contradiction=lambda one: f"{one.id} is odd")
    assert [("a is odd",)] == rows_of(snapshot, THING, "perpend_contradicted")


def test_all_types_of_the_tests_are_declared():
    assert {THING, OWNER, PART} == set(TYPES)


def test_a_declared_lookup_that_is_null_in_every_object_leads_to_an_empty_table(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "owner__r": None}, {"Id": "b"}])
    assert 0 == snapshot.tables.by_name[OWNER].rows
    assert Join("owner__r", OWNER, "owner__c", "Id", partial=True) == snapshot.tables.by_name[THING].lookups["owner__r"]
    assert [None, MISSING] == [one for (one,) in rows_of(snapshot, THING, "owner__r#unfollowed")]


def test_a_relation_that_nothing_declares_and_that_is_null_in_every_object_is_a_column_of_nulls(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "other__r": None}, {"Id": "b"}])
    assert Column("other__r", Form.TEXT, partial=True) == snapshot.tables.by_name[THING].columns["other__r"]
    assert [(None, None), (None, MISSING)] == rows_of(snapshot, THING, "other__r", "other__r#unread")


def test_a_relation_that_some_object_fills_is_no_column(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "other__r": None}, {"Id": "b", "other__r": {"Id": "o"}}])
    assert "other__r" not in snapshot.tables.by_name[THING].columns
    assert "other__r" in snapshot.tables.by_name[THING].lookups


def test_an_id_that_an_object_behind_an_undeclared_lookup_lacks_is_not_known(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "other__r": {"n": 1}}])
    assert [(None, MISSING)] == rows_of(snapshot, f"{THING}/other__r", "Id", "Id#unread")


def test_an_object_of_nulls_is_no_object(tmp_path):
    nothing = {"Id": None, "n": None, "more__r": {"Id": None}, "parts__r": []}
    snapshot = stored(tmp_path, [{"Id": "a", "owner__r": nothing, "other__r": nothing}])
    assert [0, 0] == [snapshot.tables.by_name[one].rows for one in (OWNER, f"{THING}/other__r")]
    assert not snapshot.tables.by_name[THING].lookups["owner__r"].partial


GONE, PAST = "CA10__disappearanceTime__c", "2024-01-01T00:00:00Z"


@pytest.mark.parametrize("order", [1, -1])
def test_who_lists_an_object_contradicts_who_says_that_it_is_gone(tmp_path, order):
    there, gone = {"Id": "p", "thing__c": "a"}, {"Id": "p", "thing__c": "a", GONE: PAST}
    snapshot = stored(tmp_path, [{"Id": "a", "parts__r": [there, gone][::order]}])
    assert [(f"sources contradict each other about {GONE} (objects.json:1)",)] == rows_of(snapshot, PART, CONTRADICTED)


def test_a_lookup_does_not_say_that_what_it_names_is_there(tmp_path):
    snapshot = stored(tmp_path, [{"Id": "a", "owner__r": {"Id": "o"}}], **{OWNER: [{"Id": "o", GONE: PAST}]})
    assert CONTRADICTED not in snapshot.tables.by_name[OWNER].columns
    assert not snapshot.tables.by_name[OWNER].contradicted
