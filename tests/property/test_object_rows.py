"""Objects that are written as rows while they are read make the same snapshot as objects that are merged in Python."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from perpend import open_repository
from perpend.core.clouds.aws import ACCOUNT_TYPE, USER_TYPE
from perpend.core.diagnostics.model import Diagnostic
from perpend.core.objects.claims import Scope
from perpend.core.objects.object_types import ObjectType
from perpend.core.schema.tables import CONTRADICTED, ROW, Form, plain, unread
from perpend.core.schema.tables import OWNER as OWNER_ROW
from perpend.core.values.partial_object import MISSING
from perpend.inventory.importers import object_rows
from perpend.inventory.importers.input import Input
from perpend.inventory.importers.inputs import import_inputs
from perpend.inventory.importers.object_rows import ObjectRows
from perpend.inventory.readers import files
from perpend.inventory.readers.conflicts import PLACES
from perpend.inventory.readers.errors import UnusableInput
from perpend.inventory.readers.read import Collecting
from perpend.inventory.snapshots.snapshot import Snapshot
from perpend.inventory.snapshots.store import Store
from tests.unit.inventory.snapshots.stored import OWNER, PART, THING, TYPES, rows_of

pytestmark = pytest.mark.usefixtures("shared_database")

WORLDS = 400 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 8
VALUES: tuple[Any, ...] = (
    *("", "a", 'é\n"%s%', '{"k":"v"}', '{"k":1,"k":2}', "[1", "2026-01-02T00:00:00Z", None, None),
    *(1, 1.0, 1.5, True, False, 2**53 + 1, -0.0, [], [1, None], {"a": {"b": [2]}}, {}),
)
FIELDS = ("name__c", "size__c", "on__c", "at__c", "more__c", "100%__c")
NESTED = {"lookup": "owner__r", "list": "parts__r"}


def made(random: Random, type_name: str, ids: list[str]) -> dict[str, Any]:
    """Return a random object of a type."""
    one: dict[str, Any] = {"Id": random.choice(ids)}
    usual = random.random() < 0.5
    for field in FIELDS[: random.randint(0, len(FIELDS))]:
        if random.random() < 0.8:
            one[field] = f"v{random.randint(0, 2)}" if usual else random.choice(VALUES)
    if random.random() < 0.2:
        one["CA10__disappearanceTime__c"] = random.choice((None, "2026-01-02T00:00:00Z"))
    if type_name == THING:
        add_owner(random, one)
        if random.random() < 0.4:
            one["parts__r"] = random.choice(([], None, [part(random, one) for _ in range(random.randint(1, 3))]))
    if type_name == OWNER and random.random() < 0.3:
        one["things__r"] = [made(random, THING, ids) | {"owner__c": one["Id"]} for _ in range(random.randint(0, 2))]
    if random.random() < 0.04:
        one["other__r"] = random.choice(({"Id": "x"}, [{"Id": "y"}], None, "text"))
    return one


def add_owner(random: Random, one: dict[str, Any]) -> None:
    owner = f"o{random.randint(0, 3)}"
    whole = {"Id": owner, "name__c": owner if random.random() < 0.9 else "other"}
    drawn = random.random()
    if drawn < 0.6:
        one |= {"owner__c": owner, "owner__r": whole}
    elif drawn < 0.8:
        one |= random.choice(
            (
                {"owner__r": whole},
                {"owner__r": None},
                {"owner__c": owner, "owner__r": None},
                {"owner__c": owner},
                {"owner__c": "o9", "owner__r": whole},
                {"owner__r": {"Id": None}},
                {"owner__r": {}},
                {"owner__c": owner, "owner__r": whole | {"tags__c": ["t"]}},
            )
        )


def part(random: Random, owner: dict[str, Any]) -> dict[str, Any]:
    one: dict[str, Any] = {"Id": f"{owner['Id']}-p{random.randint(0, 5)}" if random.random() < 0.8 else "p"}
    if random.random() < 0.5:
        one["thing__c"] = owner["Id"] if random.random() < 0.9 else "another"
    if random.random() < 0.5:
        one["size__c"] = random.randint(0, 9)
    return one if random.random() < 0.97 else {}


def inputs_of(random: Random, directory: Path) -> list[Input]:
    """Write some arrays, and sometimes a table, and return them as inputs."""
    inputs = []
    pool = random.choice((6, 60, 600))
    for number in range(random.randint(1, 3)):
        type_name = random.choice((THING, THING, OWNER, PART))
        ids = [f"{type_name[8:10]}{one}" for one in range(pool)] + (["o1"] if type_name == OWNER else [])
        objects = [made(random, type_name, ids) for _ in range(random.choice((0, 1, 2, 3, 4, 5, 11, 12, 13, 40)))]
        path = directory / f"{number}.json"
        path.write_text(json.dumps(objects, ensure_ascii=random.random() < 0.5, indent=random.choice((None, 1))))
        inputs.append(Input(str(path), type_name, complete=random.choice(((), (Scope(),)))))
    if random.random() < 0.3:
        table = directory / "table.ndjson"
        table.write_text("".join(f'{{"Id":"Th{one}","size__c":{one}}}\n' for one in range(3)))
        inputs.append(Input(str(table), THING))
    if random.random() < 0.2:
        (directory / "bad.json").write_text('[{"Id":"b1","new__c":1},{"Id":"b2"},{"Id":5}]')
        inputs.append(Input(str(directory / "bad.json"), THING))
    return inputs


Seen = tuple[dict[str, list[str]], list[Any], list[Any], list[str]]


def imported(store: Path, inputs: list[Input], declared: Callable[[str], ObjectType | None] = TYPES.get) -> Seen:
    """Return the tables, columns, sources and problems of a snapshot, without the numbers and the order of rows."""
    done = import_inputs(Store(store), inputs, declared=declared, keep_going=True)
    if done.snapshot is None:
        return {}, [], [], [str(one) for one in done.failures]
    tables = {name: rows_without_place(done.snapshot, name) for name in done.snapshot.tables.by_name}
    return tables, described(done.snapshot), [*done.snapshot.sources], [*map(str, done.failures), *map(said, done.problems)]


def rows_without_place(snapshot: Snapshot, table: str) -> list[str]:
    """Return the rows of a table as texts, in no order.

    Which reading of a contradicted object is shown depends on the order of objects, which differs. A column whose values are all
    of one form may be of variants, since other objects have been merged.
    """
    columns = snapshot.tables.by_name[table].columns
    rows = []
    for row in rows_of(snapshot, table):
        known = {name: value for name, value in row.items() if name in columns and row.get(unread(name)) is None}
        known |= {name: value for name, value in row.items() if name not in columns and value not in (None, False, MISSING)}
        known = {name: value for name, value in known.items() if name not in (ROW, OWNER_ROW) and not name.endswith(plain(""))}
        if doubt := known.get(CONTRADICTED):
            known = {"Id": known.get("Id"), CONTRADICTED: doubt.partition(PLACES)[0]}
        for name, value in known.items():
            if name in columns and columns[name].form is Form.VARIANT and value is not None:
                known[name] = json.loads(value)
        rows.append(json.dumps({name: plainly(value) for name, value in known.items()}, sort_keys=True))
    return sorted(rows)


def plainly(value: Any) -> Any:
    return float(value) if type(value) is int and abs(value) <= 2**53 else value


def described(snapshot: Snapshot) -> list[Any]:
    return [
        (one.name, one.type_name, one.rows, one.contradicted, sorted(one.lookups)) for one in snapshot.tables.by_name.values()
    ]


def said(problem: Diagnostic) -> str:
    return f"{problem.code} {problem.message}"


@pytest.mark.parametrize("seed", range(WORLDS))
def test_rows_written_at_once_are_those_of_merged_objects(seed, tmp_path, monkeypatch):
    random = Random(seed)
    monkeypatch.setattr(object_rows, "_LINES_AT_ONCE", random.choice((1, 2, 3, 12)))
    monkeypatch.setattr(object_rows, "_MOST_LAYOUTS", random.choice((1, 2, 4096)))
    monkeypatch.setattr(files, "HEAD", random.choice((40, 97, 1 << 20)))
    inputs = inputs_of(random, tmp_path)
    quick = imported(tmp_path / "quick", inputs)
    monkeypatch.setattr(ObjectRows, "take", lambda self, found: False)
    slow = imported(tmp_path / "slow", inputs)
    assert slow[0] == quick[0]
    assert slow[1:] == quick[1:]


def test_most_objects_are_written_at_once(tmp_path, monkeypatch):
    taken = []
    take = ObjectRows.take
    monkeypatch.setattr(ObjectRows, "take", lambda self, found: taken.append(take(self, found)) or taken[-1])
    (tmp_path / "a.json").write_text(json.dumps([made(Random(seed), THING, ["a", "b"]) for seed in range(200)]))
    imported(tmp_path / "store", [Input(str(tmp_path / "a.json"), THING)])
    assert 200 == len(taken) and sum(taken) > 100


@pytest.mark.parametrize("stated", [False, True])
def test_lists_that_a_format_leaves_out_are_known_alike(tmp_path, monkeypatch, stated):
    users = [
        {"UserName": name, "Arn": f"arn:aws:iam::111122223333:user/{name}", "AttachedManagedPolicies": [], "GroupList": []}
        for name in ("ann", "bob")
    ]
    users[1] |= {"UserPolicyList": []} if stated else {}
    (tmp_path / "details.json").write_text(json.dumps({"UserDetailList": users}))
    types = open_repository(None).declared_type
    inputs = [Input(str(tmp_path / "details.json"), complete=(Scope(),))]
    quick = imported(tmp_path / "quick", inputs, types)
    monkeypatch.setattr(ObjectRows, "take", lambda self, found: False)
    assert imported(tmp_path / "slow", inputs, types) == quick
    assert ("CA10__CaAwsUserPolicy__c" in quick[0]) is True


def test_rows_of_reports_are_read_once(tmp_path, monkeypatch):
    again: list[str] = []
    monkeypatch.setattr(Collecting, "reread", lambda self, paths, sink: again.extend(paths))
    arn = "arn:aws:iam::11112222333"
    names = {"<root_account>": f"{arn}3:root", "ann": f"{arn}3:user/ann", "bob": f"{arn}4:user/bob"}
    rows = "".join(f"{user},{arn},2026-01-01T00:00:00Z,true,{{}}\n" for user, arn in names.items())
    (tmp_path / "report.csv").write_text(f"user_name,user_arn,user_creation_time,mfa_active,_ctx\n{rows}")
    tables = imported(tmp_path / "store", [Input(str(tmp_path / "report.csv"))])[0]
    assert [] == again
    ids = {json.loads(row)["Id"] for row in tables[USER_TYPE]}
    assert {*names.values(), f"{arn}4:root"} == ids
    assert 2 == len(tables[ACCOUNT_TYPE])


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text('[{"Id":"a","x__c":1},{"Id":"a","x__c":2}]')
    by_input = ObjectRows.by_input

    def changing(self: ObjectRows, numbers: list[int]) -> dict[str, set[int]]:
        path.write_text('[{"Id":"a","x__c":1},{"Id":"a","x__c":1}]')
        return by_input(self, numbers)

    monkeypatch.setattr(ObjectRows, "by_input", changing)
    with pytest.raises(UnusableInput, match="changed while it was read"):
        import_inputs(Store(tmp_path / "store"), [Input(str(path), THING)], declared=TYPES.get)
