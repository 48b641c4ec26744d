"""The pages of objects: those with findings, and one object with every verdict on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from perpend.core.errors import PerpendError
from perpend.core.objects.labels import Labels
from perpend.findings.filters import LIFE, OBJECT, TYPE, Filter
from perpend.language.compiler.names import DeclaredTypes
from perpend.server.pages.asking import link, parameters_of
from perpend.server.pages.bounded import within_time
from perpend.server.pages.findings import ANY_TYPE, PageNames, listed
from perpend.server.pages.render import address, page
from perpend.server.question import Question
from perpend.server.reader import run_of, scope_of
from perpend.server.views.object_details import object_details
from perpend.server.views.object_fields import object_fields

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.scope import ReaderScope
    from perpend.server.served_store import ServedRun

_MOST: Final = 200


def objects(request: Request) -> Response:
    """Return the page of the objects that have findings."""
    return listed(request, "/objects", "findings.html", group="object")


def object_page(request: Request) -> Response:
    """Return the page of one object."""
    parameters_of(request, filters=())
    served, scope = run_of(request), scope_of(request)
    type_name, object_id = request.path_params["type"], request.path_params["object_id"]
    if type_name == ANY_TYPE:
        return _by_id(served, object_id, scope)
    state, names = served.views.state, PageNames(served)
    details, reason = within_time(object_details, state, type_name, object_id, scope)
    if details is None:
        raise PerpendError(reason) if reason else HTTPException(404)
    judging = [one.policy_id for one in details.verdicts]
    fields, no_fields = within_time(object_fields, state, type_name, object_id, judging, scope)
    listed_page = served.findings(
        Question(scope, Filter({OBJECT.name: (object_id,), TYPE.name: (type_name,), LIFE.name: ("all",)})), limit=_MOST
    )
    numbers: dict[str, int] = {}
    for verdict in details.verdicts:
        numbers[verdict.status] = numbers.get(verdict.status, 0) + 1
    by_policy = {one.policy_id: one for one in listed_page.findings}
    context: dict[str, Any] = {
        "object": details,
        "type_label": names.label(TYPE.name, type_name),
        "account_name": state.account_names.get(details.account or ""),
        "numbers": numbers,
        "fields": fields,
        "no_fields": no_fields,
        "labels": Labels(DeclaredTypes(state.repository)),
        "findings": listed_page.findings,
        "total": listed_page.total,
        "rest": [one for one in details.verdicts if one.policy_id not in by_policy],
    }
    return page(request, "object.html", served=served, **context)


def _by_id(served: ServedRun, object_id: str, scope: ReaderScope) -> Response:
    """Lead to the object with an id, or to the findings of all objects that have it."""
    objects = served.objects(object_id, scope)
    exact = [pair for pair in objects if pair[1] == object_id] or objects
    if not exact:
        raise HTTPException(404)
    if len(exact) == 1:
        return RedirectResponse(address("/objects", *exact[0]), 303)
    return RedirectResponse(link("/findings", [(OBJECT.name, object_id), (LIFE.name, "all")]), 303)
