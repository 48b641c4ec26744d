"""Get tokens for Azure's hosts, by azure-identity. A token stays in memory, and no text of an error goes anywhere.

The packages of the SDK write tokens' requests and pages of advice to their loggers: these are silent.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from typing import Any, Final

from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.identity import DefaultAzureCredential

from perpend.collectors.failures import FailureKind
from perpend.collectors.rest.errors import CallRefused

NO_CREDENTIALS: Final = "NoCredentials"
"""The code if no credentials are found."""

UNGRANTED: Final = "NoToken"
"""The code if credentials are found, and the SDK states no code why they get no token."""

NO_CONNECTION: Final = "ConnectionFailed"
"""The code if the server that makes tokens does not answer, as for any other request."""

_LEFT: Final = 300.0
"""How many seconds before its end a token is replaced."""

_PAUSE: Final = 60.0
"""How many seconds a refusal counts, so that thousands of calls do not each start the Azure CLI."""

_FAILED: Final = "Authentication failed"
"""The words of the SDK about credentials that it has found, in a list of all that it has tried."""

_UNANSWERED: Final = re.compile(
    r"HTTPS?Connection|Failed to resolve|Max retries|[Tt]imed out|Connection (?:refused|reset|aborted)"
)
_CODE: Final = re.compile(r"\bAADSTS[0-9]{4,8}\b")
_SILENT: Final = ("azure", "msal", "msal_extensions")


class AzureTokens:
    """Tokens of azure-identity's default credentials, by host; of one ``tenant`` if it is named. Threads share it.

    These are, in this order: variables of the environment, a workload identity, a managed identity, and sign-ins of the Azure
    CLI, of PowerShell and of the Azure Developer CLI. No browser is opened.
    """

    def __init__(self, tenant: str | None = None) -> None:
        for name in _SILENT:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._tenant = {"tenant_id": tenant} if tenant else {}
        self._credential = DefaultAzureCredential(
            additionally_allowed_tenants=[tenant] if tenant else [],
            exclude_shared_token_cache_credential=True,
            exclude_visual_studio_code_credential=True,
        )
        self._tokens: dict[str, Any] = {}
        self._refusal: tuple[float, CallRefused] | None = None
        self._lock = threading.Lock()

    def token(self, host: str) -> str:
        """Return a token for a host. Raises CallRefused with the code of the identity platform, or one of this module."""
        with self._lock:
            token = self._tokens.get(host)
            if token is None or token.expires_on - time.time() < _LEFT:
                self._tokens[host] = token = self._fetched(host)
            return str(token.token)

    def _fetched(self, host: str) -> Any:
        if self._refusal is not None and time.monotonic() - self._refusal[0] < _PAUSE:
            raise CallRefused(self._refusal[1].kind, self._refusal[1].code)
        try:
            return self._credential.get_token(f"https://{host}/.default", **self._tenant)
        except (AzureError, ValueError) as error:  # a tenant's id or an authority of another form is a ValueError
            refusal = CallRefused(FailureKind.CREDENTIALS, _code_of(error))
        self._refusal = time.monotonic(), refusal
        raise refusal


def _code_of(error: Exception) -> str:
    """Return the code in an error of the SDK, without anything else of its text."""
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return NO_CONNECTION
    text = str(error)
    if code := _CODE.search(text):
        return code[0]
    failed = [line for line in text.splitlines() if _FAILED in line]
    if any(map(_UNANSWERED.search, failed)):
        return NO_CONNECTION
    return UNGRANTED if failed else NO_CREDENTIALS
