"""What a row of the tables says: one call, one type, where a field comes from. Nothing here is conditional or asks anybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ABOVE: Final = "^"
"""The key under which an item that is nested in another one holds that other one."""

VALUE: Final = "value"
"""The key under which an item that is a mere value, such as a name, holds it."""

WHOLE: Final = "@"
"""The path of an item itself, for transforms of more than one member."""

CONSTANT: Final = "="
"""How a path begins that is no path but the value."""


MOST_MEASURED: Final = 500
"""Of how many things CloudWatch says a metric in one answer."""

MEASURED_DAYS: Final = 7
"""Of how many whole days, UTC, before the one on which it is asked."""


class NotThere(Exception):
    """An answer in which a value is not known although AWS answered; the text is the reason."""


def own_path(parameter: Any) -> str:
    """Return the path of what a parameter takes from the item that is asked about; empty if it takes nothing."""
    value = parameter[0] if isinstance(parameter, list) and len(parameter) == 1 else parameter
    return value[1:] if isinstance(value, str) and value.startswith("@") else ""


@dataclass(frozen=True, slots=True)
class CloudCall:
    """One operation of AWS. ``name`` is what rows of types call it.

    ``result`` is the path from the answer to a list of items, empty where the answer itself is the one item. ``parameters``
    that begin with ``@`` are taken from the item that is asked about, alone or as the one entry of a list. ``facts`` are errors
    that say something, with what the answer then is; ``wording`` is what the message of one has to hold to be a fact. ``gone``
    are errors that say that the item is not there, which contradicts its listing: the call is then made once more.
    ``never_empty``: there is always some item, and an answer without one is no answer.

    ``holds`` is the path to a member that each answer holds, ``result`` where nothing else is said: what lacks it is no answer.
    A step into a text goes into the JSON that it is. ``empty`` are the forms of an answer that may lack it: ``{}``, or the name
    of an element of XML that holds no other.
    """

    name: str
    service: str
    operation: str
    permission: str | None = None
    result: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    regional: bool = True
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    wording: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    never_empty: bool = False
    holds: str = ""
    empty: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What messages call it: its permission, else its operation."""
        return self.permission or f"{self.service}:{self.operation}"

    @property
    def of_an_item(self) -> bool:
        """Whether it takes something of the item that it is made for; else it is made once, in each region if regional."""
        return any(map(own_path, self.parameters.values()))


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Where a field's value comes from: the member at a path of an item, through named transforms with blanks between them.

    ``call`` names the detail call that has it, empty for the listing. ``optional``: a member that is missing is null, a fact.
    A path with braces is a template of members, with ``account``, ``region`` and ``partition``; of members with ``|`` between
    them the first that is there counts. A step with ``[]`` goes into each of a list. The empty path is null, a fact: there is
    no such thing in this listing. ``after`` are detail calls whose answers the value is taken with.
    """

    path: str
    transform: str = ""
    call: str = ""
    optional: bool = False
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """What CloudWatch measures of things, by day.

    ``member`` of an item is the value of the ``dimension`` that tells one from others.
    """

    namespace: str
    name: str
    statistic: str
    dimension: str
    member: str


@dataclass(frozen=True, slots=True)
class DetailCall:
    """A call that is made for each item of a listing, or, with ``matched`` members, once for all of them.

    With a ``metric`` it is made for as many items at once as CloudWatch takes.

    ``unless`` is a member with a value: for an item that has it the call is not made, and ``then`` holds; without that its
    fields are null, a fact. ``region`` names the member that holds the region to ask in; ``matched`` are the members of item
    and answer that agree.
    ``otherwise`` is the call that is made for an item which no match was found for, the member of its answer, and the member
    of a match that this one is an entry of. ``unmatched`` is what holds of an item that no match was found for, where that
    says something. ``after`` are detail calls that are to be made before: paths reach into an earlier answer by the name of its
    call and ``#`` (``kms.describe#KeyMetadata.KeyManager``).
    """

    call: str
    unless: tuple[str, str] | None = None
    region: str = ""
    matched: tuple[str, str] | None = None
    otherwise: tuple[str, str, str] | None = None
    unmatched: Mapping[str, Any] | None = None
    then: Mapping[str, Any] | None = None
    after: tuple[str, ...] = ()
    metric: Metric | None = None

    @property
    def calls(self) -> tuple[str, ...]:
        """All calls that may be made for it."""
        return (self.call, self.otherwise[0]) if self.otherwise else (self.call,)

    @property
    def each_object(self) -> tuple[str, ...]:
        """Those of them that are made for one object at a time."""
        return self.calls[bool(self.matched or self.metric) :]


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One object type: the listing that shows its objects, their Id as a template, their fields.

    ``inside`` is the path to the list in each listed item that holds the objects, where these are nested; ``each``
    the listing that is made for each listed item and shows them. Both hold what they lie in as ``^``. ``owner`` is the
    member of a listed item that names its account: what another account owns and shares is an object of that one. ``also`` are
    rows for further listings that show objects of the same type, with the same fields. An item of which the field that it
    ``needs`` is null is no object.
    """

    type_name: str
    listed: str
    id: str
    fields: Mapping[str, FieldSource]
    details: tuple[DetailCall, ...] = ()
    inside: str = ""
    each: str = ""
    owner: str = ""
    needs: str = ""
    also: tuple[TypeRow, ...] = ()

    @property
    def rows(self) -> tuple[TypeRow, ...]:
        """This row, and those for further listings."""
        return (self, *self.also)

    def has_fields_of(self, call: str) -> bool:
        """Whether some field is what a detail call says, and not only taken with that."""
        return any(source.call == call for source in self.fields.values())

    def details_for(self, wanted: frozenset[str]) -> tuple[DetailCall, ...]:
        """Return the detail calls that some wanted fields need, with those that have to come before them."""
        sources = [self.fields[name] for name in (*wanted, self.needs) if name in self.fields]
        calls = {call for source in sources for call in (source.call, *source.after)}
        for detail in reversed(self.details):
            calls |= set(detail.after) if detail.call in calls else set()
        return tuple(detail for detail in self.details if detail.call in calls)


@dataclass(frozen=True, slots=True)
class ServiceTable:
    """What the collector knows of a service: its calls, the types that they show.

    ``unpaged`` are listings that the service models know no pages of, with why that loses nothing; ``unserved`` fields
    (type and field, with a dot) that the library or public policy repositories know and no call serves, with the reason.
    """

    calls: tuple[CloudCall, ...]
    types: tuple[TypeRow, ...] = ()
    unpaged: Mapping[str, str] = field(default_factory=dict)
    unserved: Mapping[str, str] = field(default_factory=dict)
