"""The tables of a cloud as planning reads them: calls, types of objects, and where fields come from.

Each cloud has classes of its own for calls, rows and sources, because an SDK, a REST API and an asset export are asked in
different ways. Planning, permissions, claims and estimates read only what is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeAlias, TypeVar

from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import FailedCall

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from perpend.collectors.failures import FailureKind
    from perpend.core.clouds.cloud import Cloud

EACH_OBJECT: Final = "each object"
EACH_REGION: Final = "each region"
THE_ACCOUNT: Final = "the account"


class Call(Protocol):
    """An operation of a cloud. Rows of types refer to it by ``name``."""

    @property
    def name(self) -> str:
        """The name in the tables."""
        ...

    @property
    def service(self) -> str:
        """The service, whose rate of calls is limited."""
        ...

    @property
    def operation(self) -> str:
        """The cloud's own name of the operation."""
        ...

    @property
    def permission(self) -> str | None:
        """The permission that it needs; None if it needs none."""
        ...

    @property
    def label(self) -> str:
        """The name in messages: the permission, or the operation if none is needed."""
        ...

    @property
    def regional(self) -> bool:
        """Whether it is made in each region."""
        ...

    @property
    def of_an_item(self) -> bool:
        """Whether it is made for an item of a listing. Otherwise it is made once, or once in each region."""
        ...

    @property
    def only_with(self) -> str:
        """The option without which it is not made; empty if it is always made."""
        ...


class FieldSource(Protocol):
    """The source of a field's value."""

    @property
    def call(self) -> str:
        """The detail call that shows it; empty for the listing."""
        ...

    @property
    def may_be_null(self) -> bool:
        """Whether the cloud leaves it out to say that there is none."""
        ...


class TypeRow(Protocol):
    """One object type, and the listing that shows its objects."""

    @property
    def type_name(self) -> str:
        """The API name of the type."""
        ...

    @property
    def listed(self) -> str:
        """The listing that shows its objects."""
        ...

    @property
    def each(self) -> str:
        """The listing that is made for each listed item and shows the objects; empty if the item does."""
        ...

    @property
    def fields(self) -> Mapping[str, Any]:
        """The sources of its fields, by field."""
        ...

    @property
    def rows(self) -> tuple[Any, ...]:
        """This row, and the rows for other listings of the type."""
        ...

    @property
    def source(self) -> int:
        """The number of the account's source that the objects come from, from 0."""
        ...

    def details_for(self, wanted: frozenset[str], /) -> tuple[Any, ...]:
        """Return the detail calls that wanted fields need."""
        ...

    def names_of(self, details: Iterable[Any], /) -> list[str]:
        """Return the names of all calls that detail calls may make."""
        ...


AnyCall = TypeVar("AnyCall", bound=Call)
Row = TypeVar("Row", bound=TypeRow)


@dataclass(frozen=True, slots=True)
class TypeRequest(Generic[Row]):
    """One type in a plan: its row, and the detail calls that its wanted fields need."""

    row: Row
    details: tuple[Any, ...]

    @property
    def detail_names(self) -> list[str]:
        """The names of all calls that its details may make."""
        return self.row.names_of(self.details)


Listings: TypeAlias = "Mapping[str, tuple[TypeRequest[Row], ...]]"
"""The listings of a plan by name, with the types that each shows."""


class CloudTables(Generic[AnyCall, Row]):
    """The tables of a cloud. A cloud that needs an exception from planning overrides a method.

    ``identity`` is a listing that shows the ids of accounts and nothing else. Nothing is claimed about its types. It is empty
    if accounts are listed like all other objects. ``sources`` are the names of an account's sources, behind its id.
    """

    cloud: Cloud
    identity: str = ""
    sources: Sequence[str] = ("",)

    @property
    def calls(self) -> Mapping[str, AnyCall]:
        """All calls by name, in their order."""
        raise NotImplementedError

    @property
    def types(self) -> Mapping[str, Row]:
        """The rows of types by name. A row holds the rows of other listings of its type."""
        raise NotImplementedError

    @property
    def account_rows(self) -> tuple[Row, ...]:
        """The rows of types of accounts. Their listings are part of each collection."""
        return tuple(row for name, row in self.types.items() if name in self.cloud.account_types)

    def named_in(self, texts: Iterable[str], listings: Collection[str]) -> tuple[str, ...]:
        """Return the objects to ask for because texts of policies name them. No listing shows them."""
        return ()

    def without_surplus(self, row: Row, details: tuple[Any, ...], listings: Collection[str]) -> tuple[Any, ...]:
        """Return the detail calls of a row that are worth their cost, with the listings of the plan."""
        return details

    def calls_besides(self, listings: Listings[Row], names: Collection[str]) -> Collection[str]:
        """Return the calls that those with some names need besides."""
        return ()

    def made_for(self, listings: Listings[Row], call: AnyCall) -> str:
        """Return how often a call of a plan is made, in words."""
        return EACH_OBJECT if call.of_an_item else EACH_REGION if call.regional else THE_ACCOUNT


def failed_call(call: Call, account: str, kind: FailureKind, code: str = "", region: str = "") -> FailedCall:
    """Return the cause for a call that failed in an account, or in a region of it."""
    return FailedCall(account, region, call.service, call.operation, call.label, kind.value, code)
