"""Render pages with Jinja2. Templates are ours; all other text is escaped, and its hidden characters are written out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from markupsafe import Markup
from starlette.responses import HTMLResponse

from perpend.core.diagnostics.phrases import counted
from perpend.findings.history.model import in_words
from perpend.reports.site.render.charts import bar_svg
from perpend.reports.site.render.drawing import Drawing
from perpend.reports.site.render.environment import template_environment
from perpend.reports.site.render.icons import STATUSES, icon
from perpend.server.pages.static_files import asset
from perpend.server.reader import scope_of
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment
    from starlette.requests import Request

    from perpend.server.answers import Summary
    from perpend.server.scope import ReaderScope
    from perpend.server.served_store import ServedRun

MENU: Final = (
    ("Overview", "/"),
    ("Findings", "/findings"),
    ("Objects", "/objects"),
    ("Policies", "/policies"),
    ("Compliance", "/compliance"),
    ("Runs", "/runs"),
    ("Waivers", "/waivers"),
    ("Trends", "/trends"),
    ("Estate", "/estate"),
)
"""The names and addresses of the pages in the navigation."""

_HEADERS: Final = {"Cache-Control": "private, no-cache", "Vary": "Cookie, HX-Request"}
"""The headers of pages: they depend on the reader, and are asked for again each time."""


def page(
    request: Request, template: str, *, served: ServedRun | None = None, status: int = 200, **context: Any
) -> HTMLResponse:
    """Return a page. ``served`` is the run that it shows: the header names the run, its time and the reader's accounts.

    ``context`` are the values for the template. Call it in a thread: it reads the store.
    """
    scope = scope_of(request)
    header = served.summary(scope) if served is not None else None
    html = environment().get_template(template).render(**_base_values(request, header, scope), **context)
    return HTMLResponse(html, status_code=status, headers=_HEADERS)


def _base_values(request: Request, header: Summary | None, scope: ReaderScope) -> dict[str, Any]:
    """Return the values that the base template needs. Runs print names of all accounts: who sees some may start none."""
    return {
        "menu": MENU,
        "here": request.scope["path"],
        "here_name": next((name for name, target in MENU if target == "/" + request.scope["path"].split("/")[1]), ""),
        "header": header,
        "scope": scope,
        "is_reading": header is not None and request.app.state.store.is_reading,
        "reader": getattr(request.state, "reader", None),
        "may_start": scope.is_all and bool(request.app.state.settings.runs),
        "version": __version__,
    }


def address(*parts: str, **parameters: str | Sequence[str] | None) -> str:
    """Return the address of a page. Parts are quoted, and slashes at the front of the first and last part stay.

    Parameters without a value are left out; one with several values is repeated.

    >>> address("/objects", "AwsS3Bucket", "arn:aws:s3:::a b", status=None)
    '/objects/AwsS3Bucket/arn%3Aaws%3As3%3A%3A%3Aa%20b'
    """
    path = parts[0] + "".join(f"/{quote(part, safe='')}" for part in parts[1:])
    query = query_text(parameters)
    return f"{path}?{query}" if query else path


def query_text(parameters: Mapping[str, str | Sequence[str] | None]) -> str:
    """Return parameters as the query of an address, without those that have no value."""
    return urlencode([(name, value) for name, value in parameters.items() if value], doseq=True)


def number_text(number: int) -> str:
    """Return a number with separators."""
    return f"{number:,}"


def utc(time: datetime | None) -> Markup:
    """Return a time in UTC with its date, for people and programs."""
    if time is None:
        return Markup('<span class="quiet">not known</span>')
    known = time.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(known.isoformat(), f"{known:%Y-%m-%d %H:%M} UTC")


def day(time: datetime | date | None) -> Markup:
    """Return the day of a time in UTC. Its tip is the whole time."""
    if time is None:
        return Markup('<span class="quiet">not known</span>')
    if not isinstance(time, datetime):
        return Markup('<time datetime="{0}">{0}</time>').format(time.isoformat())
    known = time.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        known.isoformat(), f"{known:%Y-%m-%d %H:%M} UTC", f"{known:%Y-%m-%d}"
    )


def bar(parts: Sequence[tuple[str, int]], label: str, most: int | None = None) -> Markup:
    """Return a bar with parts in proportion to their numbers, each a tone and a number."""
    return Markup(bar_svg(parts, label, most=most or sum(number for _, number in parts)))  # noqa: S704 drawn by us of numbers


@cache
def environment() -> Environment:
    """Return the environment of all templates. Those of the site begin with ``site/``."""
    environment = template_environment(
        ChoiceLoader([PackageLoader("perpend.server.pages"), PrefixLoader({"site": PackageLoader("perpend.reports.site")})])
    )
    environment.filters |= {
        "number": number_text,
        "utc": utc,
        "day": day,
        "words": in_words,
        "counted": counted,
    }
    environment.globals |= {
        "d": Drawing("", "/", lambda *_: None),
        "icon": icon,
        "bar": bar,
        "asset": asset,
        "address": address,
        "tones": {status: tone for status, (_, tone) in STATUSES.items()},
        "symbols": {status: symbol for status, (symbol, _) in STATUSES.items()},
    }
    return environment
