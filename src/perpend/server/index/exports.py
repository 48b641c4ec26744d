"""Write the findings of a question to a file, with the columns of ``perpend findings``, by the same functions."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING, Final

from perpend.core.errors import InvalidOption
from perpend.findings.filters import ORDERS
from perpend.findings.history.queries.findings import FINDING_COLUMNS, FindingList
from perpend.findings.list_findings import SORTING
from perpend.findings.severity.groups import finding_groups, in_groups
from perpend.findings.severity.priority import PRIORITY_COLUMNS, with_priority
from perpend.findings.waivers.match_history import WAIVER_COLUMNS
from perpend.inventory.snapshots.database import rows_of, text
from perpend.reports.terminal.history.finding_lines import write_finding_lines
from perpend.server.index.build import FINDING
from perpend.server.index.database import EXPORT_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.server.index.database import IndexDatabase
    from perpend.server.index.facts import IndexFacts
    from perpend.server.index.questions import Conditions

FORMATS: Final = ("csv", "ndjson", "parquet")
"""The formats of an export."""


def write_export(
    database: IndexDatabase, facts: IndexFacts, conditions: Conditions, form: str, path: Path, order: str = ORDERS[0]
) -> None:
    """Write all chosen findings in an order of ``perpend findings``. Raises InvalidOption for another format, TooSlow."""
    for name, value, known in (("format", form, FORMATS), ("order", order, ORDERS)):
        if value not in known:
            raise InvalidOption(f"{name} '{value}' is not one of {', '.join(known)}", f"--{name}")
    rows = f"SELECT * EXCLUDE (place, finding_id) FROM {FINDING} WHERE {conditions.where()}"
    columns = tuple[str, ...]((*FINDING_COLUMNS, *WAIVER_COLUMNS))
    with database.asking(EXPORT_SECONDS) as cursor:
        titles = dict(rows_of(cursor, f"SELECT policy_id, any_value(policy_title) FROM ({rows}) GROUP BY 1"))
        rows = in_groups(cursor, rows, finding_groups(cursor, (rows, []), titles.__getitem__))
        if facts.rated or order == "priority":
            rows, columns = with_priority(rows, facts.head.time), (*columns, *PRIORITY_COLUMNS)
        listed = FindingList(rows, [], columns, SORTING[order])
        if form != "parquet":
            with path.open("w", encoding="utf-8", newline="") as stream:
                write_finding_lines(cursor, listed, form, stream)
            return
        written = database.spill / f"{secrets.token_hex(8)}.parquet"
        try:
            query, _ = listed.query()
            cursor.execute(f"COPY ({query}) TO {text(str(written))} (FORMAT parquet, COMPRESSION zstd)")
            shutil.copyfile(written, path)
        finally:
            written.unlink(missing_ok=True)
