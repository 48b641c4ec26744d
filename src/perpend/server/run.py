"""Run the application on a socket until Ctrl-C."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import uvicorn

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from perpend.server.settings import Limits

_BACKLOG: Final = 128
_MOST_CONNECTIONS: Final = 512
_GRACE: Final = 3
"""How long open answers have to end after Ctrl-C, in seconds."""


class CannotListen(PerpendError):
    """An address at which the server cannot listen."""


def listening_socket(address: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address and port; port 0 takes a free one. Raises CannotListen."""
    shown = f"[{address}]" if ":" in address else address
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as failed:
            bound = failed.enter_context(socket.socket(family, kind, protocol))  # asyncio sends at once only if it knows TCP
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(place)
            bound.listen(_BACKLOG)
            failed.pop_all()
            return bound
    except OSError as error:
        raise CannotListen(f"{shown}:{port}: cannot listen: {(error.strerror or str(error)).lower()}") from None


def http_server(app: Starlette, limits: Limits) -> uvicorn.Server:
    """Return the server of an application. It believes no header about the client's address, and sends no name."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",  # bounds the head of a request
            h11_max_incomplete_event_size=limits.address + limits.headers,
            ws="none",
            lifespan="on",
            loop="asyncio",
            proxy_headers=False,
            server_header=False,
            log_config=None,
            log_level="critical",
            access_log=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE,
        )
    )


def run_server(app: Starlette, limits: Limits, bound: socket.socket) -> None:
    """Answer requests until SIGINT or SIGTERM, and end the jobs. Raises KeyboardInterrupt after the last answer."""
    try:
        http_server(app, limits).run(sockets=[bound])
    finally:
        app.state.jobs.end_at_exit()
