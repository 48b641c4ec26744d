"""Write verdicts as CSV (RFC 4180), one row each. Formulas stay text, so that spreadsheets do not run them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import encodable
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.findings.severity.effective import RATED_STATUSES
from perpend.reports.formats.evaluated_rows import EvaluatedRows, RowColumns
from perpend.reports.formats.registry import REFERENCES
from perpend.reports.formats.values import reference_start, statuses_with_references, times_of_sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from perpend.core.objects.account import Account
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.evaluated_rows import RowOutcome
    from perpend.reports.formats.row_values import StoredRows

HEADER: Final = (
    "policyId",
    "status",
    "conditionIndex",
    "conditionText",
    "currentStateMessage",
    "remediationMessage",
    "runtimeError",
    "objectId",
    "objectName",
    "externalId",
    "typeApiName",
    "typeName",
    "masterId",
    "masterName",
    "references",
    "account",
    "accountName",
    "accountOwner",
    "region",
    "source",
    "observedAt",
)

RATED: Final = ("severity", "ratedBy")
"""The columns after ``runtimeError``, if there are ratings."""

_CELL: Final = "perpend_cell"
_END: Final = "\r\n"
_IDENTITY: Final = HEADER.index("objectId")
_UNSEEN = "\\s\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_FORMULA: Final = re.compile(f"'*(?:[\t\r\n]|[{_UNSEEN}]*[=+\\-@\uff1d\uff0b\uff0d\uff20])")
_SIMPLE: Final = re.compile("[A-Za-z0-9][ !#-+\\--~]*")
"""Texts that need no quotes: printable ASCII without quotes and commas, whose first character cannot begin a formula."""

_QUOTED: Final = re.compile('[",\r\n]')


def write_csv(
    evaluation: Evaluation,
    stream: TextIO,
    *,
    accounts: Mapping[str, Account] | None = None,
    facts: bool = True,
    weighed: RatedEvaluation | None = None,
    references: str = REFERENCES[0],
) -> None:
    """Write a header and a row per verdict. References are JSON; null is an empty cell.

    Open the stream with ``newline=""``: rows end in CR LF. ``accounts`` and ``references`` are as in ``write_json``. Without
    ``facts``, rows contain only ids and types of objects. ``weighed`` adds two columns with the severity and its source.
    """

    header = HEADER if weighed is None else (*HEADER[:_IDENTITY], *RATED, *HEADER[_IDENTITY:])
    stream.write(_cells(*header) + _END)

    def of_outcome(outcome: RowOutcome) -> tuple[str]:
        # A runtime error quotes values, which are facts.
        return (_outcome_cells(outcome if facts else outcome._replace(error=None), weighed),)

    columns = RowColumns(
        {"outcome_cells": "VARCHAR"},
        of_outcome,
        lambda rows: _object_cells(rows, evaluation, accounts or {}, facts=facts),
        reference_start(evaluation) if facts else None,
        statuses_with_references(references),
        whole=references == "all",
        functions={_CELL: cell_text},
    )
    # References are ASCII and start with a bracket, so they are no formula; quotes always suit them.
    read_values = "'\"[', replace(r.read_values, '\"', '\"\"'), ']\"'" if facts else "''"
    line = f"concat(r.outcome_cells, r.before, {read_values}, r.behind)"
    EvaluatedRows(evaluation, columns, weighed).write(line, stream)


def cell_text(text: str) -> str:
    """Return a text as one cell, quoted if RFC 4180 requires it.

    A text that a spreadsheet would read as a formula gets a single quote as prefix, also if the formula follows blanks,
    invisible characters or single quotes. Removing one quote from each such cell gives the original text.
    """
    if _SIMPLE.fullmatch(text):
        return text
    text = encodable(text)
    if _FORMULA.match(text):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _cells(*texts: str) -> str:
    return ",".join(map(cell_text, texts))


def cell_in_sql(expression: str, function: str) -> str:
    """Return the expression of a text as one cell. ``function`` is :func:`cell_text` in SQL. A null is an empty cell."""
    simple = f"regexp_full_match({expression}, {text_literal(_SIMPLE.pattern)})"
    return (
        f"CASE WHEN coalesce({expression}, '') = '' THEN '' WHEN {simple} THEN {expression} ELSE {function}({expression}) END"
    )


def _outcome_cells(outcome: RowOutcome, rated: RatedEvaluation | None) -> str:
    """Return the cells of an outcome, each with a comma behind it."""
    program, index, error, steps = outcome
    verdict = program.verdicts[index]
    message, remediation = message_of(verdict, error), remediation_of(program, verdict)
    cells = [program.policy_id, verdict.status.value, str(index), verdict.text, message, remediation or "", error or ""]
    if rated:
        rating = rated.in_force.of(program.policy_id, steps) if verdict.status in RATED_STATUSES else None
        cells += [rating.level.value, rating.source] if rating else ["", ""]
    return f"{_cells(*cells)},"


def _object_cells(
    rows: StoredRows, evaluation: Evaluation, accounts: Mapping[str, Account], *, facts: bool
) -> Mapping[str, str]:
    """Return the expressions of an object's cells before and behind the references."""
    type_name = rows.object_type.name
    id_, name, external_id, master_id, master_name = (
        cell_in_sql(one, _CELL) for one in (rows.id, rows.name, rows.external_id, rows.master_id, rows.master_name)
    )
    if not facts:
        name = master_name = "''"
    types = text_literal(_cells(type_name, evaluation.type_label(type_name)))
    of_account = {number: f"{number},{_cells(one.name or '', one.owner or '')}" for number, one in accounts.items()}
    account = rows.of_account(of_account, f"concat({cell_in_sql(rows.account, _CELL)}, ',,')", ",,")
    sources = rows.of_source([_cells(source, time or "") for source, time in times_of_sources(evaluation, rows.sources)])
    return {
        "before": f"concat_ws(',', {id_}, {name}, {external_id}, {types}, {master_id}, {master_name}, '')",
        "behind": f"concat(',', {account}, ',', {cell_in_sql(rows.region, _CELL)}, ',', {sources}, {text_literal(_END)})",
    }
