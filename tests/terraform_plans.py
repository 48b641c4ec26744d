"""Plans of ``tests/fixtures/terraform``, their objects, and changes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from perpend.inventory.readers.files import InputText
from perpend.inventory.readers.terraform.reader import read_terraform
from perpend.inventory.readers.tools.contents import Contents, Found

DIRECTORY = Path(__file__).parent / "fixtures" / "terraform"
PLANS = tuple(sorted(one.stem for one in DIRECTORY.glob("*.json") if not one.stem.startswith("schema")))
ACCOUNT = "111122223333"

Step = str | int


@cache
def _text(name: str) -> str:
    return (DIRECTORY / f"{name}.json").read_text(encoding="utf-8")


def plan(name: str) -> dict[str, Any]:
    """Return a plan of the directory."""
    document: dict[str, Any] = json.loads(_text(name))
    return document


class Text(InputText):
    """The text of a document, without a file."""

    def __init__(self, document: Any) -> None:
        super().__init__("plan.json")
        self._bytes = json.dumps(document).encode()


def read(document: Any, *, account: str = "", source: str = "plan.json") -> Contents:
    """Return what the reader makes of a document."""
    contents = Contents(planned_account=account)
    for _ in read_terraform(Text(document), source, contents):
        pass
    return contents


def by_address(contents: Contents) -> dict[str, Found]:
    """Return the objects by the end of their Id: an address, or the end of an ARN."""
    return {one.fields["Id"].removeprefix("terraform:plan.json/"): one for one in contents.objects}


def paths(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Yield the paths of all values in a value."""
    if path:
        yield path
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from paths(part, (*path, name))


def unknown_at(unknown: Any, value: Any, path: tuple[Step, ...]) -> Any:
    """Return what is unknown of a value, and with it the value at a path."""
    if unknown is True or not path:
        return True
    first, *rest = path
    if isinstance(first, str):
        members = dict(unknown) if isinstance(unknown, dict) else {}
        return members | {first: unknown_at(members.get(first), value[first], tuple(rest))}
    entries = list(unknown) if isinstance(unknown, list) else []
    entries += [{} if isinstance(one, dict) else [] if isinstance(one, list) else False for one in value[len(entries) :]]
    entries[first] = unknown_at(entries[first], value[first], tuple(rest))
    return entries


def left_out(value: Any, path: tuple[Step, ...]) -> Any:
    """Return a value as Terraform writes it if the value at a path is unknown: members are left out, entries are null."""
    first, *rest = path
    if isinstance(first, str):
        others = {name: part for name, part in value.items() if name != first}
        return others | {first: left_out(value[first], tuple(rest))} if rest else others
    return [*value[:first], left_out(value[first], tuple(rest)) if rest else None, *value[first + 1 :]]


def without(document: Mapping[str, Any], place: int, path: tuple[Step, ...]) -> dict[str, Any]:
    """Return a plan in which one known value is known after apply."""
    changes = [*document["resource_changes"]]
    change = changes[place]["change"]
    unknown = unknown_at(change.get("after_unknown") or {}, change["after"], path)
    after = left_out(change["after"], path)
    changes[place] = {**changes[place], "change": {**change, "after": after, "after_unknown": unknown}}
    return {**document, "resource_changes": changes}
