"""The verdicts of one program over the objects of its type, however they are kept: counts, the first, all in order."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from perpend.interpret.interpreter import End
    from perpend.ir.program import Program


class Verdicts(Protocol):
    """An index for each object, and what went wrong with it. Objects are named by their place among those of their type."""

    @property
    def program(self) -> Program:
        """The program that judged."""

    def counted(self) -> Counter[int]:
        """Return how often each index occurs."""

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects that ended in one of the indexes, ``limit`` at most, with their errors."""

    def ends(self) -> Iterator[End]:
        """Yield how the program ended on each object, in their order."""


@dataclass(frozen=True, slots=True)
class HeldVerdicts:
    """Verdicts held in memory: an index each, and runtime errors by place."""

    program: Program
    indexes: array[int] = field(default_factory=lambda: array("i"))
    errors: Mapping[int, str] = field(default_factory=dict)

    def counted(self) -> Counter[int]:
        """Return how often each index occurs."""
        return Counter(self.indexes)

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects that ended in one of the indexes, ``limit`` at most, with their errors."""
        places = (place for place, index in enumerate(self.indexes) if index in indexes)
        return [(place, self.errors.get(place)) for place in islice(places, limit)]

    def ends(self) -> Iterator[End]:
        """Yield how the program ended on each object, in their order."""
        for place, index in enumerate(self.indexes):
            yield index, self.errors.get(place)
