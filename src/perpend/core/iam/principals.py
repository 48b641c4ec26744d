"""Convert the ``Principal`` of an Allow statement to requesters, with a sentence on each for people.

Raises AccessPolicyError for a form that is not understood, so that it does not pass as a narrow one. Source: ADR 0028.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.core.iam.access_policy import AccessPolicyError
from perpend.core.iam.conditions import TEXT, firm_keys, reason_to_ignore
from perpend.core.iam.requesters import EVERYBODY, FIXED, Limit, Requesters, Who
from perpend.core.iam.surroundings import ACCOUNT, OWN
from perpend.core.iam.words import account_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perpend.core.iam.conditions import Demand
    from perpend.core.iam.surroundings import Assumption

_SHOWN: Final = 100
_ARN = re.compile(r"arn:[a-z-]+:(?:iam|sts)::([0-9]{12}):[^*?]+")
_CLOUDFRONT = re.compile(r"arn:[a-z-]+:iam::cloudfront:user/[^*?]+")
_UNIQUE_ID = re.compile(r"(?:AIDA|AROA|AGPA)[A-Z0-9]{12,124}")
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}")
_PROVIDER = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:(saml|oidc)-provider/([^*?]+)")

_OF_FUNCTION = re.compile(r"(?:arn:[^:]*:)?lambda:", re.IGNORECASE)
"""The prefixes of Lambda actions and ARNs. A function's policy holds no others."""

_PUBLIC: Final[Mapping[str, tuple[str, ...]]] = {
    "graph.facebook.com": ("app_id",),
    "accounts.google.com": ("aud", "sub"),
    "www.amazon.com": ("app_id",),
    "cognito-identity.amazonaws.com": ("aud", "sub"),
}
"""Identity providers open to everybody, with the keys of which a fixed value names one application."""

_SHARED: Final[Mapping[str, re.Pattern[str]]] = {
    issuer: re.compile(customer)
    for issuer, customer in {
        "token.actions.githubusercontent.com": r"repo:[^/*?:]+/",
        "gitlab.com": r"project_path:[^/*?:]+/",
        "app.terraform.io": r"organization:[^:*?]+:",
        "agent.buildkite.com": r"organization:[^:*?]+:",
        "oidc.codefresh.io": r"account:[^:*?]+:",
        "oidc.vercel.com": r"owner:[^:*?]+:",
        "api.pulumi.com/oidc": r"pulumi:[^:*?]+:org:[^:*?]+:",
        "login.microsoftonline.com/common/v2.0": r"(?!)",
        "login.microsoftonline.com/organizations/v2.0": r"(?!)",
        "login.microsoftonline.com/consumers/v2.0": r"(?!)",
        "appleid.apple.com": r"(?!)",
    }.items()
}
"""Issuers that all their customers share, with the prefix of a ``sub`` that names one customer."""


CLAIMS: Final = frozenset({"aud", "app_id", "sub"})
"""The suffixes of identity providers' keys, which are explained with the provider."""


class NamedRequesters(NamedTuple):
    """The requesters of one principal and a sentence on them; no requesters if conditions exclude all."""

    requesters: tuple[Requesters, ...]
    sentence: str


def named_principals(statement: Mapping[str, object], demands: Sequence[Demand], outlook: Assumption) -> list[NamedRequesters]:
    """Return the requesters that an Allow statement of a resource's policy names."""
    if "NotPrincipal" in statement:
        return [NamedRequesters(EVERYBODY, "`NotPrincipal` names everybody else")]
    given = statement.get("Principal")
    if given == "*":
        return [NamedRequesters(EVERYBODY, "names everybody")]
    if not isinstance(given, dict) or not given:
        raise AccessPolicyError("it names no principal" if given is None else "its `Principal` is neither `*` nor an object")
    principals: list[NamedRequesters] = []
    for kind, names in given.items():
        if kind not in _READERS:
            raise AccessPolicyError(f"`{kind[:_SHOWN]}` is no kind of principal")
        read = _service_of_function if kind == "Service" and _is_of_function(statement) else _READERS[kind]
        principals += (read(name, demands, outlook) for name in dict.fromkeys(_listed(names)))
    return principals


def _listed(given: object) -> list[str]:
    listed = [given] if isinstance(given, str) else given
    assert isinstance(listed, list)  # of texts: the document as a whole was understood
    return listed


def _is_of_function(statement: Mapping[str, object]) -> bool:
    given = [*_listed(statement.get("Action", [])), *_listed(statement.get("Resource", []))]
    return any(map(_OF_FUNCTION.match, given))


def own_identities() -> list[NamedRequesters]:
    """Return the requesters of an identity policy."""
    limit = Limit(accounts=frozenset({OWN}))
    return [NamedRequesters((Requesters(Who.ACCOUNTS, limit),), "is a policy of identities: those of the own account")]


def _aws(name: str, _: Sequence[Demand], outlook: Assumption) -> NamedRequesters:
    if name == "*":
        return NamedRequesters(EVERYBODY, "names everybody")
    if named := ACCOUNT.fullmatch(name) or _ARN.fullmatch(name):
        number = outlook.account(named[1])
        return _account(number, account_in_words(number, outlook))
    if _CLOUDFRONT.fullmatch(name):
        return NamedRequesters((Requesters(Who.CLOUDFRONT),), "names a user of CloudFront, which belongs to AWS")
    if _UNIQUE_ID.fullmatch(name):
        owner = outlook.known.unique_ids.get(name)
        if owner is None:
            return NamedRequesters((), f"names `{name}`, which a deleted user or role left behind: nobody has it any more")
        return _account(outlook.account(owner), f"`{name}` of {account_in_words(outlook.account(owner), outlook)}")
    raise AccessPolicyError(f"`{name[:_SHOWN]}` is no principal of AWS")


def _account(number: str, words: str) -> NamedRequesters:
    return NamedRequesters((Requesters(Who.ACCOUNTS, Limit(accounts=frozenset({number}))),), f"names {words}")


def _canonical_user(name: str, _: Sequence[Demand], outlook: Assumption) -> NamedRequesters:
    if not _CANONICAL_ID.fullmatch(name):
        raise AccessPolicyError(f"`{name[:_SHOWN]}` is no canonical user id")
    owner = outlook.known.canonical_ids.get(name)
    if owner is None:
        return NamedRequesters((Requesters(Who.ACCOUNTS, FIXED),), "names a canonical user of an account that is not known")
    number = outlook.account(owner)
    return _account(number, f"the canonical user of {account_in_words(number, outlook)}")


def _service(name: str, _: Sequence[Demand], __: Assumption) -> NamedRequesters:
    return NamedRequesters((Requesters(Who.SERVICES),), f"names the service `{name[:_SHOWN]}`")


def _service_of_function(name: str, demands: Sequence[Demand], outlook: Assumption) -> NamedRequesters:
    # AWS calls functions for S3 public without a condition: lambda-function-public-access-prohibited.
    if name != "s3.amazonaws.com":
        return _service(name, demands, outlook)
    return NamedRequesters(
        (Requesters(Who.SERVICES, are_anybodys=True),), f"names `{name}`, which calls functions for buckets of anybody"
    )


def _federated(name: str, demands: Sequence[Demand], _: Assumption) -> NamedRequesters:
    arn = _PROVIDER.fullmatch(name)
    if arn is None and name not in _PUBLIC:
        raise AccessPolicyError(f"`{name[:_SHOWN]}` is no identity provider")
    if arn and arn[1] == "saml":
        return NamedRequesters((Requesters(Who.FEDERATED),), f"names identities of the SAML provider `{arn[2][:_SHOWN]}`")
    issuer = (arn[2] if arn else name).lower().rstrip("/")
    if issuer not in _PUBLIC and issuer not in _SHARED:
        return NamedRequesters((Requesters(Who.FEDERATED),), f"names identities of the provider `{issuer[:_SHOWN]}`")
    if any(_fixes(demand, issuer) for demand in _that_count(demands)):
        return NamedRequesters((Requesters(Who.FEDERATED),), f"names identities of one application or customer of `{issuer}`")
    return NamedRequesters(
        (Requesters(Who.WORLD),), f"names identities of `{issuer}`, which anybody can have: no condition names one customer"
    )


def _that_count(demands: Sequence[Demand]) -> Iterator[Demand]:
    firm = firm_keys(demands)
    return (demand for demand in demands if demand.operator in TEXT and reason_to_ignore(demand, firm) is None)


def _fixes(demand: Demand, issuer: str) -> bool:
    """Whether a demand surely names one application or customer of an issuer."""
    provider, _, claim = demand.key.rpartition(":")
    if provider != issuer:
        return False
    if issuer in _PUBLIC:
        return claim in _PUBLIC[issuer] and demand.are_fixed and all(demand.values)
    form = _SHARED[issuer]
    return claim == "sub" and all(value and (form.match(value) or not _has_wildcard(value)) for value in demand.values)


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


_READERS: Final[Mapping[str, Callable[[str, Sequence[Demand], Assumption], NamedRequesters]]] = {
    "AWS": _aws,
    "CanonicalUser": _canonical_user,
    "Service": _service,
    "Federated": _federated,
}
