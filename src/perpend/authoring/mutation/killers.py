"""Search for objects that kill surviving mutants: few objects, close to the test objects."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.authoring.mutation.evaluate import CompiledMutants, Specimen
from perpend.authoring.mutation.neighbours import Candidates, in_turn, leaves_of, neighbours, with_values
from perpend.core.dataclass import dataclass
from perpend.language.program.numbering import DISAPPEARED, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.authoring.mutation.mutants import Mutant
    from perpend.language.program.program import Program

MOST_TRIED: Final = 6_000
"""The number of objects to try for the mutants of one program."""

_MOST_LEAVES: Final = 40
_MOST_OF_AN_END: Final = 3


class _Base(NamedTuple):
    """A test object, its number, and the index at which the program ends on it."""

    number: int
    specimen: Specimen
    end: int


@dataclass(frozen=True, slots=True)
class Killer:
    """An object that kills mutants: the number of changed values, the test object it comes from, and the program's index."""

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
    compiled, candidates = CompiledMutants(program, mutants), _candidates(program, mutants, specimens)
    bases = _bases(compiled, specimens)
    alive = list(range(len(mutants)))
    killers: list[Killer] = []
    unread: list[Killer] = []
    for base, changes, specimen in _variants(bases, candidates, most):
        index, kills = compiled.killed(specimen, alive)
        if kills and index == UNREADABLE:
            unread.append(Killer(specimen, base, changes, index, tuple(kills)))
        elif kills:
            killers.append(Killer(specimen, base, changes, index, tuple(kills)))
            alive = [position for position in alive if position not in kills]
            if not alive:
                break
    return _fewest(compiled, [*killers, *_from_unread(unread, alive)], len(mutants))


def _from_unread(unread: list[Killer], alive: list[int]) -> Iterator[Killer]:
    """Yield objects that the program cannot read, for mutants that nothing else kills."""
    left = set(alive)
    for killer in unread:
        if left.intersection(killer.kills):
            yield killer
            left -= set(killer.kills)


def _fewest(compiled: CompiledMutants, killers: list[Killer], count: int) -> list[Killer]:
    """Return killers without those that are not needed, because others kill the same mutants."""
    everything = [(compiled.killed(killer.specimen, range(count))[1], killer) for killer in killers]
    needed = {position for killer in killers for position in killer.kills}
    chosen: list[Killer] = []
    while needed:
        kills, best = max(everything, key=lambda pair: (len(needed.intersection(pair[0])), -pair[1].changes))
        chosen.append(Killer(best.specimen, best.base, best.changes, best.index, tuple(sorted(needed.intersection(kills)))))
        needed -= set(kills)
    return chosen


def _candidates(program: Program, mutants: Sequence[Mutant], specimens: Sequence[Specimen]) -> Candidates:
    """Return candidates for values. Those at the mutants' places come first."""
    candidates = Candidates()
    for mutant in mutants:
        for old, new in mutant.replaced:
            candidates.learn_expression(new)
            candidates.learn_expression(old)
    candidates.learn_program(program.block)
    for specimen in specimens:
        candidates.learn_object(specimen.fields)
    return candidates


def _bases(compiled: CompiledMutants, specimens: Sequence[Specimen]) -> list[_Base]:
    """Return test objects to begin with: a few for each result, but no unreadable or deleted ones."""
    by_end: dict[int, list[_Base]] = {}
    for number, specimen in enumerate(specimens):
        index, _ = compiled.killed(specimen, ())
        if index not in (UNREADABLE, DISAPPEARED):
            by_end.setdefault(index, []).append(_Base(number, specimen, index))
    return [base for several in by_end.values() for base in several[:_MOST_OF_AN_END]]


def _variants(bases: Sequence[_Base], candidates: Candidates, most: int) -> Iterator[tuple[int, int, Specimen]]:
    """Yield objects with one changed value, then objects with two values of another test object.

    Each gets a part of the budget.
    """
    with_one = in_turn([_with_one(base, candidates) for base in bases])
    with_two = in_turn([_with_two(base, bases) for base in bases])
    yield from islice(with_one, most)
    yield from islice(with_two, most)


def _with_one(base: _Base, candidates: Candidates) -> Iterator[tuple[int, int, Specimen]]:
    for fields in neighbours(base.specimen.fields, candidates, base.specimen.time):
        yield base.number, 1, Specimen(fields, base.specimen.time)


def _with_two(base: _Base, bases: Sequence[_Base]) -> Iterator[tuple[int, int, Specimen]]:
    """Yield a base with two values of another object. Objects with a similar result come first."""
    others = sorted((other for other in bases if other.end != base.end), key=lambda other: abs(other.end - base.end))
    for other in others:
        for fields in _crossed(base.specimen.fields, other.specimen.fields):
            yield base.number, 2, Specimen(fields, base.specimen.time)


def _crossed(fields: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object with two values of another one."""
    own, foreign = leaves_of(fields), leaves_of(other)
    differing = [path for path in own if path in foreign and own[path] != foreign[path] and "[]" not in path][:_MOST_LEAVES]
    for position, first in enumerate(differing):
        for second in differing[position + 1 :]:
            if second[: len(first)] != first:
                yield with_values(fields, {first: foreign[first], second: foreign[second]})
