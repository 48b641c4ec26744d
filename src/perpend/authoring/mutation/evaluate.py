"""Find the objects that give different results for a program and its mutants.

All mutants evaluate an object in one pass. Parts that they share with the program are computed once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from perpend.authoring.mutation.outcomes import meanings_of
from perpend.language.interpreter.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.authoring.mutation.mutants import Mutant
    from perpend.language.program.program import Program


class Specimen(NamedTuple):
    """The fields of a test object, and the snapshot time in milliseconds."""

    fields: Mapping[str, Any]
    time: int


class CompiledMutants:
    """A program and its mutants, compiled."""

    def __init__(self, program: Program, mutants: Sequence[Mutant]) -> None:
        self._numbers = range(1, len(mutants) + 1)
        blocks = [program.block, *(mutant.block for mutant in mutants)]
        self._blocks = blocks
        self._meanings = [meanings_of(block) for block in blocks]
        self._interpreter = Interpreter([replace(program, block=block, verdicts={}) for block in blocks])

    def killed(self, specimen: Specimen, among: Sequence[int]) -> tuple[int, list[int]]:
        """Return the index of the program's result, and the positions of the mutants with another result.

        ``among`` are the positions of the mutants to run.
        """
        numbers = [0, *(position + 1 for position in among)]
        (own, _), *outcomes = self._interpreter.evaluate(specimen.fields, specimen.time, only=numbers)
        meaning = self._meanings[0][own]
        return own, [
            position
            for position, (index, _) in zip(among, outcomes, strict=True)
            if self._meanings[position + 1][index] != meaning
        ]
