"""Arrays of objects in test-data form: what is taken, what is refused and how it is named."""

import json

import pytest

from perpend.core.objects.inventory import Origin
from perpend.core.objects.object_types import Lookup, ObjectType
from perpend.inventory.readers.errors import UnusableContent
from perpend.inventory.readers.read import read_objects
from tests.unit.inventory.readers.reports import ACCOUNT, TWO_USERS, USER, collect, reason_of

VM = "CA10__CaAwsInstance__c"


def test_objects_are_taken_as_they_are_without_expectation_and_context(tmp_path):
    entry = {"Id": "vm", "CA10__sizeGb__c": 40.0, "CA10__vpc__r": {"Id": None}, "CA10__Disks__r": [], "flag": False}
    reserved = {"expectedResult": {"status": "COMPLIANT"}, "context": {"snapshotTime": "2026-11-01T00:00:00Z"}}
    inventory = collect(tmp_path, json.dumps([reserved | entry]), type_name=VM)
    (vm,) = inventory.objects[VM]
    assert (VM, "vm", "vm", "vm", entry) == (vm.type_name, vm.id, vm.name, vm.external_id, vm.fields)
    assert (Origin(str(tmp_path / "1.in"), 1, "entry"), None, ()) == (vm.origin, vm.master, vm.variants)
    source = inventory.sources[0]
    assert ("test-data", None, 1, ()) == (source.kind, source.observed_at, source.objects, source.accounts)


NAMED = ObjectType(
    VM,
    name_field="label__c",
    external_id_field="arn__c",
    master="owner__r",
    lookups={"owner__r": Lookup("owner__r", "Owner__c", "owner__c")},
)


@pytest.mark.parametrize(
    ("declared", "fields", "name", "external_id"),
    [
        (None, {"Name": "web"}, "web", "x"),
        (None, {"Name": None}, "x", "x"),
        (None, {"label__c": "ann", "arn__c": "arn:a"}, "x", "x"),
        (NAMED, {"label__c": "ann", "arn__c": "arn:a"}, "ann", "arn:a"),
        (NAMED, {"label__c": "", "Name": "Ann", "arn__c": ""}, "Ann", "x"),
    ],
)
def test_name_and_external_id(tmp_path, declared, fields, name, external_id):
    inventory = collect(tmp_path, json.dumps([{"Id": "x"} | fields]), type_name=VM, declared=declared)
    assert (name, external_id) == (inventory.objects[VM][0].name, inventory.objects[VM][0].external_id)


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ({"Id": "o", "Name": "Owner"}, ("Owner__c", "o", "Owner")),
        ({"Id": "o"}, ("Owner__c", "o", "o")),
        ({"Id": None}, None),
        (None, None),
        ("o", None),
    ],
)
def test_the_declared_lookup_leads_to_the_owner(tmp_path, owner, expected):
    inventory = collect(tmp_path, json.dumps([{"Id": "x", "owner__r": owner}]), type_name=VM, declared=NAMED)
    master = inventory.objects[VM][0].master
    assert expected == (master and (master.type_name, master.id, master.name))


@pytest.mark.parametrize("content", ["[]", " [ ] \n", "\ufeff[]"])
def test_an_empty_array_is_no_objects(tmp_path, content):
    assert {VM: ()} == collect(tmp_path, content, type_name=VM).objects


def test_sixty_four_levels_are_fine(tmp_path):
    nested = '[{"Id":"a","b":' + "[" * 62 + "]" * 62 + "}]"
    assert 1 == len(collect(tmp_path, nested, type_name=VM).objects[VM])


def test_brackets_within_texts_are_no_levels(tmp_path):
    content = json.dumps([{"Id": "a", "b": '[{"\\' * 100}])
    assert 1 == len(collect(tmp_path, content, type_name=VM).objects[VM])


def test_the_same_id_collapses_or_shows_variants(tmp_path):
    one, same, other = '[{"Id":"a","x":1,"y":2}]', '[{"y":2,"x":1,"Id":"a"}]', '[{"Id":"a","x":true,"y":2}]'
    (found,) = collect(tmp_path, one, same, type_name=VM).objects[VM]
    assert () == found.variants
    (found,) = collect(tmp_path, other, one, same, type_name=VM).objects[VM]
    assert [1, True] == [reading.fields["x"] for reading in (found, *found.variants)]
    assert [int, bool] == [type(reading.fields["x"]) for reading in (found, *found.variants)]


def test_the_order_of_objects_does_not_depend_on_the_order_of_files(tmp_path):
    left, right = '[{"Id":"c"},{"Id":"a"}]', '[{"Id":"b"},{"Id":"a","x":1}]'
    found = collect(tmp_path, left, right, type_name=VM).objects[VM]
    turned = collect(tmp_path, right, left, type_name=VM).objects[VM]
    assert ["a", "b", "c"] == [entry.id for entry in found]
    assert [entry.fields for entry in found] == [entry.fields for entry in turned]


def test_reports_and_arrays_together(tmp_path):
    users = collect(tmp_path, TWO_USERS, '[{"Id":"x"}]', type_name=USER).objects[USER]
    assert ["x", "ann", "bob"] == [user.name for user in users]
    accounts = collect(tmp_path, TWO_USERS, '[{"Id":"111122223333","Name":"prod"}]', type_name=ACCOUNT).objects[ACCOUNT]
    assert [("prod", ())] == [(account.name, account.variants) for account in accounts]


REFUSED = {
    "no object": ('[{"Id":"a"}, 3]', "entry 2 of the array is a number where an object is expected"),
    "null": ("[null]", "entry 1 of the array is null"),
    "array": ("[[]]", "entry 1 of the array is an array"),
    "Id missing": ('[{"Id":"a"},{}]', "object 2 of the array: its `Id` is missing"),
    "Id empty": ('[{"Id":""}]', "object 1 of the array: its `Id` is empty"),
    "Id number": ('[{"Id":5}]', "object 1 of the array: its `Id` is a number"),
    "key twice": ('[{"Id":"a"},\n{"Id":"b","x":{"y":1,"y":1}}]', "object 2 (line 2): an object has the key `y` twice"),
    "key in two spellings": (
        '[{"Id":"a","Tag__c":1,"tag__c":1}]',
        "object 1 of the array: the key `tag__c` appears in two",
    ),
    "key of a child": (
        '[{"Id":"a","b__r":[{"Id":"b"},{"Id":"c","ID":"d"}]}]',
        "object 1 of the array: the key `id` appears in two",
    ),
    "key of an owner": (
        '[{"Id":"a","b__r":{"x":1,"X":1}}]',
        "object 1 of the array: the key `x` appears in two spellings",
    ),
    "NaN": ('[{"Id":"a","x":NaN}]', "object 1 (line 1): `NaN` is not a JSON number"),
    "Infinity": ('[{"Id":"a","x":-Infinity}]', "object 1 (line 1): `-Infinity` is not a JSON number"),
    "infinite number": ('[{"Id":"a","x":1e999}]', "object 1 (line 1): the number `1e999` is too large"),
    "endless number": ('[{"Id":"a","x":' + "9" * 5000 + "}]", "object 1 (line 1): a number with too many digits"),
    "half a surrogate pair": ('[{"Id":"\\ud800"}]', "object 1 (line 1): a text with half a surrogate pair"),
    "too deep": ('[{"Id":"a",\n"b":' + "[" * 63 + "]" * 63 + "}]", "line 2, column 67: nested deeper than 64 levels"),
    "very deep": ("[" * 200_000, "nested deeper than 64 levels"),
    "cut off": ('[{"Id":"a"},\n{"Id":', "not valid JSON: line 2, column 7: expecting value"),
    "not closed": ('[{"Id":"a"}', "line 1, column 12: expected `,` or `]` after object 1"),
    "comma missing": ('[{"Id":"a"} {"Id":"b"}]', "line 1, column 13: expected `,` or `]` after object 1"),
    "comma at the end": ('[{"Id":"a"},]', "not valid JSON: line 1, column 13"),
    "more text": ("[] []", "more text after the end of the array"),
    "object": ('{"Id":"a"}', "a JSON object without `Content`"),
    "string": ('"a"', "a string in JSON where an array of objects is expected"),
    "number": ("12", "a number in JSON where an array of objects is expected"),
    "null document": ("null", "null in JSON where an array of objects is expected"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_arrays_are_refused_with_position(tmp_path, case):
    content, expected = REFUSED[case]
    assert expected in reason_of(tmp_path, content, type_name=VM)


def test_what_a_field_holds_may_have_keys_that_differ_in_case_only(tmp_path):
    (found,) = collect(tmp_path, '[{"Id":"a","Tags__c":{"Name":1,"name":2},"b__r":null}]', type_name=VM).objects[VM]
    assert {"Name": 1, "name": 2} == found.fields["Tags__c"]


def test_an_array_needs_a_type(tmp_path):
    assert "set it with --type" in reason_of(tmp_path, '[{"Id":"a"}]')


def test_a_surrogate_pair_is_a_character(tmp_path):
    (found,) = collect(tmp_path, '[{"Id":"\\ud83d\\ude00"}]', type_name=VM).objects[VM]
    assert "😀" == found.id


def test_hostile_quotes_take_linear_time(tmp_path):
    assert "not valid JSON" in reason_of(tmp_path, '[{"a' + '\\"' * 500_000, type_name=VM)


PIECES = REFUSED | {"nothing wrong": ('[{"Id":"\\ud83d\\ude00", "x": -1.5e3},\n {"Id":"b","y":[true,null,"\\u00e9"]}]', "")}


@pytest.mark.parametrize("case", [case for case in PIECES if PIECES[case][0][0] == "["])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_an_array_reads_alike_in_pieces(case, size):
    content = PIECES[case][0]
    if len(content) > 10_000 and size < 1000:
        size = len(content) // 3
    whole, pieces = (content,), [content[place : place + size] for place in range(0, len(content), size)]
    assert read_or_refused(whole) == read_or_refused(pieces)


def read_or_refused(pieces):
    """Return the objects in an array, and why the rest cannot be read."""
    found = []
    try:
        found += read_objects(pieces)
    except UnusableContent as error:
        return [*found, str(error)]
    return found
