"""Mutants that no test object kills in, the nearest objects out that would, as few as are enough for all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.ir.numbering import UNREADABLE
from perpend.mutation.judging import Judges, Specimen
from perpend.mutation.neighbours import Candidates, leaves_of, neighbours, with_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.ir.program import Program
    from perpend.mutation.mutants import Mutant

MOST_TRIED: Final = 60_000
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
    """Yield objects with one value changed, then those with two values of another test object, each once."""
    seen: set[str] = set()
    for base, changes, specimen in _in_order(specimens, candidates):
        text = json.dumps(specimen.fields, sort_keys=True, default=str)
        key = f"{specimen.time} {text}"
        if key not in seen:
            seen.add(key)
            yield base, changes, specimen
        if len(seen) >= most:
            return


def _in_order(specimens: Sequence[Specimen], candidates: Candidates) -> Iterator[tuple[int, int, Specimen]]:
    for base, specimen in enumerate(specimens):
        for _, fields in neighbours(specimen.fields, candidates, specimen.time):
            yield base, 1, Specimen(fields, specimen.time)
    for base, specimen in enumerate(specimens):
        for other in specimens:
            for fields in _crossed(specimen.fields, other.fields):
                yield base, 2, Specimen(fields, specimen.time)


def _crossed(fields: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object with two values of another one."""
    own, foreign = leaves_of(fields), leaves_of(other)
    differing = [path for path in own if path in foreign and own[path] != foreign[path] and "[]" not in path][:_MOST_LEAVES]
    for position, first in enumerate(differing):
        for second in differing[position + 1 :]:
            if second[: len(first)] != first:
                yield with_values(fields, {first: foreign[first], second: foreign[second]})
