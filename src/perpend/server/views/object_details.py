"""One object: its names, and the newest verdict of every policy on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.findings.history.queries.latest_verdicts import (
    OF_OBJECT,
    object_with_id,
    policy_output_statement,
    verdicts_on,
)
from perpend.findings.history.queries.views import history_of_object

if TYPE_CHECKING:
    from datetime import datetime

    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """The newest verdict of a policy on an object. ``since`` is when its status began, ``seen_at`` when it was confirmed."""

    policy_id: str
    policy_title: str
    status: str
    message: str | None
    since: datetime | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class ObjectDetails:
    """An object of the history with its verdicts, the worst first. ``first_seen`` is the time of its first run."""

    type: str
    object_id: str
    object_name: str | None
    external_id: str | None
    account: str | None
    region: str | None
    first_seen: datetime | None
    verdicts: tuple[VerdictRow, ...]


def object_details(state: RunState, type_name: str, object_id: str, scope: ReaderScope) -> ObjectDetails | None:
    """Return an object by its type and id; None if there is none that the reader may see."""
    with history_of_object(state.history, object_id, *OF_OBJECT) as connection:
        row = connection.execute(*object_with_id(type_name, object_id)).fetchone()
        if row is None:
            return None
        name, external_id, account, region, first_seen = row
        if not scope.sees(account):
            return None
        connection.execute(policy_output_statement(state.history, (type_name,)))
        verdicts = connection.execute(*verdicts_on(type_name, object_id)).fetchall()
    rows = tuple(VerdictRow(policy_id, state.title_of(policy_id), *rest) for policy_id, *rest in verdicts)
    return ObjectDetails(type_name, object_id, name, external_id, account, region, first_seen, rows)
