"""Filter the findings of a history, by the filters of :mod:`perpend.findings.filters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.phrases import counted
from perpend.findings.filters import OF_FINDINGS, SEVERITY, TAGS_UNKNOWN
from perpend.findings.history.queries.views import FOUND

if TYPE_CHECKING:
    from perpend.findings.filters import Filter
    from perpend.inventory.snapshots.database import Connection


def finding_rows(filter: Filter) -> str:
    """Return the query for the findings of a history that a filter chooses, except by severity."""
    condition = filter.condition(*(declared.name for declared in OF_FINDINGS if declared is not SEVERITY))
    return f"FROM (SELECT *, [account] AS accounts FROM {FOUND}) WHERE {condition}"


def of_severity(rows: str, filter: Filter) -> str:
    """Return the query for the rows, findings with their severities, that a filter chooses by severity."""
    return f"FROM ({rows}) WHERE {filter.condition(SEVERITY.name)}"


def unknown_tags_text(number: int) -> str:
    """Return the warning about findings that the filter by tags keeps."""
    return f"{counted(number, 'finding is', 'findings are')} listed because the tags of the object are unknown"


def tags_unknown(connection: Connection, rows: str) -> int:
    """Return the number of findings that the filter by tags keeps because the tags of their objects are not known."""
    [(number,)] = connection.execute(f"SELECT count(*) FROM ({rows}) WHERE {TAGS_UNKNOWN}").fetchall()
    return int(number)
