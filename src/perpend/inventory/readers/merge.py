"""Merge the readings of all sources into one object per identity, independent of order and names of the sources.

Equal readings collapse. Readings that contradict each other become one object with variants; none is preferred.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.aws import ACCOUNT_TYPE, AWS, ROOT_NAME, ROOT_USER, USER_TYPE, is_root_user, shown_name
from perpend.core.clouds.registry import account_of_id, partition_of_id
from perpend.core.objects.claims import Scope, claims_of, partition_claims
from perpend.core.objects.inventory import CloudObject, Origin
from perpend.inventory.readers.credential_report import Reading, row_writer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.inventory import Source

REPORT_TYPES: Final = (USER_TYPE, ACCOUNT_TYPE)
"""The object types of credential reports."""

ROW_FIELD = "CA10__credReportAttributesJson__c"
"""The field that holds the row of a report as JSON text."""

_Row = dict[str, str]
_ENCODE = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def merge_readings(readings: Iterable[Reading], ranks: Mapping[str, int]) -> tuple[list[CloudObject], list[CloudObject]]:
    """Return the users and accounts of the readings, each ARN and account once, in canonical order.

    ``ranks`` orders sources by name if nothing else decides.
    """
    settled = sorted(_settle(readings, ranks), key=lambda same_id: reading_order(same_id[0]))
    accounts: dict[str, CloudObject] = {}
    users = []
    for same_id in settled:
        first = same_id[0]
        account = accounts.get(first.account)
        if account is None:
            account = accounts[first.account] = _account_of(first)
        variants = tuple(_user_of(rival, account) for rival in same_id[1:]) if len(same_id) > 1 else ()
        users.append(_user_of(first, account, variants))
    return users, list(accounts.values())


def with_root_users(users: list[CloudObject], *, described: Collection[str] = ()) -> list[CloudObject]:
    """Return the users of reports in canonical order, including each account's root user.

    Every account has a root user, even if no report has its row. Such a user has only a name and an ARN. Root users whose Ids
    other sources ``described`` are not added.
    """
    known = {user.fields["CA10__account__c"] for user in users if is_root_user(user.id)}
    firsts: dict[str, CloudObject] = {}
    for user in users:
        if (account := user.fields["CA10__account__c"]) not in known:
            firsts.setdefault(account, user)
    absent = [root for first in firsts.values() if (root := _unseen_root(first)).id not in described]
    return sorted([*users, *absent], key=_object_order) if absent else users


def coverage_of_report(accounts: Mapping[str, bool], complete: Iterable[Scope]) -> tuple[Claim, ...]:
    """Return the scopes of which a report has every user: ``complete``, and its ``accounts`` with a row of the root user.

    AWS lists all users of an account, and always the root user. A report without that row has been changed.
    """
    whole = (Scope(account) for account, has_root in accounts.items() if has_root)
    return claims_of(USER_TYPE, (*whole, *complete))


def with_partitions(sources: Sequence[Source], objects: Mapping[str, Sequence[CloudObject]]) -> list[Source]:
    """Return sources, the first with claims about account numbers that ARNs show in several partitions."""
    ids = [object_.id for of_type in objects.values() for object_ in of_type]
    partitions: dict[str, set[str]] = {}
    if all(partition_of_id(one) in (None, AWS.usual_partition) for one in ids):
        return [*sources]
    for identity in ids:
        account, partition = account_of_id(identity), partition_of_id(identity)
        if account and partition:
            partitions.setdefault(account, set()).add(partition)
    claims = tuple(partition_claims(partitions))
    return [replace(source, coverage=(*source.coverage, *claims)) for source in sources[:1]] + [*sources[1:]]


def merge_objects(objects: Iterable[CloudObject], ranks: Mapping[str, int]) -> list[CloudObject]:
    """Return each Id of one object type once, ordered by account, name and Id. Different contents become variants."""
    groups: dict[str, list[CloudObject]] = {}
    for object_ in objects:
        groups.setdefault(object_.id, []).append(object_)
    return sorted((_merge_group(group, ranks) for group in groups.values()), key=_object_order)


def _settle(readings: Iterable[Reading], ranks: Mapping[str, int]) -> list[tuple[Reading, ...]]:
    """Group readings by ARN: one reading if all agree, else all that differ, ordered by content."""
    firsts: dict[str, Reading] = {}
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        first = firsts.setdefault(reading.arn, reading)
        if first is not reading:
            groups.setdefault(reading.arn, [first]).append(reading)
    return [_settle_group(groups[arn], ranks) if arn in groups else (first,) for arn, first in firsts.items()]


def _settle_group(readings: list[Reading], ranks: Mapping[str, int]) -> tuple[Reading, ...]:
    preferred = sorted(readings, key=lambda reading: _preference(reading, ranks))
    if all(reading.row == preferred[0].row for reading in preferred):
        return (preferred[0],)
    rows: dict[str, tuple[Reading, _Row]] = {}
    for reading in preferred:
        row = json.loads(reading.row)
        rows.setdefault(_canonical(row), (reading, row))
    if len(rows) == 1:
        return (next(iter(rows.values()))[0],)
    union = _union([row for _, row in sorted(rows.values(), key=lambda pair: -len(pair[1]))])
    if union is not None:
        text = row_writer(union)(union.values())
        return (_oldest(union, list(rows.values()))._replace(user=shown_name(union["user"], union["arn"]), row=text),)
    return tuple(reading for _, (reading, _) in sorted(_without_excerpts(rows).items()))


def _oldest(union: _Row, rows: Sequence[tuple[Reading, _Row]]) -> Reading:
    """Return the reading as old as the oldest column of a union. A column is as old as the newest reading that has it.

    ``rows`` start with the newest.
    """
    latest = {next(place for place, (_, row) in enumerate(rows) if column in row) for column in union}
    return rows[max(latest)][0]


def _union(rows: Sequence[_Row]) -> _Row | None:
    """Return the columns of all rows together, None if two rows disagree about a column."""
    union: _Row = {}
    for row in rows:
        for column, value in row.items():
            if union.setdefault(column, value) != value:
                return None
    return union


def _without_excerpts(rows: dict[str, tuple[Reading, _Row]]) -> dict[str, tuple[Reading, _Row]]:
    """Drop each row that is contained in another, wider row."""
    shapes: dict[frozenset[str], list[_Row]] = {}
    for _, row in rows.values():
        shapes.setdefault(frozenset(row), []).append(row)
    parts = {
        _canonical({column: row[column] for column in narrow})
        for narrow in shapes
        for wide, wider_rows in shapes.items()
        if narrow < wide
        for row in wider_rows
    }
    return {content: pair for content, pair in rows.items() if content not in parts}


def _merge_group(group: list[CloudObject], ranks: Mapping[str, int]) -> CloudObject:
    if len(group) == 1:
        return group[0]
    contents: dict[str, CloudObject] = {}
    for object_ in sorted(group, key=lambda object_: (ranks[object_.origin.source], object_.origin.row or 0)):
        for reading in (object_, *object_.variants):
            contents.setdefault(_canonical(reading.fields), _with_variants(reading, ()))
    first, *others = (contents[content] for content in sorted(contents))
    return _with_variants(first, tuple(others))


def _with_variants(object_: CloudObject, variants: tuple[CloudObject, ...]) -> CloudObject:
    return CloudObject(
        object_.type_name,
        object_.id,
        object_.name,
        object_.external_id,
        object_.fields,
        object_.origin,
        object_.master,
        variants,
    )


def _canonical(value: Any) -> str:
    return _ENCODE(value)


def _preference(reading: Reading, ranks: Mapping[str, int]) -> tuple[float, int, int]:
    """Return a sort key for equal readings: the newest comes first, then the one of the first source."""
    observed = reading.observed_at.timestamp() if reading.observed_at else float("-inf")
    return -observed, ranks[reading.origin.source], reading.origin.row or 0


def reading_order(reading: Reading) -> tuple[str, bool, str, str]:
    """Return the sort key of readings in canonical order: within an account, the root user is the first."""
    return reading.account, reading.user != ROOT_USER, reading.user, reading.arn


def _object_order(object_: CloudObject) -> tuple[str, bool, str, str]:
    return object_.master.id if object_.master else "", object_.name != ROOT_USER, object_.name, object_.id


def _unseen_root(user: CloudObject) -> CloudObject:
    """Return the root user of a user's account, if no source has its row."""
    arn = root_arn(user.id, user.fields["CA10__account__c"])
    row = row_writer(("user", "arn"))((ROOT_USER, arn))
    fields = {**user.fields, "Id": arn, "CA10__userName__c": ROOT_NAME, "CA10__arn__c": arn, ROW_FIELD: row}
    return CloudObject(USER_TYPE, arn, ROOT_USER, arn, fields, Origin(user.origin.source), user.master)


def _account_of(reading: Reading) -> CloudObject:
    account = reading.account
    fields = {"Id": account, "CA10__accountId__c": account}
    return CloudObject(ACCOUNT_TYPE, account, account, account, fields, reading.origin)


def root_arn(arn: str, account: str) -> str:
    """Return the ARN of the root user of an account, of which another ARN is known."""
    return f"{arn.partition('::')[0]}::{account}:root"


def user_fields(reading: Reading) -> dict[str, Any]:
    """Return the fields of a user."""
    arn, user = reading.arn, reading.user
    return {
        "Id": arn,
        "CA10__userName__c": ROOT_NAME if user == ROOT_USER and is_root_user(arn) else user,
        "CA10__arn__c": arn,
        "CA10__account__c": reading.account,
        "CA10__account__r": {"Id": reading.account, "CA10__accountId__c": reading.account},
        "CA10__disappearanceTime__c": None,
        ROW_FIELD: reading.row,
    }


def _user_of(reading: Reading, account: CloudObject, variants: tuple[CloudObject, ...] = ()) -> CloudObject:
    fields = {**user_fields(reading), "CA10__account__r": account.fields}
    return CloudObject(USER_TYPE, reading.arn, reading.user, reading.arn, fields, reading.origin, account, variants)
