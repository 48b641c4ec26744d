"""Answer a request that cannot be answered: a problem document (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse

from perpend.server.pages.errors import error_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

PROGRAM_PATHS: Final = ("/api/", "/mcp", "/metrics")
"""The beginnings of the addresses that programs ask."""


def is_for_programs(path: str) -> bool:
    """Whether programs ask this address, so that an error is a problem document."""
    return path.startswith(PROGRAM_PATHS)


def refusal(request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer with a status and a sentence."""
    # The path is the scope's: that of ``request.url`` is made of the header Host, which may hold anything here.
    if is_for_programs(request.scope["path"]):
        problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
        answer: Response = JSONResponse(problem, status, media_type="application/problem+json")
    else:
        answer = error_page(request, status, sentence)
    answer.headers.update({"Cache-Control": "no-store", **(headers or {})})
    return answer
