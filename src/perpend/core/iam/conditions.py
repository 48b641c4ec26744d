"""Evaluate the ``Condition`` of a statement: return for each demand the requesters that meet it, or why it narrows nothing.

A demand counts only if it surely narrows: by its operator, by fixed values, and by keys that every request has. Source: ADR
0028; the keys of requests: IAM user guide, global condition context keys.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.addresses import NotARange, are_open_to_internet
from perpend.core.dataclass import dataclass
from perpend.core.iam.access_policy import AccessPolicyError, includes
from perpend.core.iam.requesters import ANY, FIXED, Limit, Narrowing
from perpend.core.iam.surroundings import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perpend.core.iam.surroundings import Assumption

_EQUALS = frozenset({"StringEquals", "StringEqualsIgnoreCase"})
_PATTERN = frozenset({"StringLike", "ArnEquals", "ArnLike"})
_ARN = frozenset({"ArnEquals", "ArnLike"})
TEXT: Final = _EQUALS | _PATTERN
"""The positive operators that compare texts."""

_POSITIVE = TEXT | {"IpAddress", "Bool"}
_OPPOSITE: Final[Mapping[str, str]] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
}
_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?", re.ASCII)
_WILDCARD = re.compile(r"[*?]")
_ACCOUNT_FIRST = re.compile(r"arn:[^:*?]*:[^:*?]*:[^:*?]*:([0-9]{12})(?![0-9])")
"""An ARN with its account before its first wildcard."""

_ACCOUNT_FIFTH = re.compile(r"arn:[^:]*:[^:]*:[^:]*:([0-9]{12})(?::|$)")
"""An ARN for an operator that compares part by part."""

_FIXED_WITHOUT_ACCOUNT = re.compile(r"arn:[^:*?]+:[^:*?]+:[^:*?]*::[^*?]+")
"""A complete ARN without an account, such as a bucket's: it has one owner, but the ARN does not show it."""

_WIDEST_NETWORK: Final = {4: 8, 6: 32}
"""The shortest prefix of a network that counts as a named one, by version of IP. Source: AWS, the meaning of public for S3."""

_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
"""All IPv4 addresses, written as IPv6."""

_TYPES_OF_PRINCIPALS = frozenset({"account", "user", "federateduser", "assumedrole"})
_PRINCIPALS_ONLY = ("aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:username")
"""Keys that only signed requests of principals have. ``aws:PrincipalAccount`` is ``anonymous`` in unsigned requests."""

_SERVICES_ONLY = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")
_TAG = "aws:principaltag/"


@dataclass(frozen=True, slots=True)
class Demand:
    """One operator on one key. ``operator`` has neither its quantifier (``ForAnyValue``) nor ``IfExists``."""

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False
    written: str = ""

    def asks(self, operator: str, value: str) -> bool:
        """Whether it is a plain operator with one value, true or false."""
        return (self.operator, self.quantifier) == (operator, "") and {value.lower() for value in self.values} == {value}

    @property
    def are_fixed(self) -> bool:
        """Whether no value holds a wildcard."""
        return not any(map(_WILDCARD.search, self.values))


def demands_of(condition: object) -> tuple[Demand, ...]:
    """Return the demands of a ``Condition``, all of which a request must meet. Raises AccessPolicyError for any other form."""
    if not isinstance(condition, dict) or not all(isinstance(by_key, dict) for by_key in condition.values()):
        raise AccessPolicyError("`Condition` does not hold operators with keys")
    demands: list[Demand] = []
    for operator, by_key in condition.items():
        if len({key.lower() for key in by_key}) < len(by_key):
            raise AccessPolicyError(f"`{operator[:64]}` of a `Condition` has a key twice")
        parts = _OPERATOR.fullmatch(operator)
        for key, given in by_key.items():
            demand = Demand("", key.lower(), _values(given), written=f"{operator} {key}")
            if parts:
                demand = replace(demand, quantifier=parts[1] or "", operator=parts[2], if_exists=bool(parts[3]))
            demands.append(demand)
    return tuple(demands)


def _values(given: object) -> tuple[str, ...]:
    values = given if isinstance(given, list) else [given]
    if not all(isinstance(value, str | bool | int | float) for value in values):
        raise AccessPolicyError("a value of a `Condition` is neither a text nor a number nor a Boolean")
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


def firm_keys(demands: Iterable[Demand]) -> frozenset[str]:
    """Return the keys that every request must have because of ``Null``."""
    return frozenset(demand.key for demand in demands if demand.asks("Null", "false") and not demand.if_exists)


def reason_to_ignore(demand: Demand, firm: frozenset[str]) -> str | None:
    """Return the reason why a demand narrows nothing whatever its key is; None if it may narrow."""
    if demand.operator not in _POSITIVE:
        return "leaves everybody else" if demand.operator in _OPPOSITE else "says nothing of who asks"
    if (demand.if_exists or demand.quantifier == "ForAllValues") and demand.key not in firm:
        return "lets requests without the key pass"
    if not demand.values or any("${" in value for value in demand.values):
        return "has no fixed value"
    if demand.operator in _EQUALS and not demand.are_fixed:
        return "has a wildcard, which is no fixed value here"
    return None


def opposite(demand: Demand) -> Demand | None:
    """Return the demand that a request meets exactly if it does not meet a Deny's demand; None if there is none."""
    if demand.asks("Null", "true") and not demand.if_exists:
        return replace(demand, values=("false",))
    if demand.key == "aws:principalisawsservice" and demand.asks("Bool", "false") and demand.if_exists:
        # Unsigned requests lack the key, so without `IfExists` they are not denied.
        return replace(demand, values=("true",), if_exists=False)
    if demand.operator in _OPPOSITE and not demand.quantifier:
        # A request without the key is denied either way.
        return replace(demand, operator=_OPPOSITE[demand.operator], if_exists=False)
    return None


def narrowing_of(demand: Demand, firm: frozenset[str], outlook: Assumption) -> Narrowing | str:
    """Return the requesters that meet a demand, or the reason why it narrows nothing."""
    if demand.asks("Null", "false") and not demand.if_exists:
        return _where_present(demand.key) or "says nothing of who asks"
    if (reason := reason_to_ignore(demand, firm)) is not None:
        return reason
    read = _of_tag if demand.key.startswith(_TAG) else _READERS.get(demand.key)
    if read is None:
        return "says nothing of who asks"
    return read(demand, outlook) or "has a value that fixes nobody"


def _where_present(key: str) -> Narrowing | None:
    if key in _PRINCIPALS_ONLY or key.startswith(_TAG):
        return Narrowing(accounts=ANY)
    return Narrowing(services=ANY) if key in _SERVICES_ONLY else None


def _of_accounts(demand: Demand, outlook: Assumption) -> Limit | None:
    if demand.operator not in TEXT or not all(map(ACCOUNT.fullmatch, demand.values)):
        return None
    return Limit(accounts=frozenset(map(outlook.account, demand.values)))


def _of_organizations(demand: Demand, outlook: Assumption) -> Limit | None:
    if demand.operator not in TEXT:
        return None
    names = [value.partition("/")[0] for value in demand.values]
    if any(map(_WILDCARD.search, names)):
        return ANY
    lower = demand.operator == "StringEqualsIgnoreCase"
    return Limit(organizations=frozenset(outlook.organization(name.lower() if lower else name) for name in names))


def _of_account_in_arn(demand: Demand, outlook: Assumption, form: re.Pattern[str]) -> Limit | None:
    if demand.operator not in TEXT:
        return None
    matches = [form.match(value) for value in demand.values]
    if all(matches):
        return Limit(accounts=frozenset(outlook.account(match[1]) for match in matches if match))
    are_fixed = all(form.match(value) or _FIXED_WITHOUT_ACCOUNT.fullmatch(value) for value in demand.values)
    return FIXED if are_fixed else ANY


def _principal_account(demand: Demand, outlook: Assumption) -> Narrowing | None:
    limit = _of_accounts(demand, outlook)
    return Narrowing(accounts=limit) if limit else None


def _source_owner(demand: Demand, outlook: Assumption) -> Narrowing | None:
    limit = _of_accounts(demand, outlook)
    return Narrowing(accounts=limit, services=limit) if limit else None


def _principal_arn(demand: Demand, outlook: Assumption) -> Narrowing | None:
    if any(not value.strip("*") for value in demand.values):
        return None
    limit = _of_account_in_arn(demand, outlook, _ACCOUNT_FIRST)
    return Narrowing(accounts=limit) if limit else None


def _principal_organization(demand: Demand, outlook: Assumption) -> Narrowing | None:
    limit = _of_organizations(demand, outlook)
    return Narrowing(accounts=limit) if limit else None


def _user_id(demand: Demand, outlook: Assumption) -> Narrowing | None:
    # Unsigned requests have the key as well, with the value `anonymous`.
    if demand.operator not in TEXT or any(includes(value.lower(), "anonymous") for value in demand.values):
        return None
    ids = [value.partition(":")[0] for value in demand.values]
    accounts = [outlook.known.unique_ids.get(identity) for identity in ids]
    if all(accounts):
        return Narrowing(accounts=Limit(accounts=frozenset(outlook.account(account) for account in accounts if account)))
    return Narrowing(accounts=ANY if any(map(_WILDCARD.search, ids)) else FIXED)


def _of_tag(demand: Demand, _: Assumption) -> Narrowing | None:
    return Narrowing(accounts=ANY) if demand.operator in TEXT else None


def _principal_type(demand: Demand, _: Assumption) -> Narrowing | None:
    are_signed = demand.operator in TEXT and _TYPES_OF_PRINCIPALS.issuperset(value.lower() for value in demand.values)
    return Narrowing(accounts=ANY) if are_signed else None


def _is_true(demand: Demand) -> bool:
    return demand.operator in TEXT | {"Bool"} and {value.lower() for value in demand.values} == {"true"}


def _with_second_factor(demand: Demand, _: Assumption) -> Narrowing | None:
    return Narrowing(accounts=ANY) if _is_true(demand) else None


def _source_account(demand: Demand, outlook: Assumption) -> Narrowing | None:
    return Narrowing(services=_of_accounts(demand, outlook) or ANY) if demand.operator in TEXT else None


def _source_arn(demand: Demand, outlook: Assumption) -> Narrowing | None:
    form = _ACCOUNT_FIFTH if demand.operator in _ARN else _ACCOUNT_FIRST
    limit = _of_account_in_arn(demand, outlook, form)
    return Narrowing(services=limit) if limit else None


def _source_organization(demand: Demand, outlook: Assumption) -> Narrowing | None:
    limit = _of_organizations(demand, outlook)
    return Narrowing(services=limit) if limit else None


def _is_service(demand: Demand, _: Assumption) -> Narrowing | None:
    return Narrowing(services=ANY) if _is_true(demand) else None


def _service_name(demand: Demand, _: Assumption) -> Narrowing | None:
    return Narrowing(services=FIXED if demand.are_fixed else ANY) if demand.operator in TEXT else None


_NETWORK = Narrowing(is_of_network=True)


def _network_name(demand: Demand, _: Assumption) -> Narrowing | None:
    return _NETWORK if demand.operator in TEXT and demand.are_fixed and all(demand.values) else None


def _network_addresses(demand: Demand, _: Assumption) -> Narrowing | None:
    if demand.operator != "IpAddress" or not all(map(_is_narrow_network, demand.values)):
        return None
    try:
        return None if are_open_to_internet(demand.values) else _NETWORK
    except NotARange:
        return None


def _is_narrow_network(text: str) -> bool:
    """Whether a text is a network, and none of the widest."""
    _, slash, prefix = text[:64].partition("/")
    if slash and not (prefix.isascii() and prefix.isdigit()):
        return False
    try:
        network = ipaddress.ip_network(text[:64], strict=False)
    except ValueError:
        return False
    if isinstance(network, ipaddress.IPv6Network) and network.overlaps(_MAPPED):
        return network.prefixlen - _MAPPED.prefixlen >= _WIDEST_NETWORK[4]
    return network.prefixlen >= _WIDEST_NETWORK[network.version]


def _access_point_account(demand: Demand, _: Assumption) -> Narrowing | None:
    return _NETWORK if demand.operator in TEXT and all(map(ACCOUNT.fullmatch, demand.values)) else None


def _access_point_arn(demand: Demand, _: Assumption) -> Narrowing | None:
    form = _ACCOUNT_FIFTH if demand.operator in _ARN else _ACCOUNT_FIRST
    return _NETWORK if demand.operator in TEXT and all(map(form.match, demand.values)) else None


_READERS: Final[Mapping[str, Callable[[Demand, Assumption], Narrowing | None]]] = {
    "aws:principalaccount": _principal_account,
    "kms:calleraccount": _principal_account,
    "aws:sourceowner": _source_owner,
    "aws:principalarn": _principal_arn,
    "aws:principalorgid": _principal_organization,
    "aws:principalorgpaths": _principal_organization,
    "aws:userid": _user_id,
    "aws:username": _of_tag,
    "aws:principaltype": _principal_type,
    "aws:multifactorauthpresent": _with_second_factor,
    "aws:sourceaccount": _source_account,
    "aws:sourcearn": _source_arn,
    "aws:sourceorgid": _source_organization,
    "aws:sourceorgpaths": _source_organization,
    "aws:principalisawsservice": _is_service,
    "aws:principalservicename": _service_name,
    "aws:sourcevpc": _network_name,
    "aws:sourcevpce": _network_name,
    "aws:sourceip": _network_addresses,
    "aws:vpcsourceip": _network_addresses,
    "s3:dataaccesspointaccount": _access_point_account,
    "s3:dataaccesspointarn": _access_point_arn,
}
"""The evaluation of each known key, by its name in lower case. Other keys narrow nothing."""


def leaves(demands: Sequence[Demand], outlook: Assumption) -> tuple[tuple[Demand, Narrowing | str], ...]:
    """Return each demand with the requesters that meet it, or the reason why it narrows nothing."""
    firm = firm_keys(demands)
    return tuple((demand, narrowing_of(demand, firm, outlook)) for demand in demands)
