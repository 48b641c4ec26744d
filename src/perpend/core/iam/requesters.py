"""Sets of requesters, their narrowing by conditions, and their access level.

A set may hold more requesters than the policy allows, never fewer. Source: ADR 0028.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.iam.access_policy import AccessLevel
from perpend.core.iam.surroundings import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perpend.core.iam.surroundings import Assumption


class Who(Enum):
    """A kind of requesters."""

    ACCOUNTS = auto()
    """Signed requests of principals of accounts."""
    SERVICES = auto()
    """Services of AWS, on behalf of accounts."""
    ANONYMOUS = auto()
    """Requests without credentials."""
    FEDERATED = auto()
    """Identities outside AWS of one company or application."""
    WORLD = auto()
    """Identities outside AWS that anybody can have."""
    CLOUDFRONT = auto()
    """CloudFront's users, who belong to AWS. No condition is known to narrow them."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The accounts and organizations that principals must belong to, or that services must act for. None means no limit."""

    accounts: frozenset[str] | None = None
    organizations: frozenset[str] | None = None
    is_fixed: bool = False
    """Whether it leaves named ones only, who may be of any account: one user, one service, the owner of one bucket."""

    def within(self, other: Limit) -> Limit | None:
        """Return the intersection of both limits; None if it is empty."""
        accounts, organizations = _common(self.accounts, other.accounts), _common(self.organizations, other.organizations)
        both = Limit(accounts, organizations, is_fixed=self.is_fixed or other.is_fixed)
        return None if frozenset() in (both.accounts, both.organizations) else both

    @property
    def names_accounts(self) -> bool:
        """Whether the limit allows only named accounts or organizations."""
        return self.accounts is not None or self.organizations is not None


def _common(left: frozenset[str] | None, right: frozenset[str] | None) -> frozenset[str] | None:
    if left is None or right is None:
        return right if left is None else left
    return left & right


ANY: Final = Limit()
FIXED: Final = Limit(is_fixed=True)


@dataclass(frozen=True, slots=True)
class Requesters:
    """Requesters of one kind within a limit."""

    who: Who
    limit: Limit = ANY
    are_anybodys: bool = False
    """For services: whether any user can make them act, as of all services, or of S3 that calls a function."""
    are_networked: bool = False
    """Whether their requests come from a named network or access point only."""


EVERYBODY: Final = (Requesters(Who.ANONYMOUS), Requesters(Who.ACCOUNTS), Requesters(Who.SERVICES, are_anybodys=True))


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The requesters that a condition leaves: principals and services within limits (None: no requesters), or all from a named
    network."""

    accounts: Limit | None = None
    services: Limit | None = None
    is_of_network: bool = False

    def left(self, requesters: Requesters) -> Requesters | None:
        """Return the requesters that are left, None if there are none."""
        if self.is_of_network:
            return replace(requesters, are_networked=True)
        if requesters.who in (Who.FEDERATED, Who.WORLD, Who.CLOUDFRONT):
            return requesters
        mine = {Who.ACCOUNTS: self.accounts, Who.SERVICES: self.services}.get(requesters.who)
        limit = requesters.limit.within(mine) if mine is not None else None
        return replace(requesters, limit=limit) if limit is not None else None


def merge_accounts(requesters: Iterable[Requesters]) -> tuple[Requesters, ...]:
    """Return requesters with all named accounts merged into one set."""
    others, accounts = [], set[str]()
    for some in requesters:
        if some.limit.accounts is None:
            others.append(some)
        else:
            accounts |= some.limit.accounts
    named = [Requesters(Who.ACCOUNTS, Limit(accounts=frozenset(accounts)))] if accounts else []
    return tuple(dict.fromkeys([*named, *others]))


def narrow(requesters: Iterable[Requesters], union: Sequence[Narrowing]) -> tuple[Requesters, ...]:
    """Return the requesters that at least one of the narrowings leaves."""
    left = (narrowing.left(some) for some in requesters for narrowing in union)
    return tuple(dict.fromkeys(some for some in left if some is not None))


def level_of(requesters: Requesters, outlook: Assumption) -> AccessLevel:
    """Return the access level of a set of requesters."""
    level = _level_of_who(requesters, outlook)
    return min(level, AccessLevel.EXTERNAL_PRINCIPAL) if requesters.are_networked else level


def _level_of_who(requesters: Requesters, outlook: Assumption) -> AccessLevel:
    match requesters.who:
        case Who.ACCOUNTS:
            return _level_within(requesters.limit, outlook)
        case Who.SERVICES:
            level = _level_within(requesters.limit, outlook)
            return level if requesters.are_anybodys else min(level, AccessLevel.AWS_SERVICE)
        case Who.CLOUDFRONT:
            return AccessLevel.AWS_SERVICE
        case Who.FEDERATED:
            return AccessLevel.EXTERNAL_PRINCIPAL
    return AccessLevel.ANONYMOUS_PRINCIPAL


def _level_within(limit: Limit, outlook: Assumption) -> AccessLevel:
    """Return the widest level of principals within a limit. Anybody can create an account, so any account means everybody."""
    if limit.accounts is not None:
        return max(levels_of_accounts(limit.accounts, limit.organizations, outlook).values())
    if limit.organizations is not None:
        return max(map(outlook.level_of_organization, limit.organizations))
    return AccessLevel.EXTERNAL_PRINCIPAL if limit.is_fixed else AccessLevel.ANONYMOUS_PRINCIPAL


def levels_of_accounts(
    accounts: frozenset[str], organizations: frozenset[str] | None, outlook: Assumption
) -> dict[str, AccessLevel]:
    """Return the level of each account, NOBODY for accounts outside all given organizations."""
    if organizations is None:
        return {account: outlook.level_of_account(account) for account in accounts}
    others = max(map(outlook.level_of_organization, organizations - {OWN}), default=AccessLevel.NOBODY)
    levels = {}
    for account in accounts:
        level, organization = outlook.level_of_account(account), outlook.organization_of(account)
        if organization is None:
            levels[account] = min(level, others)
        else:
            levels[account] = level if organization in organizations else AccessLevel.NOBODY
    return levels
