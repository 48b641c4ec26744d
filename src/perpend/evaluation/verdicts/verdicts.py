"""The verdicts of one program on the objects of its type, in Parquet files: counts, first ones, all in order.

The interpreter adds the details that only the object gives: why it could not be read, and texts of runtime errors.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.core.dataclass import dataclass
from perpend.evaluation.engines.verdicts import first_together
from perpend.evaluation.verdicts.verdict import indexes_needing_object
from perpend.language.interpreter.interpreter import EvaluationOutcome, Interpreter
from perpend.language.program.numbering import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.engines.verdicts import VerdictFiles
    from perpend.evaluation.verdicts.stores.stored_objects import StoredObjects
    from perpend.language.program.program import Program


HIDDEN: Final = -1
"""The index of a verdict that a filter hides."""

_NO_REASON: Final = "the object's data cannot be read"


class PlacedVerdict(NamedTuple):
    """A verdict in a list: the place of the object among those of its type, and the code that an engine gave it."""

    place: int
    code: int


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The verdicts of one program on the objects of its type, counted and read without loading them all.

    An object is named by its place: the row number of its table. ``table`` are the files of the table; ``day`` is the day of
    the run, in milliseconds since 1970.
    """

    program: Program
    number: int
    reasons: tuple[str | None, ...]
    files: VerdictFiles
    table: Sequence[Path]
    objects: StoredObjects
    day: int
    _with_errors: frozenset[int] = field(init=False)
    _interpreter: Interpreter = field(init=False)
    _counted: Counter[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_with_errors", indexes_needing_object(self.program))
        object.__setattr__(self, "_interpreter", Interpreter([self.program]))
        object.__setattr__(self, "_counted", self.files.counted(self.number))

    def counted(self) -> Counter[int]:
        """Return the number of each index."""
        counts: Counter[int] = Counter()
        for code, number in self._counted.items():
            counts[max(code, UNREADABLE)] += number
        return counts

    def unreadable(self) -> Counter[str]:
        """Return the number of each reason for unreadable objects, from codes and from contradicted rows."""
        reasons: Counter[str] = Counter()
        for code, number in self._counted.items():
            reason = self.reasons[-1 - code] if code < 0 else None
            reasons.update({reason: number} if reason is not None else {})
        unknown = frozenset(-1 - place for place, reason in enumerate(self.reasons) if reason is None)
        if unknown & self._counted.keys():
            reasons += self.objects.contradictions(self.files, unknown)[self.number]
        return reasons

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects with one of the indexes, at most ``limit``, with their errors."""
        [verdicts] = self.firsts([indexes], limit)
        rows = [row for row, _ in verdicts]
        outcomes = self.verdicts_at(verdicts, dict(zip(rows, self.objects.with_rows(rows), strict=True)))
        return [(row, error) for row, (_, error) in zip(rows, outcomes, strict=True)]

    def firsts(self, groups: Sequence[Collection[int]], limit: int) -> list[list[PlacedVerdict]]:
        """Return, for each group of indexes, the first objects with one of them, at most ``limit``."""
        return self.firsts_of([(self, groups)], limit)[0]

    @staticmethod
    def firsts_of(wanted: Sequence[tuple[Verdicts, Sequence[Collection[int]]]], limit: int) -> list[list[list[PlacedVerdict]]]:
        """Return, for each group of indexes of some programs, the first objects with one of them, at most ``limit``.

        All programs are of one evaluation, and are read together.
        """
        codes = [column.codes_of({index for group in groups for index in group}) for column, groups in wanted]
        together = [(column.files, column.number, some) for (column, _), some in zip(wanted, codes, strict=True)]
        firsts = []
        for (_, groups), by_code in zip(wanted, first_together(together, limit), strict=True):
            by_index: dict[int, list[PlacedVerdict]] = {}
            for code, rows in by_code.items():
                by_index.setdefault(max(code, UNREADABLE), []).extend(PlacedVerdict(row, code) for row in rows)
            firsts.append(
                [sorted(verdict for index in set(group) for verdict in by_index.get(index, ()))[:limit] for group in groups]
            )
        return firsts

    def codes_of(self, indexes: Collection[int]) -> frozenset[int]:
        """Return the codes that occur and have one of some indexes."""
        return frozenset(code for code in self._counted if max(code, UNREADABLE) in indexes)

    def verdicts_at(self, verdicts: Sequence[tuple[int, int]], objects: Mapping[int, CloudObject]) -> list[EvaluationOutcome]:
        """Return the outcomes of some objects. The interpreter evaluates those whose codes lack details."""
        known: dict[int | None, EvaluationOutcome] = {code: self._outcome_of(code, None) for code in self._counted}
        known[None] = HIDDEN, None
        needing = {code for code in self._counted if self._needs_object(code)}
        return [self._outcome(code, objects[row]) if code in needing else known[code] for row, code in verdicts]

    def known_outcomes(self) -> dict[int, EvaluationOutcome | None]:
        """Return the outcome of each code that occurs, None if the outcome needs the object."""
        return {code: None if self._needs_object(code) else self._outcome_of(code, None) for code in self._counted}

    def statuses(self) -> dict[int, str]:
        """Return the reasons that all rows with a code share, by code."""
        return {-1 - number: text for number, text in enumerate(self.reasons) if text is not None}

    def _outcome(self, code: int, object_: CloudObject) -> EvaluationOutcome:
        return self._outcome_of(code, self._interpreter.evaluate(object_.fields, self.day, complete=False)[0][1])

    def _needs_object(self, code: int) -> bool:
        return self.reasons[-1 - code] is None if code < 0 else code in self._with_errors

    def _outcome_of(self, code: int, error: str | None) -> EvaluationOutcome:
        if code >= 0:
            return code, error
        return UNREADABLE, self.reasons[-1 - code] or error or _NO_REASON
