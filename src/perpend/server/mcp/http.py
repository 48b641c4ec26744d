"""Answer one request of the protocol over HTTP, for the accounts that the guard has found for its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request

from perpend.server.mcp.server import mcp_server
from perpend.server.reader import scope_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request. The application's state has the store and the settings, the request's state the reader's scope."""
    state = scope["app"].state
    server = mcp_server(state.store, scope_of(Request(scope)))
    manager = StreamableHTTPSessionManager(
        server, json_response=True, stateless=True, security_settings=security_of(state.settings.hosts)
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def security_of(hosts: Iterable[str]) -> TransportSecuritySettings:
    """Return the hosts and origins that the guard accepts, as the library checks them once more."""
    names = [form for host in sorted(hosts) for form in (host, f"{host}:*")]
    origins = [f"{scheme}://{name}" for scheme in ("http", "https") for name in names]
    return TransportSecuritySettings(allowed_hosts=names, allowed_origins=origins)
