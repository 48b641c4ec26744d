"""Have AWS generate the credential report, wait for it, and read it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import CallRefused
from perpend.collectors.aws.error_classification import Refusal
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from perpend.collectors.aws.client import CloudClient

_DEADLINE: Final = 120.0
_FIRST, _LONGEST = 0.5, 8.0
_AGAIN: Final = frozenset(("ReportNotPresent", "ReportExpired", "ReportInProgress"))
_WAIT: Final = frozenset(("LimitExceeded", "LimitExceededException"))


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """A report and the time when AWS made it, up to four hours ago."""

    content: bytes
    made_at: datetime | None


def credential_report(
    client: CloudClient,
    *,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
    deadline: float = _DEADLINE,
) -> CredentialReport:
    """Return an account's credential report. Raises CallRefused, also if it is not ready before the deadline."""
    end, pause = clock() + deadline, _FIRST
    while True:
        try:
            state = _one(client, "iam.report-generate").get("State")
            if state == "COMPLETE":
                answer = _one(client, "iam.report")
                return CredentialReport(bytes(answer.get("Content") or b""), answer.get("GeneratedTime"))
        except CallRefused as error:
            if error.refusal.code not in _AGAIN | _WAIT or clock() >= end:
                raise
        else:
            if clock() >= end:
                raise CallRefused(CALLS["iam.report"], _not_ready(str(state)))
        wait(min(pause, max(0.0, end - clock())))
        pause = min(2 * pause, _LONGEST)


def _one(client: CloudClient, name: str) -> Any:
    return next(iter(client.pages(CALLS[name], "", {})))


def _not_ready(state: str) -> Refusal:
    return Refusal("ReportInProgress", f"the report was still {state} at the deadline")
