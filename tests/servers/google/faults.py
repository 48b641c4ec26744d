"""Ways in which Google Cloud answers something else: errors of each family, and pages with a hidden fault."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any, Final

from tests.servers.google.double import GCLOUD, disabled, error, older_error
from tests.servers.rest import Asked, Change, Fault, faults

_DENIED: Final = "PERMISSION_DENIED"
_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
VIOLATION: Final = "Ab12cd34EF"
"""The id of a violation of a perimeter, by which an administrator finds it."""

DENIED: Final = error(
    403,
    _DENIED,
    "Permission 'x' denied on resource 'y' (or it may not exist).",
    "IAM_PERMISSION_DENIED",
    resource="y",
    permission="x",
)


def perimeter(identifier: str = VIOLATION) -> Fault:
    """Return the refusal of a perimeter of VPC Service Controls."""
    words = f"Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: {identifier}"
    fault = error(403, _DENIED, words, "SECURITY_POLICY_VIOLATED", uid=identifier, service="cloudasset.googleapis.com")
    kind = "type.googleapis.com/google.rpc.PreconditionFailure"
    violations = {"@type": kind, "violations": [{"type": "VPC_SERVICE_CONTROLS", "description": identifier}]}
    return fault._replace(body={"error": {**fault.body["error"], "details": [violations, *fault.body["error"]["details"]]}})


def throttled(seconds: int = 1, *, as_date: bool = False) -> Fault:
    """Return a refusal that asks to wait, for seconds or until a time, which has passed."""
    fault = error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "RATE_LIMIT_EXCEEDED", service="cloudasset.googleapis.com")
    return fault._replace(headers={"Retry-After": formatdate(0, usegmt=True) if as_date else str(seconds)})


def _invalid_grant(subtype: str) -> Fault:
    described = {"error": "invalid_grant", "error_description": "a secret text"}
    return Fault(400, {**described, **({"error_subtype": subtype} if subtype else {})})


REFUSALS: Final[dict[str, Fault]] = {
    "IAM_PERMISSION_DENIED": DENIED,
    "denied without a reason": error(403, _DENIED, "The caller does not have permission"),
    "older denied": older_error(403, "forbidden"),
    "perimeter": perimeter(),
    "ORG_RESTRICTION_VIOLATION": error(403, _DENIED, "a secret text", "ORG_RESTRICTION_VIOLATION"),
    "SERVICE_DISABLED of the quota project": disabled("cloudasset.googleapis.com", GCLOUD),
    "older accessNotConfigured": older_error(403, "accessNotConfigured"),
    "USER_PROJECT_DENIED": error(403, _DENIED, "a secret text", "USER_PROJECT_DENIED", consumer="projects/quota-1"),
    "CONSUMER_INVALID": error(403, _DENIED, "a secret text", "CONSUMER_INVALID", consumer="projects/quota-1"),
    "requires a quota project": error(
        400, "INVALID_ARGUMENT", "The API requires a quota project, which is not set by default."
    ),
    "UNAUTHENTICATED": error(401, "UNAUTHENTICATED", "a secret text", "ACCESS_TOKEN_EXPIRED"),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": error(403, _DENIED, "a secret text", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
    "older rateLimitExceeded": older_error(403, "rateLimitExceeded"),
    "older userRateLimitExceeded": older_error(403, "userRateLimitExceeded"),
    "INVALID_ARGUMENT": error(400, "INVALID_ARGUMENT", 'Invalid asset type "x": it matches no supported asset type.'),
    "UNIMPLEMENTED": error(501, "UNIMPLEMENTED"),
    "NOT_FOUND": error(404, "NOT_FOUND"),
    "older notFound": older_error(404, "notFound"),
    "cancelled": error(499, "CANCELLED"),
    "DEADLINE_EXCEEDED": error(504, "DEADLINE_EXCEEDED"),
    "INTERNAL": error(500, "INTERNAL"),
    "no code": Fault(403, {"message": "a secret text"}),
    "error is a text": Fault(403, {"error": "a secret text"}),
    "details are texts": Fault(403, {"error": {"code": 403, "message": "a", "status": _DENIED, "details": ["a", None]}}),
    "metadata is a list": Fault(
        403, {"error": {"code": 403, "status": _DENIED, "details": [{"@type": _INFO, "metadata": []}]}}
    ),
}
"""Errors that say nothing about objects, by name. None may become a fact without a proof."""

TOKEN_REFUSALS: Final[dict[str, Fault]] = {
    "invalid_grant": _invalid_grant(""),
    "reauth required": _invalid_grant("invalid_rapt"),
    "no account": Fault(401, {"error": "invalid_client", "error_description": "a secret text"}),
    "token server": Fault(503, {"error": "server_error", "error_description": "a secret text"}),
    "html for a token": Fault(200, b"<html></html>", {"Content-Type": "text/html"}),
}
"""Answers of the host that gives tokens, instead of a token: for ``Google.no_tokens``."""


def each_asset(change: Any, *names: str) -> Change:
    """Return a change of assets: of those whose name ends with one of the names, of all without names."""

    def changed(asked: Asked, answer: Fault) -> Fault:
        assets = [
            change(asset) if not names or asset["name"].endswith(names) else asset for asset in answer.body.get("assets", ())
        ]
        return answer._replace(body={**answer.body, **({"assets": assets} if assets else {})})

    return changed


def truncated(*names: str) -> Change:
    """Return a change after which the content of assets was cut, and says so."""

    def cut(asset: dict[str, Any]) -> dict[str, Any]:
        data = dict(list(asset.get("resource", {}).get("data", {}).items())[:1])
        exceptions = [{"exceptionType": "TRUNCATION", "details": "The resource was too large."}]
        return {**asset, "resource": {**asset.get("resource", {}), "data": data}, "assetExceptions": exceptions}

    return each_asset(cut, *names)


def without_resource(*names: str) -> Change:
    """Return a change that leaves the content of assets out, as if nobody had asked for it."""
    return each_asset(lambda asset: {name: part for name, part in asset.items() if name != "resource"}, *names)


def without(path: str, *names: str) -> Change:
    """Return a change that leaves a member of assets out, named from the top with dots, as if it were sensitive."""
    return each_asset(lambda asset: _without(asset, path.split(".")), *names)


def _without(part: dict[str, Any], steps: list[str]) -> dict[str, Any]:
    first, *rest = steps
    inner = part.get(first)
    if rest and isinstance(inner, dict):
        return {**part, first: _without(inner, rest)}
    return {name: value for name, value in part.items() if name != first or rest}


def another_time(asked: Asked, answer: Fault) -> Fault:
    """Change the time of a page, which then is a page of another list."""
    return answer._replace(body={**answer.body, "readTime": "2020-01-01T00:00:00Z"})


def same_token(asked: Asked, answer: Fault) -> Fault:
    """Name the same next page for ever."""
    return answer._replace(body={**answer.body, "nextPageToken": "c2FtZQ"})


def no_time(asked: Asked, answer: Fault) -> Fault:
    """Leave out of which time a page is."""
    return answer._replace(body={name: part for name, part in answer.body.items() if name != "readTime"})


PAGES: Final[dict[str, Change]] = {"another time": another_time, "no time": no_time, "same token": same_token}
"""Pages that are not the next part of the same list."""

FAULTS: Final[dict[str, Fault | Change]] = {
    **{name: fault for name, fault in faults(next_link="nextPageToken", items="assets").items() if name != "same page"},
    **REFUSALS,
    **PAGES,
    "throttled for ever": throttled(1),
    "TRUNCATION": truncated(),
    "no resource": without_resource(),
}
"""All faults of one call, by name."""
