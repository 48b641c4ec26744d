"""A small world of accounts, and who of it a statement lets in: every request, by an evaluator of IAM's conditions.

Written by what AWS says of keys and operators, apart from what it tests.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any

from perpend.core.iam.access_policy import AccessLevel
from perpend.core.iam.surroundings import Surroundings

OWN, MEMBER, LISTED, COLLECTED, PARTNER, STRANGER, LONER, NEWCOMER = (
    "111122223333", "222233334444", "333344445555", "444455556666", "555566667777", "999988887777", "888877776666", "777766665555",
)  # fmt: skip
ORGANIZATIONS = dict.fromkeys((OWN, MEMBER, LISTED), "o-own0000001") | {
    PARTNER: "o-partner001",
    STRANGER: "o-unknown001",
    NEWCOMER: "o-newcomer01",
}
ACCOUNTS = (OWN, MEMBER, LISTED, COLLECTED, PARTNER, STRANGER, LONER)
"""All that a document may name. ``NEWCOMER`` stands for anybody: no document names that account, or what belongs to it."""

LEVELS = {
    OWN: AccessLevel.SAME_ACCOUNT,
    MEMBER: AccessLevel.SAME_ORG,
    LISTED: AccessLevel.SAME_ORG,
    COLLECTED: AccessLevel.TRUSTED_PRINCIPAL,
    PARTNER: AccessLevel.TRUSTED_PRINCIPAL,
    STRANGER: AccessLevel.EXTERNAL_PRINCIPAL,
    LONER: AccessLevel.EXTERNAL_PRINCIPAL,
    NEWCOMER: AccessLevel.ANONYMOUS_PRINCIPAL,
}
KNOWN = Surroundings(
    account=OWN,
    organization="o-own0000001",
    organization_accounts=frozenset({OWN, MEMBER, LISTED}),
    collected_accounts=frozenset({OWN, MEMBER, COLLECTED}),
    collected_organizations=frozenset({"o-own0000001", "o-partner001"}),
    account_organizations={PARTNER: "o-partner001"},
    unique_ids={"AROAOWNROLE0000000001": OWN, "AROA4444ROLE000000001": COLLECTED},
)
ISSUER = "token.actions.githubusercontent.com"
ACTIONS = ("s3:GetObject", "s3:PutObject", "kms:Decrypt", "lambda:InvokeFunction")
RESOURCES = ("arn:aws:s3:::b/x", "arn:aws:s3:::b/private/x")
SERVICE, SERVICE_OF_NO_DOCUMENT = "s3.amazonaws.com", "iot.amazonaws.com"


@dataclass(frozen=True)
class Request:
    """One who asks: what statements may name it by, the keys that come with it, and how far away it is."""

    kind: str
    names: frozenset[str]
    level: AccessLevel
    keys: dict[str, str | list[str]] = field(default_factory=dict)


NETWORKS: dict[str, tuple[bool, dict[str, str]]] = {
    "the office": (True, {"aws:sourceip": "203.0.113.7"}),
    "anywhere": (False, {"aws:sourceip": "8.8.8.8"}),
    "anywhere, version 6": (False, {"aws:sourceip": "2600::1"}),
    "the own network": (True, {"aws:sourcevpc": "vpc-own", "aws:sourcevpce": "vpce-own", "aws:vpcsourceip": "10.0.0.5"}),
    "another network": (False, {"aws:sourcevpc": "vpc-x", "aws:sourcevpce": "vpce-x", "aws:vpcsourceip": "172.16.0.5"}),
    "an access point": (
        True,
        {
            "aws:sourceip": "8.8.8.8",
            "s3:dataaccesspointaccount": OWN,
            "s3:dataaccesspointarn": f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/x",
        },
    ),
}
"""Ways to ask, each with whether a document can name it."""


def signed(account: str) -> Iterator[Request]:
    organization = ORGANIZATIONS.get(account)
    keys: dict[str, str | list[str]] = {
        "aws:principalaccount": account,
        "kms:calleraccount": account,
        "aws:sourceowner": account,
    }
    if organization:
        keys |= {"aws:principalorgid": organization, "aws:principalorgpaths": [f"{organization}/r-1/ou-1/"]}
    role = {OWN: "AROAOWNROLE0000000001", COLLECTED: "AROA4444ROLE000000001"}.get(account, f"AROA{account}")
    for arn, more in (
        (f"arn:aws:iam::{account}:role/Admin", {"aws:userid": f"{role}:ci", "aws:principaltype": "AssumedRole"}),
        (
            f"arn:aws:iam::{account}:user/ann",
            {
                "aws:userid": f"AIDA{account}",
                "aws:username": "ann",
                "aws:principaltype": "User",
                "aws:principaltag/team": "blue",
                "aws:multifactorauthpresent": "true",
            },
        ),
    ):
        all_keys = keys | more | {"aws:principalarn": arn, "aws:principalisawsservice": "false"}
        yield Request("signed", frozenset({account, f"arn:aws:iam::{account}:root", arn}), LEVELS[account], all_keys)


def services() -> Iterator[Request]:
    name = SERVICE
    keys: dict[str, str | list[str]] = {"aws:principalisawsservice": "true", "aws:principalservicename": name}
    yield Request("service", frozenset({name}), AccessLevel.AWS_SERVICE, keys)
    for other, arn in product(
        (SERVICE, SERVICE_OF_NO_DOCUMENT), (f"arn:aws:sns:eu-west-1:{NEWCOMER}:t", "arn:aws:s3:::newcomers")
    ):
        organization = ORGANIZATIONS[NEWCOMER]
        of_newcomer: dict[str, str | list[str]] = {
            "aws:principalisawsservice": "true",
            "aws:principalservicename": other,
            "aws:sourceaccount": NEWCOMER,
            "aws:sourcearn": arn,
            "aws:sourceorgid": organization,
            "aws:sourceorgpaths": [f"{organization}/r-1/"],
        }
        level = AccessLevel.AWS_SERVICE if other == SERVICE else AccessLevel.ANONYMOUS_PRINCIPAL
        yield Request("service", frozenset({other}), level, of_newcomer)
    for account, arn in product(
        ACCOUNTS, ("arn:aws:sns:eu-west-1:{}:t", "arn:aws:s3:::bucket", "arn:aws:sns:eu-west-1:{}:t:111122223333:x")
    ):
        source: dict[str, str | list[str]] = {"aws:sourceaccount": account, "aws:sourcearn": arn.format(account)}
        if organization := ORGANIZATIONS.get(account):
            source |= {"aws:sourceorgid": organization, "aws:sourceorgpaths": [f"{organization}/r-1/"]}
        level = LEVELS[account] if LEVELS[account] < AccessLevel.EXTERNAL_PRINCIPAL else AccessLevel.AWS_SERVICE
        yield Request("service", frozenset({name}), level, keys | source)


def identities() -> Iterator[Request]:
    for provider, named, claims in (
        (ISSUER, True, {"sub": "repo:acme/app:ref:main", "aud": "sts.amazonaws.com"}),
        (ISSUER, False, {"sub": "repo:evil/app:ref:main", "aud": "sts.amazonaws.com"}),
        (ISSUER, False, {"sub": "repo:acme-evil/app:ref:main", "aud": "sts.amazonaws.com"}),
        ("accounts.google.com", True, {"sub": "1", "aud": "our-app"}),
        ("accounts.google.com", False, {"sub": "2", "aud": "other-app"}),
        ("idp.example", True, {"sub": "1", "aud": "x"}),
    ):
        level = AccessLevel.EXTERNAL_PRINCIPAL if named else AccessLevel.ANONYMOUS_PRINCIPAL
        names = frozenset({provider, f"arn:aws:iam::{OWN}:oidc-provider/{provider}"})
        yield Request("identity", names, level, {f"{provider}:{claim}": value for claim, value in claims.items()})


def requests() -> Iterator[Request]:
    anonymous: dict[str, str | list[str]] = {
        "aws:principalaccount": "anonymous",
        "aws:userid": "anonymous",
        "aws:principaltype": "Anonymous",
    }
    for is_named, keys in NETWORKS.values():
        level = AccessLevel.EXTERNAL_PRINCIPAL if is_named else AccessLevel.ANONYMOUS_PRINCIPAL
        yield Request("anonymous", frozenset(), level, anonymous | keys)
        for account in (*ACCOUNTS, NEWCOMER):
            limit = level if account == NEWCOMER else LEVELS[account]
            yield from (replace(one, keys=one.keys | keys, level=limit) for one in signed(account))
        for one in identities():
            yield replace(one, keys=one.keys | keys, level=min(one.level, level) if is_named else one.level)
    yield from services()


def level_at_function(request: Request) -> AccessLevel:
    """Return how far away it is where a function is called: S3 is as far as the account that it calls it for."""
    if request.kind != "service":
        return request.level
    return LEVELS[str(request.keys.get("aws:sourceaccount", NEWCOMER))]


def widest_first(level: Callable[[Request], AccessLevel]) -> tuple[tuple[AccessLevel, Request], ...]:
    return tuple(sorted(((level(request), request) for request in REQUESTS), key=lambda pair: -pair[0]))


REQUESTS = tuple(requests())
OF_OTHERS, OF_FUNCTIONS = widest_first(lambda request: request.level), widest_first(level_at_function)
"""All requests, the widest first."""

OF_WHO = {key for request in REQUESTS for key in request.keys}
"""Keys that say something of who asks. Any other key is whatever whoever asks likes it to be."""

NEGATED = {"StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike", "NotIpAddress"}


@cache
def pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text), re.DOTALL)


def compares(operator: str, value: str, wanted: str) -> bool:
    """Whether a request's value is what a positive operator wants."""
    match operator:
        case "StringEquals":
            return value == wanted
        case "StringEqualsIgnoreCase":
            return value.lower() == wanted.lower()
        case "StringLike":
            return pattern(wanted).fullmatch(value) is not None
        case "ArnEquals" | "ArnLike":
            parts, forms = value.split(":", 5), wanted.split(":", 5)
            return len(parts) == len(forms) == 6 and all(
                pattern(form).fullmatch(part) for part, form in zip(parts, forms, strict=True)
            )
        case "IpAddress":
            return is_address_in(value, wanted)
    return value.lower() == wanted.lower()


@cache
def is_address_in(value: str, network: str) -> bool:
    try:
        found, address = ipaddress.ip_network(network, strict=False), ipaddress.ip_address(value)
        return address in found or (address.version == 4 and ipaddress.ip_address(f"::ffff:{value}") in found)
    except ValueError:
        return False


def holds(operator: str, key: str, given: Any, request: Request, *, free: bool) -> bool:
    """Whether a request meets one condition. ``free`` is what a condition says that whoever asks can meet or not, as they like."""
    found, account = request.keys.get(key.lower()), request.keys.get("aws:principalaccount", "")
    values = tuple(given) if isinstance(given, list) else (given,)
    return _holds(operator, key, values, tuple(found) if isinstance(found, list) else found, str(account), free)


@cache
def _holds(operator: str, key: str, given: tuple[Any, ...], found: Any, account: str, free: bool) -> bool:
    """Whether ``found`` under a key, of somebody of an account, meets a condition: asked once of all requests alike in that."""
    quantifier, _, base = operator.rpartition(":")
    base, key = base.removesuffix("IfExists"), key.lower()
    values = [str(one).lower() if isinstance(one, bool) else str(one) for one in given]
    if key not in OF_WHO and not key.startswith("aws:principaltag/") and ":" in key:
        return free
    if base == "Null":
        return any((found is None) == (value == "true") for value in values)
    is_negated = base in NEGATED
    positive = base.replace("Not", "")
    if found is None:
        return operator.endswith("IfExists") or quantifier == "ForAllValues" or (is_negated and quantifier != "ForAnyValue")
    wanted = [value.replace("${aws:PrincipalAccount}", account) for value in values]
    each = [any(compares(positive, one, want) for want in wanted) for one in (found if isinstance(found, tuple) else [found])]
    if quantifier == "ForAllValues":
        return not any(each) if is_negated else all(each)
    if quantifier == "ForAnyValue":
        return not all(each) if is_negated else any(each)
    return not any(each) if is_negated else any(each)


def meets(statement: dict[str, Any], request: Request, *, free: bool) -> bool:
    return all(
        holds(operator, key, given, request, free=free)
        for operator, by_key in statement.get("Condition", {}).items()
        for key, given in by_key.items()
    )


def is_named(statement: dict[str, Any], request: Request) -> bool:
    if "NotPrincipal" in statement:
        return not request.names & set(statement["NotPrincipal"]["AWS"])
    principal = statement["Principal"]
    if principal == "*" or (principal.get("AWS") == ["*"] and request.kind in ("signed", "anonymous")):
        return True
    return any(request.names & set(names) for names in principal.values())


@cache
def concerned(action: str, resource: str) -> frozenset[tuple[str, str]]:
    """Return what a statement of these patterns is about, of all that can be asked."""
    actions, resources = pattern(action.lower()), pattern(resource.lower())
    return frozenset(
        (one, other)
        for one, other in product(ACTIONS, RESOURCES)
        if actions.fullmatch(one.lower()) and resources.fullmatch(other)
    )


def truth(allow: dict[str, Any], denies: list[dict[str, Any]]) -> AccessLevel:
    """Return the level of the widest request that an Allow and its Deny statements let in."""
    asked = concerned(allow["Action"], allow["Resource"])
    taken = [(deny, concerned(deny["Action"], deny["Resource"])) for deny in denies]
    for level, request in OF_FUNCTIONS if allow["Action"].startswith("lambda:") else OF_OTHERS:
        if is_named(allow, request) and meets(allow, request, free=True):
            against = [what for deny, what in taken if is_named(deny, request) and meets(deny, request, free=False)]
            if asked.difference(*against):
                return level
    return AccessLevel.NOBODY
