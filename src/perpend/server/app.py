"""Assemble the web application: pages, API, MCP, health and jobs behind one guard."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Match

from perpend.core.errors import InvalidOption, PerpendError
from perpend.server.api.routes import ROUTES as API
from perpend.server.credentials import Credentials
from perpend.server.guard import Guard
from perpend.server.health import ROUTES as HEALTH
from perpend.server.jobs.jobs import Jobs
from perpend.server.jobs.routes import ROUTES as JOBS
from perpend.server.login import ROUTES as LOGIN
from perpend.server.mcp.routes import ROUTES as MCP
from perpend.server.metrics import ROUTES as METRICS
from perpend.server.metrics import Metrics
from perpend.server.observe import Observed
from perpend.server.pages.errors import no_account_page
from perpend.server.pages.routes import ROUTES as PAGES
from perpend.server.parameters import BadRequest
from perpend.server.refusals import is_for_programs, refusal
from perpend.server.scope import NoAccount
from perpend.server.settings import Limits, ServerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.served_store import ServedStore

__all__ = ["Limits", "ServerSettings", "create_app"]

_LEAST_COMPRESSED: Final = 1_000
"""The size in bytes from which an answer is compressed, if its client can read that. Streams of events never are."""


def create_app(store: ServedStore, settings: ServerSettings) -> Starlette:
    """Return the application that serves a store.

    Handlers find ``store`` and ``settings`` in ``request.app.state``, the reader's name and accounts in
    ``request.state.reader`` and ``request.state.scope``.
    """
    credentials, metrics, jobs = Credentials(settings), Metrics(), Jobs(settings.place, settings.runs)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await jobs.close()

    app = Starlette(
        routes=[*HEALTH, *LOGIN, *METRICS, *JOBS, *API, *MCP, *PAGES],
        middleware=[
            Middleware(Observed, metrics=metrics, log_format=settings.log_format),
            Middleware(Guard, settings=settings, credentials=credentials),
            Middleware(GZipMiddleware, minimum_size=_LEAST_COMPRESSED, compresslevel=5),
        ],
        exception_handlers={
            HTTPException: _http_error,
            BadRequest: _bad_request,
            InvalidOption: _bad_request,
            NoAccount: _no_account,
            PerpendError: _unavailable,
        },
        lifespan=lifespan,
    )
    # An address has one form. Starlette's redirect to another one fails for a query that is not UTF-8.
    app.router.redirect_slashes = False
    app.state.store = store
    app.state.settings = settings
    app.state.credentials = credentials
    app.state.metrics = metrics
    app.state.jobs = jobs
    app.state.streams = 0
    return app


_SENTENCES: Final = {404: "There is nothing at this address.", 405: "This address does not answer this method."}


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    is_own = error.detail[-1:] == "."  # Starlette's own details are names of the status, not sentences
    sentence = error.detail if is_own else _SENTENCES.get(error.status_code, error.detail)
    headers = {"Allow": ", ".join(_methods_of(request))} if error.status_code == 405 else error.headers
    return refusal(request, error.status_code, sentence, headers)


def _methods_of(request: Request) -> list[str]:
    """Return the methods that an address answers. Several routes may have it."""
    matching = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in matching for method in getattr(route, "methods", None) or ()})


def _bad_request(request: Request, error: Exception) -> Response:
    return refusal(request, 400, str(error))


def _no_account(request: Request, error: Exception) -> Response:
    assert isinstance(error, NoAccount)
    if is_for_programs(request.scope["path"]):
        return refusal(request, 403, str(error))
    return no_account_page(request, error.scope.origin)


def _unavailable(request: Request, error: Exception) -> Response:
    return refusal(request, 503, str(error), {"Retry-After": "10"})
