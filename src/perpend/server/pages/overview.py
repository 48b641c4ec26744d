"""The first page: what is known and what is not, what changed, and what to fix first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from perpend.findings.filters import LIFE, POLICY, SEVERITY
from perpend.findings.history.model import Event, State
from perpend.findings.severity.levels import LEVELS, SeverityLevel
from perpend.reports.overview_texts import known_share
from perpend.reports.site.render.charts import column_rects
from perpend.server.index.questions import WAIVED_NAME
from perpend.server.pages.asking import link, parameters_of
from perpend.server.pages.bounded import within_time
from perpend.server.pages.render import page
from perpend.server.reader import run_of, scope_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.answers import Change, Coverage, FindingGroup, Summary, TrendPoint, WaiverRow
    from perpend.server.scope import ReaderScope
    from perpend.server.served_store import ServedRun

_SERVICES: Final = 10
_POINTS: Final = 30
_WIDE, _HIGH = 600, 90
_OPENED: Final = 3
"""How many new findings the first page names."""

_OPENED_SECONDS: Final = 1.0
"""How long the first page waits for them."""

_ENDS_SOON: Final = "ends soon"


def overview(request: Request) -> Response:
    """Return the first page."""
    parameters_of(request, filters=())
    served, scope = run_of(request), scope_of(request)
    summary = served.summary(scope)
    points = served.views.trend(scope, _POINTS).points
    context: dict[str, Any] = {
        "summary": summary,
        "share": share_of(summary.coverage),
        "known": known_of(summary.coverage),
        "changes": changes_of(summary),
        "opened": _opened(served, summary, scope),
        "critical": summary.severities.get(SeverityLevel.CRITICAL.value, {}).get("failing", 0),
        "failing_link": link("/findings", [(LIFE.name, State.OPEN.value), (WAIVED_NAME, "no")]),
        "waived_link": link("/findings", [(WAIVED_NAME, "yes")]),
        "severities": severities_of(summary),
        "services": list(summary.services.items())[:_SERVICES],
        "more_services": max(len(summary.services) - _SERVICES, 0),
        "most": max((counts["failing"] + counts["unknown"] for counts in summary.services.values()), default=0),
        "fix_first": [(group, link("/findings", _filter_of(group))) for group in summary.fix_first],
        "ending": [] if not summary.waivers_ending else ending(served.views.waivers(scope).waivers),
        "trend": trend_svg(points),
        "points": points,
        "unknown_link": link("/findings", [(LIFE.name, State.UNKNOWN.value), (LIFE.name, State.UNCONFIRMED.value)]),
    }
    return page(request, "overview.html", served=served, **context)


def _opened(served: ServedRun, summary: Summary, scope: ReaderScope) -> Sequence[Change]:
    """Return the first findings that the last run opened; none of the first run, which opened all.

    The page does not wait for a long list of changes: the next request shows them.
    """
    if summary.run == 1 or not summary.changes.get(Event.OPENED.value):
        return ()
    first_ones = partial(served.views.changes, event=Event.OPENED.value, limit=_OPENED)
    answer, _ = within_time(first_ones, str(summary.run - 1), str(summary.run), scope, seconds=_OPENED_SECONDS)
    return answer.changes if answer is not None else ()


def share_of(coverage: Coverage) -> int | None:
    """Return the compliant percentage of what is known."""
    return known_share(coverage.compliant, coverage.compliant + coverage.failing + coverage.waived)


def known_of(coverage: Coverage) -> int | None:
    """Return the known percentage of what applies."""
    known = coverage.compliant + coverage.failing + coverage.waived
    return known_share(known, known + coverage.unknown)


def changes_of(summary: Summary) -> list[tuple[str, int, str]]:
    """Return the events of the last run with their numbers and addresses."""
    path = f"/runs/{summary.run - 1}...{summary.run}"
    order = [event.value for event in Event]
    return [
        (event, number, link(path, [("event", event)]) if summary.run > 1 else "/runs")
        for event, number in sorted(summary.changes.items(), key=lambda pair: order.index(pair[0]))
        if number
    ]


def severities_of(summary: Summary) -> list[tuple[str, int, int, str]]:
    """Return the severities, the worst first, with failing and unknown findings and the address of the list."""
    names = [level.value for level in reversed(LEVELS)]
    others = [name for name in summary.severities if name not in names]
    rows = []
    for name in [*names, *others]:
        counts = summary.severities.get(name)
        if counts is not None:
            target = link("/findings", [(SEVERITY.name, name)]) if name in names else "/findings"
            rows.append((name, counts["failing"], counts["unknown"], target))
    return rows


def _filter_of(group: FindingGroup) -> list[tuple[str, str]]:
    """Return the filter for the findings of a policy, of one severity if it is rated."""
    return [(POLICY.name, group.key), *([(SEVERITY.name, group.severity)] if group.severity else [])]


def ending(waivers: Sequence[WaiverRow]) -> list[WaiverRow]:
    """Return the waivers that end soon, the first to end first."""
    return sorted((one for one in waivers if _ENDS_SOON in one.warnings), key=lambda one: one.until or "")


def trend_svg(points: Sequence[TrendPoint]) -> Markup:
    """Return the open, unconfirmed and unknown findings after each run as columns; empty for less than two runs."""
    if len(points) < 2:
        return Markup("")
    columns = [(("fill-bad", one.open), ("fill-warn", one.unconfirmed), ("fill-unknown", one.unknown)) for one in points]
    first, last = points[0], points[-1]
    label = (
        f"Findings after runs {first.run} to {last.run}: open from {first.open:,} to {last.open:,}, unconfirmed from "
        f"{first.unconfirmed:,} to {last.unconfirmed:,}, unknown from {first.unknown:,} to {last.unknown:,}"
    )
    columns_svg = Markup(column_rects(columns, _WIDE, _HIGH))  # noqa: S704 drawn by us of numbers
    frame = Markup('<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>')
    return frame.format(_WIDE, _HIGH, label, columns_svg)
