"""AWS as a cloud: its types, calls and permissions. Imports no SDK."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.catalog import TYPES
from perpend.collectors.aws.completeness import KIND, completeness_of, row_of_closed
from perpend.collectors.aws.plan import USUAL_ROLE, AwsCollectionPlan, plan_of
from perpend.collectors.protocol import Permission
from perpend.core.clouds.aws import AWS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from perpend.collectors.protocol import (
        AccountEntry,
        CloudCollector,
        CollectedRow,
        Completeness,
        PartRows,
        Seen,
        WorkUnit,
        WorkUnitResult,
    )

_LISTS_ACCOUNTS: Final = "organizations:ListAccounts"
_OPENS_ACCOUNTS: Final = "sts:AssumeRole"


class AwsCloud:
    """The types and calls of the tables in ``services``."""

    name = KIND
    title = "AWS"
    account_types = AWS.account_types
    default_role = USUAL_ROLE
    uses: Mapping[str, str] = MappingProxyType({"CA10__CaAwsIamPolicy__c": "CA10__attachmentCount__c"})

    def fields_of(self, type_name: str) -> Collection[str]:
        """Return all fields of a type that AWS serves; none for another type."""
        return tuple(TYPES[type_name].fields) if type_name in TYPES else ()

    def fields_that_may_be_null(self, type_name: str) -> Collection[str]:
        """Return the fields of a type that AWS leaves out to say that there is none."""
        rows = TYPES[type_name].rows if type_name in TYPES else ()
        return {name for row in rows for name, source in row.fields.items() if source.optional or not source.path}

    def plan(self, fields: Mapping[str, Iterable[str]], texts: Iterable[str] = ()) -> AwsCollectionPlan:
        """Return the calls that serve some fields, which are given by type. ``texts`` may name objects to ask for."""
        return plan_of(fields, texts)

    def serves_account_fields(self, plan: AwsCollectionPlan, type_name: str, fields: Iterable[str]) -> bool:
        """Whether a plan makes the calls that some fields of the account need."""
        needed, planned = ({one.call for one in of.account.details} for of in (plan_of({type_name: fields}), plan))
        return needed <= planned

    def opens_accounts(self, label: str) -> bool:
        """Whether a call is one of AWS STS, which opens accounts."""
        return label.startswith("sts:")

    def permissions(self, plan: AwsCollectionPlan, *, organization: bool = False) -> tuple[Permission, ...]:
        """Return the permissions of a plan by name; with ``organization`` those that list and open its accounts, too."""
        operations: dict[str, list[str]] = {}
        for call in plan.calls:
            if call.permission:
                operations.setdefault(call.permission, []).append(call.operation)
        opening = {_LISTS_ACCOUNTS} - {*operations} if organization else set()
        permissions = [
            Permission(name, tuple(sorted({*operations.get(name, [name.partition(":")[2]])})), name in opening)
            for name in sorted({*operations, *opening})
        ]
        if organization:
            permissions.append(Permission(_OPENS_ACCOUNTS, (_OPENS_ACCOUNTS.partition(":")[2],), opens_accounts=True))
        return tuple(permissions)

    def completeness(
        self,
        plan: AwsCollectionPlan,
        entries: Sequence[AccountEntry],
        results: Mapping[WorkUnit, WorkUnitResult],
        parts: Mapping[WorkUnit, list[PartRows]],
        stated: str = "",
        seen: Seen = MappingProxyType({}),
    ) -> Completeness:
        """Return the sources of accounts with claims of completeness."""
        return completeness_of(plan, entries, results, parts, stated, seen)

    def unopened_account(self, plan: AwsCollectionPlan, entry: AccountEntry) -> Iterator[CollectedRow]:
        """Yield the row of an account that could not be opened: its id is known and nothing else."""
        return row_of_closed(plan, entry)


CLOUD: Final[CloudCollector[AwsCollectionPlan]] = AwsCloud()
