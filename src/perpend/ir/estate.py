"""What was collected and from where: the objects to judge, each with its origin, and the sources they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object was read: the source as the user named it, and the line (CSV) or position from 1 (JSON array)."""

    source: str
    row: int | None = None


@dataclass(frozen=True, slots=True)
class EstateObject:
    """One object of the estate.

    ``fields`` maps API names to JSON values, nested objects under lookups, lists under child relationships.
    ``master`` is the object that owns this one (its account), or None. ``variants`` holds the other readings of an
    object that its sources contradict each other about, in an order that does not depend on the order of the sources;
    it is empty for an ordinary object.
    """

    type_name: str
    id: str
    name: str
    external_id: str
    fields: Mapping[str, Any]
    origin: Origin
    master: EstateObject | None = None
    variants: tuple[EstateObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One input as it was read. ``observed_at`` is when the estate looked like this (UTC), None where it is not said."""

    name: str
    kind: str
    observed_at: datetime | None
    objects: int
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything collected in one run: the sources, and the objects by type in a stable order."""

    sources: Sequence[Source]
    objects: Mapping[str, Sequence[EstateObject]] = field(default_factory=dict)
