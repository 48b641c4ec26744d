"""What public policy repositories read of AWS (``spec/aws/names-read.json``) is served, or stands with a reason why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perpend.collectors.aws.catalog import TYPES, UNSERVED
from perpend.core.objects.object_types import ObjectType
from perpend.language.syntax.repository import open_repository

READ: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[4] / "spec/aws/names-read.json").read_text("utf-8"))
LIBRARY = open_repository()


def declared(type_name: str) -> ObjectType:
    found = LIBRARY.declared_type(type_name)
    assert found is not None, type_name
    return found


def is_served(type_name: str, field: str) -> bool:
    kind, row = declared(type_name), TYPES[type_name]
    *lookups, name = field.split(".")
    for lookup in lookups:
        if f"{kind.name}.{lookup}Id" in UNSERVED:
            return True
        behind = kind.lookups.get(lookup)
        if behind is None or behind.key not in row.fields or behind.target not in TYPES:
            return False
        kind, row = declared(behind.target), TYPES[behind.target]
    return name in ("Id", kind.deletion_field, *row.fields) or f"{kind.name}.{name}" in UNSERVED


def owners(path: str, roots: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the type that has a list, and the list's name, for each type that its path can begin at."""
    *lookups, name = path.split(".")
    for root in roots:
        kind = declared(root)
        for lookup in lookups:
            if lookup not in kind.lookups:
                break
            kind = declared(kind.lookups[lookup].target)
        else:
            if name in kind.children:
                yield kind.name, name


def unserved(type_name: str) -> list[str]:
    """Return what of a type nothing serves."""
    if type_name not in TYPES:
        return [type_name]
    read = READ[type_name]
    fields = [*read["fields"], *(f"{lookup}.{name}" for lookup, names in read["lookups"].items() for name in names)]
    found = [f"{type_name}.{name}" for name in fields if not is_served(type_name, name)]
    for path, told in read["lists"].items():
        # A list in another list is written where the policy is, not at the type that has it.
        having = list(owners(path, [type_name])) or list(owners(path, [*TYPES]))
        if not having:
            found.append(f"{type_name}.{path}")
        for owner, name in having:
            child = declared(owner).children[name]
            wrong = [one for one in told["fields"] if not is_served(child.type_name, one)]
            wrong += [told["key"]] if told.get("key", child.key) != child.key else []
            assert child.key in TYPES[child.type_name].fields
            found += [f"{type_name}.{path}.{one}" for one in wrong]
    return found


@pytest.mark.parametrize("type_name", READ)
def test_what_is_read_of_a_type_is_served_or_stands_with_a_reason(type_name: str) -> None:
    assert [] == unserved(type_name)


def test_reasons_are_given_of_types_that_are_served_and_of_fields_that_are_not() -> None:
    for name, why in UNSERVED.items():
        type_name, _, field = name.partition(".")
        assert why and field not in TYPES[type_name].fields
