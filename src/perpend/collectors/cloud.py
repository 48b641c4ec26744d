"""A cloud whose tables of calls and types are all that plans need. Imports no SDK, and sends no request."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic

from perpend.collectors.completeness import completeness_of
from perpend.collectors.plan import CollectionPlan, Tables, plan_of
from perpend.collectors.protocol import CollectedRow, Permission

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from perpend.collectors.protocol import AccountEntry, Completeness, PartRows, Seen, WorkUnit, WorkUnitResult


class TableCloud(Generic[Tables]):
    """The collector of a cloud, made of its tables.

    ``opening`` are the permissions that open accounts, ``listing`` those that list and open all accounts of an organization.
    """

    default_role = ""
    uses: Mapping[str, str] = MappingProxyType({})

    def __init__(self, tables: Tables, opening: Sequence[Permission] = (), listing: Sequence[Permission] = ()) -> None:
        self.tables = tables
        self._opening = tuple(opening)
        self._listing = tuple(listing)

    @property
    def name(self) -> str:
        """The name of the cloud."""
        return self.tables.cloud.name

    @property
    def title(self) -> str:
        """The name in messages."""
        return self.tables.cloud.title

    @property
    def account_types(self) -> tuple[str, ...]:
        """The types of account objects."""
        return self.tables.cloud.account_types

    def fields_of(self, type_name: str) -> Collection[str]:
        """Return all fields of a type that the cloud serves; none for another type."""
        row = self.tables.types.get(type_name)
        return tuple(row.fields) if row else ()

    def fields_that_may_be_null(self, type_name: str) -> Collection[str]:
        """Return the fields of a type that the cloud leaves out to say that there is none."""
        row = self.tables.types.get(type_name)
        return {name for one in (row.rows if row else ()) for name, source in one.fields.items() if source.may_be_null}

    def plan(self, fields: Mapping[str, Iterable[str]], texts: Iterable[str] = ()) -> CollectionPlan[Tables, Any]:
        """Return the calls that serve some fields, which are given by type. ``texts`` may name objects to ask for."""
        return plan_of(self.tables, fields, texts)

    def serves_account_fields(self, plan: CollectionPlan[Tables, Any], type_name: str, fields: Iterable[str]) -> bool:
        """Whether a plan makes the calls that some fields of a type of accounts need."""
        row = self.tables.types.get(type_name)
        planned = {name for request in plan.requests if request.row.type_name == type_name for name in request.detail_names}
        return row is not None and {*row.names_of(row.details_for(frozenset(fields)))} <= planned

    def opens_accounts(self, label: str) -> bool:
        """Whether a failed call, by its label, is one that opens accounts."""
        return any(permission.name == label for permission in self._opening)

    def permissions(self, plan: CollectionPlan[Tables, Any], *, organization: bool = False) -> tuple[Permission, ...]:
        """Return the permissions of a plan by name, those that open accounts included."""
        operations: dict[str, list[str]] = {}
        for call in plan.calls:
            if call.permission:
                operations.setdefault(call.permission, []).append(call.operation)
        apart = (*self._opening, *self._listing) if organization else self._opening
        others = [permission for permission in apart if permission.name not in operations]
        own = [Permission(name, tuple(sorted({*of})), self.opens_accounts(name)) for name, of in operations.items()]
        return tuple(sorted([*own, *others]))

    def completeness(
        self,
        plan: CollectionPlan[Tables, Any],
        entries: Sequence[AccountEntry],
        results: Mapping[WorkUnit, WorkUnitResult],
        parts: Mapping[WorkUnit, list[PartRows]],
        stated: str = "",
        seen: Seen = MappingProxyType({}),
    ) -> Completeness:
        """Return the sources of accounts with claims of completeness."""
        return completeness_of(plan, entries, results, parts, stated, seen)

    def unopened_account(self, plan: CollectionPlan[Tables, Any], entry: AccountEntry) -> Iterator[CollectedRow]:
        """Yield the row of an account that could not be opened: its id is known and nothing else."""
        for row in self.tables.account_rows[:1]:
            reasons = dict.fromkeys(row.fields, f"was not read: {entry.why}")
            yield CollectedRow(row.type_name, {"Id": entry.account}, reasons)
