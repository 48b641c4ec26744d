"""Get tokens for Google's APIs, by google-auth. A token stays in memory, and no text of an error goes anywhere.

The SDK warns about sign-ins of people without a project, and logs requests for tokens: it is silent here.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import warnings
from contextlib import suppress
from typing import Any, Final

import google.auth
import google.auth.impersonated_credentials
import google.auth.transport.requests
from google.auth.credentials import TokenState
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError
from google.oauth2.credentials import Credentials as PersonCredentials

from perpend.collectors.failures import FailureKind
from perpend.collectors.google.cloud import code_in
from perpend.collectors.rest.errors import CallRefused

NO_CREDENTIALS: Final = "NoCredentials"
"""The code if no credentials are found."""

UNGRANTED: Final = "NoToken"
"""The code if credentials are found, and the SDK states no code why they get no token."""

NO_CONNECTION: Final = "ConnectionFailed"
"""The code if the server that makes tokens does not answer, as for any other request."""

PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
"""The scope of tokens. The inventory takes no narrower one, such as that for reading only: roles limit a token."""

DIRECTORY: Final = "https://www.googleapis.com/auth/admin.directory.user.readonly"

_PAUSE: Final = 60.0
"""How many seconds a refusal counts, so that thousands of calls do not each ask for a token."""

_HOUR: Final = 3600
_CODE: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")
_KNOWN: Final = re.compile(r"\b(invalid_grant|invalid_client|invalid_scope|unauthorized_client|access_denied|invalid_rapt)\b")


class GoogleTokens:
    """Tokens of Application Default Credentials, or of a service account that these impersonate. Threads share it.

    ``quota_project`` is the project that requests are counted for, by default that of the credentials. Making it raises
    CallRefused without credentials.
    """

    def __init__(self, impersonate: str | None = None, quota_project: str | None = None, *, directory: bool = False) -> None:
        for name in ("google", "urllib3"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        further = [DIRECTORY] if directory else []
        self._request = google.auth.transport.requests.Request()
        self._lock = threading.Lock()
        self._refusal: tuple[float, CallRefused] | None = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                own, _ = google.auth.default(scopes=[PLATFORM, *([] if impersonate else further)])
        except (GoogleAuthError, ValueError, OSError) as error:
            raise CallRefused(FailureKind.CREDENTIALS, code_of(error)) from None
        self.is_person = isinstance(own, PersonCredentials)
        self.quota_project = quota_project or getattr(own, "quota_project_id", None)
        self._credentials: Any = own
        if impersonate:
            self._credentials = google.auth.impersonated_credentials.Credentials(
                own, impersonate, [PLATFORM, *further], lifetime=_HOUR
            )

    def token(self, host: str) -> str:
        """Return a token. Raises CallRefused with the code of Google's identity service, or one of this module."""
        with self._lock:
            if self._credentials.token_state is not TokenState.FRESH:
                self._refresh()
            return str(self._credentials.token)

    def _refresh(self) -> None:
        if self._refusal is not None and time.monotonic() - self._refusal[0] < _PAUSE:
            raise CallRefused(self._refusal[1].kind, self._refusal[1].code)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._credentials.refresh(self._request)
            return
        except (GoogleAuthError, ValueError, OSError) as error:
            refusal = CallRefused(FailureKind.CREDENTIALS, code_of(error))
        self._refusal = time.monotonic(), refusal
        raise refusal


def code_of(error: Exception) -> str:
    """Return the code in an error of the SDK, without anything else of its text."""
    if isinstance(error, DefaultCredentialsError):
        return NO_CREDENTIALS
    if isinstance(error, (TransportError, OSError)):
        return NO_CONNECTION
    if isinstance(error, RefreshError):
        for part in error.args:
            with suppress(ValueError):
                body = json.loads(part) if isinstance(part, str) else part
                if code := code_in(body, ""):
                    return code
        if known := _KNOWN.search(str(error)):
            return known[0]
    return UNGRANTED
