"""Objects and verdicts in memory, in place of those that an evaluation reads from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from perpend.core.objects.inventory import CloudObject
from perpend.evaluation.verdicts.verdicts import HIDDEN, PlacedVerdict
from perpend.inventory.readers.conflicts import parted
from perpend.language.interpreter.interpreter import EvaluationOutcome
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.program import Program


class HeldObjects(tuple[CloudObject, ...]):
    """Objects in memory."""

    __slots__ = ()

    def at(self, places: Collection[int]) -> dict[int, CloudObject]:
        """Return objects by their places."""
        return {place: self[place] for place in sorted(set(places))}

    def reading(self, paths: Iterable[str]) -> HeldObjects:
        """Return the same objects, which have all their values."""
        del paths
        return self

    def chunks(self, columns: Sequence[HeldVerdicts]) -> Iterator[tuple[HeldObjects, list[list[EvaluationOutcome]]]]:
        """Yield all objects at once, with their outcomes."""
        if self:
            yield self, [list(column.ends()) for column in columns]


@dataclass(frozen=True, slots=True)
class HeldVerdicts:
    """Verdicts in memory: an index for each object, ``HIDDEN`` for hidden ones, and runtime errors by place."""

    program: Program
    indexes: Sequence[int] = ()
    errors: Mapping[int, str] = field(default_factory=dict)
    objects: HeldObjects = field(default_factory=HeldObjects)

    def counted(self) -> Counter[int]:
        """Return the number of each index."""
        counts = Counter(self.indexes)
        del counts[HIDDEN]
        return counts

    def unreadable(self) -> Counter[str]:
        """Return the number of each reason for unreadable objects."""
        return Counter(parted(error)[0] for place, error in self.errors.items() if self.indexes[place] == UNREADABLE)

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects with one of the indexes, at most ``limit``, with their errors."""
        return [(place, self.errors.get(place)) for place, _ in self.firsts([indexes], limit)[0]]

    def firsts(self, groups: Sequence[Collection[int]], limit: int) -> list[list[PlacedVerdict]]:
        """Return, for each group of indexes, the first objects with one of them, at most ``limit``."""
        rows = [PlacedVerdict(*row) for row in enumerate(self.indexes)]
        return [list(islice((row for row in rows if row.code in group), limit)) for group in groups]

    @staticmethod
    def firsts_of(
        wanted: Sequence[tuple[HeldVerdicts, Sequence[Collection[int]]]], limit: int
    ) -> list[list[list[PlacedVerdict]]]:
        """Return, for each group of indexes of some programs, the first objects with one of them."""
        return [column.firsts(groups, limit) for column, groups in wanted]

    def verdicts_at(self, verdicts: Sequence[PlacedVerdict], objects: Mapping[int, CloudObject]) -> list[EvaluationOutcome]:
        """Return the outcomes of some objects."""
        del objects
        return [(code, self.errors.get(place)) for place, code in verdicts]

    def ends(self) -> Iterator[EvaluationOutcome]:
        """Yield the outcome of each object, in order."""
        for place, index in enumerate(self.indexes):
            yield index, self.errors.get(place)
