"""Parse answers of AWS into items and fields, without any request."""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.model import CONSTANT, VALUE, WHOLE
from perpend.collectors.aws.policy_access_levels import EXTENDED, extended
from perpend.collectors.aws.transforms import TAKE_MISSING, TRANSFORMS
from perpend.collectors.items import ABOVE, NotThere
from perpend.core.dataclass import dataclass
from perpend.inventory.readers.credential_report import read_report
from perpend.inventory.readers.errors import UnusableContent
from perpend.inventory.readers.merge import ROW_FIELD, merge_readings, with_root_users

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.collectors.aws.model import CloudCall, FieldSource, TypeRow

_MISSING: Final = object()
_MEMBER: Final = re.compile(r"\{([^{}]+)\}")


class NoResult(ValueError):
    """The answer lacks the member with its result."""


@dataclass(frozen=True, slots=True)
class CloudPlace:
    """The account and region of an answer."""

    account: str
    partition: str
    region: str = ""

    def __str__(self) -> str:
        return f"{self.account}/{self.region}" if self.region else self.account


@dataclass(frozen=True, slots=True)
class ObjectFields:
    """The known fields of one object, and the reasons why others are unknown."""

    known: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def is_answer(call: CloudCall, answer: Mapping[str, Any], content: bytes) -> bool:
    """Whether an answer has the member that every answer to the call has, or its bytes have the form of an empty answer."""
    value: Any = answer
    for step in call.required.split("."):
        value = _parsed(value) if isinstance(value, str) else value
        value = value.get(step) if isinstance(value, dict) else None
    return value is not None or any(re.fullmatch(_empty_form(one), content) for one in call.empty)


def is_about(call: CloudCall, answer: Mapping[str, Any], item: Mapping[str, Any], where: CloudPlace) -> bool:
    """Whether an answer names the resource that was requested for an item, in each entry if it has several.

    True if answers to the call name no resource.
    """
    if call.resource is None:
        return True
    path, template = call.resource
    members = [member(entry, path) for entry in items_of(call, answer)]
    names = [name for each in members for name in (each if isinstance(each, list) else [each])]
    return set(map(str, names)) <= {_filled(template, item, where)}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _empty_form(empty: str) -> bytes:
    """Return the pattern of the bytes of an empty answer."""
    if empty == "{}":
        return rb"\s*\{\s*\}\s*"
    name = re.escape(empty).encode()
    return rb"\s*(?:<\?xml[^<>]*\?>\s*)?<" + name + rb"(?:\s[^<>]*)?(?:/>|>\s*</" + name + rb"\s*>)\s*"


def items_of(call: CloudCall, answer: Mapping[str, Any]) -> list[Any]:
    """Return the items that an answer lists. Raises NoResult if the answer is malformed."""
    if call.result == "@":
        members = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        return [members] if members else []
    if not call.result:
        return [answer]
    listed = answer.get(call.result, [] if call.empty else _MISSING)
    if isinstance(listed, dict):
        return [listed]
    if not isinstance(listed, list):
        raise NoResult(f"the answer has no {call.result}")
    return [one if isinstance(one, dict) else {VALUE: one} for one in listed]


def report_items(content: bytes, source: str, observed_at: datetime | None) -> list[dict[str, Any]]:
    """Return the users of a credential report, including the root user, as items with name, ARN and row.

    Raises UnusableContent if it is not a report, or has different rows for one user.
    """
    users, _ = merge_readings(read_report(content, source, observed_at=observed_at), {source: 0})
    if any(user.variants for user in users):
        raise UnusableContent("rows of one user contradict each other")
    return [
        {"name": user.fields["CA10__userName__c"], "arn": user.id, "row": str(user.fields[ROW_FIELD]), "root": is_root(user.id)}
        for user in with_root_users(users)
    ]


def is_root(arn: str) -> bool:
    """Whether an ARN is of a root user."""
    return arn.endswith(":root")


def objects_in(row: TypeRow, item: Mapping[str, Any], account: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a type in a listed item: the item itself, or nested items. Raises NoResult if they are missing.

    Objects that another account owns are left out, and items without the member ``having``.
    """
    if is_of_another(row, item, account):
        return
    for inner in nested_in(item, row.inside.split(".") if row.inside else []):
        if not row.having or not is_missing(member(inner, row.having)):
            yield inner


def is_of_another(row: TypeRow, item: Mapping[str, Any], account: str) -> bool:
    """Whether a listed item names another account as its owner."""
    owner = member(item, row.owner) if row.owner else account
    return not is_missing(owner) and owner != account


def nested_in(item: Mapping[str, Any], path: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a list in an item, or in each item of a list in it. Raises NoResult if a list is missing."""
    if not path:
        yield item
        return
    items = item.get(path[0], _MISSING)
    if not isinstance(items, list):
        raise NoResult(f"the answer has no {path[0]}")
    for inner in items:
        yield from nested_in({**(inner if isinstance(inner, dict) else {VALUE: inner}), ABOVE: item}, path[1:])


def id_of(row: TypeRow, item: Mapping[str, Any], where: CloudPlace) -> str:
    """Return the Id of an object. Raises NoResult if a member of the Id is missing."""
    return _filled(row.id, item, where)


def add_fields(fields: ObjectFields, row: TypeRow, call: str, item: Mapping[str, Any] | None, where: CloudPlace) -> None:
    """Add the fields of an object that come from its listing (``call`` is empty) or from a detail call.

    Without an item the call does not apply to the object, and the fields are null.
    """
    for name, source in row.fields.items():
        if source.call != call:
            continue
        try:
            fields.known[name] = None if item is None else value_at(source, item, where)
        except (NoResult, NotThere) as error:
            fields.reasons[name] = f"was not read: {error}"


def add_reason(fields: ObjectFields, row: TypeRow, call: str, reason: str) -> None:
    """Add the reason why the fields of a detail call are unknown."""
    fields.reasons.update({name: f"was not read: {reason}" for name, source in row.fields.items() if source.call == call})


def value_at(source: FieldSource, item: Mapping[str, Any], where: CloudPlace) -> Any:
    """Return the value of a field. Raises NoResult if a required member is missing."""
    if source.path.startswith(CONSTANT):
        return source.path.removeprefix(CONSTANT)
    if not source.path:
        return None
    value = _value_of(source.path, item, where)
    transforms = source.transform.split()
    if is_missing(value) and not (transforms and transforms[0] in TAKE_MISSING):
        if source.optional:
            return None
        raise NoResult(f"the answer has no {source.path}")
    value = None if is_missing(value) else value
    for number, name in enumerate(transforms):
        if number and value is None:
            return None
        value = extended(name, value, item, where.account) if name in EXTENDED else TRANSFORMS[name](value)
    return value if transforms else plain(value)


def member(item: Any, path: str) -> Any:
    """Return the member at a dotted path. A step ``[]`` returns a list with the member of each entry.

    A call and ``#`` before the path read the answer of that call.
    """
    call, _, path = path.rpartition("#")
    item = item.get(call, _MISSING) if call and isinstance(item, dict) else item
    steps = [] if path == WHOLE else path.split(".")
    for number, step in enumerate(steps, 1):
        name = step.removesuffix("[]")
        item = item.get(name, _MISSING) if isinstance(item, dict) else _MISSING
        if name != step and isinstance(item, list):
            rest = ".".join(steps[number:]) or WHOLE
            members = [member(one, rest) for one in item]
            return _MISSING if any(map(is_missing, members)) else members
    return item


def is_missing(value: Any) -> bool:
    """Whether a member is missing or null."""
    return value is _MISSING or value is None


def plain(value: Any) -> Any:
    """Return a JSON value. A value of another type becomes a text."""
    return value if isinstance(value, str | bool | int | float) else json.dumps(value, default=str)


def _value_of(path: str, item: Mapping[str, Any], where: CloudPlace) -> Any:
    if "{" not in path:
        return member(item, path)
    try:
        return _filled(path, item, where)
    except NoResult:
        return _MISSING


def _filled(template: str, item: Mapping[str, Any], where: CloudPlace) -> str:
    def of(reference: re.Match[str]) -> str:
        if reference[1] in ("account", "region", "partition"):
            return str(getattr(where, reference[1]))
        path, last, _ = reference[1].partition("/")
        there = [value for value in (member(item, name) for name in path.split("|")) if not is_missing(value)]
        if not there:
            raise NoResult(f"the answer has no {reference[1]}")
        text = str(there[0]).lower() if isinstance(there[0], bool) else str(there[0])
        return text.rpartition("/")[2] if last else text

    return _MEMBER.sub(of, template)
