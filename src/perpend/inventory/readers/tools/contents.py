"""The content of a file in another tool's format, and helpers to build its objects.

A field that the format cannot express is unknown, with the reason, whatever value the format has there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.inventory import CloudObject, object_from_fields
from perpend.core.objects.object_types import ObjectType
from perpend.core.values.partial_object import PartialObject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.inventory import Origin
    from perpend.inventory.readers.credential_report import Reading

    Children = Callable[[str, str, Any], list[dict[str, Any]]]
    """What makes the children of an object, told its Id, its account and what was read."""

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

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_ARN: Final = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws|):[!-~]+")


@dataclass(slots=True)
class Contents:
    """The objects and credential report rows of one file. ``seen_at`` has the time of observation of an object, by index.

    ``lists`` are child lists that its objects may state: the owner's type, the list, and the child's type. ``left_out`` are
    lists that the object at an index does not state, in the way the format omits empty ones. ``stated_empty`` are lists that
    some object states as empty, ``left_open`` lists of which some object states nothing. ``lacking`` are claims about missing
    data. ``has_more``: there are more pages, and the last page can claim completeness.
    """

    objects: list[CloudObject] = field(default_factory=list)
    seen_at: dict[int, datetime] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    observed_at: datetime | None = None
    lacking: tuple[Claim, ...] = ()
    has_more: bool = False
    lists: set[tuple[str, str, str]] = field(default_factory=set)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    stated_empty: set[str] = field(default_factory=set)
    left_open: set[str] = field(default_factory=set)

    @property
    def types(self) -> set[str]:
        """The types of its objects that are not in lists."""
        return {one.type_name for one in self.objects} | ({USER} if self.readings else set())

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of its objects."""
        named = (name for one in self.objects if isinstance(name := one.fields.get("CA10__account__c"), str))
        return tuple(sorted({*named, *(reading.account for reading in self.readings)}))

    def add(self, type_name: str, fields: Mapping[str, Any], lacking: Mapping[str, str], origin: Origin) -> None:
        """Add an object; ``lacking`` has the reasons why fields are unknown."""
        reasons = {name: reason for name, reason in lacking.items() if name not in fields}
        self.objects.append(object_from_fields(PartialObject(fields, reasons), ObjectType(type_name), origin))


def account_of_arn(arn: object) -> str | None:
    """Return the account in an ARN: empty if it has none, ``aws`` for objects of AWS, None if the value is not an ARN."""
    match = _ARN.fullmatch(arn) if isinstance(arn, str) else None
    return match[1] if match else None


def is_account(value: object) -> bool:
    """Whether a value is an account's number."""
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None


def of_account(account: str, prefix: str = "CA10") -> dict[str, Any]:
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
