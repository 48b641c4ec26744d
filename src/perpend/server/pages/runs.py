"""The pages of runs: all runs with their numbers, and the difference of two."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from perpend.findings.history.model import Cause, Event
from perpend.findings.history.queries.findings import UnknownRun, run_named
from perpend.server.pages.addresses import changes_address, policy_address
from perpend.server.pages.asking import parameters_of
from perpend.server.pages.errors import error_page
from perpend.server.pages.render import page
from perpend.server.parameters import Control
from perpend.server.reader import run_of, scope_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

BEFORE: Final = Control("before", "The earlier run of a comparison.", None, most=10**9 - 1)
AFTER: Final = Control("after", "The later run of a comparison.", None, most=10**9 - 1)
UNTIL: Final = Control("until", "The newest run of the list.", None, most=10**9 - 1)
EVENT: Final = Control("event", "Only changes of this kind.", None, tuple(event.value for event in Event))
CAUSE: Final = Control("cause", "Only changes of this cause.", None, tuple(cause.value for cause in Cause))
NEXT: Final = Control("next", "The `next` of the page before.", None, most=10**9 - 1)

_SHOWN: Final = 50
_TWO_RUNS: Final = re.compile(r"([A-Za-z0-9-]{1,60})(?:\.\.\.([A-Za-z0-9-]{1,60}))?")


def runs(request: Request) -> Response:
    """Show the runs, the newest first. With two runs chosen, go to their difference."""
    served, parameters = run_of(request), parameters_of(request, (BEFORE, AFTER, UNTIL), ())
    if parameters.text(BEFORE) and parameters.text(AFTER):
        first, last = sorted((int(parameters.text(BEFORE)), int(parameters.text(AFTER))))
        return RedirectResponse(changes_address(first, last), 303)
    rows = served.runs(scope_of(request))
    until = int(parameters.text(UNTIL) or rows[0].run)
    listed = [row for row in rows if row.run <= until]
    return page(
        request,
        "runs.html",
        served=served,
        runs=listed[:_SHOWN],
        total=len(rows),
        earlier=listed[_SHOWN].run if len(listed) > _SHOWN else None,
        numbers=[row.run for row in rows[: 10 * _SHOWN]],
        changes_address=changes_address,
    )


def changes(request: Request) -> Response:
    """Show the findings that differ between two runs; of one run, against the run before it."""
    served, parameters = run_of(request), parameters_of(request, (EVENT, CAUSE, NEXT), ())
    named, head = _TWO_RUNS.fullmatch(request.path_params["runs"]), served.views.state.head
    if named is None:
        return error_page(request, 404, "The address of a difference is that of two runs, such as /runs/3...5.")
    try:
        first, last = run_named(head, named[1]), run_named(head, named[2] or named[1])
    except UnknownRun as error:
        return error_page(request, 404, str(error))
    if named[2] is None:
        earlier = [run.number for run in head.runs if run.number < first.number]
        if not earlier:
            return error_page(request, 404, f"Run {first.number} is the first one: there is no run to compare it with.")
        return RedirectResponse(changes_address(earlier[-1], first.number), 307)
    if first.number >= last.number:
        return error_page(request, 400, f"Run {first.number} does not come before run {last.number}.")
    event, cause = parameters.text(EVENT) or None, parameters.text(CAUSE) or None
    page_key = parameters.text(NEXT) or None
    answer = served.views.changes(
        str(first.number), str(last.number), scope_of(request), event=event, cause=cause, limit=_SHOWN, page_key=page_key
    )
    rows = {row.run: row for row in served.runs(scope_of(request))}
    place = changes_address(first.number, last.number)

    def link(event: str | None = None, cause: str | None = None, next: str | None = None) -> str:
        pairs = [(name, value) for name, value in (("event", event), ("cause", cause), ("next", next)) if value]
        return f"{place}?{urlencode(pairs)}" if pairs else place

    return page(
        request,
        "changes.html",
        served=served,
        answer=answer,
        before=rows[first.number],
        after=rows[last.number],
        event=event,
        cause=cause,
        shown_before=int(page_key or 0),
        link=link,
        policy_address=policy_address,
        account_names=served.views.state.account_names,
    )


ROUTES: Final = [Route("/runs", runs), Route("/runs/{runs}", changes)]
