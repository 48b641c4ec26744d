"""Show an error as a page that says what happened and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.server.pages.render import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import HTMLResponse

_LONGEST: Final = 500
_ERRORS: Final = {
    400: ("This address cannot be answered", "Correct the address, or start again from the list of findings."),
    401: (
        "Sign in first",
        "Open the address with a token that `perpend serve` printed. Programs send the header Authorization: Bearer TOKEN.",
    ),
    403: ("This is not allowed", "Ask from this site itself. If a proxy stands before the server, ask who keeps it."),
    404: (
        "There is no such page",
        "It may be gone, or be of an account that you may not see. Search for it in the list of findings.",
    ),
    405: ("This address only answers GET", "Open it as a page."),
    408: ("The request did not arrive in time", "Send it again."),
    413: ("The request is too long", "Send less."),
    421: ("This server is not known by that name", "Use the address that `perpend serve` printed, or start it with this name."),
    429: ("Too many requests", "Wait a minute, then load the page again."),
    500: ("The page could not be made", "Load it again. If that does not help, the log of the server has the cause."),
    503: (
        "The store cannot answer now",
        "If the answer took too long, choose fewer findings by filters. If the store cannot be read, repair it and load again.",
    ),
}


def error_page(request: Request, status: int, sentence: str = "") -> HTMLResponse:
    """Return the page of an error. ``sentence`` says what is wrong with this request."""
    heading, advice = _ERRORS.get(status, _ERRORS[500])
    return page(request, "error.html", status=status, heading=heading, sentence=sentence[:_LONGEST], advice=advice, code=status)


def no_account_page(request: Request, origin: str) -> HTMLResponse:
    """Return the page for a reader who may see no account. ``origin`` says who has named the accounts, and whom to ask."""
    return page(request, "no_account.html", status=403, origin=origin)
