"""Define the rows of a cloud's tables: calls, object types, and the sources of their fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from perpend.collectors.items import ABOVE
from perpend.collectors.plan import CollectionPlan
from perpend.collectors.protocol import CallEstimate
from perpend.collectors.tables import CloudTables, Listings
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from perpend.collectors.failures import FailureKind
    from perpend.core.clouds.cloud import Cloud

ACCOUNT: Final = "account"
"""The placeholder of a template for the account that is collected."""

_SECONDS: Final = 0.3
"""The assumed duration of a call."""

OWN_ID: Final = "{id}"
"""The template of an Id that is the item's own."""

_ID_ABOVE: Final = f"{ABOVE}.id"
_PLACE: Final = re.compile(r"\{([^{}]+)\}")

Transform = Callable[[Any], Any]
"""A function that makes a field's value of a member. It raises NotThere if the member does not show the value."""


def places_in(template: str) -> list[str]:
    """Return the placeholders of a template: ``account``, or paths of an item's members."""
    return _PLACE.findall(template)


def filled(template: str, value_of: Callable[[str], str]) -> str:
    """Return a template with values in the places of its placeholders."""
    return _PLACE.sub(lambda place: value_of(place[1]), template)


@dataclass(frozen=True, slots=True)
class Proof:
    """A listing of the account that must show a state: the item whose member has a value, and that item's other member.

    Texts are compared without regard to case.
    """

    call: str
    item: tuple[str, str]
    state: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """An error that states the same facts as an ``answer``; with a ``proof``, only if that holds."""

    answer: Any
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class RestCall:
    """A GET request. Rows of types refer to it by ``name``.

    ``url`` is a template of a whole address: ``{account}``, or the path of a member of the item that the call is made for.
    ``parameters`` are those of the query. ``items`` is the path of the list of items in an answer; if it is empty, the answer
    itself is the only item. ``next_link`` is the path of the address of the next page; ``next_token`` is the path of a token,
    and the parameter that takes it; a detail without ``items`` fails if there is a next page. ``facts`` are error codes that
    state a fact, ``gone`` those of an object that is missing. ``empty_with`` is the member of an answer that leaves out an
    empty list. A detail call with ``unless`` is not made for an item that has a member at this path: the answer is the object
    around that member. ``only_with`` is the option without which the call is not made.
    """

    name: str
    service: str
    operation: str
    url: str
    permission: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    items: str = ""
    next_link: str = ""
    next_token: tuple[str, str] | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    empty_with: str = ""
    unless: str = ""
    only_with: str = ""

    @property
    def regional(self) -> bool:
        """Never: lists are per account."""
        return False

    @property
    def label(self) -> str:
        """The name in messages: the permission, or the operation if none is needed."""
        return self.permission or f"{self.service}:{self.operation}"

    @property
    def of_an_item(self) -> bool:
        """Whether the address has a member of an item. Otherwise the call is made once for the account."""
        return any(place != ACCOUNT for place in places_in(self.url))

    @property
    def proofs(self) -> tuple[str, ...]:
        """The names of the calls that prove its facts."""
        return tuple(fact.proof.call for fact in self.facts.values() if fact.proof)


@dataclass(frozen=True, slots=True)
class FieldSource:
    """The source of a field's value: the member at a path of an item, or a ``template`` that is filled with texts.

    ``call`` names the detail call that returns the item; it is empty for the listing. An empty path is the item itself, and
    ``also`` is the path of the same member in another form of the item. A member that is missing or null is unknown. With
    ``optional`` it means that there is no value; ``otherwise`` is the value that the API states for it. Both count only if the
    object around it is there, or if the member at the path ``within`` is, or at ``also_within`` in another form of the item.
    Without a ``transform``, a value is a text, a number or a Boolean.

    A template has the same placeholders as an address: ``{account}``, or the path of a member, which must be there.
    """

    path: str = ""
    transform: Transform | None = None
    call: str = ""
    optional: bool = False
    otherwise: Any = None
    template: str = ""
    within: str = ""
    also: str = ""
    also_within: str = ""

    @property
    def may_be_null(self) -> bool:
        """Whether the cloud leaves the member out to say that there is none."""
        return self.optional


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One object type: the listing that shows its objects, the template of their Id, their fields and detail calls.

    ``inside`` is the path of the list of nested objects in each listed item, or a function that returns them; these hold the
    item around them as ``^``.
    """

    type_name: str
    listed: str
    id: str
    fields: Mapping[str, FieldSource]
    details: tuple[str, ...] = ()
    inside: str | Callable[[dict[str, Any]], list[dict[str, Any]]] = ""

    @property
    def rows(self) -> tuple[TypeRow, ...]:
        """This row: one listing shows all objects of the type."""
        return (self,)

    @property
    def each(self) -> str:
        """No listing is made for each listed item."""
        return ""

    @property
    def source(self) -> int:
        """The number of the account's source that its objects come from: an account has one."""
        return 0

    @property
    def owner_keys(self) -> tuple[str, ...]:
        """The fields with the Id of the item around a nested object."""
        return tuple(name for name, source in self.fields.items() if self.inside and source.path == _ID_ABOVE)

    def details_for(self, wanted: frozenset[str]) -> tuple[str, ...]:
        """Return the detail calls that wanted fields need."""
        calls = {self.fields[name].call for name in wanted if name in self.fields}
        return tuple(detail for detail in self.details if detail in calls)

    def names_of(self, details: Iterable[str]) -> list[str]:
        """Return the names of detail calls."""
        return list(details)


@dataclass(frozen=True)
class RestTables(CloudTables[RestCall, TypeRow]):
    """The tables of a cloud.

    ``kinds`` are error codes by kind of failure. Codes in ``waits`` are retried like throttling, but the rate stays.
    ``rates`` are the first calls per second by service, ``usual_rate`` those to other services. ``remaining`` is the header
    that counts the calls which are left before throttling: a small number slows down. ``shortened_by`` are headers of an answer
    that lacks items: the call fails. ``normalized`` returns an Id as the store has it. ``joins`` are names of details whose
    answers come from other listings of the account, which are given. ``minutes`` are the calls a minute to services that count
    them so. ``code_of`` returns the code in the body of an error, if the usual place is not the right one; it gets the address,
    too.
    """

    cloud: Cloud
    all_calls: tuple[RestCall, ...]
    all_types: tuple[TypeRow, ...]
    kinds: Mapping[FailureKind, frozenset[str]] = field(default_factory=dict)
    waits: frozenset[str] = frozenset()
    rates: Mapping[str, float] = field(default_factory=dict)
    usual_rate: float = 10.0
    remaining: str = ""
    shortened_by: tuple[str, ...] = ()
    normalized: Callable[[str], str] = str
    joins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    minutes: Mapping[str, int] = field(default_factory=dict)
    code_of: Callable[[Any, str], str] | None = None

    @cached_property
    def calls(self) -> Mapping[str, RestCall]:
        """All calls by name."""
        return {call.name: call for call in self.all_calls}

    @cached_property
    def types(self) -> Mapping[str, TypeRow]:
        """All types by name."""
        return {row.type_name: row for row in self.all_types}

    def calls_besides(self, listings: Listings[TypeRow], names: Collection[str]) -> set[str]:
        """Return the listings that joins read, and the calls that prove facts, which are made only if a fact needs one."""
        joined = {listing for name in names for listing in self.joins.get(name, ())}
        return joined | {proof for name in {*names, *joined} & self.calls.keys() for proof in self.calls[name].proofs}

    def joined(self, plan: CollectionPlan[Any, TypeRow]) -> tuple[str, ...]:
        """Return the listings that answer joins of a plan's types."""
        joins = {detail for request in plan.requests for detail in request.details if detail in self.joins}
        return tuple(sorted({listing for join in joins for listing in self.joins[join]}))

    def estimate(self, plan: CollectionPlan[Any, TypeRow], *, accounts: int, concurrency: int) -> CallEstimate:
        """Return the minimum of a plan's calls, one page for each listing, and about how long they take."""
        listed = [self.calls[name] for name in {*plan.listings, *self.joined(plan)}]
        of_service = Counter(call.service for call in listed if not call.only_with)
        calls = accounts * of_service.total()
        slowest = max((number / self.rate_of(service) for service, number in of_service.items()), default=0)
        most_each = max((len({*request.details} - {*self.joins}) for request in plan.requests), default=0)
        seconds = max(calls * _SECONDS / max(1, min(concurrency, calls)), slowest)
        return CallEstimate(calls, max(1, round(seconds)), most_each)

    def rate_of(self, service: str) -> float:
        """Return the calls per second to a service at the beginning."""
        if service in self.minutes:
            return self.minutes[service] / 60
        return self.rates.get(service, self.usual_rate)


RestPlan: TypeAlias = CollectionPlan[RestTables, TypeRow]
