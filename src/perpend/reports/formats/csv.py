"""Write verdicts as CSV (RFC 4180), one row each. Formulas stay text, so that spreadsheets do not run them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import encodable
from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.evaluation.verdicts.evaluation import times_of
from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.findings.severity.effective import RATED_STATUSES
from perpend.reports.formats.lines import verdict_lines
from perpend.reports.formats.subjects import account_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from perpend.core.objects.account import Account
    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.language.program.program import Program
    from perpend.reports.formats.lines import Head

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
    "accountName",
    "accountOwner",
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
) -> None:
    """Write a header and a row per verdict. ``references`` are JSON; null is an empty cell.

    Open the stream with ``newline=""``: rows end in CR LF. ``accounts`` as in ``write_json``. Without ``facts``, rows contain
    only ids and types of objects. ``weighed`` adds two columns with the severity and its source.
    """

    header = HEADER if weighed is None else (*HEADER[:_IDENTITY], *RATED, *HEADER[_IDENTITY:])
    stream.write(_cells(*header) + _END)
    described = _CsvDescriber(evaluation, accounts or {}, facts=facts)
    plain, quoted = (_head, _quotes_doubled) if facts else (_bare_head, None)
    head, adjustments = (_rated_head(plain, weighed), weighed.steps) if weighed else (plain, None)
    for text in verdict_lines(evaluation, head=head, described=described, quoted=quoted, adjustments=adjustments):
        stream.write(text)


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

    def rated(program: Program, index: int, error: str | None, steps: int) -> str:
        status = program.verdicts[index].status
        rating = weighed.in_force.of(program.policy_id, steps) if status in RATED_STATUSES else None
        cells = _cells(rating.level.value, rating.source) if rating else ","
        return f"{head(program, index, error, steps)}{cells},"

    return rated


def _head(program: Program, index: int, error: str | None, steps: int) -> str:
    verdict = program.verdicts[index]
    message, remediation = message_of(verdict, error), remediation_of(program, verdict)
    cells = _cells(program.policy_id, verdict.status.value, str(index), verdict.text, message, remediation or "", error or "")
    return f"{cells},"


def _bare_head(program: Program, index: int, error: str | None, steps: int) -> str:
    """Render the outcome of a program without the runtime error, which quotes values."""
    return _head(program, index, None, steps)


def _quotes_doubled(text: str) -> str:
    return text.replace('"', '""')


class _CsvDescriber:
    """Renders objects. The type and account of consecutive objects are rendered once."""

    def __init__(self, evaluation: Evaluation, accounts: Mapping[str, Account], *, facts: bool) -> None:
        self._evaluation = evaluation
        self._facts = facts
        # INVARIANT: references are ASCII and start with a bracket, so they are no formula; quotes always suit them.
        self._opening, self._closing = ('"[', ']"') if facts else ("", "")
        self._accounts = accounts
        self._shared: tuple[str, ...] | None = None
        self._text = ""
        self._sources: dict[str, str] = {}
        self._times = times_of(evaluation.inventory)

    def __call__(self, object_: CloudObject) -> tuple[str, str]:
        master = object_.master
        shared = (object_.type_name, master.id, master.name if self._facts else "") if master else (object_.type_name, "", "")
        if shared != self._shared:
            type_name, *owner = shared
            self._shared, self._text = shared, _cells(type_name, self._evaluation.type_label(type_name), *owner)
        of_account = account_of(object_, self._accounts)
        account = _cells(of_account[1].name or "", of_account[1].owner or "") if of_account else ","
        name = object_.name if self._facts else ""
        return (
            f"{_cells(object_.id, name, object_.external_id)},{self._text},{self._opening}",
            f"{self._closing},{account},{self._source(object_)}{_END}",
        )

    def _source(self, object_: CloudObject) -> str:
        name = object_.origin.source
        if name not in self._sources:
            time = self._times.get(name)
            self._sources[name] = _cells(name, iso_from_milliseconds(milliseconds_from_datetime(time)) if time else "")
        return self._sources[name]
