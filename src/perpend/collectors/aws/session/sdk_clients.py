"""Share the SDK's clients of services over accounts. Each call is signed with the credentials of its account.

A client takes ten milliseconds and half a megabyte. An organization of a thousand accounts would need a hundred thousand.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver

from perpend.collectors.aws.session.timeouts import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODELS: Final = botocore.loaders.create_loader()
"""The loader of service models, shared by all sessions: each own one costs a tenth of a second and a megabyte."""

CONNECT: Final = 10.0
"""The timeout in seconds for a connection."""

_MOST_CLIENTS: Final = 96
"""How many idle clients of services stay open."""

_MOST_CONNECTIONS: Final = 16
"""How many idle connections of a client stay open."""

_ACCOUNTS_HOSTS: Final = ("s3-control", ".vpce.")
"""Parts of AWS host names that take the account as a prefix."""

_SIGNING: Final[ContextVar[Any]] = ContextVar("signing", default=None)
"""The credentials of the call that this thread makes. A thread that has set none signs nothing."""


class SdkClients:
    """The clients of services in regions, of one configuration. Threads and accounts share them.

    Only the most recently used clients stay open. Raises BotoCoreError if the configuration cannot be read.
    """

    def __init__(self, profile: str | None, endpoint_url: str | None, *, attempts: int, timeout: float) -> None:
        self.session = botocore.session.Session(profile=profile)
        self.session.register_component("data_loader", MODELS)
        self.session.get_scoped_config()  # raises ProfileNotFound even if the region comes from elsewhere
        self._own = self.session.get_component("credential_provider")
        self.session.register_component("credential_provider", CredentialResolver([_OfTheCall()]))
        self._endpoint_url = endpoint_url
        self._config = Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=CONNECT,
            read_timeout=timeout,
            max_pool_connections=_MOST_CONNECTIONS,
        )
        self._clients: dict[tuple[str, str], tuple[Any, Transport]] = {}
        self._used: Counter[tuple[str, str]] = Counter()
        self._lock = threading.RLock()

    def own_credentials(self) -> Any:
        """Return the credentials of the profile, None if it has none. Raises BotoCoreError."""
        return self._own.load_credentials()

    @contextmanager
    def open(self, service: str, region: str) -> Iterator[tuple[Any, Transport]]:
        """Yield the client of a service and keep it open during the block."""
        key = service, region
        with self._lock:
            self._clients[key] = client = self._clients.pop(key, None) or self._new_client(service, region)
            self._used[key] += 1
            idle = [one for one in self._clients if not self._used[one]]
            for unused in idle[: max(0, len(self._clients) - _MOST_CLIENTS)]:
                self._clients.pop(unused)[0].close()
        try:
            yield client
        finally:
            with self._lock:
                self._used[key] -= 1

    def close(self) -> None:
        """Close all connections. Later calls open new ones."""
        with self._lock:
            for client, _ in self._clients.values():
                client.close()
            self._clients.clear()

    def _new_client(self, service: str, region: str) -> tuple[Any, Transport]:
        client = self.session.create_client(service, region_name=region, endpoint_url=self._endpoint_url, config=self._config)
        client.meta.events.register("before-sign.s3-control", without_account)
        return client, Transport(client)


@contextmanager
def signed_with(credentials: Any) -> Iterator[None]:
    """Sign the calls that this thread makes in the block with credentials of one account; none are signed with None."""
    before = _SIGNING.set(credentials.get_frozen_credentials() if credentials is not None else None)
    try:
        yield
    finally:
        _SIGNING.reset(before)


class _CallCredentials:
    """The credentials that all clients have: those of the call."""

    method = "call"

    def get_frozen_credentials(self) -> Any:
        """Return the credentials of the call, None if there are none: then the SDK raises NoCredentialsError."""
        return _SIGNING.get()

    def get_deferred_property(self, name: str) -> Callable[[], None]:
        """Return nothing known of the account: no host name depends on it."""
        return lambda: None


class _OfTheCall(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    METHOD = CANONICAL_NAME = _CallCredentials.method

    def load(self) -> _CallCredentials:
        return _CallCredentials()


def without_account(request: Any, **_: Any) -> None:
    """Remove the account prefix from the host name of a server other than AWS, which has no such name. A header has it, too."""
    url = urlsplit(request.url)
    account, _, host = url.netloc.partition(".")
    if re.fullmatch("[0-9]{12}", account) and not any(mark in host for mark in _ACCOUNTS_HOSTS):
        request.url = url._replace(netloc=host).geturl()
