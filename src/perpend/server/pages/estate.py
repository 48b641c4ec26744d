"""The page of the estate: accounts, the age of their facts, and the parts that could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from perpend.server.pages.asking import parameters_of
from perpend.server.pages.render import page
from perpend.server.reader import run_of, scope_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_SOURCES: Final = 200


def estate(request: Request) -> Response:
    """Show the accounts of the newest run."""
    served = run_of(request)
    parameters_of(request, (), ())
    answer = served.views.estate(scope_of(request))
    return page(
        request,
        "estate.html",
        served=served,
        answer=answer,
        names=served.views.state.account_names,
        sources=answer.sources[:_SOURCES],
        sources_left_out=max(len(answer.sources) - _SOURCES, 0),
    )


ROUTES: Final = [Route("/estate", estate)]
