"""Write the findings of a history as CSV or JSON: SQL draws their lines, and the texts of each condition are drawn once."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.findings.history.queries.findings import CONDITION, TEXT_COLUMNS, texts_of_conditions
from perpend.inventory.snapshots.database import text
from perpend.inventory.snapshots.functions import add_function
from perpend.reports.formats.csv import cell_in_sql, cell_text
from perpend.reports.formats.row_values import json_text_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from perpend.findings.history.queries.findings import FindingList
    from perpend.inventory.snapshots.database import Connection

_NUMBERS: Final = frozenset(("episodes", "condition_index", "changed_in_run", "priority"))
_TIMES: Final = frozenset(
    (
        "open_since",
        "ended_at",
        "last_known_at",
        "last_seen",
        "status_date",
        "incompliant_start_date",
        "incompliant_end_date",
        "due",
    )
)
_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Form:
    """How a line is written. ``draw`` writes any text; ``in_sql`` returns the expression of a text, given the
    function ``draw`` in SQL.

    Numbers have no quotes, times have ``quotes``.
    """

    draw: Callable[[str], str]
    in_sql: Callable[[str, str], str]
    quotes: str
    null: str
    between: str
    around: tuple[str, str] = ("", "")

    def named(self, column: str) -> str:
        """Return the text in front of a value."""
        return ""

    def value(self, column: str, function: str) -> str:
        """Return the SQL expression for the value of a column. ``function`` is the SQL function that calls ``draw``."""
        if column not in _NUMBERS and column not in _TIMES:
            return self.in_sql(column, function)
        quotes = text(self.quotes)
        written = f"CAST({column} AS VARCHAR)" if column in _NUMBERS else f"concat({quotes}, {_time(column)}, {quotes})"
        return f"CASE WHEN {column} IS NULL THEN {text(self.null)} ELSE {written} END"

    def texts(self, values: Sequence[str | None]) -> str:
        """Return the part of a line with the texts of a condition."""
        named = zip(TEXT_COLUMNS, values, strict=True)
        return self.between.join(
            f"{self.named(column)}{self.null if value is None else self.draw(value)}" for column, value in named
        )

    def sql(self, columns: Sequence[str], before: str, after: str, function: str) -> str:
        """Return the SQL expression for a part of a line."""
        parts = [text(before)]
        for place, column in enumerate(columns):
            parts += [text(f"{self.between if place else ''}{self.named(column)}"), self.value(column, function)]
        return f"concat({', '.join([*parts, text(after)])})"


class _Json(_Form):
    def named(self, column: str) -> str:
        return f"{json.dumps(column)}: "


_CSV: Final = _Form(cell_text, cell_in_sql, "", "", ",")
_JSON: Final = _Json(lambda value: json.dumps(value), json_text_sql, '"', "null", ", ", ("{", "}"))


def write_finding_lines(connection: Connection, findings: FindingList, form: str, stream: TextIO) -> None:
    """Write findings as ``csv``, ``json`` or ``ndjson``. ``connection`` has the views of a history."""
    if form == "csv":
        stream.write(",".join(map(cell_text, findings.columns)) + "\r\n")
        _write(connection, findings, _CSV, stream, end="\r\n")
        return
    stream.write("" if form == "ndjson" else "[\n")
    _write(connection, findings, _JSON, stream, end="\n", between="" if form == "ndjson" else ",")
    stream.write("" if form == "ndjson" else "]\n")


def _write(connection: Connection, findings: FindingList, form: _Form, stream: TextIO, *, end: str, between: str = "") -> None:
    function = f"perpend_{secrets.token_hex(8)}"
    add_function(connection, function, form.draw, ["VARCHAR"], "VARCHAR")
    texts = {condition: form.texts(values) for condition, values in texts_of_conditions(connection).items()}
    unknown = form.texts((None,) * len(TEXT_COLUMNS))
    place = findings.columns.index(TEXT_COLUMNS[0])
    before, after = findings.columns[:place], findings.columns[place + len(TEXT_COLUMNS) :]
    first, last = form.around
    closing = form.between if after else ""
    parts = (form.sql(before, first, form.between, function), form.sql(after, closing, last, function))
    answer: Any = connection.execute(*findings.query_of([*parts, *CONDITION]))
    lead = ""
    while rows := answer.fetchmany(_BATCH):
        lines = [f"{start}{texts.get(condition, unknown)}{rest}{end}" for start, rest, *of in rows for condition in [tuple(of)]]
        stream.write(lead + between.join(lines))
        lead = between


def _time(column: str) -> str:
    """Return the SQL expression for a time as Python writes it in ISO 8601, in UTC."""
    written = f"CAST(make_timestamp(epoch_us({column})) AS VARCHAR)"
    whole = f"CASE WHEN strlen({written}) > 19 THEN rpad({written}, 26, '0') ELSE {written} END"
    return f"concat(replace({whole}, ' ', 'T'), 'Z')"
