"""What was read, stored and nested again is what was read, as far as it is wanted."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.core.objects.claims import Claim, not_imported, unclaimed
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source
from perpend.core.schema.shred import RequiredFields, all_fields_of
from perpend.core.schema.tables import Column, Form, Table
from perpend.core.values.partial_object import MISSING
from perpend.core.values.values import double
from perpend.inventory.snapshots.database import opened
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.read_objects import ObjectReader, nested, rows_with
from perpend.inventory.snapshots.store import Store
from tests.strategies import JSON, NUMBER, TEXT
from tests.unit.inventory.snapshots.stored import OWNER, PART, THING, TYPES, inventory, write_store

pytestmark = pytest.mark.medium

_VALUES = st.dictionaries(
    st.sampled_from(["a__c", "b__c", "c__c"]), st.none() | st.booleans() | NUMBER.map(double) | TEXT | JSON, max_size=3
)
_DELETION = st.fixed_dictionaries({}, optional={"CA10__disappearanceTime__c": st.none() | TEXT})


def _joined(*parts):
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


_BOLTS = st.lists(_joined(_VALUES), max_size=2)
_PARTS = st.lists(_joined(_VALUES, st.fixed_dictionaries({}, optional={"bolts__r": _BOLTS})), max_size=2)
THINGS = st.lists(
    _joined(
        _VALUES,
        _DELETION,
        st.fixed_dictionaries(
            {},
            optional={
                "other__r": st.none() | _joined(_VALUES),
                "bolts__r": _PARTS,
                "owner__r": st.none() | _VALUES.map(lambda values: {"Id": "o", **values}),
                "parts__r": _PARTS,
            },
        ),
    ),
    min_size=1,
    max_size=12,
)


def read_back(things):
    """Return things that were stored and nested again."""
    with TemporaryDirectory() as directory:
        snapshot = write_store(Path(directory), inventory({THING: things}))
        rows = range(len(things))
        return nested(snapshot, THING, rows, all_fields_of(things, TYPES[THING]))


def numbered(things):
    """Give every thing an Id, its owner too, and its parts the key that they get."""
    found = []
    for number, thing in enumerate(things):
        one = {"Id": f"t{number}", **thing}
        if isinstance(one.get("owner__r"), dict):
            one["owner__r"] = {**one["owner__r"], "Id": f"o{number}"}
        found.append(one)
    return found


@settings(max_examples=6)
@given(THINGS)
def test_stored_objects_nest_as_they_were_read(things):
    things = numbered(things)
    assert things == read_back(things)


def test_values_that_are_not_known_are_absent(tmp_path):
    snapshot = write_store(tmp_path, inventory({THING: [{"Id": "a", "x": 1}, {"Id": "b", "y": None}]}))
    wanted = RequiredFields({"x", "y", "z"})
    assert [{"Id": "b", "y": None}, {"Id": "a", "x": 1}] == nested(snapshot, THING, [1, 0], wanted)


def test_relations_that_are_not_known_are_absent_and_empty_ones_are_empty(tmp_path):
    things = [{"Id": "a", "parts__r": [], "owner__c": None}, {"Id": "b"}, {"Id": "c", "owner__r": {"Id": "o"}}]
    snapshot = write_store(tmp_path, inventory({THING: things}))
    wanted = RequiredFields(set(), {"owner__r": RequiredFields()}, {"parts__r": RequiredFields()})
    assert [{"Id": "a", "owner__r": None, "parts__r": []}, {"Id": "b"}, {"Id": "c", "owner__r": {"Id": "o"}}] == nested(
        snapshot, THING, [0, 1, 2], wanted
    )


def test_relations_lead_from_type_to_type_and_back(tmp_path):
    objects = {THING: [{"Id": "a", "owner__c": "o"}, {"Id": "b", "owner__c": "o"}], OWNER: [{"Id": "o", "n": 1}], PART: []}
    snapshot = write_store(tmp_path, inventory(objects, claims=[Claim(THING), Claim(PART)]))
    wanted = RequiredFields(
        set(), {"owner__r": RequiredFields({"n"}, {}, {"things__r": RequiredFields(set(), {}, {"parts__r": RequiredFields()})})}
    )
    [found] = nested(snapshot, THING, [1], wanted)
    others = [{"Id": "a", "parts__r": []}, {"Id": "b", "parts__r": []}]
    assert {"Id": "b", "owner__r": {"Id": "o", "n": 1, "things__r": others}} == found


@pytest.mark.parametrize("few", [0, 1_000])
def test_any_rows_are_given_in_the_order_that_is_asked_for(tmp_path, monkeypatch, few):
    monkeypatch.setattr("perpend.inventory.snapshots.read_objects._FEW", few)
    things = [{"Id": name, "owner__c": None} for name in "abcdef"]
    snapshot = write_store(tmp_path, inventory({THING: things, OWNER: [{"Id": "o"}]}, claims=[Claim(THING), Claim(OWNER)]))
    for rows in ([], [0], [5, 0], [4, 1, 4], [2, 3, 1], range(6)):
        assert [things[row]["Id"] for row in rows] == [one["Id"] for one in nested(snapshot, THING, rows, RequiredFields())]
    owners = [{"Id": name, "owner__r": None} for name in "af"]
    assert owners == nested(snapshot, THING, [0, 5], RequiredFields(set(), {"owner__r": RequiredFields()}))


def test_a_row_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(KeyError):
        nested(write_store(tmp_path, inventory({THING: [{"Id": "a"}]})), THING, [7], RequiredFields())


@pytest.mark.parametrize("first", [THING, OWNER])
def test_relations_are_followed_so_far_and_no_further(tmp_path, first):
    objects = {THING: [{"Id": "a", "owner__c": "o"}], OWNER: [{"Id": "o"}]}
    snapshot = write_store(tmp_path, inventory(objects, claims=[Claim(THING), Claim(OWNER)]))
    wanted = RequiredFields()
    for number in range(20):
        is_lookup = (number % 2 == 1) == (first == THING)
        wanted = RequiredFields(set(), {"owner__r": wanted}) if is_lookup else RequiredFields(set(), {}, {"things__r": wanted})
    depth, found = 0, nested(snapshot, first, [0], wanted)[0]
    while "owner__r" in found or "things__r" in found:
        depth, found = depth + 1, found["owner__r"] if "owner__r" in found else found["things__r"][0]
    assert 16 == depth


def test_why_something_is_not_known_goes_with_the_object(tmp_path):
    things = [CloudObject(THING, "a", "", "", {"Id": "a", "n__c": 1}, Origin("objects.json", 1))]
    rival = things[0]._replace(fields={"Id": "a", "n__c": 2})
    disputed = Inventory([Source("objects.json", "test-data", None, 1)], {THING: [things[0]._replace(variants=(rival,))]})
    [found] = nested(write_store(tmp_path / "disputed", disputed), THING, [0], RequiredFields({"n__c"}))
    assert ({"Id": "a", "n__c": 1}, "contradicted") == (found, found.doubt)
    partly = [{"Id": "a", "parts__r": []}, {"Id": "b"}]
    snapshot = write_store(tmp_path / "partly", inventory({THING: partly, PART: []}))
    one, other = nested(snapshot, THING, [0, 1], RequiredFields(set(), {}, {"parts__r": RequiredFields()}))
    assert ([], {}) == (one["parts__r"], one.reasons)
    assert {"parts__r": unclaimed(PART, "all")} == other.reasons
    snapshot = write_store(tmp_path / "alone", inventory({THING: [{"Id": "a"}, {"Id": "b"}]}))
    found = nested(snapshot, THING, [0, 1], RequiredFields(set(), {}, {"parts__r": RequiredFields()}))
    assert [({"Id": "a"}, {"parts__r": not_imported(PART)}), ({"Id": "b"}, {"parts__r": not_imported(PART)})] == [
        (one, one.reasons) for one in found
    ]


def test_what_is_wanted_as_a_relation_and_stored_as_a_value_is_given_as_it_is(tmp_path):
    things = [{"Id": "a", "x__r": "odd", "y__r": 5}]
    snapshot = write_store(tmp_path, inventory({THING: things}))
    assert things == nested(snapshot, THING, [0], RequiredFields(set(), {"x__r": RequiredFields()}, {"y__r": RequiredFields()}))


def test_numbers_are_whole_as_far_as_a_double_is_exact_and_documents_are_read(tmp_path):
    numbers = [5, -7, 0.5, 2**53, -(2**53), float(2**53 + 2), 1e300]
    things = [{"Id": f"t{row}", "n": number, "v": [row, {"a": None}]} for row, number in enumerate(numbers)]
    things.append({"Id": "t7", "n": None, "v": "text"})
    found = nested(write_store(tmp_path, inventory({THING: things})), THING, range(8), RequiredFields({"n", "v"}))
    assert things == found
    assert [int, int, float, int, int, float, float] == [type(one["n"]) for one in found[:7]]


def test_rows_that_hold_a_text_are_found_in_columns_of_texts_each_with_its_source(tmp_path):
    things = [{"Id": "a", "name__c": "x", "n": 1}, {"Id": "x", "name__c": None}, {"Id": "b", "name__c": "X"}]
    snapshot = write_store(
        tmp_path, inventory({THING: things}), inventory({THING: [{"Id": "c", "other__c": "x"}]}, "later.json")
    )
    with opened(paths=snapshot.files.paths) as connection:
        for columns, value, found in (
            (["name__c"], "x", [(0, 0)]),
            (["other__c", "Id", "name__c", "Id"], "x", [(0, 0), (1, 0), (3, 1)]),
            (["none", "Id"], "b", [(2, 0)]),
            (["none"], "x", []),
            (["n"], "1", []),
            ([], "x", []),
        ):
            assert found == rows_with(connection, snapshot, THING, columns, value)
        assert [] == rows_with(connection, snapshot, "none", ["Id"], "x")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [(lambda path: path.write_bytes(b"no Parquet"), "it is damaged or cut off"), (lambda path: path.unlink(), "it is gone")],
    ids=["damaged", "gone"],
)
def test_a_file_that_is_damaged_while_a_snapshot_is_read_is_named(tmp_path, damage, reason):
    snapshot = write_store(tmp_path, inventory({THING: [{"Id": "a"}]}))
    [path] = snapshot.files[THING]
    damage(path)
    with opened(paths=snapshot.files.paths) as connection:
        for ask in (
            lambda: ObjectReader(connection, snapshot).objects(THING, [0], RequiredFields()),
            lambda: rows_with(connection, snapshot, THING, ["Id"], "a"),
        ):
            with pytest.raises(StoreError) as raised:
                ask()
            assert f"{path}: cannot be read: {reason}" == str(raised.value)


def test_only_an_object_that_has_an_id_has_the_key(tmp_path):
    lists = {"some__r": [{"Id": "p", "n": 1}, {"n": 2}], "none__r": [{"n": 3}]}
    snapshot = write_store(tmp_path, inventory({THING: [{"Id": "a", **lists}]}))
    found = nested(snapshot, THING, [0], RequiredFields(set(), {}, dict.fromkeys(lists, RequiredFields({"n"}))))
    assert [{"Id": "a", **lists}] == found
    assert [{}, {}, {}] == [one.reasons for name in lists for one in found[0][name]]


def test_a_value_that_is_not_known_is_absent_and_the_reason_is_told(tmp_path):
    things = [{"Id": "a"}, {"Id": "b", "n": 2}]
    one, other = nested(write_store(tmp_path, inventory({THING: things})), THING, [0, 1], RequiredFields({"n"}))
    assert [({"Id": "a"}, {"n": MISSING}), ({"Id": "b", "n": 2}, {})] == [(one, one.reasons), (other, other.reasons)]


def test_the_rows_of_a_table_may_stand_in_several_files(tmp_path):
    with Store(tmp_path).writing() as run:
        paths = [run.directory_of(THING) / f"part-{number}.parquet" for number in range(2)]
        for number, path in enumerate(paths):
            query = f"SELECT {number} AS perpend_row, 0 AS perpend_source, 'i{number}' AS \"Id\""
            duckdb.connect().execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
        run.add(Table(THING, THING, {"Id": Column("Id", Form.TEXT)}, rows=2), paths)
        snapshot = run.commit("test")
    assert [{"Id": "i1"}, {"Id": "i0"}] == nested(snapshot, THING, [1, 0], RequiredFields())
    with opened(paths=snapshot.files.paths) as connection:
        assert [(1, 0)] == rows_with(connection, snapshot, THING, ["Id"], "i1")
