"""The content of a file in another tool's format, and helpers to build its objects.

A field that the format cannot express is unknown, with the reason, whatever value the format has there.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.core.clouds import registry
from perpend.core.clouds.aws import AWS
from perpend.core.dataclass import dataclass
from perpend.core.objects.inventory import CloudObject, object_from_fields
from perpend.core.objects.object_types import ObjectType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.inventory import Origin, PlannedObject
    from perpend.inventory.readers.credential_report import Reading

    Children = Callable[[str, str, Any], list[dict[str, Any]]]
    """A function that makes the children of an object from its Id, its account and its value."""

USER: Final = "CA10__CaAwsUser__c"
ROLE: Final = "CA10__CaAwsRole__c"
POLICY: Final = "CA10__CaAwsIamPolicy__c"
USER_LINK: Final = "CA10__CaAwsIamPolicyUserLink__c"
USER_POLICY: Final = "CA10__CaAwsUserPolicy__c"
ATTACHMENT: Final = "CA10__CaAwsIamRolePolicyAttachment__c"
ROLE_POLICY: Final = "CA10__CaAwsIamRolePolicy__c"
GROUP: Final = "CA10__CaAwsIamGroup__c"
GROUP_LINK: Final = "CA10__CaAwsIamPolicyGroupLink__c"
GROUP_POLICY: Final = "CA10__CaAwsIamGroupPolicy__c"
MEMBERSHIP: Final = "CA10__CaAwsIamUserGroupLink__c"

_ARN: Final = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws|):[!-~]+")


class Found(NamedTuple):
    """An object of a file. ``seen_at`` is the time of observation, if it has one of its own.

    ``left_out`` are child lists that it does not state, in the way the format omits empty ones.
    """

    type_name: str
    fields: Mapping[str, Any]
    origin: Origin
    seen_at: datetime | None = None
    left_out: tuple[str, ...] = ()

    @property
    def as_object(self) -> CloudObject:
        """The object with its name and owner."""
        return object_from_fields(self.fields, _type_named(self.type_name), self.origin)


@dataclass(slots=True)
class Contents:
    """The content of one file. Its reader adds to it, row by row, and the caller takes the ``objects`` and ``readings``.

    ``types`` and ``accounts`` are those of all its objects and rows of credential reports, ``latest`` is the newest time of
    observation. ``lists`` are child lists that its objects may state: the owner's type, the list, and the child's type.
    ``stated_empty`` are lists that some object states as empty, ``left_open`` lists of which some object states nothing.
    ``lacking`` are claims about missing data. ``has_more``: there are more pages, and the last page can claim completeness.
    ``planned_account`` is the account of a plan that does not state one. ``planned`` are the objects of a plan.
    """

    objects: list[Found] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    latest: datetime | None = None
    observed_at: datetime | None = None
    lacking: tuple[Claim, ...] = ()
    has_more: bool = False
    lists: set[tuple[str, str, str]] = field(default_factory=set)
    stated_empty: set[str] = field(default_factory=set)
    left_open: set[str] = field(default_factory=set)
    planned_account: str = ""
    planned: list[PlannedObject] = field(default_factory=list)

    def add(self, entry: Found) -> None:
        """Add an object."""
        self.objects.append(entry)
        self.types.add(entry.type_name)
        if isinstance(account := entry.fields.get("CA10__account__c"), str):
            self.accounts.add(account)
        if entry.seen_at and (self.latest is None or entry.seen_at > self.latest):
            self.latest = entry.seen_at

    def add_reading(self, reading: Reading) -> None:
        """Add a row of a credential report."""
        self.readings.append(reading)
        self.types.add(USER)
        self.accounts.add(reading.account)


@lru_cache(maxsize=64)
def _type_named(type_name: str) -> ObjectType:
    return ObjectType(type_name)


def account_of_arn(arn: object) -> str | None:
    """Return the account in an ARN: empty if it has none, ``aws`` for objects of AWS, None if the value is not an ARN."""
    match = _ARN.fullmatch(arn) if isinstance(arn, str) else None
    return match[1] if match else None


def is_account(value: object) -> bool:
    """Whether a value is an account's number."""
    return isinstance(value, str) and registry.is_account(value, AWS)


@lru_cache(maxsize=1024)
def of_account(account: str, prefix: str = "CA10") -> Mapping[str, Any]:
    """Return the fields with the owning account of an object."""
    return {f"{prefix}__account__c": account, f"{prefix}__account__r": {"Id": account, "CA10__accountId__c": account}}


def id_in_account(account: str, arn: str) -> str:
    """Return an Id for objects whose ARN exists in several accounts, such as AWS managed policies."""
    return f"{account}|{arn}"


def id_of_group(account: str, arn: str) -> str:
    """Return the Id of a group. It uses the name, since users refer to groups by name."""
    return f"{account}/group/{arn.rpartition('/')[2]}"


def links_of(key: str) -> Children:
    """Return a function that makes links from an object, by ``key``, to its attached managed policies."""
    return lambda owner, account, policies: [
        {"Id": f"{owner}|{arn}", key: owner, "CA10__policy__c": id_in_account(account, arn)} for arn in dict.fromkeys(policies)
    ]


def inline_of(key: str) -> Children:
    """Return a function that makes the inline policies of an object, by ``key``, from their names and known fields."""

    def children(owner: str, account: str, policies: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"Id": f"{owner}|{name}", "CA10__policyName__c": name, key: owner} | known for name, known in policies.items()]

    return children


def memberships(user: str, account: str, groups: list[str]) -> list[dict[str, Any]]:
    """Return the links of a user to its groups."""
    return [
        {"Id": f"{user}|{name}", "CA10__user__c": user, "CA10__group__c": id_of_group(account, name)}
        for name in dict.fromkeys(groups)
    ]


def role_attachments(role: str, account: str, policies: list[str]) -> list[dict[str, Any]]:
    """Return the attachments of managed policies to a role."""
    return [
        {
            "Id": f"{role}|{arn}",
            "CA10__policyArn__c": arn,
            "CA10__policy__c": id_in_account(account, arn),
            "CA10__roleArn__c": role,
            "CA10__role__c": role,
            "CA10__account__c": account,
        }
        for arn in dict.fromkeys(policies)
    ]
