"""AWS as a cloud: its types, calls and permissions. Imports no SDK."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.tables import IDENTITY, TABLES, USUAL_ROLE, AwsTables
from perpend.collectors.cloud import TableCloud
from perpend.collectors.protocol import CollectedRow, Permission
from perpend.core.clouds.registry import is_account

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.collectors.plan import CollectionPlan
    from perpend.collectors.protocol import AccountEntry


class AwsCloud(TableCloud[AwsTables]):
    """The types and calls of the tables in ``services``."""

    default_role = USUAL_ROLE
    uses: Mapping[str, str] = MappingProxyType({"CA10__CaAwsIamPolicy__c": "CA10__attachmentCount__c"})

    def opens_accounts(self, label: str) -> bool:
        """Whether a call is one of AWS STS, which opens accounts."""
        return label.startswith("sts:")

    def unopened_account(self, plan: CollectionPlan[AwsTables, Any], entry: AccountEntry) -> Iterator[CollectedRow]:
        """Yield the row of an account that could not be opened, unless only the name of its profile is known."""
        if is_account(entry.account, self.tables.cloud):
            [request] = plan.listings[IDENTITY]
            details = {detail.call for detail in request.details}
            reasons = {name: f"was not read: {entry.why}" for name, one in request.row.fields.items() if one.call in details}
            yield CollectedRow(request.row.type_name, {"Id": entry.account, "CA10__accountId__c": entry.account}, reasons)


CLOUD: Final = AwsCloud(
    TABLES,
    listing=[
        Permission("organizations:ListAccounts", ("ListAccounts",), opens_accounts=True),
        Permission("sts:AssumeRole", ("AssumeRole",), opens_accounts=True),
    ],
)
