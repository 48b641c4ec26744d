"""A store that answers without data, and applications and servers over it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from perpend.core.errors import PerpendError
from perpend.server.answers import Coverage, Summary
from perpend.server.app import ServerSettings, create_app
from perpend.server.run import http_server, listening_socket
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope
from perpend.server.settings import BearerToken

TOKEN = "a-token-of-a-file-0123456789"  # noqa: S105
ONE_TIME = "a-one-time-token-0123456789"
PROXY = ServerSettings(
    hosts=frozenset({"perpend.example", "127.0.0.1"}),
    trust_header="X-Forwarded-User",
    trust_from=(ip_network("10.0.0.4/32"), ip_network("fd00::/64")),
    scope_header="X-Accounts",
    tokens=(BearerToken(TOKEN, ALL_ACCOUNTS),),
)
SUMMARY = Summary(
    run=7,
    time=datetime(2026, 11, 1, tzinfo=UTC),
    snapshot="s",
    accounts=1,
    objects=2,
    policies=3,
    coverage=Coverage(1, 1, 0, 0, 0),
    changes={},
    severities={"high": {"failing": 4, "unknown": 1}},
    services={},
    fix_first=(),
    waivers_ending=0,
    unread_calls=0,
)


@dataclass
class EmptyStore:
    """A store with one run and no findings, or one that cannot be read."""

    error: str | None = None
    scopes: list[Any] = field(default_factory=list)
    is_reading: bool = False

    def current(self) -> EmptyStore:
        if self.error:
            raise PerpendError(self.error)
        return self

    def run_for(self, scope: ReaderScope) -> EmptyStore:
        return self.current()

    def summary(self, scope: ReaderScope) -> Summary:
        self.scopes.append(scope)
        return SUMMARY

    def close(self) -> None:
        pass


async def _seen(request: Request) -> Response:
    """Answer with the reader as handlers see it, after reading the body."""
    await request.body()
    scope = request.state.scope
    return JSONResponse({"reader": request.state.reader, "scope": "all" if scope.is_all else sorted(scope.accounts)})


async def _broken(request: Request) -> Response:
    raise ZeroDivisionError("a secret of the code")


async def _export(request: Request) -> Response:
    return Response("a,b", headers={"Content-Disposition": "attachment; filename=x.csv"})


def application(settings: ServerSettings | None = None, store: EmptyStore | None = None) -> Starlette:
    """Return the application with three more addresses, which show what handlers see."""
    app = create_app(store or EmptyStore(), settings or ServerSettings(one_time_token=ONE_TIME, tokens=PROXY.tokens))  # type: ignore[arg-type]
    more = [
        Route("/api/v1/seen", _seen, methods=["GET", "POST"]),
        Route("/api/v1/broken", _broken),
        Route("/broken", _broken),
        Route("/api/v1/export.csv", _export),
    ]
    app.router.routes[:0] = more
    return app


def client(settings: ServerSettings | None = None, *, peer: str = "127.0.0.1", **given: Any) -> TestClient:
    """Return a client in this process, whose requests come from an address."""
    return TestClient(
        application(settings, **given), base_url="http://127.0.0.1:8080", client=(peer, 50_000), follow_redirects=False
    )


@contextmanager
def server(app: Starlette, settings: ServerSettings | None = None) -> Iterator[int]:
    """Run a server on a free port, and yield the port."""
    bound = listening_socket("127.0.0.1", 0)
    running = http_server(app, (settings or ServerSettings()).limits)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield bound.getsockname()[1]
    finally:
        running.should_exit = True
        thread.join(30)
