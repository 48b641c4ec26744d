"""The verdicts of one program over the objects of its type, however they are kept: counts, the first, all in order."""

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
    from contextlib import AbstractContextManager

    from perpend.core.objects.inventory import CloudObject
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program


HIDDEN: Final = -1
"""The index that stands for a verdict which is not to be shown."""


class Share(NamedTuple):
    """Which one of how many shares is meant."""

    place: int
    shares: int


WHOLE: Final = Share(0, 1)
"""The share of who has no others beside."""


class Found(NamedTuple):
    """One verdict that was asked for: the object's place among those of its type, and the code that an engine gave it."""

    place: int
    code: int


class Verdicts(Protocol):
    """An index for each object, and what went wrong with it. Objects are named by their place among those of their type."""

    @property
    def program(self) -> Program:
        """The program that judged."""

    def counted(self) -> Counter[int]:
        """Return how often each index occurs."""

    def unreadable(self) -> Counter[str]:
        """Return how often each reason occurs why an object is unreadable, of those that are known without asking it.

        Where its sources contradict each other, the reason does not say in which places they do.
        """

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects that ended in one of the indexes, ``limit`` at most, with their errors."""

    def ends(self) -> Iterator[EvaluationOutcome]:
        """Yield how the program ended on each object, in their order; with ``HIDDEN`` where that is not to be shown."""

    def firsts(self, groups: Sequence[Collection[int]], limit: int) -> list[list[Found]]:
        """Return for each group of indexes the first objects that ended in one of them, ``limit`` at most."""

    def ends_of(self, verdicts: Sequence[Found], objects: Mapping[int, CloudObject]) -> list[EvaluationOutcome]:
        """Return how the program ended on some objects, which are given by place."""


@runtime_checkable
class StreamedObjects(Protocol):
    """Objects that are not held, but read as they are asked for: better many at once than each by itself."""

    def with_rows(self, rows: Sequence[int]) -> list[CloudObject]:
        """Return the objects at some places, in their order."""

    def chunks(
        self, columns: Sequence[Any], share: Share = WHOLE
    ) -> Iterator[tuple[Sequence[CloudObject], list[list[EvaluationOutcome]]]]:
        """Yield all objects in their order, some thousands at once, with how each of some columns of verdicts ended on them.

        Of several shares, each has its turn: the first chunk is the first one's, the second the second's.
        """

    def forkable(self) -> AbstractContextManager[None]:
        """Have no threads of its own meanwhile, so that processes that are forked can read it as well."""


@dataclass(frozen=True, slots=True)
class InMemoryVerdicts:
    """Verdicts held in memory: an index each, ``HIDDEN`` where it is not to be shown, and runtime errors by place."""

    program: Program
    indexes: array[int] = field(default_factory=lambda: array("i"))
    errors: Mapping[int, str] = field(default_factory=dict)

    def counted(self) -> Counter[int]:
        """Return how often each index occurs."""
        counts = Counter(self.indexes)
        del counts[HIDDEN]
        return counts

    def unreadable(self) -> Counter[str]:
        """Return how often each reason occurs why an object is unreadable."""
        return Counter(parted(error)[0] for place, error in self.errors.items() if self.indexes[place] == UNREADABLE)

    def first(self, indexes: Collection[int], limit: int) -> list[tuple[int, str | None]]:
        """Return the places of the first objects that ended in one of the indexes, ``limit`` at most, with their errors."""
        places = (place for place, index in enumerate(self.indexes) if index in indexes)
        return [(place, self.errors.get(place)) for place in islice(places, limit)]

    def firsts(self, groups: Sequence[Collection[int]], limit: int) -> list[list[Found]]:
        """Return for each group of indexes the first objects that ended in one of them, ``limit`` at most."""
        return [
            list(islice((Found(place, index) for place, index in enumerate(self.indexes) if index in group), limit))
            for group in groups
        ]

    def ends_of(self, verdicts: Sequence[Found], objects: Mapping[int, CloudObject]) -> list[EvaluationOutcome]:
        """Return how the program ended on some objects."""
        return [(code, self.errors.get(place)) for place, code in verdicts]

    def ends(self) -> Iterator[EvaluationOutcome]:
        """Yield how the program ended on each object, in their order."""
        for place, index in enumerate(self.indexes):
            yield index, self.errors.get(place)
