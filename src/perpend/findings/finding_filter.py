"""Filter the findings of a history, by the filters of :mod:`perpend.findings.filters`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.phrases import counted
from perpend.findings.filters import OF_FINDINGS, SEARCH, SEVERITY, TAG_UNKNOWN
from perpend.findings.history.queries.views import FOUND
from perpend.findings.waivers.matching import storable
from perpend.inventory.snapshots.database import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.findings.filters import Filter
    from perpend.inventory.snapshots.database import Connection


_TITLES: Final = "perpend_policy_title"


def keep_titles(connection: Connection, titles: Mapping[str, str]) -> None:
    """Fill the table of the titles of policies, which a search needs."""
    listed = text(json.dumps([[storable(policy_id), storable(title)] for policy_id, title in titles.items()]))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_TITLES} AS SELECT pair[1] AS policy_id, pair[2] AS policy_title "
        f"FROM (SELECT unnest(from_json({listed}, '[[\"VARCHAR\"]]')) AS pair)"
    )


def finding_rows(filter: Filter) -> str:
    """Return the query for the findings of a history that a filter chooses, except by severity.

    A search needs :func:`keep_titles`.
    """
    titled = f" LEFT JOIN {_TITLES} USING (policy_id)" if filter.of(SEARCH.name) else ""
    condition = filter.condition(*(declared.name for declared in OF_FINDINGS if declared is not SEVERITY))
    return f"FROM (FROM {FOUND}{titled}) WHERE {condition}"


def of_severity(rows: str, filter: Filter) -> str:
    """Return the query for the rows, findings with their severities, that a filter chooses by severity."""
    return f"FROM ({rows}) WHERE {filter.condition(SEVERITY.name)}"


def unknown_tags_text(number: int, *, listed: bool) -> str:
    """Return the warning about findings whose tags a filter by tags does not know. ``listed``: they are listed nevertheless."""
    what = counted(number, "finding is", "findings are")
    if listed:
        return f"{what} listed although the tags of the object are unknown"
    return f"{what} left out because the tags of the object are unknown; {TAG_UNKNOWN.option} lists them, too"
