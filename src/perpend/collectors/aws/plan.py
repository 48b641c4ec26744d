"""Wanted fields by type in, the cells to ask out: which listing, in which scope, for which types, with which details."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.catalog import CALLS, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.collectors.aws.model import CloudCall, DetailCall, TypeRow

ACCOUNT_TYPE: Final = "CA10__CaAwsAccount__c"
REPORT: Final = "iam.report"
IDENTITY: Final = "sts.identity"
"""The call that shows the account itself."""

USUAL_ROLE: Final = "OrganizationAccountAccessRole"
"""The role that AWS makes in accounts which an organization creates."""

BEFORE: Final = {REPORT: ("iam.report-generate",)}
"""Calls that are made before a listing."""


@dataclass(frozen=True, slots=True)
class TypeRequest:
    """One type in a plan: its row, and the detail calls that its wanted fields need."""

    row: TypeRow
    details: tuple[DetailCall, ...]


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """What is to be asked of an account: by listing call, for which types; of the account itself. ``unserved`` has no call."""

    listings: Mapping[str, tuple[TypeRequest, ...]]
    unserved: tuple[str, ...] = ()
    account: TypeRequest = field(default_factory=lambda: TypeRequest(TYPES[ACCOUNT_TYPE], ()))

    @property
    def types(self) -> tuple[str, ...]:
        """The types that the plan collects."""
        return tuple(sorted({ACCOUNT_TYPE, *(asked.row.type_name for types in self.listings.values() for asked in types)}))

    @property
    def listings_of(self) -> Mapping[str, list[str]]:
        """The listings by the type whose objects they show, those that are made for each listed item among them."""
        listings: dict[str, list[str]] = {}
        for listing, types in self.listings.items():
            for asked in types:
                listings.setdefault(asked.row.type_name, []).extend(name for name in (listing, asked.row.each) if name)
        return listings

    def asked_by(self, listing: str) -> tuple[TypeRequest, ...]:
        """Return the types whose objects a listing shows; of the call that shows the account it is the account."""
        return (self.account,) if listing == IDENTITY else self.listings[listing]

    @property
    def is_regional(self) -> bool:
        """Whether some call is to be made in each region."""
        return any(CALLS[name].regional for name in self.listings)

    @property
    def calls(self) -> tuple[CloudCall, ...]:
        """All calls that may be made, in the order of the table."""
        names = {"sts.identity", *self.listings}
        names |= {"ec2.regions"} if self.is_regional else set()
        names |= {before for name in names for before in BEFORE.get(name, ())}
        asked_of = [self.account, *(asked for types in self.listings.values() for asked in types)]
        names |= {asked.row.each for asked in asked_of}
        names |= {name for asked in asked_of for detail in asked.details for name in detail.calls}
        return tuple(call for name, call in CALLS.items() if name in names)


def plan_of(wanted: Mapping[str, Iterable[str]]) -> CollectionPlan:
    """Return what is to be asked so that the wanted fields of the wanted types are there."""
    listings: dict[str, list[TypeRequest]] = {}
    unserved: list[str] = []
    account = TypeRequest(TYPES[ACCOUNT_TYPE], ())
    for type_name, names in sorted(wanted.items()):
        row = TYPES.get(type_name)
        if row is None:
            unserved.append(type_name)
            continue
        fields = frozenset(names)
        served = {*row.fields, "Id", "Name"}
        unserved += sorted(f"{type_name}.{name}" for name in fields - served if not name.endswith("__disappearanceTime__c"))
        if type_name == ACCOUNT_TYPE:
            account = TypeRequest(row, row.details_for(fields))
            continue
        for way in row.rows:
            listings.setdefault(way.listed, []).append(TypeRequest(way, way.details_for(fields)))
    return CollectionPlan({name: tuple(types) for name, types in listings.items()}, tuple(unserved), account)
