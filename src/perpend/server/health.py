"""Tell probes whether the process lives, and whether it can read its store. Neither answer has content of the store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def _alive(request: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _ready(request: Request) -> Response:
    try:
        await run_in_threadpool(request.app.state.store.current)
    except PerpendError as error:
        sys.stderr.write(f"perpend: not ready: {visible(str(error))}\n")
        return PlainTextResponse("The store cannot be read. The log has the reason.\n", 503)
    return PlainTextResponse("ready\n")


ROUTES = [Route("/healthz", _alive), Route("/readyz", _ready)]
