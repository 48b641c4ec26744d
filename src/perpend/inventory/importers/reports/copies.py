"""Return SQL expressions over the copy of a report: its cells, and the JSON document of a row."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final

from perpend.core.objects.inventory import ROOT_NAME, ROOT_USER
from perpend.inventory.importers.reports.plain import SEPARATOR
from perpend.inventory.snapshots.database import pattern, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.inventory.importers.reports.plain import PlainReport

FIRST_LINE: Final = 2
"""The number of the line behind the header."""

BREAKS: Final = "breaks"
"""The column that says how many line feeds stand in cells of the rows before one."""

_BUFFER: Final = 4 << 20
"""The bytes that are read at once. Each thread takes a piece of its own: small ones are there for all of them."""


def copied(report: PlainReport) -> str:
    """Return the relation of a copy: a column for each of the report's columns, by position, and ``BREAKS``."""
    columns = ", ".join([*(f"{cell}: 'VARCHAR'" for cell in places_of(report.columns)), f"{BREAKS}: 'BIGINT'"])
    # INVARIANT: a copy has no quotes around cells, and no cell is the one that is null. Backslashes are JSON's.
    options = (
        rf"delim='{SEPARATOR}', quote='', escape='', comment='', new_line='\n', header=false, skip=0, auto_detect=false, "
        rf"strict_mode=true, nullstr='{chr(1)}', compression='none', buffer_size={_BUFFER}, columns={{{columns}}}"
    )
    return f"read_csv({pattern(report.copy)}, {options})"


def places_of(columns: Sequence[str]) -> list[str]:
    """Return the column names of a copy."""
    return [f"c{place}" for place in range(len(columns))]


def text_in(report: PlainReport, column: str) -> str:
    """Return the expression of the text that a row has in a column."""
    cell = f"c{report.columns.index(column)}"
    return text_of(cell) if report.escaped else cell


def text_of(cell: str) -> str:
    """Return the expression of the text that a cell stands for, in which JSON may escape signs."""
    return f"""CASE WHEN contains({cell}, '\\') THEN json_extract_string('"' || {cell} || '"', '$') ELSE {cell} END"""


def named(report: PlainReport) -> str:
    """Return the expressions of a row's user and ARN."""
    user, arn = text_in(report, "user"), text_in(report, "arn")
    shown = f"CASE WHEN {user} = {text(ROOT_NAME)} AND ends_with({arn}, ':root') THEN {text(ROOT_USER)} ELSE {user} END"
    return f'{shown} AS "user", {arn} AS arn'


def document_of(report: PlainReport) -> str:
    """Return the expression of a row as a JSON object: every column, every value a string."""
    starts = ["{", *['",'] * (len(report.columns) - 1)]
    keys = (text(f'{start}{encode_basestring(column)}:"') for start, column in zip(starts, report.columns, strict=True))
    pieces = ", ".join(f"{key}, {cell}" for key, cell in zip(keys, places_of(report.columns), strict=True))
    return f"""concat({pieces}, '"}}')"""
