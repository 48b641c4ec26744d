"""The difference of two runs, a page at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.errors import InvalidOption
from perpend.findings.history.model import Cause, Event
from perpend.findings.history.queries.changes import EVENTS, changes_by_cause, keep_changes, page_of_changes
from perpend.findings.history.queries.findings import COMPARED, run_named
from perpend.findings.history.queries.views import asking
from perpend.server.answers import Change, ChangePage
from perpend.server.views.run_state import accounts_of

if TYPE_CHECKING:
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState

MOST: Final = 500
"""The largest page."""

_PAGE: Final = re.compile("[0-9]{1,9}", re.ASCII)


def change_page(
    state: RunState,
    before: str,
    after: str,
    scope: ReaderScope,
    *,
    event: str | None = None,
    cause: str | None = None,
    limit: int = 50,
    page_key: str | None = None,
) -> ChangePage:
    """Return the findings that differ between two runs, or those with an event or a cause, most important events first.

    ``page_key`` is the ``next`` of the page before. Raises InvalidOption for runs that cannot be compared, an event, a cause or
    a page that does not exist; UnknownRun for a name that means no run.
    """
    first, last = run_named(state.head, before), run_named(state.head, after)
    if first.number >= last.number:
        raise InvalidOption(f"run {first.number} does not come before run {last.number}")
    if event is not None and event not in tuple(Event):
        raise InvalidOption(f"'{event:.40}' is not one of {', '.join(Event)}", "event")
    if cause is not None and cause not in tuple(Cause):
        raise InvalidOption(f"'{cause:.40}' is not one of {', '.join(Cause)}", "cause")
    if not 1 <= limit <= MOST:
        raise InvalidOption(f"a page has 1 to {MOST} changes", "limit")
    if page_key is not None and not _PAGE.fullmatch(page_key):
        raise InvalidOption("no page has given this key", "after")
    start = int(page_key or 0)
    with asking(state.history, *COMPARED, since=first.number) as connection:
        connection.execute(*keep_changes(first.number, last.number, accounts_of(scope)))
        counts = connection.execute(*changes_by_cause()).fetchall()
        page = connection.execute(*page_of_changes(event, cause, limit, start)).fetchall()
    causes: dict[str, dict[str, int]] = {one.value: {} for one in EVENTS}
    for what, why, number in counts:
        causes[what][why] = number
    causes = {what: of_event for what, of_event in causes.items() if of_event}
    numbers = {what: sum(of_event.values()) for what, of_event in causes.items()}
    total = sum(number for what, why, number in counts if (event is None or what == event) and (cause is None or why == cause))
    changes = tuple(
        Change(finding, policy, state.title_of(policy), kind, id, name, account, region, what, why, was, now)
        for finding, policy, kind, id, name, account, region, what, why, was, now in page
    )
    end = start + len(changes)
    return ChangePage(first.number, last.number, total, numbers, causes, changes, str(end) if end < total else None)
