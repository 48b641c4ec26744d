"""Write the findings of an evaluation in the formats of other tools, a text each, in SQL if the objects are stored.

The writer of single findings writes each outcome once, for an object of marks. SQL replaces the marks.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, Protocol

from perpend.core.clouds.registry import cloud_of_type, partition_of_id_sql
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.findings.history.identity import finding_id_sql
from perpend.reports.formats.finding import finding_of, findings_about
from perpend.reports.formats.lines import Outcome, Sql, concat
from perpend.reports.formats.subjects import Subject

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from perpend.core.objects.inventory import CloudObject
    from perpend.core.objects.status import Status
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program, Read
    from perpend.reports.formats.finding import ReportedFinding, ReportedRun
    from perpend.reports.formats.lines import Adjustments, SqlLine, TextOf
    from perpend.reports.formats.row_values import StoredRows

LEFT_OUT: Final = "\0"
"""The text of a finding that a format cannot hold. No text of a format contains it."""


def optional(text: str, mark: str, value: str) -> str:
    """Return the expression of a text with a value in place of a mark; of an empty text if the value is null."""
    before, after = map(text_literal, text.split(mark))
    return f"CASE WHEN {value} IS NULL THEN '' ELSE concat({before}, {value}, {after}) END"


class FindingText(Protocol):
    """A format of single findings."""

    @property
    def left_out(self) -> str | None:
        """The condition that the format cannot hold an object's findings, over the columns; None if it holds all."""

    def holds(self, subject: Subject) -> bool:
        """Whether the format can hold an object's findings: the opposite of ``left_out``."""

    def __call__(self, finding: ReportedFinding) -> str:
        """Return the text of a finding that the format can hold."""

    def holes(self, rows: StoredRows, marks: Subject, columns: Mapping[str, str]) -> Mapping[str, str]:
        """Return the texts about an object of ``marks``, as the format writes them, with the expressions that replace them.

        ``columns`` are the expressions of the object's values, by the names of the fields of a subject.
        """


class FindingFormat:
    """A format with a text for each finding of some statuses."""

    keeps_all = True

    def __init__(
        self,
        run: ReportedRun,
        statuses: Collection[Status],
        weighed: RatedEvaluation | None,
        text_of: FindingText,
    ) -> None:
        self.run = run
        self.weighed = weighed
        self.text_of = text_of
        self.adjustments: Adjustments = weighed.steps if weighed else {}
        self._statuses = frozenset(statuses)

    def includes(self, program: Program, index: int) -> bool:
        """Whether an outcome is written."""
        return program.verdicts[index].status in self._statuses

    def reads(self, programs: Sequence[Program]) -> tuple[Read, ...]:
        """Return no values: findings have none."""
        del programs
        return ()

    def in_sql(self, rows: StoredRows, programs: Sequence[Program]) -> _FindingSql:
        """Return the format in SQL."""
        return _FindingSql(self, rows, programs[0].input_type)

    def in_python(self, programs: Sequence[Program]) -> TextOf:
        """Return the function that writes the findings of an object."""

        def text_of(object_: CloudObject, ends: Sequence[EvaluationOutcome]) -> str:
            findings = findings_about(object_, zip(programs, ends, strict=True), self.run, self._statuses, self.weighed)
            return "".join(self.text_of(one) if self.text_of.holds(one.subject) else LEFT_OUT for one in findings)

        return text_of


class _FindingSql:
    """Findings in SQL."""

    def __init__(self, written: FindingFormat, rows: StoredRows, type_name: str) -> None:
        self._written = written
        self._type_name = type_name
        token = secrets.token_hex(16)
        self._uid = f"{token}-uid"
        self._marks = Subject(
            f"{token}-id", f"{token}-name", type_name, f"{token}-account", f"{token}-region", f"{token}-partition"
        )
        holes = written.text_of.holes(rows, self._marks, _values(rows))
        self._holes = {text: Sql(f"r.h{place}") for place, text in enumerate(holes)}
        self.columns = {f"h{place}": expression for place, expression in enumerate(holes.values())}
        self.columns |= {"object_id": rows.id, "account": _values(rows)["account"]}

    def line(self, outcome: Outcome) -> list[str]:
        """Return the text of a finding in parts."""
        written, program = self._written, outcome.program
        if not written.includes(program, outcome.number):
            return []
        text = written.text_of(finding_of(written.run, outcome, self._uid, self._marks, written.weighed))
        uid = finding_id_sql(text_literal(program.policy_id), text_literal(self._type_name), "r.object_id", "1")
        parts: list[str] = [text]
        for mark, hole in {self._uid: Sql(uid), **self._holes}.items():
            parts = [piece for part in parts for piece in ([part] if isinstance(part, Sql) else _cut(part, mark, hole))]
        return parts

    def whole(self, lines: Sequence[SqlLine]) -> list[str]:
        """Return the expressions of the findings of an object."""
        left_out, parts = self._written.text_of.left_out, [part for line in lines for part in line.parts]
        if left_out is None:
            return parts
        marks = concat([f"CASE WHEN {line.is_written} THEN {text_literal(LEFT_OUT)} ELSE '' END" for line in lines])
        return [f"CASE WHEN {left_out} THEN {marks} ELSE {concat(parts)} END"]


def _cut(text: str, mark: str, hole: Sql) -> list[str]:
    """Return a text with each mark replaced."""
    first, *others = text.split(mark)
    return [first, *(piece for other in others for piece in (hole, other))]


def _values(rows: StoredRows) -> dict[str, str]:
    """Return the expressions of an object's values, by the names of the fields of a subject (``subject_of``)."""
    cloud = cloud_of_type(rows.object_type.name)
    return {
        "id": f"CASE WHEN {rows.id} = '' THEN {rows.external_id} ELSE {rows.id} END",
        "name": f"coalesce(nullif({rows.name}, ''), nullif({rows.id}, ''), {rows.external_id})",
        "account": rows.account,
        "region": rows.region,
        "partition": f"coalesce({partition_of_id_sql(rows.external_id, cloud)}, {partition_of_id_sql(rows.id, cloud)})",
    }
