"""The verdicts of one program on the objects of its type, in memory or in files: counts, first ones, all in order."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, runtime_checkable

from perpend.inventory.readers.conflicts import parted
from perpend.language.program.numbering import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from perpend.core.objects.inventory import CloudObject
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program


HIDDEN: Final = -1
"""The index of a verdict that a filter hides."""


class VerdictRow(NamedTuple):
    """A verdict in a list: the place of the object among those of its type, and the code that an engine gave it."""

    place: int
    code: int


class Verdicts(Protocol):
    """An index for each object, with errors. An object is named by its place among those of its type."""

    @property
    def program(self) -> Program:
        """The evaluated program."""

    def counted(self) -> Counter[int]:
        """Return the number of each index."""

    def unreadable(self) -> Counter[str]:
        """Return the number of each reason for unreadable objects, of those that are known without reading the objects.

        For contradictions between sources, the reason does not name the places.
        """

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects with one of the indexes, at most ``limit``, with their errors."""

    def ends(self) -> Iterator[EvaluationOutcome]:
        """Yield the outcome of each object in order, with the index ``HIDDEN`` for hidden ones."""

    def firsts(self, groups: Sequence[Collection[int]], limit: int) -> list[list[VerdictRow]]:
        """Return, for each group of indexes, the first objects with one of them, at most ``limit``."""

    def verdicts_at(self, verdicts: Sequence[VerdictRow], objects: Mapping[int, CloudObject]) -> list[EvaluationOutcome]:
        """Return the outcomes of some objects, which are given by place."""


@runtime_checkable
class StreamedObjects(Protocol):
    """Objects that are read on demand, many at once where possible."""

    def with_rows(self, rows: Sequence[int]) -> list[CloudObject]:
        """Return the objects at some places, in their order."""

    def chunks(self, columns: Sequence[Any]) -> Iterator[tuple[Sequence[CloudObject], list[list[EvaluationOutcome]]]]:
        """Yield all objects in order, in chunks, with the outcome of each in some columns of verdicts."""


@dataclass(frozen=True, slots=True)
class InMemoryVerdicts:
    """Verdicts in memory: an index each, ``HIDDEN`` for hidden ones, and runtime errors by place."""

    program: Program
    indexes: array[int] = field(default_factory=lambda: array("i"))
    errors: Mapping[int, str] = field(default_factory=dict)

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
        places = (place for place, index in enumerate(self.indexes) if index in indexes)
        return [(place, self.errors.get(place)) for place in islice(places, limit)]

    def firsts(self, groups: Sequence[Collection[int]], limit: int) -> list[list[VerdictRow]]:
        """Return, for each group of indexes, the first objects with one of them, at most ``limit``."""
        return [
            list(islice((VerdictRow(place, index) for place, index in enumerate(self.indexes) if index in group), limit))
            for group in groups
        ]

    def verdicts_at(self, verdicts: Sequence[VerdictRow], objects: Mapping[int, CloudObject]) -> list[EvaluationOutcome]:
        """Return the outcomes of some objects."""
        return [(code, self.errors.get(place)) for place, code in verdicts]

    def ends(self) -> Iterator[EvaluationOutcome]:
        """Yield the outcome of each object, in order."""
        for place, index in enumerate(self.indexes):
            yield index, self.errors.get(place)
