"""Mutants that no test object kills in, the nearest objects out that would, as few as are enough for all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any, Final

from perpend.ir.numbering import UNREADABLE
from perpend.mutation.judging import Judges, Specimen
from perpend.mutation.neighbours import Candidates, leaves_of, neighbours, with_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.ir.program import Program
    from perpend.mutation.mutants import Mutant

MOST_TRIED: Final = 3_000
"""How many objects are tried for the mutants of one program."""

_MOST_LEAVES: Final = 40


@dataclass(frozen=True, slots=True)
class Killer:
    """An object that kills mutants: how many values it changes of which test object, where the program ends on it."""

    specimen: Specimen
    base: int
    changes: int
    index: int
    kills: tuple[int, ...]


def find_killers(
    program: Program, mutants: Sequence[Mutant], specimens: Sequence[Specimen], *, most: int = MOST_TRIED
) -> list[Killer]:
    """Return objects near the given ones that kill mutants, each mutant by the nearest that was found.

    A mutant that none of them kills may be equivalent, or need more changes than were tried.
    """
    judges, candidates = Judges(program, mutants), Candidates()
    for block in (program.block, *(mutant.block for mutant in mutants)):
        candidates.learn_program(block)
    for specimen in specimens:
        candidates.learn_object(specimen.fields)
    alive = list(range(len(mutants)))
    found: list[Killer] = []
    for base, changes, specimen in _tried(specimens, candidates, most):
        index, kills = judges.killed(specimen, alive)
        if kills and index != UNREADABLE:
            found.append(Killer(specimen, base, changes, index, tuple(kills)))
            alive = [position for position in alive if position not in kills]
            if not alive:
                break
    return _fewest(judges, found, len(mutants))


def _fewest(judges: Judges, found: list[Killer], count: int) -> list[Killer]:
    """Return killers without those whose mutants others kill as well."""
    everything = [(judges.killed(one.specimen, range(count))[1], one) for one in found]
    needed = {position for one in found for position in one.kills}
    chosen: list[Killer] = []
    while needed:
        kills, best = max(everything, key=lambda pair: (len(needed.intersection(pair[0])), -pair[1].changes))
        chosen.append(Killer(best.specimen, best.base, best.changes, best.index, tuple(sorted(needed.intersection(kills)))))
        needed -= set(kills)
    return chosen


def _tried(specimens: Sequence[Specimen], candidates: Candidates, most: int) -> Iterator[tuple[int, int, Specimen]]:
    """Yield objects with one value changed, then those with two values of another test object, a part of the budget each.

    All test objects have the same share of it.
    """
    yield from islice(_with_one(specimens, candidates), most)
    yield from islice(_with_two(specimens), most // 2)


def _with_one(specimens: Sequence[Specimen], candidates: Candidates) -> Iterator[tuple[int, int, Specimen]]:
    several = [
        ((base, 1, Specimen(fields, one.time)) for _, fields in neighbours(one.fields, candidates, one.time))
        for base, one in enumerate(specimens)
    ]
    return _in_turn(several)


def _with_two(specimens: Sequence[Specimen]) -> Iterator[tuple[int, int, Specimen]]:
    several = [
        (
            (base, 2, Specimen(fields, one.time))
            for other in specimens
            if other is not one
            for fields in _crossed(one.fields, other.fields)
        )
        for base, one in enumerate(specimens)
    ]
    return _in_turn(several)


def _in_turn(several: Sequence[Iterator[tuple[int, int, Specimen]]]) -> Iterator[tuple[int, int, Specimen]]:
    """Yield of each iterator in turn, so that a budget is spent on all of them."""
    for row in zip_longest(*several):
        yield from (one for one in row if one is not None)


def _crossed(fields: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object with two values of another one."""
    own, foreign = leaves_of(fields), leaves_of(other)
    differing = [path for path in own if path in foreign and own[path] != foreign[path] and "[]" not in path][:_MOST_LEAVES]
    for position, first in enumerate(differing):
        for second in differing[position + 1 :]:
            if second[: len(first)] != first:
                yield with_values(fields, {first: foreign[first], second: foreign[second]})
