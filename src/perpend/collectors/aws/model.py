"""Define the rows of the service tables: calls, object types, and the sources of their fields."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.items import ABOVE
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VALUE: Final = "value"
"""The key under which an item that is a single value, such as a name, holds it."""

WHOLE: Final = "@"
"""The path of the item itself, for transforms that read several members."""

IDENTITY_OF: Final = "$Id"
"""The key under which an item holds the Id of its object."""

CONSTANT: Final = "="
"""The prefix of a path that is the value itself."""

_MEMBER_OF_ID: Final = re.compile(r"\{(?!(?:account|partition|region)\})([^{}]+)\}")

REPORT: Final = "iam.report"
"""The call for the credential report. As a listing, it shows users."""

NAMED_POLICIES: Final = "iam.named-policies"
"""The call for one IAM policy. As a listing, it is made for each policy that is asked for by name."""


MOST_MEASURED: Final = 500
"""How many metrics CloudWatch returns in one answer."""

MEASURED_DAYS: Final = 7
"""How many whole days (UTC) before today metrics cover."""


def own_path(parameter: Any) -> str:
    """Return the path of the item's member that a parameter takes; empty if it takes none."""
    value = parameter[0] if isinstance(parameter, list) and len(parameter) == 1 else parameter
    return value[1:] if isinstance(value, str) and value.startswith("@") else ""


@dataclass(frozen=True, slots=True)
class CloudCall:
    """One operation of AWS. Rows of types refer to it by ``name``.

    ``result`` is the path of the list of items in an answer; it is empty if the answer itself is the only item. Values of
    ``parameters`` that begin with ``@`` are paths into the item that the call is made for, alone or as the only entry of a
    list. ``facts`` maps error codes that state a fact to the equivalent answer, and ``wording`` to the text that the error
    message must contain for this. ``gone`` are error codes for a missing item. They contradict the listing, so the call is
    repeated once. With ``never_empty``, an answer without items is malformed.

    ``holds`` is the path of a member that every answer has, by default ``result``, or else the member of ``resource``: an
    answer without it is malformed. A path may lead into a text that is JSON. ``empty`` are the forms of answers that may lack
    the member: ``{}``, or the name of an empty XML element.

    ``resource`` is the path of the member that names the resource in every answer, or in each entry of ``result``, and the
    template of its value (see `FieldSource`): an answer with another value is about another resource. It is None if answers
    name no resource, or name it in another form than the item.
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
    resource: tuple[str, str] | None = None

    @property
    def required(self) -> str:
        """The path of the member that every answer has."""
        return self.holds or self.result or (self.resource or ("", ""))[0]

    @property
    def label(self) -> str:
        """The name in messages: the permission, or the operation if none is needed."""
        return self.permission or f"{self.service}:{self.operation}"

    @property
    def only_with(self) -> str:
        """No option: each call is always made."""
        return ""

    @property
    def of_an_item(self) -> bool:
        """Whether a parameter comes from an item. Otherwise the call is made once, or once in each region if it is regional."""
        return any(map(own_path, self.parameters.values()))


@dataclass(frozen=True, slots=True)
class FieldSource:
    """The source of a field's value: the member at a path of an item, after the named transforms, which blanks separate.

    A transform that returns null is the last one. ``call`` names the detail call that returns the item; it is empty for
    the listing. With ``optional``, a missing member means null, otherwise it is unknown. A path with braces is a template
    of members, with ``account``, ``region`` and ``partition``. With ``{a|b}``, the first member that exists counts;
    ``{a/}`` is the text behind the last slash of a member. A step ``[]`` reads each entry of a list. An empty path means
    that the value is null in this listing. ``after`` are detail calls whose answers the transforms also read.
    """

    path: str
    transform: str = ""
    call: str = ""
    optional: bool = False
    after: tuple[str, ...] = ()

    @property
    def may_be_null(self) -> bool:
        """Whether AWS leaves the member out to say that there is none."""
        return self.optional or not self.path


@dataclass(frozen=True, slots=True)
class Metric:
    """A daily metric of CloudWatch. ``member`` is the item's member with the value of the ``dimension``."""

    namespace: str
    name: str
    statistic: str
    dimension: str
    member: str


@dataclass(frozen=True, slots=True)
class DetailCall:
    """A call for each item of a listing; with ``matched`` one call for all items, with a ``metric`` one for many items.

    ``matched`` are the members of item and answer that must be equal. ``unless`` is a member and its value: for such an item
    the call is not made, and its answer is ``then``, or its fields are null without ``then``. ``region`` is the path of the
    region to call. If no match is found, ``otherwise`` names the call that is made instead, the member of its answer, and the
    list member of a match that gets it as an entry. Without that, ``unmatched`` is the answer, if it is set. ``after`` are
    detail calls that must be made first. A path reads an earlier answer by the name of its call and ``#``, such as
    ``kms.describe#KeyMetadata.KeyManager``. With ``decided``, the credential report may decide the answer without a call.
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
    decided: bool = False

    @property
    def calls(self) -> tuple[str, ...]:
        """The names of all calls that may be made."""
        return (self.call, self.otherwise[0]) if self.otherwise else (self.call,)

    @property
    def each_object(self) -> tuple[str, ...]:
        """The names of the calls that are made for one object at a time."""
        return self.calls[bool(self.matched or self.metric) :]


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One object type: the listing that shows its objects, the template of their Id, and their fields.

    If objects are nested, ``inside`` is the path of their list in each listed item. ``each`` is a listing that is made for each
    listed item and shows the objects. In both cases an object holds the item around it as ``^``. ``owner`` is the member with
    the owning account: objects that another account owns and shares are left out. ``also`` are rows for other listings that
    show objects of the same type with the same fields. An item is not an object if the field ``needs`` is null, or if it lacks
    the member ``having``. With ``decided``, listed items are users, and the credential report may decide the answer of
    ``each``. ``tags`` is the member of an item with the object's tags, which an untagged object lacks in some services, or the
    call that shows the tags of many objects at once.
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
    having: str = ""
    decided: bool = False
    tags: str | DetailCall = ""
    also: tuple[TypeRow, ...] = ()

    @property
    def rows(self) -> tuple[TypeRow, ...]:
        """This row, and the rows for other listings."""
        return (self, *self.also)

    @property
    def depth(self) -> int:
        """How many lists its objects are in below a listed item."""
        return len(self.inside.split(".")) if self.inside else bool(self.each)

    def steps_from(self, owner: TypeRow) -> tuple[str, ...] | None:
        """Return the path of these objects in an object of another type of the listing; None if they are not inside it.

        Objects that a listing shows for each item have no path.
        """
        mine, others = (tuple(row.inside.split(".")) if row.inside else () for row in (self, owner))
        if owner.listed != self.listed or owner.each or (self.each and others):
            return None
        inside = mine[len(others) :]
        return inside if mine[: len(others)] == others and (inside or self.each) else None

    def keys_of(self, owner: TypeRow) -> tuple[str, ...]:
        """Return the fields with the Id of the object of another type that these objects are inside of."""
        steps = self.steps_from(owner)
        if steps is None:
            return ()
        above = f"{ABOVE}." * max(1, len(steps))
        id_of_owner = _MEMBER_OF_ID.sub(lambda place: f"{{{above}{place[1]}}}", owner.id)
        return tuple(
            name
            for name, source in self.fields.items()
            if not source.call and not source.transform and id_of_owner in (source.path, f"{{{source.path}}}")
        )

    @property
    def reads_report(self) -> bool:
        """Whether its objects depend on the credential report, and so are observed when that was made."""
        return self.decided or self.listed == REPORT

    @property
    def source(self) -> int:
        """The number of the account's source that its objects come from: the credential report is the second one."""
        return int(self.reads_report)

    def names_of(self, details: Iterable[DetailCall]) -> list[str]:
        """Return the names of all calls that detail calls may make."""
        return [name for detail in details for name in detail.calls]

    def has_fields_of(self, call: str) -> bool:
        """Whether a detail call is the source of a field, and not only read by a transform."""
        return any(source.call == call for source in self.fields.values())

    def details_for(self, wanted: frozenset[str]) -> tuple[DetailCall, ...]:
        """Return the detail calls that wanted fields need, and the calls that must be made first."""
        sources = [self.fields[name] for name in (*wanted, self.needs) if name in self.fields]
        calls = {call for source in sources for call in (source.call, *source.after)}
        for detail in reversed(self.details):
            calls |= set(detail.after) if detail.call in calls else set()
        return tuple(detail for detail in self.details if detail.call in calls)


@dataclass(frozen=True, slots=True)
class ServiceTable:
    """The calls and types of a service.

    ``unpaged`` are listings for which the service models define no pages, with the reason why no item is lost. ``unserved`` are
    fields (`type.field`) of the library or of public policy repositories that no call serves, with the reason.
    """

    calls: tuple[CloudCall, ...]
    types: tuple[TypeRow, ...] = ()
    unpaged: Mapping[str, str] = field(default_factory=dict)
    unserved: Mapping[str, str] = field(default_factory=dict)
