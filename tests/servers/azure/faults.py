"""Ways in which Azure answers something else: errors by code, as providers write them, beside the faults of any cloud."""

from __future__ import annotations

from email.utils import formatdate
from typing import Final

from tests.servers.azure.double import error
from tests.servers.rest import Asked, Change, Fault, faults

DENIED: Final = error(403, "AuthorizationFailed", "The client 'a-client' does not have authorization to perform action 'x'.")

REFUSALS: Final[dict[str, Fault]] = {
    "AuthorizationFailed": DENIED,
    "LinkedAuthorizationFailed": error(403, "LinkedAuthorizationFailed"),
    "Forbidden": error(403, "Forbidden"),
    "RequestDisallowedByPolicy": error(403, "RequestDisallowedByPolicy"),
    "ReadOnlyDisabledSubscription": error(409, "ReadOnlyDisabledSubscription"),
    "ExpiredAuthenticationToken": error(401, "ExpiredAuthenticationToken"),
    "insufficient_claims": Fault(
        401,
        {"error": {"code": "InvalidAuthenticationToken", "message": "a secret text"}},
        {"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3MiOnt9fQ=="'},
    ),
    "MissingSubscriptionRegistration": error(409, "MissingSubscriptionRegistration"),
    "Subscription Not Registered": error(404, "Subscription Not Registered"),
    "SubscriptionNotFound": error(404, "SubscriptionNotFound"),
    "ResourceNotFound": error(404, "ResourceNotFound"),
    "ResourceGroupNotFound": error(404, "ResourceGroupNotFound"),
    "ParentResourceNotFound": error(404, "ParentResourceNotFound"),
    "InvalidResourceType": error(404, "InvalidResourceType"),
    "NoRegisteredProviderFound": error(400, "NoRegisteredProviderFound"),
    "FeatureNotSupportedForAccount": error(400, "FeatureNotSupportedForAccount"),
    "InternalServerError": error(500, "InternalServerError"),
    "GatewayTimeout": error(504, "GatewayTimeout"),
    "no code": Fault(403, {"message": "a secret text"}),
    "code without error": Fault(403, {"code": "Forbidden", "message": "a secret text"}),
    "Error in another case": Fault(403, {"Error": {"Code": "Forbidden", "Message": "a secret text"}}),
    "message alone": Fault(400, {"Message": "a secret text"}),
}
"""Errors that say nothing about objects, by name. None may become a fact without a proof."""


def throttled(seconds: int = 1, code: str = "TooManyRequests", *, as_date: bool = False) -> Fault:
    """Return a refusal that asks to wait, for seconds or until a time, which has passed."""
    pause = formatdate(0, usegmt=True) if as_date else str(seconds)
    return error(429, code, **{"Retry-After": pause, "x-ms-ratelimit-remaining-subscription-reads": "0"})


def without(*names: str) -> Change:
    """Return a change that leaves members of all objects out, named from the top with dots."""

    def change(asked: Asked, answer: Fault) -> Fault:
        return answer._replace(body=_without(answer.body, names))

    return change


def _without(body: object, names: tuple[str, ...]) -> object:
    if isinstance(body, dict) and isinstance(body.get("value"), list):
        return {**body, "value": [_without(one, names) for one in body["value"]]}
    for name in names:
        first, _, rest = name.partition(".")
        if isinstance(body, dict) and first in body:
            inner = {first: _without(body[first], (rest,))} if rest else {}
            body = {**{key: value for key, value in body.items() if key != first}, **inner}
    return body


FAULTS: Final[dict[str, Fault | Change]] = {**faults(next_link="nextLink"), **REFUSALS, "throttled for ever": throttled(1)}
"""All faults of one call, by name."""
