"""Child lists of stored tables: what the tables say of each row is what claims mean, and doubts count before them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import is_account, is_account_sql
from perpend.core.objects.claims import Claim, Claims, Scope, is_blank_key, normalized_key, unmatched_keys
from perpend.core.objects.identity import scope_of
from perpend.core.objects.object_types import Children, Field, Lookup, ObjectType
from perpend.core.objects.relations import NO_OBJECT, OTHER_OBJECT
from perpend.core.values.partial_object import MISSING
from perpend.inventory.importers.child_lists import is_blank, near
from perpend.inventory.importers.import_snapshot import NESTED
from perpend.inventory.importers.objects import LISTED_OTHERWISE
from tests.unit.inventory.snapshots.stored import (
    EVERYTHING,
    OWNER,
    PART,
    THING,
    TYPES,
    inventory,
    json_lines,
    parquet_file,
    rows_of,
    table_file,
    write_store,
)

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

HOST, DISK = "Host", "Disk"
HOSTS = ObjectType(
    HOST,
    fields={one: Field(one, "text") for one in ("Id", "CA10__region__c")},
    lookups={"account__r": Lookup("account__r", "Account", "account__c")},
    children={"disks__r": Children("disks__r", DISK, "host__c"), "spare__r": Children("spare__r", DISK, "spare__c")},
    master="account__r",
)
PLACES = st.builds(
    Scope, st.sampled_from([None, "a", "b"]), st.sampled_from([None, "r", "s"])
)  # a region of no account as well: no option says it, a collector may
CLAIMS = st.builds(
    Claim,
    st.sampled_from([DISK, DISK, HOST, ""]),
    PLACES,
    st.sampled_from([None, None, "denied"]),
    st.sampled_from(["", "disks__r"]),
)


@settings(max_examples=25, deadline=None)
@given(claims=st.lists(CLAIMS, max_size=4), places=st.lists(PLACES, min_size=1, max_size=6))
def test_a_table_says_what_claims_mean(claims, places):
    hosts = [{"Id": f"h{n}", "account__c": one.account, "CA10__region__c": one.region} for n, one in enumerate(places)]
    found = inventory({HOST: hosts, DISK: [{"Id": "d", "host__c": None, "spare__c": None}]}, claims=claims)
    with TemporaryDirectory() as directory:
        snapshot = write_store(Path(directory), found, declared={HOST: HOSTS}.get)
        said = rows_of(snapshot, HOST, "disks__r#unfollowed", "spare__r#unfollowed")
    coverage = Claims(tuple(claims))
    expected = [tuple(coverage.reason(DISK, one, scope_of(host, HOSTS)) for one in HOSTS.children) for host in hosts]
    assert expected == said


KEYS = st.text("0139aΑΣİ-:/'“ \n\0\u2013\u200b\u00a0\u0301", max_size=4) | st.text("0١", min_size=12, max_size=12)


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect(config={"threads": 1}) as found:
        yield found


@settings(max_examples=30, deadline=None)
@given(key=KEYS)
@example("rtb-")
@example("aΣ")
@example("İ")
@example("a\0b")
@example("\u0378a")
@example("123456789012\n")
def test_tables_and_objects_agree_on_forms_of_keys(connection, key):
    query = f"SELECT {near('key')}, {is_blank('key')}, {is_account_sql('key', AWS)} FROM (SELECT ? AS key)"
    assert (normalized_key(key), is_blank_key(key), is_account(key, AWS)) == connection.execute(query, [key]).fetchone()


def lists(snapshot, type_name=THING, relation="parts__r"):
    return dict(rows_of(snapshot, type_name, "Id", f"{relation}#unfollowed"))


@pytest.mark.parametrize(("number", "shown"), [(1, "`x0`"), (3, "`x0`, `x1`, `x2`"), (4, "`x0`, `x1`, `x2` …")])
def test_of_many_unmatched_keys_three_are_named(tmp_path, number, shown):
    rows = "".join(f"p{one},x{one}\n" for one in reversed(range(number)))
    parts, problems = table_file(tmp_path, "p.csv", f"Id,thing__c\n{rows}", type_name=PART), []
    write_store(tmp_path / "s", inventory({THING: [{"Id": "a"}]}), tables=[parts], problems=problems)
    expected = f"`thing__c` of `{PART}` matches no `{THING}`: {number} in all, {shown}"
    assert [expected] == [one.message for one in problems if one.code == "K309"]


def test_a_row_that_a_stated_list_does_not_hold_speaks_against_it(tmp_path):
    things = [{"Id": "a", "parts__r": []}, {"Id": "b", "parts__r": [{"Id": "p"}]}, {"Id": "c", "parts__r": [{"Id": "q"}]}]
    parts = table_file(tmp_path, "p.csv", "Id,thing__c\nz,a\np,b\ny,b\nq,c\n", type_name=PART)
    problems = []
    found = lists(write_store(tmp_path / "s", inventory({THING: things}), tables=[parts], problems=problems))
    reason = f"does not hold all `{PART}` that say in `thing__c` that they belong here"
    assert {"a": reason, "b": reason, "c": None} == found
    message = f"`parts__r` of `{THING}` does not hold all `{PART}` that name its object in `thing__c`: 2 in all, `a`, `b`"
    assert [("K311", message)] == [(one.code, one.message) for one in problems if one.code == "K311"]


def test_two_places_that_list_different_children_of_one_object_leave_its_list_open(tmp_path):
    owner = [{"Id": "o", "things__r": [{"Id": "x", "parts__r": one}]} for one in ([{"Id": "p"}], [])]
    things = [{"Id": str(number), "owner__r": one} for number, one in enumerate(owner)]
    assert LISTED_OTHERWISE == lists(write_store(tmp_path, inventory({THING: things})))["x"]


def test_parts_of_one_id_are_parts_of_their_own_owners_all_the_way_down(tmp_path):
    types = {
        "Account": ObjectType("Account", children={"regions__r": Children("regions__r", "Region", "account__c")}),
        "Region": ObjectType("Region", children={"recorders__r": Children("recorders__r", "Recorder", "region__c")}),
    }
    regions = [{"Id": "west", "recorders__r": [{"Id": "default", "n": number}]} for number in range(3)]
    accounts = [{"Id": name, "regions__r": [one]} for name, one in zip("abc", regions, strict=True)]
    problems = []
    snapshot = write_store(tmp_path, inventory({"Account": accounts}), declared=types.get, problems=problems)
    assert {("a/west", "a"), ("b/west", "b"), ("c/west", "c")} == set(rows_of(snapshot, "Region", "Id", "account__c"))
    assert {(f"{one}/west/default", f"{one}/west", float(n)) for n, one in enumerate("abc")} == set(
        rows_of(snapshot, "Recorder", "Id", "region__c", "n")
    )
    assert not any(table.contradicted for table in snapshot.tables.by_name.values())
    assert {None} == {*lists(snapshot, "Account", "regions__r").values(), *lists(snapshot, "Region", "recorders__r").values()}
    assert ["K312", "K312"] == [one.code for one in problems if one.code == "K312"]


def test_a_part_that_was_imported_as_such_keeps_its_id(tmp_path):
    things = [{"Id": "a", "parts__r": [{"Id": "p"}]}, {"Id": "b", "parts__r": [{"Id": "p"}]}]
    for number, objects in enumerate(
        ({PART: [{"Id": "p", "thing__c": "b"}], THING: things}, {THING: things[::-1], PART: [{"Id": "p", "thing__c": "b"}]})
    ):
        snapshot = write_store(tmp_path / str(number), inventory(objects))
        assert {("p", "b"), ("a/p", "a")} == set(rows_of(snapshot, PART, "Id", "thing__c"))
        assert {"a": None, "b": None} == lists(snapshot)


def test_one_part_in_the_list_of_one_owner_twice_is_one_part(tmp_path):
    thing = {"Id": "a", "parts__r": [{"Id": "p"}]}
    things = [
        {"Id": "z", "owner__r": {"Id": "o", "things__r": [thing]}},
        {"Id": "y", "owner__r": {"Id": "o", "things__r": [thing]}},
    ]
    assert [("p", "a")] == rows_of(write_store(tmp_path, inventory({THING: things})), PART, "Id", "thing__c")


def test_a_key_that_means_one_of_several_parts_leaves_their_lists_open(tmp_path):
    types = {**TYPES, OWNER: ObjectType(OWNER, children={"things__r": Children("things__r", THING, "owner__c")})}
    owners = [{"Id": one, "things__r": [{"Id": "t"}]} for one in ("o1", "o2")]
    parts = table_file(tmp_path, "p.csv", "Id,thing__c\np,t\n", type_name=PART, complete=EVERYTHING)
    snapshot = write_store(tmp_path / "s", inventory({OWNER: owners}), tables=[parts], declared=types.get)
    reason = unmatched_keys(PART, "thing__c", THING)
    assert {"o1/t": reason, "o2/t": reason} == lists(snapshot)


def test_a_row_whose_key_is_blank_space_belongs_to_any(tmp_path):
    tables = [
        table_file(tmp_path, "t.csv", "Id\na\n"),
        table_file(tmp_path, "p.csv", 'Id,thing__c\np," "\n', type_name=PART, complete=EVERYTHING),
    ]
    assert {"a": f"may hold more: some `{PART}` do not say in `thing__c` what they belong to"} == lists(
        write_store(tmp_path / "s", tables=tables)
    )


CELLS = [
    ({"owner__c": "o"}, None),
    ({"owner__c": "o", "owner__r": None}, NO_OBJECT),
    ({"owner__c": None, "owner__r": None}, None),
    ({"owner__c": "o", "owner__r": {"Id": "o", "n": 1}}, NESTED),
    ({"owner__c": "q", "owner__r": {"Id": "o"}}, OTHER_OBJECT),
    ({"owner__c": None, "owner__r": {"Id": "o"}}, OTHER_OBJECT),
    ({"owner__r": {"Id": "o"}}, NESTED),
    ({}, MISSING),
]


def test_objects_under_lookups_in_cells_are_not_passed_over(tmp_path):
    rows = json_lines(
        *({"Id": str(number), **cells} for number, (cells, _) in enumerate(CELLS)),
        {"Id": "z", "owner__c": "o", "owner__r": "x"},
    )
    tables = [table_file(tmp_path, "1", rows), table_file(tmp_path, "2.csv", "Id\no\n", type_name=OWNER)]
    said = rows_of(write_store(tmp_path / "s", tables=tables), THING, "owner__r#unfollowed")
    assert [*(reason for _, reason in CELLS), NESTED] == [reason for (reason,) in said]


def test_nested_columns_of_parquet_are_not_passed_over(tmp_path):
    query = """SELECT * FROM (VALUES ('a', [{'Id': 'p'}]), ('b', []), ('c', NULL)) AS t("Id", parts__r)"""
    parts = table_file(tmp_path, "p.csv", "Id,thing__c\n", type_name=PART, complete=EVERYTHING)
    found = lists(write_store(tmp_path / "s", tables=[parquet_file(tmp_path, "t.parquet", query), parts]))
    assert {"a": NESTED, "b": None, "c": None} == found


DENIED = [Claim(OWNER, Scope("1", region), lacking=f"denied it in 1/{region}") for region in ("a", "b")]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ([], "leads to `x`, which was not collected"),
        ([Claim(OWNER)], "leads to `x`, which was not collected"),
        (DENIED[:1], "leads to `x`, which was not collected: denied it in 1/a"),
        (DENIED, "leads to `x`, which was not collected: denied it in 1/a and 1 more"),
    ],
)
def test_what_an_unmatched_key_leads_to_is_not_known(tmp_path, claims, reason):
    objects = {THING: [{"Id": "a", "owner__c": "x"}, {"Id": "b", "owner__c": "o "}], OWNER: [{"Id": "o"}]}
    found = rows_of(write_store(tmp_path, inventory(objects, claims=claims)), THING, "owner__r#unfollowed")
    assert [(reason,), (reason.replace("`x`", "`o `"),)] == found


A, B = "111122223333", "444455556666"


@pytest.mark.parametrize(
    ("ids", "key", "is_open"),
    [
        ([A, B], "999999999999", [False, False]),
        ([A, B], "1.1E+11", [True, True]),
        ([A, B], f" {B}", [True, True]),
        (["12345678901", A], "012345678901", [True, True]),
        (["vpc-1", A], "vpc-9", [True, True]),
        (["vpc-1"], A, [True]),
        (["vpc-1"], "vpc-1", [False]),
    ],
)
@pytest.mark.parametrize("stated", [{}, {"parts__r": []}])
def test_an_unmatched_key_leaves_lists_open(tmp_path, ids, key, is_open, stated):
    objects = {THING: [{"Id": one, **stated} for one in ids], PART: [{"Id": "p", "thing__c": key}]}
    if key in ids and stated:
        objects[THING][0] = {"Id": key, "parts__r": [{"Id": "p"}]}
    found = lists(write_store(tmp_path, inventory(objects, claims=[Claim(PART)])))
    reason = unmatched_keys(PART, "thing__c", THING)
    assert {one: reason if yes else None for one, yes in zip(ids, is_open, strict=True)} == found
