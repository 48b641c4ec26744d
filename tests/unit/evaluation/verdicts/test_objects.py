"""One object is found by any of its names, in files and in a store alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from perpend.core.clouds.aws import ROOT_NAME, ROOT_USER
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source, object_from_fields
from perpend.core.objects.object_types import Field, Lookup, ObjectType
from perpend.evaluation.verdicts.objects import name_queries, stored_object_named
from perpend.language.compiler.names import UnknownName
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer, program_of
from tests.unit.inventory.snapshots.stored import write_store

pytestmark = pytest.mark.usefixtures("shared_database")

KIND = ObjectType(
    THING,
    "Thing",
    {name: Field(name, "text") for name in ("Id", "Name", "arn__c", "called__c", "on__c", "other__c")},
    {"owner__r": Lookup("owner__r", "CA10__CaOwner__c", "owner__c")},
    master="owner__r",
    name_field="called__c",
    external_id_field="arn__c",
    declared=True,
)
THINGS = [
    {"Id": "i1", "arn__c": "arn:1", "called__c": "web", "on__c": True, "owner__r": {"Id": "o", "Name": "Own"}},
    {"Id": "i2", "arn__c": "arn:2", "called__c": "web", "Name": "Second"},
    {"Id": "web2", "arn__c": "arn:3", "called__c": "db"},
    {"Id": "i4", "called__c": "web2"},
    {"Id": "i5", "Name": "plain"},
    {"Id": "\t" + "x" * 9, "called__c": "odd"},
    {"Id": "i7", "called__c": "odd"},
    {"Id": "i8", "called__c": "new\nline \u202e (x)"},
    {"Id": "i9", "called__c": "\\x41"},
    {"Id": "i10", "called__c": "A"},
]
EMPTY = {THING: ()}


def objects(things: list[dict[str, Any]] = THINGS) -> list[CloudObject]:
    return [object_from_fields(one, KIND, Origin("b.json", row)) for row, one in enumerate(things)]


def inventory(things: list[dict[str, Any]] = THINGS) -> Inventory:
    sources = [Source("a.json", "test-data", None, 0), Source("b.json", "test-data", None, len(things))]
    return Inventory(sources, {THING: objects(things)})


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], CloudObject]:
    """Return the way to find an object in a store."""
    place = tmp_path_factory.mktemp("named")
    program = program_of(analyzer(place / "repository", {"FIELD": {"path": "on__c"}}))
    snapshot = write_store(place / "store", inventory(), declared={THING: KIND}.get)
    return lambda name: stored_object_named(snapshot, program, KIND, name)


@pytest.mark.parametrize(
    ("name", "number"), [("i1", 0), ("arn:1", 0), ("arn:2", 1), ("db", 2), ("web2", 2), ("i4", 3), ("plain", 4), ("i5", 4)]
)
def test_an_object_is_found_by_its_id_its_arn_or_its_name_where_that_is_its_own(named, name, number):
    found, expected = named(name), objects()[number]
    assert expected[:4] == found[:4]
    assert "b.json" == found.origin.source


def test_what_is_found_has_its_owner_and_what_is_read_of_it(named):
    found = named("i1")
    assert found.master is not None
    assert ("o", "Own") == (found.master.id, found.master.name)
    assert (True, "web") == (found.fields["on__c"], found.fields["called__c"])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("web", "'web' names 2 objects: i1, i2; name one by its id"),
        ("odd", "'odd' names 2 objects: \\txxxxxxxxx, i7; name one by its id"),
        ("none\n", "no object 'none\\n' of type \"Thing\" "),
        ("plane", "no object 'plane' of type \"Thing\" "),
        ("web (Other)", "no object 'web (Other)' of type \"Thing\" "),
    ],
)
def test_none_and_several_are_refused(named, name, reason):
    with pytest.raises(UnknownName) as raised:
        named(name)
    said = str(raised.value)
    assert said.startswith(reason)
    assert ("plane" == name) is said.endswith(" (did you mean 'plain'?)")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("\\txxxxxxxxx", 5),
        ("web (Own)", 0),
        ("i1 (Own)", 0),
        ("web (Own prod)", 0),
        ("new\\nline \\u202e (x)", 7),
        ("\\x41", 8),
    ],
)
def test_an_object_is_found_as_reports_print_it(named, name, number):
    assert objects()[number][:4] == named(name)[:4]


def test_of_many_some_are_named(tmp_path):
    many = [{"Id": f"i{number}", "Name": "same"} for number in range(7)]
    program = program_of(analyzer(tmp_path / "repository", {"FIELD": {"path": "on__c"}}))
    snapshot = write_store(tmp_path / "store", inventory(many), declared={THING: KIND}.get)
    with pytest.raises(UnknownName) as raised:
        stored_object_named(snapshot, program, KIND, "same")
    assert "'same' names 7 objects: i0, i1, i2, i3, i4 and 2 more; name one by its id" == str(raised.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("a", [("a", None)]),
        ("a (b", [("a (b", None)]),
        (" (b)", [(" (b)", None)]),
        ("a (b) (c)", [("a (b) (c)", None), ("a (b)", "c")]),
        ("\\x1b\\u202e\\t", [("\\x1b\\u202e\\t", None), ("\x1b\u202e\t", None)]),
        ("\\x41 (\\U0001f600)", [("\\x41 (\\U0001f600)", None), ("A (😀)", None), ("\\x41", "\\U0001f600"), ("A", "😀")]),
        ("\\U0010ffff", [("\\U0010ffff", None), ("\U0010ffff", None)]),
        ("\\U00110000", [("\\U00110000", None)]),
        (ROOT_NAME, [(ROOT_NAME, None), (ROOT_USER, None)]),
        (ROOT_USER, [(ROOT_USER, None)]),
    ],
)
def test_a_name_means_itself_first_then_what_reports_print_so(name, meant):
    assert meant == [tuple(one) for one in name_queries(name)]


def test_a_type_that_a_store_does_not_hold_has_no_object(tmp_path):
    program = program_of(analyzer(tmp_path / "repository", {"FIELD": {"path": "on__c"}}))
    snapshot = write_store(tmp_path / "store", inventory(), declared={THING: KIND}.get)
    with pytest.raises(UnknownName, match=r"^no object 'i1' of type .Other. in snapshot "):
        stored_object_named(snapshot, program, ObjectType("Other"), "i1")


def test_an_object_without_an_id_is_found_by_its_name_in_a_store_too(tmp_path):
    program = program_of(analyzer(tmp_path / "repository", {"FIELD": {"path": "on__c"}}))
    found = inventory([{"Id": "i1", "Name": "x"}])
    nameless = CloudObject(THING, "", "n", "", {"Name": "n", "on__c": False}, Origin("a.json", 0))
    snapshot = write_store(tmp_path / "store", replace(found, objects={THING: [*found.objects[THING], nameless]}))
    one = stored_object_named(snapshot, program, ObjectType(THING), "n")
    assert ("", "n", "", Origin("a.json")) == (one.id, one.name, one.external_id, one.origin)
