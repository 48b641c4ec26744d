"""A repository's test data in, worlds out: objects with all that is nested in them, as many as wanted, each with Ids of its own."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.library_gaps import ODD_PASSES

LIBRARY = Path(__file__).parents[3] / "src" / "perpend" / "library"
ACCOUNT = "CA10__CaAwsAccount__c"
_ACCOUNT_IN_DATA = "111122223333"
_TIME = "2026-03-31T12:00:00Z"
_EXPECTED = ("expectedResult", "context")
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """What a test needs to know of an object type: forms of fields, ``lookups`` and ``children`` as (type, key) by name."""

    forms: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, tuple[str, str]] = field(default_factory=dict)
    children: dict[str, tuple[str, str]] = field(default_factory=dict)
    deletion: str = "CA10__disappearanceTime__c"


@dataclass(frozen=True, slots=True)
class Pool:
    """The test objects of one type: what worlds are drawn from. ``policies`` judge that type, at most tests' ``time``.

    ``asked``: of the library's policies these alone judge, all of them where none is said.
    """

    root: Path
    type_name: str
    time: str
    objects: tuple[Fields, ...]
    policies: tuple[str, ...]
    asked: tuple[str, ...] = ()


@cache
def declared(type_name: str) -> Declared:
    """Return what the library declares of a type, nothing where it declares nothing."""
    path = LIBRARY / "types" / type_name / "type.yaml"
    if not path.exists():
        return Declared()
    found = yaml.safe_load(path.read_text())
    forms = {one["name"]: one["type"] for one in found["fields"]}
    return Declared(
        forms,
        {one["name"]: (one["target"], one["key"]) for one in found.get("lookups", ())},
        {one["name"]: (one["type"], one["key"]) for one in found.get("children", ())},
        next((name for name in forms if name.endswith("disappearanceTime__c")), "none"),
    )


@cache
def pools(root: Path) -> tuple[Pool, ...]:
    """Return a repository's test objects by type."""
    objects: dict[str, list[Fields]] = defaultdict(list)
    times: dict[str, Counter[str]] = defaultdict(Counter)
    policies: dict[str, list[str]] = defaultdict(list)
    for path in sorted(root.glob("ce/**/prod.logic.yaml")):
        logic = path.read_text("utf-8-sig")
        found = re.search(r"^[\"']?input(?:Type|Object)[\"']?:\s*[\"']?(\w+)", logic, re.MULTILINE)
        tests = path.with_name("test-data.json")
        policy = f"/{path.parent.relative_to(root).as_posix()}"
        if found is None or not tests.exists() or (root == LIBRARY and policy in ODD_PASSES):
            continue
        policies[found[1]].append(policy)
        for one in json.loads(tests.read_text("utf-8-sig")):
            fields = {name: value for name, value in one.items() if name not in _EXPECTED}
            if isinstance(fields.get("Id"), str):
                objects[found[1]].append(fields)
                times[found[1]][one.get("context", {}).get("snapshotTime", _TIME)] += 1
    return tuple(
        Pool(root, name, times[name].most_common(1)[0][0], tuple(found), tuple(policies[name]))
        for name, found in sorted(objects.items())
    )


def drawn(pool: Pool, random: Random, number: int) -> list[Fields]:
    """Return ``number`` worlds: test objects, now and then two or three of them in one."""
    found = []
    for place in range(number):
        parts = [random.choice(pool.objects) for _ in range(random.choice((1, 1, 2, 3)))]
        owned = [as_own(part, pool.type_name, place, parts[0]["Id"]) for part in reversed(parts)]
        found.append({name: value for part in owned for name, value in part.items()})
    return found


def as_own(fields: Fields, type_name: str, number: int, identity: str | None = None) -> Fields:
    """Return an object that shares no Id and no account with any other of its estate: ``world_of`` tells them apart.

    ``identity`` is what it is called before that, where it is not by its own Id.
    """
    account = account_of(number)
    copied = json.loads(json.dumps(fields).replace(_ACCOUNT_IN_DATA, account))
    renamed: dict[str, str] = {}
    for own in objects_within(copied):
        if isinstance(own.get("Id"), str) and own["Id"]:
            renamed[own["Id"]] = f"{own['Id']}-w{number}"
    renamed[fields["Id"]] = account if type_name == ACCOUNT else f"{identity or fields['Id']}-w{number}"
    for own in objects_within(copied):
        for name, value in own.items():
            if isinstance(value, str) and (name == "Id" or name.endswith("__c")) and value in renamed:
                own[name] = renamed[value]
    return copied  # type: ignore[no-any-return]


def account_of(number: int) -> str:
    """Return the twelve digits of a world's account. They begin with a zero."""
    return f"0{number:06}00001"


def world_of(identity: str) -> tuple[int, str]:
    """Return the number of the world that an Id is of, and the Id without what only its spelling adds."""
    plain = identity.strip().casefold()
    if plain.isdigit():
        return int(plain.zfill(12)[1:7]), plain.zfill(12)
    account = re.search(r":0(\d{6})00001:", plain)
    suffix = re.search(r"-w(\d+)$", plain)
    return (int(account[1]) if account else int(suffix[1]) if suffix else -1), plain


def objects_within(value: Any) -> Iterator[Fields]:
    """Yield the objects in a value, itself among them."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects_within(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects_within(inner)


def tables_of(worlds: list[Fields], type_name: str) -> dict[str, list[Fields]]:
    """Return the rows of worlds by type: what declared relations nest stands in its own type, joined by keys.

    What has no Id cannot stand in a table and is left out.
    """
    found: dict[str, dict[str, Fields]] = defaultdict(dict)
    for fields in worlds:
        _place(found, type_name, fields)
    return {name: list(rows.values()) for name, rows in found.items() if rows}


def _place(found: dict[str, dict[str, Fields]], type_name: str, fields: Fields) -> None:
    known = declared(type_name)
    row = {name: value for name, value in fields.items() if name not in known.lookups and name not in known.children}
    for name, (target, key) in known.lookups.items():
        owner = fields.get(name)
        if isinstance(owner, dict) and owner.get("Id"):
            row.setdefault(key, owner["Id"])
            _place(found, target, owner)
    for name, (child, key) in known.children.items():
        items = fields.get(name)
        if isinstance(items, list) and all(isinstance(item, dict) for item in items):
            found.setdefault(child, {})
            for item in items:
                _place(found, child, {key: fields["Id"], **item})
    identity = row.get("Id")
    if isinstance(identity, str) and identity:
        found[type_name][identity] = {**found[type_name].get(identity, {}), **row}
