"""The facts around a policy document: its account, its organization, and the collected accounts.

An ``Assumption`` fills in the unknown facts in one way, which shows whether a level depends on them. Source: ADR 0028.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError
from perpend.core.iam.access_policy import AccessLevel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NO_ORGANIZATION: Final = "none"
"""The organization of an account that belongs to none."""

OWN: Final = "own"
"""The own account, and the own organization."""

ACCOUNT: Final = re.compile(r"([0-9]{12})")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{1,64}")
_WHOSE = re.compile(r"[A-Za-z0-9]{1,128}")


class UnusableSurroundings(PerpendError):
    """A description of the surroundings in a wrong form."""


class Gap(Enum):
    """A fact that may be unknown, in words, and the AWS call that returns it."""

    ACCOUNT = ("whose account the document belongs to", "sts:GetCallerIdentity")
    ORGANIZATION = ("which organization the own account belongs to", "organizations:DescribeOrganization")
    MEMBERS = ("which accounts belong to the own organization", "organizations:ListAccounts")

    def __init__(self, words: str, call: str) -> None:
        self.words = words
        self.call = call


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The facts that a collector knows about a policy document. ``None`` means unknown.

    ``organization`` is ``"none"`` if the account belongs to none. ``organization_accounts`` are all members of the own
    organization; without them, ``account_organizations`` may still cover some accounts.
    """

    account: str | None = None
    organization: str | None = None
    organization_accounts: frozenset[str] | None = None
    collected_accounts: frozenset[str] = frozenset()
    collected_organizations: frozenset[str] = frozenset()
    account_organizations: Mapping[str, str] = field(default_factory=dict)
    canonical_ids: Mapping[str, str] = field(default_factory=dict)
    unique_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_gaps(self) -> tuple[Gap, ...]:
        """The unknown facts that may decide a level."""
        gaps = [Gap.ACCOUNT] if self.account is None else []
        gaps += [Gap.ORGANIZATION] if self.organization is None else []
        has_members = self.organization != NO_ORGANIZATION and self.organization_accounts is None
        return (*gaps, Gap.MEMBERS) if has_members else tuple(gaps)


@dataclass(frozen=True, slots=True)
class Assumption:
    """Surroundings with unknown facts filled in: named accounts are inside by the facts in ``inside``, otherwise outside."""

    known: Surroundings
    inside: tuple[Gap, ...] = ()

    def account(self, number: str) -> str:
        """Return an account in the form of requesters: ``OWN`` or its number."""
        own = self.known.account
        return OWN if number == own or (own is None and Gap.ACCOUNT in self.inside) else number

    def organization(self, name: str) -> str:
        """Return an organization in the form of requesters: ``OWN`` or its id."""
        own = self.known.organization
        return OWN if own != NO_ORGANIZATION and (name == own or (own is None and Gap.ORGANIZATION in self.inside)) else name

    def organization_of(self, account: str) -> str | None:
        """Return the organization of an account: ``OWN``, an id, ``"none"``, or None for none or one other than the own."""
        known = self.known
        if account == OWN:
            return NO_ORGANIZATION if known.organization == NO_ORGANIZATION else OWN
        stated = known.account_organizations.get(account)
        organization = self.organization(stated) if stated is not None else None
        if known.organization_accounts is not None:
            is_member = account in known.organization_accounts
        else:
            is_member = organization == OWN if stated is not None else Gap.MEMBERS in self.inside
        if is_member and known.organization != NO_ORGANIZATION:
            return OWN
        return organization if organization != OWN else None

    def level_of_account(self, account: str) -> AccessLevel:
        """Return the access level of an account."""
        if account == OWN:
            return AccessLevel.SAME_ACCOUNT
        organization = self.organization_of(account)
        if organization == OWN:
            return AccessLevel.SAME_ORG
        is_trusted = account in self.known.collected_accounts or organization in self.known.collected_organizations
        return AccessLevel.TRUSTED_PRINCIPAL if is_trusted else AccessLevel.EXTERNAL_PRINCIPAL

    def level_of_organization(self, name: str) -> AccessLevel:
        """Return the widest access level of an organization's members."""
        if name == OWN:
            return AccessLevel.SAME_ORG
        is_trusted = name in self.known.collected_organizations
        return AccessLevel.TRUSTED_PRINCIPAL if is_trusted else AccessLevel.EXTERNAL_PRINCIPAL


def surroundings_from_json(document: object) -> Surroundings:
    """Return the surroundings in a JSON object. Raises UnusableSurroundings with the wrong key."""
    if not isinstance(document, dict):
        raise UnusableSurroundings("the context is not an object")
    stated = {}
    for key, value in document.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key[:64], _KEYS, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise UnusableSurroundings(f"the context has the unknown key `{key[:64]}`{hint}")
        name, read = _KEYS[key]
        if value is not None and name:
            stated[name] = read(key, value)
        elif value is not None:
            read(key, value)
    return Surroundings(**stated)


def _text(form: re.Pattern[str], what: str) -> Callable[[str, object], str]:
    def read(key: str, value: object) -> str:
        if not isinstance(value, str) or not form.fullmatch(value):
            shown = f"`{value[:64]}`" if isinstance(value, str) else "a value that is no text"
            raise UnusableSurroundings(f"`{key}` of the context holds {shown}, which is not {what}")
        return value

    return read


def _texts(read: Callable[[str, object], str]) -> Callable[[str, object], frozenset[str]]:
    def read_all(key: str, value: object) -> frozenset[str]:
        if not isinstance(value, list):
            raise UnusableSurroundings(f"`{key}` of the context is not a list")
        return frozenset(read(key, one) for one in value)

    return read_all


def _pairs(
    read_key: Callable[[str, object], str], read_value: Callable[[str, object], str]
) -> Callable[[str, object], Mapping[str, str]]:
    def read_all(key: str, value: object) -> Mapping[str, str]:
        if not isinstance(value, dict):
            raise UnusableSurroundings(f"`{key}` of the context is not an object")
        return {read_key(key, one): read_value(key, other) for one, other in value.items()}

    return read_all


_account = _text(ACCOUNT, "an account of twelve digits")
_organization = _text(re.compile(rf"{_ORGANIZATION.pattern}|{NO_ORGANIZATION}"), "an organization's id (`o-…`) or `none`")
_organization_id = _text(_ORGANIZATION, "an organization's id (`o-…`)")
_id = _text(_WHOSE, "an id of letters and digits")
_not_collected = _text(re.compile("not collected"), "`not collected`, the only thing that can be said of it")

_KEYS: Final[Mapping[str, tuple[str, Callable[[str, object], Any]]]] = {
    "account": ("account", _account),
    "organization": ("organization", _organization),
    "organizationAccounts": ("organization_accounts", _texts(_account)),
    "collectedAccounts": ("collected_accounts", _texts(_account)),
    "collectedOrganizations": ("collected_organizations", _texts(_organization_id)),
    "accountOrganizations": ("account_organizations", _pairs(_account, _organization)),
    "canonicalIds": ("canonical_ids", _pairs(_id, _account)),
    "uniqueIds": ("unique_ids", _pairs(_id, _account)),
    "accessPointPolicies": ("", _not_collected),
}
