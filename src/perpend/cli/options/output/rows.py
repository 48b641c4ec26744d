"""Rows in, JSON, lines of JSON or CSV out: the forms of whatever a history answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from perpend.reports.terminal.history.findings import Row


def write_row_form(form: str, columns: Sequence[str], rows: Sequence[Row], stream: TextIO) -> None:
    """Write rows that hold these columns in this order."""
    from perpend.reports.terminal.history.findings import plain, write_rows
    from perpend.reports.terminal.inventory import write_answer_csv

    if form == "csv":
        write_answer_csv(columns, [[tuple(row.values()) for row in rows]], stream)
    elif form == "ndjson":
        write_rows(rows, stream, lines=True)
    else:
        json.dump([plain(row) for row in rows], stream, ensure_ascii=False, indent=1)
        stream.write("\n")
