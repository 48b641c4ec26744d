"""Queries over the views of a history for the difference of two runs, in pages and by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.findings.history.model import Event
from perpend.findings.history.queries.findings import compared, of_accounts
from perpend.inventory.snapshots.database import text_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.findings.history.queries.findings import Query

EVENTS: Final = (
    *(Event.OPENED, Event.REOPENED, Event.BECAME_UNKNOWN, Event.RECONFIRMED, Event.CHANGED),
    *(Event.RESOLVED, Event.RESOURCE_DELETED, Event.POLICY_REMOVED),
)
"""The events of a comparison, the most important first."""

CHANGED_COLUMNS: Final = (
    *("finding_id", "policy_id", "type", "object_id", "object_name", "account", "region", "what", "cause", "before", "after"),
)
"""The columns of the findings that differ between two runs."""

CHANGED: Final = "perpend_changed"
"""The table of the findings that differ between two runs."""


def keep_changes(before: int, after: int, accounts: Sequence[str]) -> Query:
    """Return the statement that fills the table of the findings that differ between two runs."""
    where, values = of_accounts(accounts)
    columns = ", ".join(CHANGED_COLUMNS)
    return f"CREATE TEMP TABLE {CHANGED} AS SELECT {columns} FROM ({compared(before, after)}) WHERE {where}", values


def changes_by_cause() -> Query:
    """Return the query for the numbers of changes by event and cause, the most frequent first."""
    return f"SELECT what, cause, count(*) AS number FROM {CHANGED} GROUP BY ALL ORDER BY number DESC, cause", []


def page_of_changes(event: str | None, cause: str | None, limit: int, start: int) -> Query:
    """Return the query for some changes, or those with an event or a cause, the most important events first."""
    wanted = {column: value for column, value in (("what", event), ("cause", cause)) if value is not None}
    where = " AND ".join(f"{column} = ?" for column in wanted) or "true"
    order = f"list_position({text_list(EVENTS)}, what), policy_id, type, object_id, finding_id"
    page = f"SELECT {', '.join(CHANGED_COLUMNS)} FROM {CHANGED} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
    return page, [*wanted.values(), limit, start]
