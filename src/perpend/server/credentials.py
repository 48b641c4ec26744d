"""The credentials of readers: a Bearer token, a header of a trusted proxy, or the cookie of a session."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.language.compiler.names import printable
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.requests import Request

    from perpend.server.settings import BearerToken, ServerSettings

SESSION: Final = "session"
"""The name of a reader who has logged in here, before the name of the token."""

_MOST_SESSIONS: Final = 1_000
_MOST_LISTED: Final = 3
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class KnownReader:
    """A person or program with valid credentials. ``scope`` are the accounts that it may see."""

    name: str
    scope: ReaderScope


class Contradiction(Exception):
    """A header of the proxy that is sent twice: one of the two is not the proxy's."""


class Credentials:
    """Finds the reader of a request. Sessions are in memory: a restart of the server ends them."""

    def __init__(self, settings: ServerSettings, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._now = now
        self._one_time = settings.one_time_token
        self._sessions: dict[bytes, tuple[float, KnownReader]] = {}

    def reader_of(self, request: Request) -> KnownReader | None:
        """Return the reader of a request, None without valid credentials. Raises Contradiction."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and (known := self._token(token.strip())) is not None:
            return KnownReader(f"token {known.name}".rstrip(), known.scope)
        return self._named_by_proxy(request) or self._of_session(request)

    def exchange(self, token: str) -> str | None:
        """Return the cookie of a new session for the one-time token or a Bearer token, None for another text.

        The session shows the accounts of the token.
        """
        if self._one_time is not None and _is_same(token, self._one_time):
            self._one_time = None
            reader = KnownReader(SESSION, ALL_ACCOUNTS)
        elif (known := self._token(token)) is not None:
            reader = KnownReader(f"{SESSION} {known.name}".rstrip(), known.scope)
        else:
            return None
        cookie = secrets.token_urlsafe(32)
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda key: self._sessions[key][0])]
        self._sessions[_digest(cookie)] = self._now() + self._settings.limits.session_seconds, reader
        return cookie

    def end(self, request: Request) -> None:
        """End the session of a request, if it has one."""
        self._sessions.pop(_digest(request.cookies.get(cookie_name(request), "")), None)

    def _of_session(self, request: Request) -> KnownReader | None:
        key = _digest(request.cookies.get(cookie_name(request), ""))
        end, reader = self._sessions.get(key, (0.0, None))
        if reader is None or end <= self._now():
            self._sessions.pop(key, None)
            return None
        return reader

    def _token(self, text: str) -> BearerToken | None:
        """Return the Bearer token that a text is, None if it is none. The time does not depend on the text."""
        known = [token for token in self._settings.tokens if _is_same(text, token.text)]
        return known[0] if known else None

    def _named_by_proxy(self, request: Request) -> KnownReader | None:
        settings = self._settings
        if settings.trust_header is None or not self._is_trusted(request):
            return None
        name = _only_value(request, settings.trust_header)
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            return None
        if settings.scope_header is None:
            return KnownReader(name, ALL_ACCOUNTS)
        accounts = frozenset(filter(None, map(str.strip, _only_value(request, settings.scope_header).split(","))))
        return KnownReader(name, ReaderScope(accounts, origin=_origin(settings.scope_header, accounts)))

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


def _origin(header: str, accounts: Collection[str]) -> str:
    """Return the sentence for a reader to whom the accounts in a header of the proxy show nothing."""
    if not accounts:
        return f"The proxy sends none in {header} for you; ask the person who runs the proxy to add your accounts."
    return (
        f"The proxy sends {listed_accounts(accounts)} in {header} for you, and this store has no such account; ask the person "
        "who runs the proxy."
    )


def listed_accounts(accounts: Collection[str]) -> str:
    """Return accounts as a phrase of bounded length."""
    first = ", ".join(f"`{printable(one)}`" for one in sorted(accounts)[:_MOST_LISTED])
    return f"{first} and {len(accounts) - _MOST_LISTED:,} more" if len(accounts) > _MOST_LISTED else first


def _is_same(token: str, known: str) -> bool:
    """Whether two tokens are the same. The time does not depend on the token."""
    return hmac.compare_digest(_digest(token), _digest(known))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
