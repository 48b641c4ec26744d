"""The routes of all pages. Handlers are plain functions: Starlette calls them in threads, as they read the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from perpend.server.pages.compliance import ROUTES as COMPLIANCE_ROUTES
from perpend.server.pages.estate import ROUTES as ESTATE_ROUTES
from perpend.server.pages.finding import finding
from perpend.server.pages.findings import findings
from perpend.server.pages.objects import object_page, objects
from perpend.server.pages.overview import overview
from perpend.server.pages.policies import ROUTES as POLICY_ROUTES
from perpend.server.pages.runs import ROUTES as RUN_ROUTES
from perpend.server.pages.saved import ROUTES as SAVED_ROUTES
from perpend.server.pages.static_files import ROUTES as STATIC_ROUTES
from perpend.server.pages.trends import ROUTES as TREND_ROUTES
from perpend.server.pages.waivers import ROUTES as WAIVER_ROUTES

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

ROUTES: Final[list[BaseRoute]] = [
    *STATIC_ROUTES,
    *POLICY_ROUTES,
    *COMPLIANCE_ROUTES,
    *RUN_ROUTES,
    *WAIVER_ROUTES,
    *TREND_ROUTES,
    *ESTATE_ROUTES,
    *SAVED_ROUTES,
    Route("/", overview),
    Route("/findings", findings),
    Route("/findings/{finding_id}", finding),
    Route("/objects", objects),
    Route("/objects/{type}/{object_id:path}", object_page),
]
