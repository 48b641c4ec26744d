"""Check every request before anything else looks at it: its size, host, origin, credentials and rate."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.requests import Request

from perpend.server.credentials import Contradiction
from perpend.server.login import login_page
from perpend.server.rates import Rates
from perpend.server.refusals import is_for_programs, refusal
from perpend.server.scope import ReaderScope

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Send
    from starlette.types import ReaderScope as Connection

    from perpend.server.credentials import Credentials
    from perpend.server.settings import ServerSettings

HEALTH: Final = ("/healthz", "/readyz")
"""Addresses for probes, which ask by the address of a machine. They tell nothing about the store's content."""

PUBLIC: Final = (*HEALTH, "/login")
"""Addresses that need no credentials."""

ASSETS: Final = "/static/"
"""The beginning of the addresses of style sheets, scripts and icons. They are the same in every installation."""

_READING: Final = ("GET", "HEAD")
_OWN_SITES: Final = ("same-origin", "none")


class Guard:
    """An ASGI middleware that refuses requests, and names the reader of the others.

    ``request.state.reader`` is the reader's name, ``request.state.scope`` are the accounts that the reader may see.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, credentials: Credentials) -> None:
        self._app = app
        self._settings = settings
        self._credentials = credentials
        self._rates = Rates(settings.limits.rate, settings.limits.burst)
        self._log_ins = Counter[str]()
        self._answering = 0

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on with its reader and a bounded body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        state = scope.setdefault("state", {})
        state.update(reader=None, scope=ReaderScope())
        refused = self._misshaped(request) or self._foreign(request) or self._without_right(request, state)
        if refused is None:
            try:
                body = await self._body(request, receive)
            except _UnusableBody as error:
                refused = refusal(request, error.status, str(error), {"Connection": "close"})
        if refused is None and self._answering >= self._settings.limits.at_once and scope["path"] not in HEALTH:
            busy = "The server is answering too many requests. Ask again in a few seconds."
            refused = refusal(request, 503, busy, {"Retry-After": "5"})
        if refused is not None:
            await refused(scope, receive, send)
        else:
            await self._pass_on(scope, body, receive, send)

    async def _pass_on(self, scope: Connection, body: bytes, receive: Receive, send: Send) -> None:
        """Let a request be answered whose body has arrived: while it arrives, a request keeps no other from its answer."""
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_whole() -> Message:
            return whole.pop() if whole else await receive()

        self._answering += 1
        try:
            await self._app(scope, receive_whole, send)
        finally:
            self._answering -= 1

    async def _body(self, request: Request, receive: Receive) -> bytes:
        """Return the body of a request. Raises _UnusableBody.

        Without a reader, few bodies may arrive at the same time, and each has little room and time.
        """
        limits = self._settings.limits
        if request.state.reader is not None:
            return await _arrived(receive, limits.body, limits.body_seconds)
        if not _has_body(request):
            return b""
        address = request.client.host if request.client else ""
        if self._log_ins.total() >= limits.logins_at_once or self._log_ins[address] >= limits.logins_of_address:
            raise _UnusableBody(503, "Too many log-ins are arriving. Try again in a few seconds.")
        self._log_ins[address] += 1
        try:
            return await _arrived(receive, limits.login_body, limits.login_seconds)
        finally:
            self._log_ins[address] -= 1
            self._log_ins += Counter()  # drops addresses without any

    def _misshaped(self, request: Request) -> Response | None:
        """Refuse a request that is too large."""
        limits, scope = self._settings.limits, request.scope
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > limits.address:
            return refusal(request, 414, f"The address is longer than {limits.address:,} bytes.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > limits.headers:
            return refusal(request, 431, f"The headers are longer than {limits.headers:,} bytes.")
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()):
            return refusal(request, 400, "The header Content-Length is not a number.")
        if len(length) > 18 or int(length) > limits.body:
            return refusal(request, 413, f"The body is longer than {limits.body:,} bytes.", {"Connection": "close"})
        return None

    def _foreign(self, request: Request) -> Response | None:
        """Refuse a request to another host, or one that a page of another site sends to change something."""
        path = request.scope["path"]
        hosts = request.headers.getlist("host")
        if path not in HEALTH and (len(hosts) != 1 or _name_of(hosts[0]) not in self._settings.hosts):
            return refusal(request, 421, "This server does not have this name. `perpend serve --host NAME` gives it one.")
        if request.method in _READING:
            return None
        origins = request.headers.getlist("origin")
        is_own = all(_host_of(origin) == hosts[0].lower() for origin in origins) if hosts else not origins
        if not is_own or request.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
            return refusal(request, 403, "A page of another site sent this request.")
        return None

    def _without_right(self, request: Request, state: dict[str, object]) -> Response | None:
        """Refuse a request without valid credentials, or of a reader that asks too often; else note the reader."""
        path = request.scope["path"]
        is_public = path in PUBLIC or (path.startswith(ASSETS) and request.method in _READING)
        if path in HEALTH:
            return None
        try:
            reader = self._credentials.reader_of(request)
        except Contradiction as error:
            return refusal(request, 400, str(error))
        peer = request.client.host if request.client else ""
        wait = self._rates.wait_of(("reader", reader.name) if reader else ("peer", peer))
        if wait:
            often = f"Too many requests. Ask again in {wait} {'second' if wait == 1 else 'seconds'}."
            return refusal(request, 429, often, {"Retry-After": str(wait)})
        if reader is not None:
            state.update(reader=reader.name, scope=reader.scope)
            return None
        return None if is_public else self._unknown(request)

    def _unknown(self, request: Request) -> Response:
        path = request.scope["path"]
        if is_for_programs(path):
            headers = {"WWW-Authenticate": "Bearer"}
            return refusal(request, 401, "The request has no valid credentials: send a Bearer token.", headers)
        return login_page(request, self._settings, status=401)


class _UnusableBody(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def _arrived(receive: Receive, most: int, seconds: float) -> bytes:
    """Return a body of bounded size, which has to arrive in a bounded time. Raises _UnusableBody."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > most:
                    raise _UnusableBody(413, f"The body is longer than {most:,} bytes.")
                if message["type"] != "http.request":
                    raise _UnusableBody(400, "The connection ended before the whole body had arrived.")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise _UnusableBody(408, "The body did not arrive in time.") from None


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _name_of(host: str) -> str:
    """Return the name in a header ``Host``, without the port."""
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdecimal() else host.lower()


def _host_of(origin: str) -> str | None:
    """Return the host and port of an origin, None if it is not one of a web page."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None
