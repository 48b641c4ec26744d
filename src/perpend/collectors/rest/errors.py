"""Classify errors: some state a fact, all others mean that something is unknown. No other module decides this."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.failures import FailureKind
from perpend.collectors.tables import failed_call

if TYPE_CHECKING:
    from perpend.collectors.rest.rows import RestCall, RestTables
    from perpend.core.objects.claims import FailedCall

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,79}")
"""The form of a code. Any other text of an error may hold a secret, and is shown nowhere."""

_KINDS: Final = {401: FailureKind.CREDENTIALS, 403: FailureKind.DENIED, 429: FailureKind.THROTTLED}
_MOST_LEVELS: Final = 4


class CallRefused(Exception):
    """A call failed. ``code`` is that of the cloud, or a name of Perpend's; it never has the text of an answer."""

    def __init__(self, kind: FailureKind, code: str) -> None:
        super().__init__(f"{kind.value} {code}")
        self.kind = kind
        self.code = code


class MalformedAnswer(CallRefused):
    """An answer is not what the call returns."""

    def __init__(self, code: str) -> None:
        super().__init__(FailureKind.FAILED, code)


def code_of(body: Any, level: int = 0) -> str:
    """Return the first code in the body of an error, in any case of its key; empty if there is none of a code's form."""
    if not isinstance(body, dict) or level > _MOST_LEVELS:
        return ""
    members = {str(key).casefold(): value for key, value in body.items()}
    code = members.get("code")
    if isinstance(code, str) and _CODE.fullmatch(code):
        return code
    return code_of(members.get("error"), level + 1)


def refusal_of(tables: RestTables, status: int, code: str) -> CallRefused:
    """Return the error for the status and the code of an answer. An error without a code gets its status as the code."""
    kind = next(
        (kind for kind, codes in tables.kinds.items() if {code, code.partition(" ")[0]} & codes),
        _KINDS.get(status, FailureKind.FAILED),
    )
    return CallRefused(kind, code or f"HTTP {status}")


def refused_call(call: RestCall, account: str, error: CallRefused) -> FailedCall:
    """Return the cause for an error of a call."""
    kind = FailureKind.NOT_FOUND if error.code in call.gone else error.kind
    return failed_call(call, account, kind, error.code)
