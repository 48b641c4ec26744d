"""Log in with a token: a page shows the form, and only its button exchanges the token for a cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, quote_plus

from starlette.responses import RedirectResponse
from starlette.routing import Route

from perpend.server.credentials import cookie_name
from perpend.server.pages.render import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.settings import ServerSettings

_MOST_FIELDS: Final = 50
_LONGEST_TOKEN: Final = 200
_LONGEST_TARGET: Final = 700
_NO_STORE: Final = {"Cache-Control": "no-store"}


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form, the last value of each. A body that is no form has none."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return {}
    text = (await request.body()).decode("utf-8", "replace")
    try:
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}


def login_page(request: Request, settings: ServerSettings, *, status: int = 200, wrong: bool = False) -> Response:
    """Return the page that says how to log in, with a form if a token is a way."""
    token = request.query_params.get("token", "")[:_LONGEST_TOKEN] if status == 200 else ""
    if wrong:
        sentence = "This token is not valid. A one-time token works once: start the server again for a new one."
    elif token:
        sentence = "Your link holds a token. The button uses it."
    elif settings.one_time_token is not None:
        sentence = "Open the link that `perpend serve` has printed, or copy its token to this form."
    elif settings.tokens:
        sentence = "Copy a token of the server's token file to this form."
    else:
        sentence = "Open this server through the proxy that logs people in. It takes no other log-in."
    answer = page(
        request,
        "login.html",
        status=status,
        sentence=sentence,
        token=token,
        takes_tokens=settings.one_time_token is not None or bool(settings.tokens),
        target=_target(request),
        # Browsers send a strict cookie only from pages of the same server, not for a link in a message.
        may_have_cookie=status == 401 and not wrong and request.headers.get("sec-fetch-site") not in (None, "same-origin"),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _show(request: Request) -> Response:
    return login_page(request, request.app.state.settings)


async def _log_in(request: Request) -> Response:
    fields = await form_of(request)
    cookie = request.app.state.credentials.exchange(fields.get("token", "").strip())
    if cookie is None:
        return login_page(request, request.app.state.settings, status=401, wrong=True)
    answer = RedirectResponse(_own_address(fields.get("next", "/")), 303, _NO_STORE)
    answer.set_cookie(
        cookie_name(request),
        cookie,
        httponly=True,
        samesite="strict",
        secure=request.headers.get("origin", "").startswith("https://"),
        max_age=int(request.app.state.settings.limits.session_seconds),
    )
    return answer


async def _log_out(request: Request) -> Response:
    request.app.state.credentials.end(request)
    answer = RedirectResponse("/login", 303, _NO_STORE)
    answer.delete_cookie(cookie_name(request), httponly=True, samesite="strict")
    return answer


def _target(request: Request) -> str:
    """Return the address to go to after a log-in. A body without credentials has little room, so a long one is forgotten."""
    target = _own_address(_address_of(request) if request.scope["path"] != "/login" else request.query_params.get("next", "/"))
    return target if len(quote_plus(target)) <= _LONGEST_TARGET else "/"


def _address_of(request: Request) -> str:
    """Return the address of a request for a page, without the host."""
    query = request.scope["query_string"].decode("latin-1")
    path = quote(request.scope["path"])
    return f"{path}?{query}" if query else path


def _own_address(address: str) -> str:
    """Return an address of this server; the first page for an address that leads elsewhere."""
    is_own = address.startswith("/") and address[1:2] not in ("/", "\\") and address.isascii() and address.isprintable()
    return address if is_own and not address.startswith("/login") else "/"


ROUTES = [
    Route("/login", _show, methods=["GET"]),
    Route("/login", _log_in, methods=["POST"]),
    Route("/logout", _log_out, methods=["POST"]),
]
