"""The objects of one collection, each with its origin, and the sources that they came from."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeGuard

from perpend.core.clouds.aws import shown_name
from perpend.core.clouds.registry import is_account_group
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from perpend.core.objects.claims import Claim, ListClaim
    from perpend.core.objects.object_types import ObjectType


LINE: Final = "line"
"""The unit of places in text files with one row per line."""


class Origin(NamedTuple):
    """The place that an object was read from: the source as the user named it, and ``row``, counted from 1.

    ``unit`` is the kind of row: a line of a report, an entry of an array. ``row`` is None if the place is not known.
    """

    source: str
    row: int | None = None
    unit: str = LINE

    @property
    def place(self) -> str:
        """The place as a phrase: ``report.csv:7``, ``servers.json, entry 3``, or the source alone."""
        if self.row is None:
            return self.source
        return f"{self.source}:{self.row}" if self.unit == LINE else f"{self.source}, {self.unit} {self.row}"


class CloudObject(NamedTuple):
    """One collected object.

    ``fields`` maps API names to JSON values, nested objects under lookups, lists under child relationships. ``master`` is the
    object that owns this one (its account), or None. ``variants`` holds the other readings of an object if its sources
    contradict each other, in an order that does not depend on the order of the sources; otherwise it is empty. ``account`` and
    ``region`` are those of ``inventory/snapshots/queries/identity.py``, None if they are not known.
    """

    type_name: str
    id: str
    name: str
    external_id: str
    fields: Mapping[str, Any]
    origin: Origin
    master: CloudObject | None = None
    variants: tuple[CloudObject, ...] = ()
    account: str | None = None
    region: str | None = None


class PlannedObject(NamedTuple):
    """An object of a Terraform plan: its Id, and the address of its resource, with its module.

    ``is_changed``: the plan creates, updates or replaces it. Only such objects fail a run.
    """

    id: str
    address: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Source:
    """One input. ``observed_at`` is when its data was true (UTC), None if not stated.

    ``coverage`` holds its claims of completeness; ``list_claims`` depend on the objects of all sources. ``planned`` are
    the objects of a plan.
    """

    name: str
    kind: str
    observed_at: datetime | None
    objects: int
    accounts: tuple[str, ...] = ()
    coverage: tuple[Claim, ...] = ()
    list_claims: tuple[ListClaim, ...] = ()
    planned: tuple[PlannedObject, ...] = ()


class WithAccounts(Protocol):
    """A source with the accounts that it was read from."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that it was read from."""


def accounts_read_with(account: str, sources: Iterable[WithAccounts]) -> frozenset[str]:
    """Return the accounts that a call in an account reads.

    A call in an organization or a folder reads all accounts of its source, any other call its own account only.
    """
    if not is_account_group(account):
        return frozenset((account,))
    return frozenset((account,)).union(*(source.accounts for source in sources if account in source.accounts))


@dataclass(frozen=True, slots=True)
class Inventory:
    """The objects of one run by type, in a stable order, and their sources.

    ``unread`` names inputs that could not be read, as in messages: any list may lack their objects.
    """

    sources: Sequence[Source]
    objects: Mapping[str, Sequence[CloudObject]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def places_in_words(origins: Iterable[Origin]) -> str:
    """Return the places of readings as one phrase, in their order."""
    places = [origin.place for origin in origins]
    return ("; " if any(", " in place for place in places) else ", ").join(places)


def object_from_fields(fields: Mapping[str, Any], object_type: ObjectType, origin: Origin) -> CloudObject:
    """Return an object. Its name and owner come from the fields that its type declares, else from ``Name`` or ``Id``.

    If ``Id`` is not a text, as for a child in a list, the object has the empty id.
    """
    name = _first_filled(fields, object_type.name_field, "Name", "Id")
    external_id = _first_filled(fields, object_type.external_id_field, "Id")
    master = _master_of(fields, object_type, origin)
    return CloudObject(
        object_type.name, _first_filled(fields, "Id"), shown_name(name, external_id), external_id, fields, origin, master
    )


def is_filled(value: Any) -> TypeGuard[str]:
    """Whether a value is a text that names something."""
    return isinstance(value, str) and value != ""


def _master_of(fields: Mapping[str, Any], object_type: ObjectType, origin: Origin) -> CloudObject | None:
    """Return the object that the type's master lookup leads to, None if the type or the object has none."""
    lookup = object_type.lookups.get(object_type.master or "")
    owner = fields.get(lookup.name) if lookup else None
    if lookup is None or not isinstance(owner, dict) or not is_filled(owner.get("Id")):
        return None
    return CloudObject(lookup.target, owner["Id"], _first_filled(owner, "Name", "Id"), owner["Id"], owner, origin)


def _first_filled(fields: Mapping[str, Any], *names: str | None) -> str:
    """Return the first of the named fields that holds a text; empty if none does."""
    for name in names:
        if name and is_filled(value := fields.get(name)):
            return str(value)
    return ""
