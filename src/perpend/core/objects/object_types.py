"""The catalogue of object types: fields with types and labels, lookups, child relationships, the deletion field."""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError
from perpend.core.values.types import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

FIELD_TYPES: dict[str, ValueType] = {
    "id": ValueType.TEXT,
    "text": ValueType.TEXT,
    "json": ValueType.TEXT,
    "picklist": ValueType.TEXT,
    "url": ValueType.TEXT,
    "email": ValueType.TEXT,
    "phone": ValueType.TEXT,
    "time": ValueType.TEXT,
    "lookup": ValueType.TEXT,
    "masterDetail": ValueType.TEXT,
    "number": ValueType.NUMBER,
    "percent": ValueType.NUMBER,
    "currency": ValueType.NUMBER,
    "summary": ValueType.NUMBER,
    "checkbox": ValueType.BOOLEAN,
    "date": ValueType.DATE_TIME,
    "datetime": ValueType.DATE_TIME,
}
"""The value types of the field kinds in ``type.yaml``. Source: language specification, section 3.10."""

MASTER_KEY = "masterDetail"
"""The kind of a field with the Id of the containing object. It is never empty."""

NO_DELETION = "none"
"""The value of ``deletionField`` for a type whose objects never disappear."""

FORMER_NAMES: dict[str, str] = {"CA10__CaAwsIamRole__c": "CA10__CaAwsRole__c"}
"""Earlier names of types, with their current names. An earlier name means the same type."""

_NAMESPACE = re.compile(r"([A-Za-z0-9]+)__[A-Za-z0-9_]+__c")
_DELETION_EXCEPTIONS = {"CA10__CaPhysicalServer__c": "CA10__deletedAt__c"}
_DELETION_SUFFIX = "__disappearanceTime__c"


def current_name(type_name: str) -> str:
    """Return the current name of a type."""
    return FORMER_NAMES.get(type_name, type_name)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object type. ``kind`` is a key of :data:`FIELD_TYPES`."""

    name: str
    kind: str
    label: str = ""
    description: str = ""

    @property
    def type(self) -> ValueType:
        """The value type of this field."""
        return FIELD_TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A reference to one other object: ``name`` (``CA10__account__r``), the target's type, and the field with its id."""

    name: str
    target: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Children:
    """A list of child objects: ``name`` (``CA10__Disks__r``), their type, and the child's field with this object's id.

    ``whole_key``: in the cloud's answers the key is the whole Id of one object, wherever that is.
    """

    name: str
    type_name: str
    key: str = ""
    whole_key: bool = False


@dataclass(frozen=True, slots=True)
class ObjectType:
    """An object type as ``type.yaml`` declares it.

    ``fields`` of an undeclared type is empty: reads of it get the type that their consumers need. ``master`` is the lookup to
    the owner of the objects (an account). Reports show ``name_field`` and ``external_id_field``. ``in_use`` is the child list
    or the field that is not empty for objects in use; None if that is not defined.
    """

    name: str
    label: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    children: Mapping[str, Children] = field(default_factory=dict)
    deletion: str | None = None
    master: str | None = None
    name_field: str | None = None
    external_id_field: str | None = None
    declared: bool = False
    description: str = ""
    in_use: str | None = None

    @property
    def deletion_field(self) -> str | None:
        """The field that is set after the object has disappeared, None if there is none. Source: specification, section 5.2."""
        return None if self.deletion == NO_DELETION else self.deletion or deletion_field_of(self.name)

    def deletion_names(self, names: Collection[str]) -> list[str]:
        """Return the names of an object's fields that may be deletion fields; for an unknown type, all candidates."""
        if self.name:
            name = self.deletion_field
            return [name] if name and name in names else []
        return [name for name in names if is_deletion_field(name)]


UNKNOWN_TYPE: Final = ObjectType("")
"""The type of an object behind an undeclared lookup or relationship."""


def reached(object_type: ObjectType, lookups: Iterable[str], type_of: Callable[[str], ObjectType]) -> ObjectType:
    """Return the type of the objects that lookups lead to, :data:`UNKNOWN_TYPE` if one of the lookups is not declared."""
    for name in lookups:
        lookup = object_type.lookups.get(name)
        object_type = type_of(lookup.target) if lookup else UNKNOWN_TYPE
    return object_type


class TypesDiffer(PerpendError):
    """Policies to evaluate together come from repositories that declare an object type differently."""

    def __init__(self, name: str) -> None:
        super().__init__(f"policies of repositories that declare {name} differently cannot be evaluated together")


class Types:
    """The object types that programs reach, by name. The target of a lookup is known if the lookup's own type declares it.

    Undeclared types are included without fields: that they are undeclared is part of a program's meaning.
    """

    def __init__(self, by_name: Mapping[str, ObjectType] | None = None) -> None:
        self.by_name = dict(by_name or {})

    @classmethod
    def together(cls, several: Iterable[Types]) -> Types:
        """Return the types of several programs as one. Raises :class:`TypesDiffer` if two declare a type differently.

        A program is only evaluated by the declarations of its own repository.
        """
        by_name: dict[str, ObjectType] = {}
        for types in several:
            for name, object_type in types.by_name.items():
                known = by_name.setdefault(name, object_type)
                if known is not object_type and known != object_type:
                    raise TypesDiffer(name)
        return cls(by_name)

    def named(self, name: str) -> ObjectType:
        """Return a type by its API name, without fields if it is not declared."""
        return self.by_name.get(name) or (ObjectType(name) if name else UNKNOWN_TYPE)

    def type_of_lookup(self, object_type: ObjectType, lookup: str) -> ObjectType:
        """Return the type that a lookup of a type leads to."""
        return reached(object_type, (lookup,), self.named)


@lru_cache(maxsize=4096)
def deletion_field_of(type_name: str) -> str:
    """Return the deletion field of an object type by its API name: ``<namespace>__disappearanceTime__c``."""
    if type_name in _DELETION_EXCEPTIONS:
        return _DELETION_EXCEPTIONS[type_name]
    match = _NAMESPACE.fullmatch(type_name)
    return f"{match[1] if match else 'CA10'}{_DELETION_SUFFIX}"


def with_api_name(label: str, name: str) -> str:
    """Return a type's label, followed by its API name if the two differ."""
    return f"{label} ({name})" if label not in ("", name) else name


def snake_case(label: str) -> str:
    """Return a label in the form of view names: ``aws_iam_user`` for "AWS IAM User"."""
    return "_".join(re.findall(r"[^\W_]+", label.casefold()))


def is_unset(fields: Mapping[str, Any]) -> bool:
    """Whether the value of a lookup means no object: it has an ``Id``, and all its values are null."""
    return "Id" in fields and all(map(_says_nothing, fields.values()))


def _says_nothing(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, dict) and is_unset(value))


def is_deletion_field(name: str) -> bool:
    """Whether a key of an object of unknown type is its deletion field."""
    return name.endswith(_DELETION_SUFFIX) or name in _DELETION_EXCEPTIONS.values()
