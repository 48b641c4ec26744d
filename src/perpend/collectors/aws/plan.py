"""Plan the AWS calls that serve wanted fields: listings, the types that each shows, and the detail calls of these."""

from __future__ import annotations

import re
from dataclasses import asdict, field, replace
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.collectors.aws.model import MOST_MEASURED, NAMED_POLICIES, REPORT
from perpend.collectors.protocol import PlannedCall, WorkUnit
from perpend.core.dataclass import dataclass
from perpend.core.values.tags import TAGS_FIELD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from perpend.collectors.aws.model import CloudCall, DetailCall, TypeRow
    from perpend.collectors.protocol import AccountEntry

ACCOUNT_TYPE: Final = "CA10__CaAwsAccount__c"
IDENTITY: Final = "sts.identity"
"""The call that shows the account itself."""

_POLICY_OF_AWS: Final = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/[A-Za-z0-9+=,.@_/-]{1,600}")
_MOST_NAMED: Final = 1000
"""The maximum of IAM policies that are asked for because a text names them."""

_LISTINGS: Final = frozenset(row.listed for of_type in TYPES.values() for row in of_type.rows)

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
class AwsCollectionPlan:
    """The calls to make in an account: ``listings`` by name with the types that they show, and the details of the account.

    ``unserved`` are the wanted types and fields that no call serves. ``named`` are ARNs of IAM policies of AWS to ask for,
    whether or not they are in use.
    """

    listings: Mapping[str, tuple[TypeRequest, ...]]
    unserved: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    account: TypeRequest = field(default_factory=lambda: TypeRequest(TYPES[ACCOUNT_TYPE], ()))

    @property
    def types(self) -> tuple[str, ...]:
        """The types that the plan collects, sorted."""
        return tuple(sorted({ACCOUNT_TYPE, *(request.row.type_name for request in self._requests())}))

    @property
    def is_empty(self) -> bool:
        """Whether it collects nothing but the identity of accounts."""
        return len(self.types) == 1 and not self.has_account_fields

    @property
    def has_account_fields(self) -> bool:
        """Whether it collects fields of the account beyond its identity."""
        return bool(self.account.details)

    @property
    def listings_of(self) -> Mapping[str, list[str]]:
        """The listings by the type whose objects they show, including those that are made for each listed item."""
        listings: dict[str, list[str]] = {}
        for listing, types in self.listings.items():
            for request in types:
                listings.setdefault(request.row.type_name, []).extend(name for name in (listing, request.row.each) if name)
        return listings

    @property
    def all_listings(self) -> tuple[str, ...]:
        """The names of its listings, the identity of the account first."""
        return (IDENTITY, *self.listings)

    @property
    def types_of_report(self) -> frozenset[str]:
        """The types whose objects depend on the credential report."""
        return frozenset(request.row.type_name for request in self._requests() if request.row.reads_report)

    @property
    def sources_per_account(self) -> int:
        """How many sources an account has: its listings, and its credential report if objects depend on that."""
        return 2 if self.types_of_report else 1

    @property
    def fingerprint(self) -> dict[str, Any]:
        """A JSON value that differs between plans."""
        listings = {name: [asdict(request) for request in types] for name, types in self.listings.items()}
        return {**listings, "": self.named}

    def types_shown_by(self, listing: str) -> tuple[TypeRequest, ...]:
        """Return the types whose objects a listing shows. The identity shows the account."""
        return (self.account,) if listing == IDENTITY else self.listings[listing]

    @property
    def is_regional(self) -> bool:
        """Whether a call is made in each region."""
        return any(CALLS[name].regional for name in self.listings)

    @property
    def calls(self) -> tuple[CloudCall, ...]:
        """All calls that may be made, in the order of the table."""
        names = {IDENTITY, *self.listings, *([REPORT] if self.types_of_report else [])}
        names |= {"ec2.regions"} if self.is_regional else set()
        names |= {before for name in names for before in BEFORE.get(name, ())}
        requests = [self.account, *self._requests()]
        names |= {request.row.each for request in requests}
        names |= {name for request in requests for detail in request.details for name in detail.calls}
        return tuple(call for name, call in CALLS.items() if name in names)

    @property
    def planned_calls(self) -> tuple[PlannedCall, ...]:
        """All calls that may be made, each with how often."""
        details = [detail for request in self._requests() for detail in request.details]
        each_object = {name for detail in details for name in detail.each_object if CALLS[name].of_an_item}
        together = {detail.call for detail in details if detail.metric}

        def made_for(call: CloudCall) -> str:
            if call.name in together:
                return f"up to {MOST_MEASURED} objects at once"
            return (
                "each object"
                if call.name in each_object or call.name == NAMED_POLICIES
                else "each region"
                if call.regional
                else "the account"
            )

        return tuple(PlannedCall(call.service, call.operation, call.permission, made_for(call)) for call in self.calls)

    def _requests(self) -> list[TypeRequest]:
        return [request for types in self.listings.values() for request in types]


def plan_of(wanted: Mapping[str, Iterable[str]], texts: Iterable[str] = ()) -> AwsCollectionPlan:
    """Return the plan that serves the wanted fields, which are given by type.

    ``texts`` are those that policies compare with: ARNs of IAM policies of AWS among them are asked for.
    """
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
        for listed in row.rows:
            listings.setdefault(listed.listed, []).append(TypeRequest(listed, listed.details_for(fields)))
    plan = {name: tuple(_without_unlisted_tags(one, listings) for one in types) for name, types in listings.items()}
    named = sorted(filter(_POLICY_OF_AWS.fullmatch, texts)) if NAMED_POLICIES in plan else []
    return AwsCollectionPlan(plan, tuple(unserved), tuple(named[:_MOST_NAMED]), account)


def _without_unlisted_tags(request: TypeRequest, listings: Collection[str]) -> TypeRequest:
    """Return a request without the call for tags that lists another type, unless the plan has that listing anyway."""
    source = request.row.fields.get(TAGS_FIELD)
    if source is None or source.call not in _LISTINGS or source.call in listings:
        return request
    return replace(request, details=tuple(detail for detail in request.details if detail.call != source.call))


def cells_of(plan: AwsCollectionPlan, entry: AccountEntry) -> list[WorkUnit]:
    """Return the listings of an account by region."""
    return [
        WorkUnit(entry.account, region, listing)
        for listing in plan.all_listings
        for region in (entry.asked if CALLS[listing].regional else ("",))
    ]
