"""The credentials of readers: a Bearer token, a header of a trusted proxy, or the cookie of a session."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from perpend.server.scope import Scope
    from perpend.server.settings import ServerSettings

_MOST_SESSIONS: Final = 1_000
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """A person or program with valid credentials. ``scope`` are the accounts that it may see, None for all."""

    name: str
    scope: Scope = None


class Contradiction(Exception):
    """A header of the proxy that is sent twice: one of the two is not the proxy's."""


class Credentials:
    """Finds the reader of a request. Sessions are in memory: a restart of the server ends them."""

    def __init__(self, settings: ServerSettings, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._now = now
        self._one_time = settings.one_time_token
        self._sessions: dict[bytes, float] = {}

    def reader_of(self, request: Request) -> Reader | None:
        """Return the reader of a request, None without valid credentials. Raises Contradiction."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _is_one_of(token.strip(), self._settings.tokens):
            return Reader("token")
        return self._named_by_proxy(request) or self._of_session(request)

    def exchange(self, token: str) -> str | None:
        """Return the cookie of a new session for the one-time token or a Bearer token, None for another text."""
        if self._one_time is not None and _is_one_of(token, [self._one_time]):
            self._one_time = None
        elif not _is_one_of(token, self._settings.tokens):
            return None
        cookie = secrets.token_urlsafe(32)
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=self._sessions.__getitem__)]
        self._sessions[_digest(cookie)] = self._now() + self._settings.limits.session_seconds
        return cookie

    def end(self, request: Request) -> None:
        """End the session of a request, if it has one."""
        self._sessions.pop(_digest(request.cookies.get(cookie_name(request), "")), None)

    def _of_session(self, request: Request) -> Reader | None:
        key = _digest(request.cookies.get(cookie_name(request), ""))
        ends = self._sessions.get(key)
        if ends is None or ends <= self._now():
            self._sessions.pop(key, None)
            return None
        return Reader("session")

    def _named_by_proxy(self, request: Request) -> Reader | None:
        settings = self._settings
        if settings.trust_header is None or not self._is_trusted(request):
            return None
        name = _only_value(request, settings.trust_header)
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            return None
        if settings.scope_header is None:
            return Reader(name)
        accounts = _only_value(request, settings.scope_header).split(",")
        return Reader(name, frozenset(filter(None, map(str.strip, accounts))))

    def _is_trusted(self, request: Request) -> bool:
        try:
            peer = ipaddress.ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._settings.trust_from)


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie. Browsers share cookies between ports, so it holds the port."""
    port = request.headers.get("host", "").rpartition("]")[2].rpartition(":")[2]
    return f"perpend-session-{port}" if port.isdecimal() else "perpend-session"


def _only_value(request: Request, header: str) -> str:
    values = request.headers.getlist(header)
    if len(values) > 1:
        raise Contradiction(f"The header {header} came more than once.")
    return values[0].strip() if values else ""


def _is_one_of(token: str, known: Iterable[str]) -> bool:
    """Whether a token is one of those known. The time does not depend on the token."""
    given = _digest(token)
    return sum(hmac.compare_digest(given, _digest(valid)) for valid in known) > 0


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
