"""Write verdicts as CSV (RFC 4180), one row each. Formulas stay text, so that spreadsheets do not run them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import encodable
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.findings.severity.effective import RATED_STATUSES
from perpend.reports.formats.lines import Sql, concat, verdict_lines, write_lines
from perpend.reports.formats.object_texts import ObjectWriter
from perpend.reports.formats.references import Quoting, VerdictFormat
from perpend.reports.formats.registry import REFERENCES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TextIO, TypeAlias

    from perpend.core.objects.account import Account
    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.lines import Outcome
    from perpend.reports.formats.row_values import StoredRows

    Head: TypeAlias = Callable[[Outcome], str]

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
    described = _CsvDescriber(evaluation, accounts or {}, facts=facts)
    plain, quoting = (_head, _QUOTING) if facts else (_bare_head, None)
    head = _rated_head(plain, weighed) if weighed else plain
    written = VerdictFormat(
        evaluation, head, described, quoting=quoting, references=references, adjustments=weighed.steps if weighed else None
    )
    write_lines(verdict_lines(evaluation, written), stream)


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


def _rated_head(head: Head, weighed: RatedEvaluation) -> Head:
    """Return a function that renders the same cells, and the severity with its source."""

    def rated(ended: Outcome) -> str:
        program, index, _, steps = ended
        status = program.verdicts[index].status
        rating = weighed.in_force.of(program.policy_id, steps) if status in RATED_STATUSES else None
        cells = _cells(rating.level.value, rating.source) if rating else ","
        return f"{head(ended)}{cells},"

    return rated


def _head(ended: Outcome) -> str:
    program, index, error, _ = ended
    verdict = program.verdicts[index]
    message, remediation = message_of(verdict, error), remediation_of(program, verdict)
    cells = _cells(program.policy_id, verdict.status.value, str(index), verdict.text, message, remediation or "", error or "")
    return f"{cells},"


def _bare_head(ended: Outcome) -> str:
    """Render the outcome of a program without the runtime error, which quotes values."""
    return _head(ended._replace(error=None))


def _quotes_doubled(text: str) -> str:
    return text.replace('"', '""')


def cell_in_sql(expression: str, called: str) -> str:
    """Return the expression of a text as one cell. ``called`` is the call of :func:`cell_text`. A null is an empty cell."""
    simple = f"regexp_full_match({expression}, {text_literal(_SIMPLE.pattern)})"
    return f"CASE WHEN coalesce({expression}, '') = '' THEN '' WHEN {simple} THEN {expression} ELSE {called} END"


_QUOTING: Final = Quoting(_quotes_doubled, lambda written: f"replace({written}, '\"', '\"\"')")


class _CsvDescriber(ObjectWriter):
    """Renders objects. The type and owner of consecutive objects are rendered once."""

    def __init__(self, evaluation: Evaluation, accounts: Mapping[str, Account], *, facts: bool) -> None:
        super().__init__(evaluation, accounts)
        self._facts = facts
        # INVARIANT: references are ASCII and start with a bracket, so they are no formula; quotes always suit them.
        self._opening, self._closing = ('"[', ']"') if facts else ("", "")
        self._shared: tuple[str, ...] | None = None
        self._text = ""

    def __call__(self, object_: CloudObject) -> tuple[str, str]:
        master = object_.master
        shared = (object_.type_name, master.id, master.name if self._facts else "") if master else (object_.type_name, "", "")
        if shared != self._shared:
            type_name, *owner = shared
            self._shared, self._text = shared, _cells(type_name, self._evaluation.type_label(type_name), *owner)
        account, region = self._account_of(object_), cell_text(object_.region or "")
        name = object_.name if self._facts else ""
        return (
            f"{_cells(object_.id, name, object_.external_id)},{self._text},{self._opening}",
            f"{self._closing},{account},{region},{self._source(object_.origin.source)}{_END}",
        )

    def in_sql(self, rows: StoredRows) -> tuple[str, str]:
        """Return the texts in SQL."""
        type_name = rows.object_type.name
        names = (rows.id, rows.name if self._facts else "''", rows.external_id)
        owner = (rows.master_id, rows.master_name if self._facts else "''")
        types = f",{_cells(type_name, self._evaluation.type_label(type_name))},"
        named, owned = ([cell_in_sql(one, rows.called(cell_text, one)) for one in some] for some in (names, owner))
        before = [*_with_commas(named), text_literal(types), *_with_commas(owned), text_literal(f",{self._opening}")]
        account, source = self._account_in_sql(rows), self._source_in_sql(rows)
        region = f"coalesce({rows.region}, '')"
        behind = [text_literal(f"{self._closing},"), account, "','", region, "','", source, text_literal(_END)]
        return Sql(concat(before)), Sql(concat(behind))

    _no_account = ",,"

    def _account(self, number: str, account: Account) -> str:
        return _cells(number, account.name or "", account.owner or "")

    def _source_text(self, name: str, time: str | None) -> str:
        return _cells(name, time or "")


def _with_commas(cells: Sequence[str]) -> list[str]:
    """Return the expressions of cells with commas between them."""
    return [part for place, cell in enumerate(cells) for part in (("','", cell) if place else (cell,))]
