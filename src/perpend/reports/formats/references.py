"""Write verdicts with references to the values that their policies read, one line each."""

from __future__ import annotations

from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.verdict import reader_of
from perpend.evaluation.verdicts.verdicts import HIDDEN
from perpend.reports.formats.lines import Outcome, Sql
from perpend.reports.formats.registry import REFERENCES
from perpend.reports.formats.values import json_value, value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program, Read
    from perpend.reports.formats.lines import Adjustments, SqlLine, TextOf
    from perpend.reports.formats.row_values import StoredRows

_FOUND: Final = (Status.INCOMPLIANT, Status.UNDETERMINED)
_SHORT: Final = 100
_MOST_KNOWN: Final = 1_024


class Quoting(NamedTuple):
    """How references are written into a line: a function of texts, and the same function in SQL."""

    text: Callable[[str], str]
    sql: Callable[[str], str]


AS_IT_IS: Final = Quoting(str, str)


class Describer(Protocol):
    """Writes an object in the lines of its verdicts, in Python and in SQL."""

    def __call__(self, object_: CloudObject) -> tuple[str, str]:
        """Return the texts before and after the references."""

    def in_sql(self, rows: StoredRows) -> tuple[str, str]:
        """Return both texts: a text that is the same for all objects, or :class:`Sql`."""


def writes_references(program: Program, index: int, *, references: str) -> bool:
    """Whether a verdict is written with its references."""
    return references == "all" or program.verdicts[index].status in _FOUND


def opening(evaluation: Evaluation, type_name: str, read: Read) -> str:
    """Return the beginning of a reference, up to its value."""
    return f'{{"field":{json_text(read.path)},"label":{json_text(evaluation.label_of(type_name, read))},"value":'


class ReferenceWriter:
    """Writes references to the fields of objects in memory."""

    def __init__(
        self, evaluation: Evaluation, reads: tuple[Read, ...], type_name: str, quoting: Quoting, references: str
    ) -> None:
        write = json_value if references == "all" else value_text
        self._values = [_Values(quoting.text(opening(evaluation, type_name, read)), quoting.text, write) for read in reads]
        self._known = [values.known for values in self._values]
        self._read_values = reader_of(reads)

    def __call__(self, fields: Mapping[str, Any]) -> list[str]:
        """Return the reference of each value."""
        return [
            (texts.get(value) if value.__class__ is str else None) or values(value)
            for texts, values, value in zip(self._known, self._values, self._read_values(fields), strict=True)
        ]


class _Values:
    """Writes references to one field. ``known`` caches the first short texts, because many are equal."""

    def __init__(self, start: str, quoted: Callable[[str], str], written: Callable[[Any], str]) -> None:
        self._start = start
        self._quoted = quoted
        self._written = written
        self.known: dict[str, str] = {}

    def __call__(self, value: Any) -> str:
        text = f"{self._start}{self._quoted(self._written(value))}}}"
        if isinstance(value, str) and len(value) <= _SHORT and len(self.known) < _MOST_KNOWN:
            self.known[value] = text
        return text


class VerdictFormat:
    """A format with one line for each verdict: its outcome, its references, and its object.

    ``head`` writes an outcome, ``described`` an object. Without ``quoting``, there are no references. ``references`` is one of
    :data:`REFERENCES`; long values are cut unless it is ``all``.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        head: Callable[[Outcome], str],
        described: Describer,
        *,
        quoting: Quoting | None = AS_IT_IS,
        references: str = REFERENCES[0],
        adjustments: Adjustments | None = None,
    ) -> None:
        self.evaluation = evaluation
        self.head = head
        self.described: Describer = described
        self.quoting = quoting
        self.references = references
        self.adjustments: Adjustments = adjustments or {}
        self.keeps_all = references == "all"

    def reads(self, programs: Sequence[Program]) -> tuple[Read, ...]:
        """Return the values that it writes."""
        return tuple(dict.fromkeys(read for program in programs for read in program.reads)) if self.quoting else ()

    def in_sql(self, rows: StoredRows, programs: Sequence[Program]) -> _VerdictSql:
        """Return the format in SQL."""
        return _VerdictSql(self, rows, programs)

    def in_python(self, programs: Sequence[Program]) -> TextOf:
        """Return the function that writes the lines of an object."""
        outcomes = [OutcomeTexts(program, self.head, self.adjustments) for program in programs]
        reads = self.reads(programs)
        wanted = [[reads.index(read) for read in program.reads] if self.quoting else [] for program in programs]
        write = ReferenceWriter(self.evaluation, reads, programs[0].input_type, self.quoting or AS_IT_IS, self.references)

        def text_of(object_: CloudObject, ends: Sequence[EvaluationOutcome]) -> str:
            starts = [of_program(end, object_) for of_program, end in zip(outcomes, ends, strict=True)]
            if not any(starts):
                return ""
            before, behind = self.described(object_)
            with_values = [
                bool(start) and writes_references(program, index, references=self.references)
                for start, program, (index, _) in zip(starts, programs, ends, strict=True)
            ]
            written = write(object_.fields) if any(with_values) else []
            return "".join(
                piece
                for start, numbers, has_values in zip(starts, wanted, with_values, strict=True)
                if start
                for piece in (start, before, ",".join([written[number] for number in numbers]) if has_values else "", behind)
            )

        return text_of


class OutcomeTexts:
    """Writes the outcomes of a program, each once, because many objects have the same one. Hidden ones are empty."""

    def __init__(self, program: Program, head: Callable[[Outcome], str], adjustments: Adjustments) -> None:
        self._program = program
        self._head = head
        self._steps = adjustments.get(program.policy_id, {})
        self._known: dict[tuple[EvaluationOutcome, int], str] = {}

    def __call__(self, end: EvaluationOutcome, object_: CloudObject) -> str:
        """Return the text of an object's outcome."""
        key = end, self._steps.get(object_.id, 0) if self._steps else 0
        text = self._known.get(key)
        if text is None:
            text = "" if end[0] == HIDDEN else self._head(Outcome(self._program, *end, key[1]))
            if len(self._known) < _MOST_KNOWN:
                self._known[key] = text
        return text


class _VerdictSql:
    """The lines of verdicts in SQL."""

    def __init__(self, written: VerdictFormat, rows: StoredRows, programs: Sequence[Program]) -> None:
        self._written = written
        described = dict(zip(("before", "behind"), written.described.in_sql(rows), strict=True))
        self._values = {read: f"f{place}" for place, read in enumerate(written.reads(programs))}
        self.columns: dict[str, str] = {column: text for column, text in described.items() if isinstance(text, Sql)}
        self.columns |= {column: rows.values[read] for read, column in self._values.items()}
        self._before, self._behind = (
            Sql(f"r.{column}") if column in self.columns else text for column, text in described.items()
        )

    def line(self, outcome: Outcome) -> list[str]:
        """Return the parts of a verdict's line."""
        written, program = self._written, outcome.program
        parts: list[str] = [written.head(outcome), self._before]
        if written.quoting and writes_references(program, outcome.number, references=written.references):
            for place, read in enumerate(program.reads):
                start = opening(written.evaluation, program.input_type, read)
                parts.append(("," if place else "") + written.quoting.text(start))
                parts += [Sql(written.quoting.sql(f"r.{self._values[read]}")), "}"]
        return [*parts, self._behind]

    def whole(self, lines: Sequence[SqlLine]) -> list[str]:
        """Return the expressions of all lines of an object."""
        return [part for line in lines for part in line.parts]
