"""The page of one finding: why it is so, how to fix it, its history, its waiver, and other findings of its object."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from perpend.core.objects.labels import Labels
from perpend.core.objects.status import Status
from perpend.evaluation.explain.fields_read import LONGEST_QUERY
from perpend.evaluation.explain.steps import grounds, own_fields
from perpend.findings.filters import LIFE, OBJECT, TYPE, Filter
from perpend.language.compiler.names import DeclaredTypes
from perpend.reports.terminal.explanation import field_name
from perpend.server.pages.asking import link, parameters_of
from perpend.server.pages.bounded import within_time
from perpend.server.pages.render import page
from perpend.server.proposal import new_file_address
from perpend.server.question import Question
from perpend.server.reader import run_of, scope_of
from perpend.server.views.finding_details import (
    explained_finding,
    history_of_finding,
    waiver_entry,
    waiver_name,
    waiver_of_finding,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.evaluation.explain.fields_read import FieldValue
    from perpend.server.answers import FindingRow
    from perpend.server.scope import ReaderScope
    from perpend.server.views.finding_details import Explained
    from perpend.server.views.run_state import RunState

_OTHERS: Final = 20
_MOST_FIELDS: Final = 40


def finding(request: Request) -> Response:
    """Return the page of a finding."""
    parameters_of(request, filters=())
    served, scope = run_of(request), scope_of(request)
    row = served.finding(request.path_params["finding_id"], scope)
    if row is None:
        raise HTTPException(404)
    state = served.views.state
    explained, not_explained = _explained(state, row, scope)
    history, no_history = within_time(history_of_finding, state, row)
    others = served.findings(
        Question(scope, Filter({OBJECT.name: (row.object_id,), TYPE.name: (row.type,), LIFE.name: ("all",)})),
        limit=_OTHERS + 1,
    )
    entry = waiver_entry(state, row, datetime.now(UTC).date()) if row.status == Status.INCOMPLIANT.value else ""
    repository = request.app.state.settings.repository_url
    context: dict[str, Any] = {
        "row": row,
        "history": history,
        "no_history": no_history,
        "explained": explained,
        "not_explained": not_explained,
        "differs": explained is not None and explained.explanation.finding.status.value != row.status,
        "because": _because(explained) if explained else (),
        "labels": Labels(DeclaredTypes(state.repository)),
        "field_name": field_name,
        "waiver": waiver_of_finding(state, row) if row.waiver else None,
        "entry": entry,
        "proposal": repository and new_file_address(repository, f"waivers/{waiver_name(row)}.yaml", entry),
        "others": [one for one in others.findings if one.finding_id != row.finding_id][:_OTHERS],
        "all_others": max(others.total - 1, 0),
        "rating": state.severities.in_force.of(row.policy_id),
        "same_policy": link("/findings", [("policy", row.policy_id)]),
    }
    return page(request, "finding.html", served=served, **context)


def _explained(state: RunState, row: FindingRow, scope: ReaderScope) -> tuple[Explained | None, str]:
    """Return the explanation of a finding, or None and the reason why there is none. It takes a bounded time."""
    if row.life in ("resource_deleted", "policy_removed"):
        return None, "The finding has ended, so nothing is evaluated any more."
    return within_time(explained_finding, state, row, scope)


def _because(explained: Explained) -> tuple[Iterable[FieldValue], Iterable[Any]]:
    """Return the fields and listed objects that decided, as ``perpend explain`` shows them."""
    if explained.explanation.finding.object.variants:
        return (), ()
    fields, listed = grounds(explained.explanation.steps)
    short = [one for one in own_fields(fields) if len(one.place.column or "") <= LONGEST_QUERY]
    return short[:_MOST_FIELDS], listed[:_MOST_FIELDS]
