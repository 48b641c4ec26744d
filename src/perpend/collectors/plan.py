"""Plan the calls that serve wanted fields: listings, the types that each shows, and the detail calls of these."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from perpend.collectors.protocol import PlannedCall, WorkUnit
from perpend.collectors.tables import CloudTables, Row, TypeRequest
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Tables = TypeVar("Tables", bound=CloudTables[Any, Any])


@dataclass(frozen=True, slots=True)
class CollectionPlan(Generic[Tables, Row]):
    """The calls to make in an account: ``listings`` by name with the types that they show, those of accounts first.

    ``unserved`` are the wanted types and fields that no call serves. ``named`` are objects to ask for that no listing shows.
    """

    tables: Tables
    listings: Mapping[str, tuple[TypeRequest[Row], ...]]
    unserved: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    has_account_fields: bool = False
    """Whether it collects fields of accounts beyond their identity."""

    @property
    def requests(self) -> list[TypeRequest[Row]]:
        """All types of all listings."""
        return [request for types in self.listings.values() for request in types]

    @property
    def types(self) -> tuple[str, ...]:
        """The types that the plan collects, sorted."""
        return tuple(sorted({request.row.type_name for request in self.requests}))

    @property
    def is_empty(self) -> bool:
        """Whether it collects nothing but the identity of accounts."""
        accounts = {row.type_name for row in self.tables.account_rows}
        return {*self.types} <= accounts and not self.has_account_fields

    @property
    def is_regional(self) -> bool:
        """Whether a call is made in each region."""
        return any(self.tables.calls[name].regional for name in self.listings)

    @property
    def all_listings(self) -> tuple[str, ...]:
        """The names of its listings, those of accounts first."""
        return tuple(self.listings)

    @property
    def listings_of(self) -> Mapping[str, list[str]]:
        """The listings by the type whose objects they show, including those that are made for each listed item.

        What shows only the identity of accounts is left out.
        """
        listings: dict[str, list[str]] = {}
        for listing, types in self.listings.items():
            for request in types if listing != self.tables.identity else ():
                listings.setdefault(request.row.type_name, []).extend(name for name in (listing, request.row.each) if name)
        return listings

    @property
    def sources_per_account(self) -> int:
        """How many sources an account has."""
        return 1 + max((request.row.source for request in self.requests), default=0)

    @property
    def calls(self) -> tuple[Any, ...]:
        """All calls that may be made, in the order of the table."""
        names = {*self.listings, *(name for request in self.requests for name in (request.row.each, *request.detail_names))}
        names |= {*self.tables.calls_besides(self.listings, names)}
        return tuple(call for name, call in self.tables.calls.items() if name in names)

    @property
    def planned_calls(self) -> tuple[PlannedCall, ...]:
        """All calls that may be made, each with how often."""
        return tuple(
            PlannedCall(
                call.service, call.operation, call.permission, self.tables.made_for(self.listings, call), call.only_with
            )
            for call in self.calls
        )

    @property
    def fingerprint(self) -> Any:
        """A JSON value that differs between plans."""
        types = {name: [[one.row.type_name, *one.detail_names] for one in of_one] for name, of_one in self.listings.items()}
        return [types, self.named, [repr(asdict(call)) for call in self.calls]]

    def cells_of(self, account: str, regions: Sequence[str] = ()) -> list[WorkUnit]:
        """Return the listings of an account, in some regions if they are regional."""
        return [
            WorkUnit(account, region, listing)
            for listing in self.listings
            for region in (regions if self.tables.calls[listing].regional else ("",))
        ]


def plan_of(
    tables: CloudTables[Any, Row], wanted: Mapping[str, Iterable[str]], texts: Iterable[str] = ()
) -> CollectionPlan[Any, Row]:
    """Return the plan that serves the wanted fields, which are given by type. It always lists the account.

    ``texts`` are those that policies compare with. They may name objects that no listing shows.
    """
    listings: dict[str, list[TypeRequest[Row]]] = {}
    unserved: list[str] = []
    accounts = {row.type_name: row for row in tables.account_rows}
    has_account_fields = False
    for type_name in (*accounts, *sorted({*wanted} - {*accounts})):
        row = tables.types.get(type_name)
        if row is None:
            unserved.append(type_name)
            continue
        fields = frozenset(wanted.get(type_name, ()))
        served = {*row.fields, "Id", "Name"}
        unserved += sorted(f"{type_name}.{name}" for name in fields - served if not name.endswith("__disappearanceTime__c"))
        for listed in row.rows:
            details = listed.details_for(fields)
            listings.setdefault(listed.listed, []).append(TypeRequest(listed, details))
            if type_name in accounts:
                has_account_fields |= bool(details or (listed.listed != tables.identity and fields & row.fields.keys()))
    plan = {
        name: tuple(TypeRequest(one.row, tables.without_surplus(one.row, one.details, listings)) for one in types)
        for name, types in listings.items()
    }
    return CollectionPlan(tables, plan, tuple(unserved), tables.named_in(texts, plan), has_account_fields)
