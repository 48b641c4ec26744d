"""An invented estate, which a simulated cloud shows to a collection instead of an account's own objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class SimulatedObject(NamedTuple):
    """An object of an invented account, with its fields by API name. The region is empty if the type is not regional."""

    type_name: str
    id: str
    fields: Mapping[str, Any]
    region: str = ""


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """An invented account. ``denied`` are the permissions that it denies, each with a region, which is empty for all regions.

    The permission ``*`` denies every call in a region.
    """

    account: str
    label: str
    regions: tuple[str, ...]
    objects: tuple[SimulatedObject, ...]
    denied: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class SimulatedEstate:
    """The invented accounts of an organization as they are at a time. ``organization`` is its Id."""

    at: datetime
    organization: str
    accounts: tuple[SimulatedAccount, ...]
