"""The page of trends: open findings by severity, the share of unknown verdicts, and changes, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from starlette.routing import Route

from perpend.findings.severity.levels import LEVELS
from perpend.reports.site.render.charts import column_rects
from perpend.server.pages.asking import asked_of
from perpend.server.pages.render import page
from perpend.server.parameters import Control
from perpend.server.reader import run_of, scope_of
from perpend.server.views.trend import MOST_RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.answers import TrendPoint

LAST: Final = Control("last", "How many of the newest runs.", 60, most=MOST_RUNS)

_WIDE, _HIGH = 1_000, 160
_LEVELS: Final = ("not rated", *(level.value for level in LEVELS))
"""The severities from below in a column."""


def trends(request: Request) -> Response:
    """Show the newest runs as charts, with a table of the same numbers."""
    served, asked = run_of(request), asked_of(request, (LAST,), ())
    trend = served.views.trend(scope_of(request), int(asked.text(LAST)))
    points = trend.points
    # In the first run of all, every finding is new: beside it, no other run could be seen.
    drawn = points if trend.earlier else points[1:]
    occurring = [level for level in _LEVELS if any(point.severities.get(level) for point in points)]
    return page(
        request,
        "trends.html",
        served=served,
        trend=trend,
        levels=occurring[::-1],
        severities=by_severity(points),
        unknown=unknown_share(points),
        most_unknown=max((_per_mille(point) for point in points), default=0),
        changes=opened_and_ended(drawn) if drawn else None,
        drawn=drawn,
        first_found=None if trend.earlier else points[0].opened,
        most_open=max((sum(point.severities.values()) for point in points), default=0),
        most_changes=max((max(point.opened, point.ended) for point in drawn), default=0),
        share_of=_share_text,
    )


def by_severity(points: Sequence[TrendPoint]) -> Markup:
    """Return a column for each run: open and unconfirmed findings, the most severe on top."""
    columns = [[(f"sev-{level.replace(' ', '-')}", point.severities.get(level, 0)) for level in _LEVELS] for point in points]
    return _chart(columns, _from_to("Open findings by severity", points, lambda point: f"{sum(point.severities.values()):,}"))


def unknown_share(points: Sequence[TrendPoint]) -> Markup:
    """Return a column for each run: the part of verdicts that are not known."""
    columns = [[("fill-warn", _per_mille(point))] for point in points]
    return _chart(columns, _from_to("Share of unknown verdicts", points, _share_text))


def opened_and_ended(points: Sequence[TrendPoint]) -> Markup:
    """Return two columns for each run: findings that were opened or reopened, and those that ended."""
    columns = [column for point in points for column in ([("fill-bad", point.opened)], [("fill-good", point.ended)], [])]
    label = _from_to("Opened and ended findings", points, lambda point: f"{point.opened:,} and {point.ended:,}")
    return _chart(columns, label)


def _chart(columns: Sequence[Sequence[tuple[str, int]]], label: str) -> Markup:
    drawn = Markup(column_rects(columns, _WIDE, _HIGH))  # noqa: S704 drawn by us of numbers
    return Markup(
        '<svg class="trend" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDE, _HIGH, label, drawn)


def _from_to(name: str, points: Sequence[TrendPoint], text: Callable[[TrendPoint], str]) -> str:
    if not points:
        return f"{name}: no run"
    first, last = points[0], points[-1]
    return f"{name}: {text(first)} after run {first.run}, {text(last)} after run {last.run}"


def _per_mille(point: TrendPoint) -> int:
    """Return the unknown verdicts of a thousand known and unknown ones, at least 1 if there is any."""
    unknown = point.unknown + point.unconfirmed
    total = unknown + point.open + point.compliant
    return max(round(1_000 * unknown / total), 1) if unknown else 0


def _share_text(point: TrendPoint) -> str:
    unknown = point.unknown + point.unconfirmed
    total = unknown + point.open + point.compliant
    return f"{100 * unknown / total:.1f} %" if total else "no verdicts"


ROUTES: Final = [Route("/trends", trends)]
