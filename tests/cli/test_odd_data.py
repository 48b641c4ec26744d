"""Odd data say the same from a file, by way of tables and from a store: what is not known is no fact on any road."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import TIME, RunWriter
from tests.repositories import NAMES, logic, policy_files, write

pytestmark = pytest.mark.usefixtures("shared_database")

THING = "CA10__CaThing__c"
TYPES: dict[str, Any] = {
    f"types/{THING}/type.yaml": {
        "label": "Thing",
        "fields": [{"name": "owner__c", "type": "lookup"}],
        "lookups": [{"name": "owner__r", "target": "Owner", "key": "owner__c"}],
        "children": [{"name": "parts__r", "type": "Part", "key": "thing__c"}],
    },
    "types/Owner/type.yaml": {"label": "Owner", "deletionField": "removed__c"},
    "types/Part/type.yaml": {"label": "Part", "fields": [{"name": "thing__c", "type": "lookup"}]},
}
GONE, PAST, ODD = "CA10__disappearanceTime__c", "2024-01-01T00:00:00Z", ["N/A", "null", 0, False, True, {}, "0000-00-00", "-"]
OWNED = {"NOT_EMPTY_LOOKUP": "owner__r"}
PARTS = {"RELATED_LIST_HAS": {"status": "COMPLIANT", "relationshipName": "parts__r"}}
ELSEWHERE = {"NOT_EMPTY_LOOKUP": "other__r"}
_RELATED = [
    {"relationshipName": "parts__r", "conditions": [], "otherwise": {"status": "COMPLIANT", "currentStateMessage": "m"}}
]
BESIDE = [{"Id": "z", "owner__r": {"Id": "o"}, "parts__r": [{"Id": "q"}], "other__r": {"Id": "y"}}]


def verdicts(
    run: RunWriter, directory: Path, check: dict[str, Any], objects: list[Any], types: dict[str, Any]
) -> list[list[int]]:
    """Return the indexes of objects from a file by the interpreter, from the file by DuckDB, and from a store."""
    content = logic(check, input_type=THING, relatedLists=_RELATED)
    repository, input_file = directory / "repository", directory / "objects.json"
    write(repository, {**policy_files(content), **types})
    input_file.write_text(json.dumps(objects))
    named = ("--repo", repository, "--type", THING)
    imported = run("import", input_file, *named, "--store", directory / "store")
    assert 0 == imported.code, imported.err
    asked = ("--repo", repository, *TIME, "--format", "ndjson")
    roads = (
        run("check", input_file, "--type", THING, *asked),
        run("check", input_file, "--type", THING, *asked, "--engine", "duckdb"),
        run("check", "--store", directory / "store", *asked, "--no-history"),
    )
    return [[json.loads(line)["conditionIndex"] for line in road.out.splitlines()] for road in roads]


@pytest.mark.parametrize(
    ("check", "of"),
    [
        (PARTS, lambda name, value: {GONE: value}),
        (OWNED, lambda name, value: {"owner__r": {"Id": name, "removed__c": value}}),
        (PARTS, lambda name, value: {"parts__r": [{"Id": name, GONE: value}]}),
        (ELSEWHERE, lambda name, value: {"other__r": {"Id": name, GONE: value}}),
    ],
    ids=["itself", "behind a lookup", "a child", "behind an undeclared lookup"],
)
def test_what_is_no_time_leaves_open_whether_an_object_has_disappeared(
    run: RunWriter, tmp_path: Path, check: dict[str, Any], of: Any
) -> None:
    related = {"owner__r": None, "parts__r": [], "other__r": None}
    objects = [{"Id": f"a{number}", **related, **of(f"p{number}", value)} for number, value in enumerate(ODD)]
    assert [[*[0] * len(ODD), 199]] * 3 == verdicts(run, tmp_path, check, [*objects, *BESIDE], TYPES)


@pytest.mark.parametrize(
    ("check", "things"),
    [
        (
            OWNED,
            [
                (199, {"owner__r": {"Id": "p"}}),
                (200, {"owner__r": {"Id": "p", "removed__c": PAST}}),
                (199, {"owner__r": {"Id": "p", GONE: PAST}}),
                (0, {"owner__r": {"Id": "p", "removed__c": "2099-01-01"}}),
                (200, {"owner__r": None, "owner__c": None}),
                (200, {"owner__r": None, "owner__c": ""}),
                (0, {"owner__r": None, "owner__c": "p"}),
                (0, {"owner__r": {"Id": "p"}, "owner__c": None}),
                (0, {"owner__r": {"Id": "p"}, "owner__c": "q"}),
                (0, {"owner__r": {"n__c": 1}, "owner__c": "p"}),
                (0, {"owner__r": {"error": "AccessDenied"}, "owner__c": "p"}),
                (0, {"owner__r": {"n__c": 1}}),
                (0, {"owner__r": []}),
                (0, {"owner__r": "p"}),
            ],
        ),
        (
            PARTS,
            [
                (199, {"parts__r": [{}]}),
                (199, {"parts__r": [{"Id": 5}]}),
                (0, {"parts__r": [5]}),
                (0, {"parts__r": {}}),
            ],
        ),
        (
            ELSEWHERE,
            [
                (0, {"other__r": []}),
                (200, {"other__r": {"Id": "p", "CA10Z1__disappearanceTime__c": PAST}}),
            ],
        ),
    ],
    ids=["lookups", "children", "undeclared lookups"],
)
def test_what_is_odd_about_relations_is_the_same_on_every_road(
    run: RunWriter, tmp_path: Path, check: dict[str, Any], things: list[tuple[int, dict[str, Any]]]
) -> None:
    objects = []
    for number, (_, thing) in enumerate(things):
        own = json.loads(re.sub('"([bpq])"', rf'"\g<1>{number}"', json.dumps(thing)))
        objects.append({"Id": f"a{number:02}", "owner__r": None, "parts__r": [], "other__r": None, **own})
    assert [[*(index for index, _ in things), 199]] * 3 == verdicts(run, tmp_path, check, [*objects, *BESIDE], TYPES)


def test_children_without_an_id_are_reported_without_one(run: RunWriter, tmp_path: Path) -> None:
    children = [{}, {"Id": None}, {"Id": 5}, {"Id": ""}, {"Id": {}}]
    input_file, store = tmp_path / "accounts.json", tmp_path / "store"
    accounts = [{"Id": f"{number}", "CA10__users__r": [child, {"Id": f"u{number}"}]} for number, child in enumerate(children)]
    input_file.write_text(json.dumps(accounts))
    assert 0 == run("import", input_file, "--type", "CA10__CaAwsAccount__c", "--store", store).code
    for form in ("table", "json", "ndjson", "csv", "parquet"):
        asked = ("--policy", "*/iam/*user*", *TIME, "--no-history", "--format", form, "--out", tmp_path / "out")
        found = run("check", "--store", store, *asked)
        assert (3, True) == (found.code, (tmp_path / "out").stat().st_size > 100), found.err


def test_a_table_that_lists_an_object_contradicts_one_by_which_it_is_gone(run: RunWriter, tmp_path: Path) -> None:
    there, gone = {"Id": "p", "thing__c": "a"}, {"Id": "p", "thing__c": "a", GONE: PAST}
    write(tmp_path / "repository", {**policy_files(logic(PARTS, input_type=THING, relatedLists=_RELATED)), **TYPES})
    things, one, two, both, table = (tmp_path / name for name in ("a.csv", "1.ndjson", "2.ndjson", "3.ndjson", "4.csv"))
    things.write_text("Id\na\n")
    one.write_text(json.dumps(there))
    two.write_text(json.dumps(gone))
    both.write_text(f"{json.dumps(gone)}\n{json.dumps(there)}\n")
    table.write_text("Id,thing__c\np,a\n")
    for parts in ((one, two), (two, one), (both,), (two, table)):
        inputs = (things, "--type", THING, *parts, "--type", "Part", "--complete", "all")
        found = run("check", *inputs, "--repo", tmp_path / "repository", *TIME, "--format", "ndjson")
        verdict = json.loads(found.out)
        assert "UNDETERMINED" == verdict["status"], parts
        assert f"sources contradict each other about {GONE}" in verdict["currentStateMessage"]


def test_a_row_whose_key_names_an_object_that_no_table_holds_does_not_lead_nowhere(run: RunWriter, tmp_path: Path) -> None:
    """The cell under the lookup is null, and so is that of a row whose key is blank: there it is a fact."""
    rows = [{"Id": f"a{number}", "owner__c": key, "owner__r": None} for number, key in enumerate(("o", "", None))]
    write(tmp_path / "repository", {**policy_files(logic(OWNED, input_type=THING)), **TYPES})
    (tmp_path / "things.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    named = (tmp_path / "things.ndjson", "--type", THING, "--repo", tmp_path / "repository")
    assert 0 == run("import", *named, "--store", tmp_path / "store").code
    of_store = ("--store", tmp_path / "store", "--repo", tmp_path / "repository", "--no-history")
    for asked in (named, of_store):
        told = [json.loads(line) for line in run("check", *asked, *TIME, "--format", "ndjson").out.splitlines()]
        assert [0, 200, 200] == [verdict["conditionIndex"] for verdict in told]
        assert "owner__r is empty, though its key names an object" == told[0]["currentStateMessage"]
    explained = run("explain", "/ce/policy", "a0", *of_store[:4], *TIME)
    assert '"owner" is empty, though its key names an object' in explained.out


BY_NOW: dict[str, Any] = {
    "another type": ({"target": "Part"}, {"type": "Owner"}),
    "another key": ({"key": "second__c"}, {"key": "second__c"}),
    "declared now": (None, None),
    "declared no more": ({}, {}),
}


@pytest.mark.parametrize("change", BY_NOW)
def test_a_relation_that_is_declared_otherwise_since_the_import_is_not_known(
    run: RunWriter, tmp_path: Path, change: str
) -> None:
    """A store keeps rows joined as types said when it was filled; a policy means what they say when it judges."""
    content = logic(OWNED, input_type=THING, relatedLists=_RELATED)
    parts = logic({"NOT": {"arg": PARTS}}, input_type=THING, relatedLists=_RELATED)
    store, repository = tmp_path / "store", tmp_path / "repository"
    thing: dict[str, Any] = dict(TYPES[f"types/{THING}/type.yaml"])
    bare = {name: value for name, value in thing.items() if name not in ("lookups", "children")}
    lookup, child = BY_NOW[change]
    changed = {
        **thing,
        "lookups": [{**thing["lookups"][0], **(lookup or {})}],
        "children": [{**thing["children"][0], **(child or {})}],
    }
    (tmp_path / "objects.json").write_text(
        json.dumps([{"Id": "a", "owner__c": "o", "owner__r": None, "parts__r": [{"Id": "q"}]}])
    )
    indexes = []
    for declared in (thing if lookup is not None else bare, bare if lookup == {} else changed):
        place = f"types/{THING}/type.yaml"
        files = {"ce/parts/policy.yaml": {"names": NAMES, "description": "d"}, "ce/parts/prod.logic.yaml": parts}
        write(repository, {**policy_files(content), **files, **TYPES, place: declared})
        if not store.exists():
            named = ("--repo", repository, "--type", THING)
            assert 0 == run("import", tmp_path / "objects.json", *named, "--store", store).code
        ended = run("check", "--store", store, "--repo", repository, *TIME, "--format", "ndjson", "--no-history")
        indexes.append([json.loads(line)["conditionIndex"] for line in ended.out.splitlines()])
    assert [0, 0] == indexes[1], indexes
    assert 2 == ended.out.count("is declared otherwise than when the snapshot was stored: import again")
    told = run("explain", "/ce/parts", "a", "--store", store, "--repo", repository, *TIME)
    assert told.out.count(" is declared otherwise than when the snapshot was stored: import again") == 1


def test_claims_are_asked_by_what_told_the_account_at_the_import(run: RunWriter, tmp_path: Path) -> None:
    """An account of which all parts were read is no longer the thing's own once its type does not name what owns it."""
    content = logic({"NOT": {"arg": PARTS}}, input_type=THING, relatedLists=_RELATED)
    store, repository, place = tmp_path / "store", tmp_path / "repository", f"types/{THING}/type.yaml"
    things = [{"Id": one, "owner__c": account} for one, account in (("a", "111122223333"), ("b", "444455556666"))]
    (tmp_path / "things.json").write_text(json.dumps(things))
    (tmp_path / "parts.json").write_text(json.dumps([{"Id": "p", "thing__c": "b"}]))
    inputs = [
        tmp_path / "things.json",
        "--type",
        THING,
        tmp_path / "parts.json",
        "--type",
        "Part",
        "--complete",
        "111122223333",
    ]
    said = []
    for declared in ({**TYPES[place], "master": "owner__r"}, TYPES[place]):
        write(repository, {**policy_files(content), **TYPES, place: declared})
        if not store.exists():
            assert 0 == run("import", *inputs, "--repo", repository, "--store", store).code
        for where in (inputs, ["--store", store]):
            ended = run("check", *where, "--repo", repository, *TIME, "--format", "ndjson", "--no-history")
            said.append([json.loads(line)["status"] for line in ended.out.splitlines()])
    assert "is declared otherwise than when the snapshot was stored: import again" in ended.out
    assert [["INCOMPLIANT", "COMPLIANT"]] * 2 + [["UNDETERMINED", "COMPLIANT"], ["UNDETERMINED"] * 2] == said


@pytest.mark.parametrize("roads", ["nested", "tables"])
def test_what_said_at_the_import_that_an_object_is_gone_says_so_when_it_is_judged(
    run: RunWriter, tmp_path: Path, roads: str
) -> None:
    """A row that lacks the field says that the object is there: united with one that has it, nothing says so any more."""
    part, gone = {"Id": "p", "thing__c": "a"}, {"Id": "p", "thing__c": "a", "removed__c": PAST}
    store, repository, part_type = tmp_path / "store", tmp_path / "repository", "types/Part/type.yaml"
    files = {**policy_files(logic(PARTS, input_type=THING, relatedLists=_RELATED)), **TYPES}
    (tmp_path / "a.json").write_text(json.dumps([{"Id": "a", **({"parts__r": [part]} if roads == "nested" else {})}]))
    (tmp_path / "1.ndjson").write_text(json.dumps(part))
    (tmp_path / "2.json").write_text(json.dumps([gone]))
    (tmp_path / "2.ndjson").write_text(json.dumps(gone))
    others = ["2.json"] if roads == "nested" else ["1.ndjson", "2.ndjson"]
    inputs = (tmp_path / "a.json", "--type", THING, *(tmp_path / one for one in others), "--type", "Part", "--complete", "all")
    codes = []
    for now in ({}, {"deletionField": "removed__c"}):
        fields = [*TYPES[part_type]["fields"], {"name": "removed__c", "type": "datetime"}]
        write(repository, {**files, part_type: {**TYPES[part_type], "fields": fields, **now}})
        if not store.exists():
            assert 0 == run("import", *inputs, "--repo", repository, "--store", store).code
        ended = run("check", "--store", store, "--repo", repository, *TIME, "--no-history")
        codes.append(ended.code)
    assert [1, 2] == codes, ended.out
    assert "was stored when `removed__c` did not say that a `Part` is gone: bring the inputs in again" in ended.err
    assert 0 == run("import", *inputs, "--repo", repository, "--store", store).code
    assert 3 == run("check", "--store", store, "--repo", repository, *TIME, "--no-history").code


@pytest.mark.parametrize("before", ["nothing", "another type"])
def test_objects_that_stand_under_what_was_declared_otherwise_are_not_passed_over(
    run: RunWriter, tmp_path: Path, before: str
) -> None:
    """A store that was filled when nothing said that they are things holds things that no policy over things judges."""
    store, repository, place = tmp_path / "store", tmp_path / "repository", "types/Owner/type.yaml"
    owner: dict[str, Any] = {"label": "Owner"}
    lists = [{"name": "things__r", "type": THING, "key": "owner__c"}]
    former = {**owner, "children": [{**lists[0], "type": "Part"}]} if before != "nothing" else owner
    bad = logic({"IS_EQUAL": {"left": {"FIELD": {"path": "flag__c"}}, "right": {"TEXT": "bad"}}}, input_type=THING)
    (tmp_path / "owners.json").write_text('[{"Id": "o", "things__r": [{"Id": "b", "flag__c": "bad", "owner__c": "o"}]}]')
    (tmp_path / "things.json").write_text('[{"Id": "g", "flag__c": "good"}]')
    thing = {"label": "Thing", "fields": [{"name": "flag__c", "type": "text"}, {"name": "owner__c", "type": "lookup"}]}
    files = {**policy_files(bad), **TYPES, f"types/{THING}/type.yaml": thing}
    write(repository, {**files, place: former})
    inputs = (tmp_path / "owners.json", "--type", "Owner", tmp_path / "things.json", "--type", THING, "--complete", "all")
    assert 0 == run("import", "--new-type", *inputs, "--repo", repository, "--store", store).code
    asked = ("check", "--store", store, "--repo", repository, *TIME, "--no-history")
    assert 0 == run(*asked).code
    write(repository, {place: {**owner, "children": lists}})
    ended = run(*asked)
    assert 3 == ended.code
    assert "Thing: some objects may not be evaluated: `things` of `Owner` is declared otherwise than" in ended.err
