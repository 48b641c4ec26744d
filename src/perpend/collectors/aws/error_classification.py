"""Classify errors of AWS: some state a fact, all others mean that something is unknown. No other module decides this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.failures import FailureKind
from perpend.collectors.tables import failed_call
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import FailedCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.collectors.aws.model import CloudCall
    from perpend.collectors.aws.parse import CloudPlace


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An answer, or an error that states the same facts as an answer."""

    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The code and message of an error, of AWS or of the connection."""

    code: str
    message: str = ""
    status: int = 0


Meaning = ErrorAnswer | FailedCall

_DENIED: Final = frozenset(
    (
        "AccessDenied",
        "AccessDeniedException",
        "AccessDeniedFault",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedException",
        "NotAuthorized",
        "OperationNotPermittedException",
        "InvalidAccessException",
        "403",
    )
)
_CREDENTIALS: Final = frozenset(
    (
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "CredentialRetrievalError",
    )
)
_REGION_CLOSED: Final = frozenset(("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "OptInRequired"))
"""Codes of a region that does not know the account's credentials. From a global service they mean invalid credentials."""
_THROTTLED: Final = frozenset(
    (
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "PriorRequestNotComplete",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "EC2ThrottledException",
        "DependencyThrottle",
    )
)
_UNSUPPORTED: Final = frozenset(
    ("SubscriptionRequiredException", "NotSignedUp", "UnknownOperationException", "UnsupportedOperation", "InvalidAction")
)
_CLASSES: Final = (
    (_DENIED, FailureKind.DENIED),
    (_CREDENTIALS, FailureKind.CREDENTIALS),
    (_REGION_CLOSED, FailureKind.REGION_CLOSED),
    (_THROTTLED, FailureKind.THROTTLED),
    (_UNSUPPORTED, FailureKind.UNSUPPORTED),
)
_SCP: Final = "service control policy"


def meaning_of(call: CloudCall, refusal: Refusal, where: CloudPlace) -> Meaning:
    """Return the fact that an error of a call states, or the cause why something is unknown."""
    if refusal.code in call.facts and call.wording.get(refusal.code, "") in refusal.message:
        return ErrorAnswer(call.facts[refusal.code])
    kind = FailureKind.NOT_FOUND if refusal.code in call.gone else kind_of(refusal, where)
    return unread(call, kind, where, refusal.code)


def kind_of(refusal: Refusal, where: CloudPlace) -> FailureKind:
    """Return the kind of failure of an error in a place."""
    lack = next((kind for codes, kind in _CLASSES if refusal.code in codes), FailureKind.FAILED)
    if lack is FailureKind.REGION_CLOSED and not where.region:
        return FailureKind.CREDENTIALS
    return FailureKind.DENIED_BY_SCP if lack is FailureKind.DENIED and _SCP in refusal.message else lack


def is_throttling(code: str) -> bool:
    """Whether an error means that there were too many calls."""
    return code in _THROTTLED


def unread(call: CloudCall, kind: FailureKind, where: CloudPlace, code: str = "") -> FailedCall:
    """Return the cause for a call that failed."""
    return failed_call(call, where.account, kind, code, where.region)
