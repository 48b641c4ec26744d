"""Check the ID of a new entity: safe letters for every file system, and a valid place.

An error names the value, the problem, and the nearest valid ID.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import nearest_name, suggestion
from perpend.core.errors import PerpendError
from perpend.core.objects.object_types import ObjectType, reached
from perpend.language.compiler.names import UnknownName, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.language.syntax.repository import Repository

MOST_STEPS: Final = 20
"""The maximum number of parts of a new ID."""

_MOST_SIGNS: Final = 100
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_API_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_FILE: Final = re.compile(r"/(policy|folder|section)\.yaml|/[^/]*\.logic\.yaml", re.ASCII)
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)


class UnusableId(PerpendError):
    """An id, or a name, that a new entity cannot have."""


def new_policy_id(name: str, repository: Repository) -> str:
    """Return the id of a policy that is not there yet."""
    return _new_id(name, "ce", repository)


def new_section_id(name: str, repository: Repository) -> str:
    """Return the id of a section that is not there yet."""
    return _new_id(name, "frameworks", repository)


def new_api_name(name: str) -> str:
    """Return a name that a type or a file of extracts can have."""
    if not _API_NAME.fullmatch(name) or len(name) > _MOST_SIGNS:
        near = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_0123456789")[:_MOST_SIGNS]
        raise UnusableId(f"'{printable(name)}' is not an API name: use letters, digits and _, a letter first{_hint(near)}")
    return name


def folders_above(entity: str) -> list[str]:
    """Return the ids of the directories above an entity that need a descriptor, the topmost first."""
    parts = entity.strip("/").split("/")
    return ["/" + "/".join(parts[:count]) for count in range(1 if parts[0] == "ce" else 2, len(parts))]


def near_folder(entity: str, repository: Repository) -> str | None:
    """Return the folder that an id may have meant: one that is there and is called nearly like one that is not."""
    known = {*repository.folder_ids, *repository.section_ids}
    absent = next((above for above in folders_above(entity) if above not in known), None)
    if absent is None:
        return None
    parent = absent.rpartition("/")[0]
    siblings = {other.rpartition("/")[2]: other for other in known if other.rpartition("/")[0] == parent}
    near = suggestion(absent.rpartition("/")[2], siblings)
    return siblings[near.split("`")[1]] if near else None


def _new_id(name: str, top: str, repository: Repository) -> str:
    typed = name.replace("\\", "/")
    parts = [part for part in typed.split("/") if part]
    if ".." in parts:
        raise UnusableId(f"'{printable(name)}' is outside /{top}: an ID cannot go up")
    if parts[:1] != [top] and top in parts:
        raise UnusableId(
            f"'{printable(name)}' is not an ID{_hint('/' + '/'.join(parts[parts.index(top) :]))}: an ID starts at the root"
        )
    if parts[:1] != [top] or len(parts) < 2:
        raise UnusableId(f"'{printable(name)}' has no place in the repository{_hint(_placed(parts, top, repository))}")
    entity = "/" + "/".join(parts)
    if _FILE.search(entity):
        raise UnusableId(f"'{printable(name)}' names a file: give the ID of its directory{_hint(entity.rpartition('/')[0])}")
    for part in parts:
        if not _PART.fullmatch(part) or len(part) > _MOST_SIGNS:
            raise UnusableId(
                f"'{printable(part)}' in '{printable(name)}' is not safe for every file system: use letters, digits, '-', '_' "
                f"and '.', at most {_MOST_SIGNS}{_hint(_ODD.sub('-', part).strip('-._')[:_MOST_SIGNS])}"
            )
    if len(parts) > MOST_STEPS:
        raise UnusableId(f"'{printable(name)}' has {len(parts)} parts: at most {MOST_STEPS} are allowed")
    _reject_clashes(entity, repository)
    return entity


def _placed(parts: list[str], top: str, repository: Repository) -> str:
    """Return an id below the nearest folder: one whose last part begins the name, else the deepest first one."""
    rest = [_ODD.sub("-", part).strip("-._") for part in parts if part not in (top, ".")]
    rest = rest or ["my-policy" if top == "ce" else "my-framework"]
    known = repository.folder_ids if top == "ce" else ()
    above = next((entity for entity in known if entity.endswith(f"/{rest[0]}") and len(rest) > 1), None)
    return (
        "/".join([above, *rest[1:]])
        if above
        else "/".join([max(known, key=lambda entity: entity.count("/"), default=f"/{top}"), *rest])
    )


def _reject_clashes(entity: str, repository: Repository) -> None:
    """Reject an ID that is taken, is below a policy, or differs from another ID only in case."""
    policies = set(repository.policy_ids)
    used = {
        *policies,
        *repository.folder_ids,
        *repository.section_ids,
        *(f"/{directory}" for directory in repository.tree.directories),
    }
    if entity in used:
        raise UnusableId(f"'{entity}' is there already; nothing was written")
    by_letters = {other.casefold(): other for other in used}
    for above in (*_prefixes(entity), entity):
        if above in policies:
            raise UnusableId(f"'{above}' is a policy: '{entity}' cannot be below it")
        if f"{above[1:]}" in repository.tree.files:
            raise UnusableId(f"'{above}' is a file: '{entity}' cannot be there")
        other = by_letters.get(above.casefold(), above)
        if other != above:
            raise UnusableId(
                f"'{above}' differs from '{other}' only in the case of letters{_hint(other + entity[len(above) :])}"
            )


def _prefixes(entity: str) -> Iterator[str]:
    parts = entity.strip("/").split("/")
    yield from ("/" + "/".join(parts[:count]) for count in range(1, len(parts)))


def field_named(name: str, object_type: ObjectType) -> str:
    """Return the API name of the field with a label; a path as it is. Raise :class:`UnusableId` for a label of several."""
    labelled = [one.name for one in object_type.fields.values() if one.label.casefold() == name.strip().casefold()]
    if name in object_type.fields or not labelled:
        return name
    if len(labelled) > 1:
        raise UnusableId(f"'{printable(name)}' is the label of {', '.join(sorted(labelled))}: name one of them")
    return labelled[0]


def path_kind(path: str, object_type: ObjectType, repository: Repository) -> str:
    """Return the kind of the field at a path, ``text`` if the type declares no fields.

    Raise :class:`UnknownName` if a declared type does not have the field.
    """
    *lookups, name = path.split(".")
    for count, lookup in enumerate(lookups):
        above = reached(object_type, lookups[:count], lambda name: repository.declared_type(name) or ObjectType(name))
        _reject_unknown("lookup", lookup, above, above.lookups)
    last = reached(object_type, lookups, lambda name: repository.declared_type(name) or ObjectType(name))
    _reject_unknown("field", name, last, last.fields)
    return last.fields[name].kind if name in last.fields else "text"


def _reject_unknown(what: str, name: str, object_type: ObjectType, known: Iterable[str]) -> None:
    if not re.fullmatch(r"\w+", name, re.ASCII):
        labels = [one.label for one in object_type.fields.values() if one.label] if what == "field" else []
        near = nearest_name(name, labels)
        kind = f"neither the label nor the API name of a {what}" if labels else f"not an API name of a {what}"
        raise UnusableId(f"'{printable(name)}' is {kind}: API names have letters, digits and _ only{_hint(near or '')}")
    if object_type.declared and name not in known:
        near = suggestion(name, known)
        raise UnknownName(
            f"object type {object_type.name} declares no {what} '{printable(name)}'{_hint(near.split('`')[1]) if near else ''}"
            f"; `perpend show {object_type.name}` lists all"
        )


def _hint(near: str) -> str:
    return f" (did you mean '{near}'?)" if near else ""
