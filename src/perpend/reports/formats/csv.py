"""A judgement in, one row of CSV per verdict out (RFC 4180). No cell makes a spreadsheet compute: formulas are kept as text."""

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
"""The columns behind ``runtimeError`` where anything is rated."""

_END: Final = "\r\n"
_IDENTITY: Final = HEADER.index("objectId")
_UNSEEN = "\\s\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_FORMULA: Final = re.compile(f"'*(?:[\t\r\n]|[{_UNSEEN}]*[=+\\-@\uff1d\uff0b\uff0d\uff20])")
_SIMPLE: Final = re.compile("[A-Za-z0-9][ !#-+\\--~]*")
"""Texts that are cells as they are: printable ASCII without quotes and commas, begun by what begins no formula."""

_QUOTED: Final = re.compile('[",\r\n]')


def write_csv(
    evaluation: Evaluation,
    stream: TextIO,
    *,
    accounts: Mapping[str, Account] | None = None,
    facts: bool = True,
    weighed: RatedEvaluation | None = None,
) -> None:
    """Write a header and a row per verdict, ``references`` as JSON; what is null in JSON is empty here.

    Open the stream with ``newline=""``: rows end in CR LF. ``accounts`` as in ``write_json``. Without ``facts``, what stands in
    objects is left out: of them rows hold no more than ids and types. ``weighed`` is how severe findings are: who has rated
    them stands in two columns more; there are none where nobody has.
    """

    header = HEADER if weighed is None else (*HEADER[:_IDENTITY], *RATED, *HEADER[_IDENTITY:])
    stream.write(_cells(*header) + _END)
    described = _CsvDescriber(evaluation, accounts or {}, facts=facts)
    plain, quoted = (_head, _quotes_doubled) if facts else (_bare_head, None)
    head, moved = (_rated_head(plain, weighed), weighed.steps) if weighed else (plain, None)
    for text in verdict_lines(evaluation, head=head, described=described, quoted=quoted, moved=moved):
        stream.write(text)


def cell_text(text: str) -> str:
    """Return a text as one cell, quoted where RFC 4180 wants it.

    A single quote goes in front of what a spreadsheet would take for a formula, also when it starts after blanks or
    characters that cannot be seen. Single quotes that stand there already count as part of it: taking one away from
    every such cell gives the original texts back.
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
    """Return what draws the same and how severe it is, and who says so; of what is undetermined, how severe it would be."""

    def rated(program: Program, index: int, error: str | None, steps: int) -> str:
        status = program.verdicts[index].status
        rating = weighed.in_force.of(program.policy_id, steps) if status in RATED_STATUSES else None
        said = _cells(rating.level.value, rating.source) if rating else ","
        return f"{head(program, index, error, steps)}{said},"

    return rated


def _head(program: Program, index: int, error: str | None, steps: int) -> str:
    verdict = program.verdicts[index]
    message, remediation = message_of(verdict, error), remediation_of(program, verdict)
    said = _cells(program.policy_id, verdict.status.value, str(index), verdict.text, message, remediation or "", error or "")
    return f"{said},"


def _bare_head(program: Program, index: int, error: str | None, steps: int) -> str:
    """Draw what a program says without what went wrong, which quotes values."""
    return _head(program, index, None, steps)


def _quotes_doubled(text: str) -> str:
    return text.replace('"', '""')


class _CsvDescriber:
    """Draws objects; what objects that follow each other have in common, their type and their account, it draws once."""

    def __init__(self, evaluation: Evaluation, accounts: Mapping[str, Account], *, facts: bool) -> None:
        self._judgement = evaluation
        self._facts = facts
        # INVARIANT: references are ASCII and start with a bracket, so they are no formula; quotes always suit them.
        self._opening, self._closing = ('"[', ']"') if facts else ("", "")
        self._accounts = accounts
        self._shared: tuple[str, ...] | None = None
        self._text = ""
        self._sources: dict[str, str] = {}
        self._times = times_of(evaluation.inventory)

    def __call__(self, judged: CloudObject) -> tuple[str, str]:
        master = judged.master
        shared = (judged.type_name, master.id, master.name if self._facts else "") if master else (judged.type_name, "", "")
        if shared != self._shared:
            type_name, *owner = shared
            self._shared, self._text = shared, _cells(type_name, self._judgement.type_label(type_name), *owner)
        of_account = account_of(judged, self._accounts)
        account = _cells(of_account[1].name or "", of_account[1].owner or "") if of_account else ","
        name = judged.name if self._facts else ""
        return (
            f"{_cells(judged.id, name, judged.external_id)},{self._text},{self._opening}",
            f"{self._closing},{account},{self._source(judged)}{_END}",
        )

    def _source(self, judged: CloudObject) -> str:
        name = judged.origin.source
        if name not in self._sources:
            time = self._times.get(name)
            self._sources[name] = _cells(name, iso_from_milliseconds(milliseconds_from_datetime(time)) if time else "")
        return self._sources[name]
