"""The findings of a history with their waivers and severities, as one relation, and the rows that a filter chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.phrases import counted
from perpend.findings.filters import IN_USE, OF_FINDINGS, TAG_UNKNOWN, UNUSED, WAIVED, WAIVED_CONDITIONS
from perpend.findings.history.queries.views import FOUND
from perpend.findings.severity.priority import RATING_COLUMNS, RATING_JOINS
from perpend.findings.waivers.matches import WAIVED as WAIVED_TABLE
from perpend.findings.waivers.matches import storable
from perpend.inventory.snapshots.database import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.findings.filters import Filter
    from perpend.inventory.snapshots.database import Connection


_TITLES: Final = "perpend_policy_title"

FINDINGS: Final = (
    f"SELECT f.*, t.policy_title, w.waiver, w.waived_until, {RATING_COLUMNS} FROM {FOUND} AS f "
    f"LEFT JOIN {_TITLES} AS t ON t.policy_id = f.policy_id LEFT JOIN {WAIVED_TABLE} AS w ON w.key = f.key {RATING_JOINS}"
)
"""The query for all findings of a history, with titles, waivers and severities.

Before it is asked, the waivers are matched, and :func:`keep_titles` and ``keep_ratings`` fill their tables.
"""


def keep_titles(connection: Connection, titles: Mapping[str, str]) -> None:
    """Fill the table of the titles of policies, which only a search needs."""
    rows = [{"policy_id": storable(policy_id), "policy_title": storable(title)} for policy_id, title in titles.items()]
    query = table_of(rows, {"policy_id": "VARCHAR", "policy_title": "VARCHAR"})
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_TITLES} AS {query}")


def finding_rows(filter: Filter, waived: str = WAIVED[0]) -> str:
    """Return the query for the rows of :data:`FINDINGS` that a filter and a choice of waived findings select."""
    condition = filter.condition(*(declared.name for declared in OF_FINDINGS))
    return f"FROM ({FINDINGS}) WHERE {condition} AND {WAIVED_CONDITIONS[waived]}"


def unused_rows(filter: Filter, waived: str = WAIVED[0]) -> str | None:
    """Return the query for the findings that the filter of objects in use leaves out; None for a filter without it."""
    every = filter.with_unused
    return None if every is None else f"FROM ({finding_rows(every, waived)}) WHERE {UNUSED}"


def unused_text(number: int) -> str:
    """Return the note about findings that the filter of objects in use leaves out."""
    return f"{counted(number, 'finding')} of unused objects left out ({IN_USE.option})"


def unknown_tags_text(number: int, *, listed: bool) -> str:
    """Return the warning about findings whose tags a filter by tags does not know. ``listed``: they are listed nevertheless."""
    what = counted(number, "finding is", "findings are")
    if listed:
        return f"{what} listed although the tags of the object are unknown"
    return f"{what} left out because the tags of the object are unknown; {TAG_UNKNOWN.option} lists them, too"
