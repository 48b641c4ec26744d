"""Read the parameters of a page, and write addresses of pages with parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from perpend.server.parameters import read_parameters
from perpend.server.reader import scope_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request

    from perpend.findings.filters import FilterDeclaration
    from perpend.server.parameters import Control, RequestParameters


def parameters_of(
    request: Request, controls: Sequence[Control] = (), filters: Sequence[FilterDeclaration] | None = None
) -> RequestParameters:
    """Return the parameters of the address of a page; fields of a form that nobody filled in are left out. Raises
    BadRequest."""
    given = request.query_params.multi_items()
    if filters is None:
        return read_parameters(given, scope_of(request), controls, of_form=True)
    return read_parameters(given, scope_of(request), controls, filters=filters, of_form=True)


def link(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return the address of a page with parameters."""
    query = urlencode(list(pairs))
    return f"{path}?{query}" if query else path
