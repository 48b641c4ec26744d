"""The map from resources of the AWS provider to object types: ``aws.json``, whose form ``map.schema.json`` states."""

from __future__ import annotations

import json
from dataclasses import field
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.inventory.readers.terraform.values import steps_of, top_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE: Final = "aws.json"
ENTRIES: Final = "[]"
"""The end of a source's name whose objects are entries of a list: ``aws_security_group.ingress[]``."""


@dataclass(frozen=True, slots=True)
class Default:
    """The value of a field on an object that the plan creates, if nothing configures it.

    ``by`` is who states it: ``provider`` or ``aws``. ``source`` is the statement, ``read`` the day on which it was read, and
    ``since`` the day since which it holds, if it has not always.
    """

    value: Any
    by: str
    source: str
    read: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class SourcePath:
    """A place that a field's value comes from: a resource, the path of an attribute, and a conversion.

    ``refers`` is the resource type that the attribute names: the field is the Id of that object. ``absent`` holds if the
    resource is there and does not configure the attribute.
    """

    resource: str
    path: str
    form: str = ""
    refers: tuple[str, ...] = ()
    absent: Default | None = None


@dataclass(frozen=True, slots=True)
class MappedField:
    """A field of a type: its sources in order, its default, a constant, or the reason why no plan has it."""

    name: str
    sources: tuple[SourcePath, ...] = ()
    default: Default | None = None
    constant: Any = None
    has_constant: bool = False
    unknown: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """A resource that belongs to an object: the attribute that names the object, and the fields after its deletion."""

    resource: str
    by: str
    deleted: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappedList:
    """A child list that an object states if the plan creates it: its type, and the child's field with the object's Id.

    ``adds`` are objects that AWS adds. ``opened_by`` are resource types that may add others in a way that is not read.
    """

    name: str
    type_name: str
    key: str
    adds: tuple[Mapping[str, Any], ...] = ()
    opened_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MappedType:
    """An object type: the resources that are its objects, the form of its Id, its joins, fields and lists.

    ``names`` are the attributes by which other resources name such an object. ``owner`` is the field of the object that such
    an object is part of: without a known owner it is no object. ``defaults_unless`` are
    attributes that take values from somewhere else, so that no default holds: a snapshot, a launch template.
    """

    name: str
    resources: tuple[str, ...]
    identity: str = ""
    names: tuple[str, ...] = ()
    owner: str = ""
    defaults_unless: tuple[str, ...] = ()
    joins: Mapping[str, Join] = field(default_factory=dict)
    fields: tuple[MappedField, ...] = ()
    lists: tuple[MappedList, ...] = ()


@dataclass(frozen=True, slots=True)
class TerraformMap:
    """All types, and the names that are read of each resource type.

    ``attribute_blocks`` are lists of blocks that are attributes: if one is unknown as a whole and not configured, nothing
    configures it. Of any other block, a dynamic one would look the same.
    ``policies`` says of each policy of the library how far plans decide it: in full, mostly, one way or never.
    """

    types: Mapping[str, MappedType]
    attributes: Mapping[str, frozenset[str]]
    attribute_blocks: frozenset[str]
    policies: Mapping[str, str]
    about: Mapping[str, str]


@lru_cache(maxsize=1)
def aws_map() -> TerraformMap:
    """Return the map of the AWS provider."""
    return map_from(json.loads(files(__package__).joinpath(_FILE).read_text(encoding="utf-8")))


def map_from(document: Mapping[str, Any]) -> TerraformMap:
    """Return the map that a document of the form of ``map.schema.json`` states."""
    types = {name: _type(name, stated) for name, stated in document["types"].items()}
    attributes: dict[str, set[str]] = {}
    for mapped in types.values():
        for resource in mapped.resources:
            base, _, entries = resource.partition(".")
            attributes.setdefault(base, set()).update(_names(mapped))
            attributes[base] |= {entries.removesuffix(ENTRIES)} if entries else set()
        for join in mapped.joins.values():
            attributes.setdefault(join.resource, set()).update((join.by, *_COMMON))
        for one in (source for single in mapped.fields for source in single.sources):
            base, _, entries = one.resource.partition(".")
            whole = entries.removesuffix(ENTRIES) if entries else ""
            read = {whole} if whole else {top_of(path) for path in one.path.split("|") if path != "@"}
            attributes.setdefault(base, set()).update(read)
    for name, more in document["whole"].items():
        attributes.setdefault(name, set()).update(more)
    return TerraformMap(
        types,
        {one: frozenset(names) for one, names in attributes.items()},
        frozenset(document["attribute_blocks"]),
        document["policies"],
        document["about"],
    )


_COMMON: Final = ("id", "arn", "region", "owner_id")


def _names(mapped: MappedType) -> set[str]:
    return {*_COMMON, *mapped.names, *mapped.defaults_unless, *placeholders(mapped.identity)}


@lru_cache(maxsize=256)
def placeholders(template: str) -> tuple[str, ...]:
    """Return the names of attributes in a template."""
    facts = ("partition", "region", "account", "domain", "owner", "value")
    names = [part.partition("}")[0] for part in template.split("{")[1:]]
    return tuple(dict.fromkeys(name for name in names if name not in facts))


def _type(name: str, stated: Mapping[str, Any]) -> MappedType:
    joins = stated.get("joins", {})
    return MappedType(
        name,
        tuple(stated["resources"]),
        stated["id"] or "",
        tuple(stated.get("names", ())),
        stated.get("owner", ""),
        tuple(stated.get("defaults_unless", ())),
        {one: Join(one, of["by"], of.get("deleted", {})) for one, of in joins.items()},
        tuple(_field(one, of) for one, of in stated["fields"].items()),
        tuple(
            MappedList(one, of["of"], of["key"], tuple(of.get("adds", ())), tuple(of.get("opened_by", ())))
            for one, of in stated.get("lists", {}).items()
        ),
    )


def _field(name: str, stated: Mapping[str, Any]) -> MappedField:
    return MappedField(
        name,
        tuple(_source(one) for one in stated.get("from", ())),
        _default(stated.get("default")),
        stated.get("constant"),
        "constant" in stated,
        stated.get("unknown", ""),
        stated.get("note", ""),
    )


def _source(stated: Mapping[str, Any]) -> SourcePath:
    for path in stated["path"].split("|"):
        steps_of(path)
    refers = stated.get("refers", ())
    return SourcePath(
        stated["resource"],
        stated["path"],
        stated.get("form", ""),
        (refers,) if isinstance(refers, str) else tuple(refers),
        _default(stated.get("absent")),
    )


def _default(stated: Mapping[str, Any] | None) -> Default | None:
    if stated is None:
        return None
    return Default(stated["value"], stated["by"], stated["source"], stated["read"], stated.get("since", ""))
