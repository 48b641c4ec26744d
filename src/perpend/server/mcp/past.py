"""Explain one finding, and tell the history of one thing, for the accounts of a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.evaluation.verdicts.objects import name_queries
from perpend.findings.history.queries.findings import about, newest_events, rows_in
from perpend.findings.history.queries.views import asking, history_of_object
from perpend.reports.terminal.explanation import field_name
from perpend.server.mcp.answers import (
    ConditionResult,
    FieldRead,
    FindingExplanation,
    ListedVerdict,
    Past,
    PastEvent,
    SmallestChange,
)
from perpend.server.views.finding_details import explained_finding
from perpend.server.views.run_state import accounts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.evaluation.explain.steps import Step
    from perpend.findings.history.storage import HistoryStorage
    from perpend.server.scope import ReaderScope
    from perpend.server.served_store import ServedRun

MOST_EVENTS: Final = 100
"""The events of a history, the newest ones."""

_MOST_FIELDS: Final = 10


class NotFound(PerpendError):
    """A finding, an object or a policy that does not exist, or that the reader may not see."""


def explain(run: ServedRun, finding_id: str, scope: ReaderScope) -> FindingExplanation:
    """Explain a finding on the objects of the run."""
    row = run.finding(finding_id, scope)
    if row is None:
        raise NotFound(f"there is no finding {visible(finding_id)}")
    explained = explained_finding(run.views.state, row, scope)
    explanation = explained.explanation
    verdict, change = explanation.finding, explanation.change
    return FindingExplanation(
        run.run,
        row.finding_id,
        row.status,
        verdict.status.value,
        row.life,
        row.severity,
        row.open_since,
        explanation.day.time,
        row.policy_id,
        row.policy_title,
        row.type,
        row.object_id,
        row.object_name,
        row.account,
        row.region,
        verdict.object.origin.place,
        row.waiver,
        verdict.current_state_message,
        verdict.remediation_message,
        explanation.parameters,
        explained.commands or None,
        SmallestChange(change.status.value, field_name(change.place), change.before, change.after, change.message)
        if change is not None
        else None,
        tuple(map(_condition, explanation.steps)),
    )


def _condition(step: Step) -> ConditionResult:
    fields = tuple(FieldRead(field_name(one.place), one.value) for one in step.fields[:_MOST_FIELDS])
    listed = tuple(ListedVerdict(one.path, one.name, one.status.value, one.message) for one in step.listed[:_MOST_FIELDS])
    return ConditionResult(step.index, step.result, step.status.value, step.text, step.check, step.reason, fields, listed)


def history_of(run: ServedRun, name: str, scope: ReaderScope) -> Past:
    """Return the newest events of a finding, an object or a policy: the work of ``perpend history``.

    An object may be named as answers show it, with its hidden characters written out.
    """
    history = run.views.state.history
    names = [query.text for query in name_queries(name) if query.owner is None]
    past = next(filter(None, (_past(history, variant, accounts_of(scope)) for variant in names)), None)
    if past is None:
        raise NotFound(f"nothing ever happened to the {about(history.head(), name)[0]} '{visible(name)}', or it is not known")
    return past


def _past(history: HistoryStorage, name: str, accounts: Sequence[str]) -> Past | None:
    """Return the newest events of a name in some accounts, or in all if none is named; None if there are none."""
    of, query = about(history.head(), name)
    with history_of_object(history, name) if of == "object" else asking(history, "event") as connection:
        answer = connection.execute(*newest_events(query, accounts, MOST_EVENTS))
        columns = [str(column[0]) for column in answer.description or ()]
        rows = list(rows_in(columns, [answer.fetchall()]))
    events = tuple(PastEvent(**{name: row[name] for name in PastEvent.__dataclass_fields__}) for row in rows)
    return Past(of, rows[0]["total"], events) if rows else None
