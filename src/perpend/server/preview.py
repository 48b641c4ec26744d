"""Preview a site while its repository is edited: the work of ``perpend site serve``.

Nothing is built. A page is made when it is asked for, from the last reading of the repository, and reloads after the next one.
Searches use the list of titles: an index of all texts takes longer to make than an edit.
"""

from __future__ import annotations

import time
from importlib.resources import files
from mimetypes import guess_type
from threading import Lock
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from perpend.core.errors import PerpendError
from perpend.reports.site.render.addresses import quoted
from perpend.server.observe import HEADERS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from perpend.reports.site.site import Site

_INDEX: Final = "index.html"
_OWN_HEADERS: Final = {**HEADERS, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Preview:
    """The site of the last reading of a repository. ``version`` changes with it, also from server to server."""

    def __init__(self, site: Site) -> None:
        self._lock = Lock()
        self.version = time.time_ns()
        self.show(site)

    def show(self, site: Site) -> None:
        """Show another reading, and have open pages reload."""
        site.renderer.reload = str(self.version + 1)
        with self._lock:
            self.site = site
            self.version += 1

    def answer(self, path: str) -> Response:
        """Return a page, or a file of it. A directory leads to its first page. Raises HTTPException for other paths."""
        with self._lock:
            page = f"{path}{_INDEX}" if not path or path.endswith("/") else path
            if page in self.site.pages:
                return HTMLResponse(self.site.html(page))
            if f"{path}/{_INDEX}" in self.site.pages:
                return RedirectResponse(f"/{quoted(path)}/")
            content = self.site.file(path)
        if content is None:
            raise HTTPException(404, "there is no such page")
        return Response(content, media_type=guess_type(path, strict=False)[0])


def preview_app(preview: Preview, port: int) -> Starlette:
    """Return the application that shows a preview to this machine, at a port."""

    async def version(request: Request) -> Response:
        return PlainTextResponse(f"{preview.version}\n")

    def script(request: Request) -> Response:
        content = files("perpend.server.pages").joinpath("assets", "reload.js").read_bytes()
        return Response(content, media_type="text/javascript")

    def page(request: Request) -> Response:
        return preview.answer(request.path_params["path"])

    routes = [Route("/.perpend/version", version), Route("/.perpend/reload.js", script), Route("/{path:path}", page)]
    handlers = {HTTPException: _http_error, PerpendError: _unreadable, OSError: _unreadable}
    app = Starlette(routes=routes, middleware=[Middleware(_OwnNameOnly, port=port)], exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


class _OwnNameOnly:
    """Rejects requests to another name, as a page of another site may have its name lead here, and sets the headers."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        names = ("127.0.0.1", "localhost")
        self._hosts = {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_OWN_HEADERS)
            await send(message)

        app: ASGIApp = self._app
        if scope["type"] == "http" and Headers(scope=scope).get("host") not in self._hosts:
            app = PlainTextResponse("this server answers to its own name only\n", 421)
        await app(scope, receive, send_with_headers)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)


def _unreadable(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 503)
