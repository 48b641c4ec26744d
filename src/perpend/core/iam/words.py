"""Describe requesters in words for people. Texts from documents are cut but not escaped: the renderer escapes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.iam.access_policy import AccessLevel
from perpend.core.iam.requesters import Who, levels_of_accounts
from perpend.core.iam.surroundings import OWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.core.iam.conditions import Demand
    from perpend.core.iam.requesters import Limit, Narrowing, Requesters
    from perpend.core.iam.surroundings import Assumption

_SHOWN: Final = 3
_LONGEST: Final = 100
_PLACES: Final = {
    AccessLevel.SAME_ORG: "in the own organization",
    AccessLevel.TRUSTED_PRINCIPAL: "which was collected",
    AccessLevel.EXTERNAL_PRINCIPAL: "which was not collected",
}


def account_in_words(account: str, outlook: Assumption) -> str:
    """Return an account and its access level in words."""
    return "the own account" if account == OWN else f"account {account}, {_PLACES[outlook.level_of_account(account)]}"


def organization_in_words(name: str, outlook: Assumption) -> str:
    """Return an organization and its access level in words."""
    if name == OWN:
        return "the own organization"
    return f"organization {name[:_LONGEST]}, {_PLACES[outlook.level_of_organization(name)]}"


def demand_in_words(demand: Demand, left: Narrowing | str, outlook: Assumption) -> str:
    """Return a sentence on the requesters that meet a demand, or on why it narrows nothing."""
    written = f"`{demand.written[:_LONGEST]}`"
    return f"{written} {left if isinstance(left, str) else f'leaves {narrowing_in_words(left, outlook)}'}"


def narrowing_in_words(narrowing: Narrowing, outlook: Assumption) -> str:
    """Return the requesters of a narrowing in words."""
    if narrowing.is_of_network:
        return "requests from a named network or access point, by any principal"
    principals = [] if narrowing.accounts is None else [_principals(narrowing.accounts, outlook)]
    services = [] if narrowing.services is None else [_services(narrowing.services, outlook)]
    return " or ".join([*principals, *services]) or "nobody"


def union_in_words(union: Sequence[Narrowing], outlook: Assumption) -> str:
    """Return the requesters of any of several narrowings in words."""
    shown = [narrowing_in_words(narrowing, outlook) for narrowing in union[:_SHOWN]]
    more = f" or {len(union) - _SHOWN:,} more" if len(union) > _SHOWN else ""
    return " or ".join(shown) + more if shown else "nobody"


def requesters_in_words(requesters: Requesters, outlook: Assumption) -> str:
    """Return a set of requesters in words."""
    where = ", from a named network or access point only" if requesters.are_networked else ""
    match requesters.who:
        case Who.ACCOUNTS:
            return _principals(requesters.limit, outlook) + where
        case Who.SERVICES:
            return _services(requesters.limit, outlook) + where
    return _OTHERS[requesters.who] + where


_OTHERS: Final = {
    Who.ANONYMOUS: "anybody, without credentials too",
    Who.FEDERATED: "identities outside AWS",
    Who.WORLD: "identities that anybody can have",
    Who.CLOUDFRONT: "users of CloudFront",
}


def _principals(limit: Limit, outlook: Assumption) -> str:
    if limit.names_accounts:
        return f"principals of {_limit(limit, outlook)}"
    return "principals that are named, of whatever account" if limit.is_fixed else "principals of any account"


def _services(limit: Limit, outlook: Assumption) -> str:
    if limit.names_accounts:
        return f"services of AWS on behalf of {_limit(limit, outlook)}"
    if limit.is_fixed:
        return "services of AWS that are named, or for things that are named, of whatever account"
    return "services of AWS on behalf of anybody"


def _limit(limit: Limit, outlook: Assumption) -> str:
    parts = []
    if limit.accounts is not None:
        levels = levels_of_accounts(limit.accounts, limit.organizations, outlook)
        left = {account: level for account, level in levels.items() if level}
        parts.append(_some(left, lambda account: account_in_words(account, outlook)))
    if limit.organizations is not None:
        organizations = {name: outlook.level_of_organization(name) for name in limit.organizations}
        parts.append(_some(organizations, lambda name: organization_in_words(name, outlook)))
    return " within ".join(parts)


def _some(levels: Mapping[str, AccessLevel], words: Callable[[str], str]) -> str:
    """Return the widest items first, and the number of the others."""
    ordered = sorted(levels, key=lambda name: (-levels[name], name))
    more = f" and {len(ordered) - _SHOWN:,} more" if len(ordered) > _SHOWN else ""
    return "; ".join(map(words, ordered[:_SHOWN])) + more
