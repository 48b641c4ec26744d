"""The route ``/mcp``: the tools over streamable HTTP, behind the guard. It exists if the extra ``mcp`` is installed.

Each request is answered by itself, without a session: nothing is kept between requests, and any server can answer the next.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send


PATH: Final = "/mcp"


class McpEndpoint:
    """Answers one request of the protocol. The modules of ``mcp`` are imported by the first request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        answer = await run_in_threadpool(_imported)
        await answer(scope, receive, send)


def _imported() -> ASGIApp:
    answer: ASGIApp = import_module("perpend.server.mcp.http").answer
    return answer


ROUTES: Final[list[BaseRoute]] = [Route(PATH, McpEndpoint(), methods=["POST"])] if find_spec("mcp") else []
"""The route of the tools; none if the extra is not installed."""
