"""The page of waivers: in force, ending soon, ended, unused, too broad, with the findings that each covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from perpend.findings.waivers.status import Force
from perpend.server.pages.addresses import policy_address
from perpend.server.pages.asking import parameters_of
from perpend.server.pages.render import page
from perpend.server.reader import run_of, scope_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.answers import WaiverRow

_SECTIONS: Final = {
    "ends-soon": ("Ends soon, or never", "In force, and needs a decision: the findings count again after the last day."),
    "in-force": ("In force", ""),
    "ended": ("Ended", "The findings count again. Fix them, or agree on a new day in the file."),
    "not-in-force": ("Not in force", "Not begun, not approved, or over the limit: they cover nothing."),
}
"""The sections of the page: each waiver stands in one."""


def section_of(row: WaiverRow) -> str:
    """Return the section that a waiver stands in."""
    if row.force == Force.EXPIRED:
        return "ended"
    if row.force != Force.IN_FORCE:
        return "not-in-force"
    return "ends-soon" if "ends soon" in row.warnings else "in-force"


def waivers(request: Request) -> Response:
    """Show all waivers and attestations."""
    served = run_of(request)
    parameters_of(request, (), ())
    answer = served.views.waivers(scope_of(request))
    of_section: dict[str, list[WaiverRow]] = {name: [] for name in _SECTIONS}
    for row in answer.waivers:
        of_section[section_of(row)].append(row)
    return page(
        request,
        "waivers.html",
        served=served,
        answer=answer,
        sections=[(name, *_SECTIONS[name], rows) for name, rows in of_section.items() if rows],
        numbers={kind: sum(kind in row.warnings for row in answer.waivers) for kind in ("unused", "too broad")},
        policy_address=policy_address,
    )


ROUTES: Final = [Route("/waivers", waivers)]
