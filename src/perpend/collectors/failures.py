"""The kinds of failed calls, as all clouds report them."""

from __future__ import annotations

from enum import StrEnum

from perpend.core.objects.claims import NOT_ASKED


class FailureKind(StrEnum):
    """The reason why something is unknown, as messages begin."""

    DENIED = "denied"
    DENIED_BY_SCP = "denied by SCP"
    DENIED_BY_LICENCE = "denied by licence"
    DENIED_BY_PERIMETER = "denied by perimeter"
    QUOTA_PROJECT = "quota project refused for"
    API_OFF = "API off for"
    REGION_CLOSED = "region closed for"
    ACCOUNT_CLOSED = "account closed for"
    THROTTLED = "throttled out of"
    UNSUPPORTED = "unsupported here:"
    CREDENTIALS = "credentials not accepted for"
    NOT_FOUND = "listed and not found:"
    FAILED = "failed:"
    NOT_ASKED = NOT_ASKED
