"""The page of trends: open findings by severity, the share of unknown verdicts, and changes, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from starlette.routing import Route

from perpend.findings.severity.levels import LEVELS
from perpend.reports.site.render.charts import column_rects
from perpend.server.pages.asking import parameters_of
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
_GRID: Final = (1, _HIGH // 2, _HIGH - 1)
"""The heights of the lines of a chart: all, half and none of the most."""

_LEVELS: Final = ("not rated", *(level.value for level in LEVELS))
"""The severities from below in a column."""


def trends(request: Request) -> Response:
    """Show the newest runs as charts, with a table of the same numbers."""
    served, parameters = run_of(request), parameters_of(request, (LAST,), ())
    trend = served.views.trend(scope_of(request), int(parameters.text(LAST)))
    points = trend.points
    # In the first run of all, every finding is new: beside it, no other run could be seen.
    shown = points if trend.earlier else points[1:]
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
        changes=opened_and_closed(shown) if shown else None,
        shown=shown,
        first_found=None if trend.earlier else points[0].opened,
        most_open=max((sum(point.severities.values()) for point in points), default=0),
        most_changes=max((max(point.opened, point.ended) for point in shown), default=0),
        share_of=_share_text,
    )


def by_severity(points: Sequence[TrendPoint]) -> Markup:
    """Return a column for each run: open and unconfirmed findings, the most severe on top."""
    columns = [[(f"sev-{level.replace(' ', '-')}", point.severities.get(level, 0)) for level in _LEVELS] for point in points]
    label = _from_to("Open findings by severity", points, lambda point: f"{sum(point.severities.values()):,}")
    return _chart(columns, label, [_tip(point, f"{sum(point.severities.values()):,} open") for point in points])


def unknown_share(points: Sequence[TrendPoint]) -> Markup:
    """Return a column for each run: the part of verdicts that are not known."""
    columns = [[("fill-warn", _per_mille(point))] for point in points]
    label = _from_to("Share of unknown verdicts", points, _share_text)
    return _chart(columns, label, [_tip(point, f"{_share_text(point)} unknown") for point in points])


def opened_and_closed(points: Sequence[TrendPoint]) -> Markup:
    """Return two columns for each run: findings that were opened or reopened, and those that ended."""
    columns = [column for point in points for column in ([("fill-bad", point.opened)], [("fill-good", point.ended)], [])]
    label = _from_to("Opened and ended findings", points, lambda point: f"{point.opened:,} and {point.ended:,}")
    return _chart(columns, label, [_tip(point, f"{point.opened:,} opened, {point.ended:,} ended") for point in points])


def _chart(columns: Sequence[Sequence[tuple[str, int]]], label: str, tips: Sequence[str]) -> Markup:
    """Return columns with three lines behind them; each tip belongs to an equal part of the width."""
    shown = Markup(column_rects(columns, _WIDE, _HIGH))  # noqa: S704 drawn by us of numbers
    lines = Markup("").join(Markup('<line class="grid" x1="0" x2="{}" y1="{}" y2="{}"/>').format(_WIDE, at, at) for at in _GRID)
    step = _WIDE / max(len(tips), 1)
    over = Markup("").join(
        Markup('<rect class="tip" x="{}" y="0" width="{}" height="{}"><title>{}</title></rect>').format(
            round(step * place, 2), round(step, 2), _HIGH, tip
        )
        for place, tip in enumerate(tips)
    )
    return Markup(
        '<svg class="trend" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}{}</svg>'
    ).format(_WIDE, _HIGH, label, lines, shown, over)


def _tip(point: TrendPoint, text: str) -> str:
    return f"run {point.run}, {point.time:%Y-%m-%d}: {text}"


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
