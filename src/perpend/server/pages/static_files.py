"""Serve the files of pages: the site's style sheet and script, the server's own style sheet, and htmx."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from starlette.requests import Request

_SITE: Final = "perpend.reports.site"
_PAGES: Final = "perpend.server.pages"
_FILES: Final = {
    "site.css": (_SITE, "text/css; charset=utf-8"),
    "site.js": (_SITE, "text/javascript; charset=utf-8"),
    "mark.svg": (_SITE, "image/svg+xml"),
    "server.css": (_PAGES, "text/css; charset=utf-8"),
    "htmx.min.js": (_PAGES, "text/javascript; charset=utf-8"),
}
"""The package that holds each file, and its media type."""

_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file with its digest, which is part of its address: a changed file has another address."""

    content: bytes
    media_type: str
    digest: str


@cache
def static_file(name: str) -> StaticFile:
    """Return a file by its name. Raises KeyError for any other name."""
    package, media_type = _FILES[name]
    content = files(package).joinpath("assets", name).read_bytes()
    return StaticFile(content, media_type, sha256(content).hexdigest()[:16])


def asset(name: str) -> str:
    """Return the address of a file."""
    return f"/static/{static_file(name).digest}/{name}"


def _served(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        raise HTTPException(404)
    file = static_file(name)
    # A page of an older server may ask by another digest: it gets the present file, and asks again next time.
    is_current = request.path_params["digest"] == file.digest
    tag = f'"{file.digest}"'
    headers = {"ETag": tag, "Cache-Control": _FOR_EVER if is_current else "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


ROUTES: Final = [Route("/static/{digest}/{name}", _served)]
