"""The tables of AWS, and what planning does in another way for AWS than for other clouds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.collectors.aws.model import MOST_MEASURED, NAMED_POLICIES, REPORT, CloudCall, TypeRow
from perpend.collectors.plan import CollectionPlan
from perpend.collectors.tables import EACH_OBJECT, EACH_REGION, THE_ACCOUNT, CloudTables, Listings
from perpend.core.clouds.aws import AWS
from perpend.core.values.tags import TAGS_FIELD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

IDENTITY: Final = "sts.identity"
"""The call that shows the account itself."""

REGIONS: Final = "ec2.regions"
"""The call that shows the regions of an account."""

USUAL_ROLE: Final = "OrganizationAccountAccessRole"
"""The role that AWS makes in accounts which an organization creates."""

BEFORE: Final = {REPORT: ("iam.report-generate",)}
"""Calls that are made before a listing."""

_POLICY_OF_AWS: Final = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/[A-Za-z0-9+=,.@_/-]{1,600}")
_MOST_NAMED: Final = 1000
"""The maximum of IAM policies that are asked for because a text names them."""

_LISTINGS: Final = frozenset(row.listed for of_type in TYPES.values() for row in of_type.rows)


class AwsTables(CloudTables[CloudCall, TypeRow]):
    """The tables in ``services``. An account has a second source: its credential report, which AWS made earlier."""

    cloud = AWS
    calls = CALLS
    types = TYPES
    identity = IDENTITY
    sources = ("", "credential report")

    def named_in(self, texts: Iterable[str], listings: Collection[str]) -> tuple[str, ...]:
        """Return the ARNs of IAM policies of AWS in texts, whether or not they are in use."""
        named = sorted(filter(_POLICY_OF_AWS.fullmatch, texts)) if NAMED_POLICIES in listings else []
        return tuple(named[:_MOST_NAMED])

    def without_surplus(self, row: TypeRow, details: tuple[Any, ...], listings: Collection[str]) -> tuple[Any, ...]:
        """Leave out the call for tags that lists another type, unless the plan has that listing anyway."""
        source = row.fields.get(TAGS_FIELD)
        if source is None or source.call not in _LISTINGS or source.call in listings:
            return details
        return tuple(detail for detail in details if detail.call != source.call)

    def calls_besides(self, listings: Listings[TypeRow], names: Collection[str]) -> set[str]:
        """Return the call for regions, the credential report, and the calls before it."""
        requests = [request for types in listings.values() for request in types]
        besides = {REPORT} if any(request.row.reads_report for request in requests) else set()
        besides |= {REGIONS} if any(CALLS[name].regional for name in listings) else set()
        return besides | {before for name in {*names, *besides} for before in BEFORE.get(name, ())}

    def made_for(self, listings: Listings[TypeRow], call: CloudCall) -> str:
        """Return how often a call is made. A listing that is made for each item counts like the listing of the items."""
        requests = [request for name, types in listings.items() for request in types if name != IDENTITY]
        details = [detail for request in requests for detail in request.details]
        if any(detail.metric and detail.call == call.name for detail in details):
            return f"up to {MOST_MEASURED} objects at once"
        each_object = {name for detail in details for name in detail.each_object}
        if (call.of_an_item and call.name in each_object) or call.name == NAMED_POLICIES:
            return EACH_OBJECT
        return EACH_REGION if call.regional else THE_ACCOUNT


TABLES: Final = AwsTables()

AwsPlan: TypeAlias = CollectionPlan[AwsTables, TypeRow]
