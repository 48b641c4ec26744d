"""Google Cloud as a cloud: its tables, the meaning of its errors, and the pace of its inventory. Imports no SDK."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.cloud import TableCloud
from perpend.collectors.failures import FailureKind
from perpend.collectors.google.calls import ALL_CALLS
from perpend.collectors.google.inventory import JOINS, PROJECTS
from perpend.collectors.google.types import ALL_TYPES
from perpend.collectors.protocol import Permission
from perpend.collectors.rest.pages import member
from perpend.collectors.rest.rows import RestTables
from perpend.core.clouds.google import GOOGLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

API_OFF: Final = "SERVICE_DISABLED"
"""The code if an API is off in the project that is asked about."""

QUOTA_API_OFF: Final = "QUOTA_PROJECT_SERVICE_DISABLED"
"""The code if an API is off in the project that requests are counted for."""

_PERIMETER: Final = "VPC_SERVICE_CONTROLS"
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_PERIMETER_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,80}")
_CONSUMER: Final = re.compile(r"projects/([a-z0-9-]{1,40})")
_ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
_A_MINUTE: Final = 100
"""How many calls to the inventory a project may make in a minute."""

_KINDS: Final = {
    FailureKind.DENIED_BY_PERIMETER: frozenset((_PERIMETER, "SECURITY_POLICY_VIOLATED")),
    FailureKind.QUOTA_PROJECT: frozenset(("USER_PROJECT_DENIED", "CONSUMER_INVALID", QUOTA_API_OFF)),
    FailureKind.API_OFF: frozenset((API_OFF, "accessNotConfigured")),
    FailureKind.CREDENTIALS: frozenset(
        (
            "UNAUTHENTICATED",
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "ACCESS_TOKEN_TYPE_UNSUPPORTED",
            "ACCESS_TOKEN_EXPIRED",
            "authError",
        )
    ),
    FailureKind.THROTTLED: frozenset(
        ("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded")
    ),
    FailureKind.DENIED: frozenset(
        ("PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "ORG_RESTRICTION_VIOLATION", "accessDenied", "forbidden")
    ),
    FailureKind.UNSUPPORTED: frozenset(("INVALID_ARGUMENT", "UNIMPLEMENTED")),
}


def code_in(body: Any, address: str, ids: Mapping[str, str] | None = None, consumers: list[str] | None = None) -> str:
    """Return the code in the body of an error: its reason, or its status; empty if none has the form of a code.

    An API that is off has another code if it is off in another project than the address is about. ``ids`` are the ids of
    projects by number; ``consumers`` gets the project that the error names. No other text of a body goes anywhere.
    """
    error = member(body, "error")
    if isinstance(error, str):
        return error if _CODE.fullmatch(error) else ""
    perimeter = next(_perimeters(error), None)
    if perimeter is not None:
        return f"{_PERIMETER} {perimeter}".rstrip()
    for detail in _objects(member(error, "details")):
        reason = detail.get("reason")
        if detail.get("@type") == _ERROR_INFO and isinstance(reason, str) and _CODE.fullmatch(reason):
            named = _CONSUMER.fullmatch(str(member(detail, "metadata.consumer")))
            if named and consumers is not None:
                consumers.append(named[1])
            return reason if reason != API_OFF or _is_about(named, address, ids or {}) else QUOTA_API_OFF
    reasons = [one.get("reason") for one in _objects(member(error, "errors"))]
    codes = [code for code in (*reasons, member(error, "status")) if isinstance(code, str) and _CODE.fullmatch(code)]
    return codes[0] if codes else ""


def _is_about(named: re.Match[str] | None, address: str, ids: Mapping[str, str]) -> bool:
    """Whether the consumer that an error names is the project in an address."""
    own = re.search(r"/projects/([^/:?]+)", address)
    return named is not None and own is not None and own[1] in (named[1], ids.get(named[1]))


def _perimeters(error: Any) -> Iterator[str]:
    """Yield the id of each violation of a perimeter, empty if it has none."""
    for detail in _objects(member(error, "details")):
        for violation in _objects(detail.get("violations")):
            if violation.get("type") == _PERIMETER:
                named = violation.get("description")
                yield named if isinstance(named, str) and _PERIMETER_ID.fullmatch(named) else ""


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


TABLES: Final = RestTables(
    GOOGLE,
    ALL_CALLS,
    ALL_TYPES,
    _KINDS,
    usual_rate=10.0,
    joins=JOINS,
    minutes={call.service: _A_MINUTE for call in ALL_CALLS if call.name == PROJECTS},
    code_of=code_in,
)
"""The tables of Google Cloud. An Id is the name of an asset, with ids of projects for their numbers."""

CLOUD: Final = TableCloud(TABLES, [Permission("cloudasset.assets.listResource", ("assets.list",), opens_accounts=True)])
