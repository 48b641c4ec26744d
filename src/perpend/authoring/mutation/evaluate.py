"""A program, its mutants and objects in; which object tells which mutant from the program out.

All mutants judge an object in one pass: what they have in common with their program is computed once.
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
    """An object as a test judges it: its fields, and the snapshot's time in milliseconds."""

    fields: Mapping[str, Any]
    time: int


class Judges:
    """A program and mutants of it, ready to judge objects."""

    def __init__(self, program: Program, mutants: Sequence[Mutant]) -> None:
        self._numbers = range(1, len(mutants) + 1)
        blocks = [program.block, *(mutant.block for mutant in mutants)]
        self._blocks = blocks
        self._meanings = [meanings_of(block) for block in blocks]
        self._interpreter = Interpreter([replace(program, block=block, verdicts={}) for block in blocks])

    def killed(self, specimen: Specimen, among: Sequence[int]) -> tuple[int, list[int]]:
        """Return the index at which the program ends on an object, and the positions of the mutants that end in another way.

        ``among`` are the positions of those that are asked.
        """
        numbers = [0, *(position + 1 for position in among)]
        (own, _), *ends = self._interpreter.evaluate(specimen.fields, specimen.time, only=numbers)
        meaning = self._meanings[0][own]
        return own, [
            position for position, (index, _) in zip(among, ends, strict=True) if self._meanings[position + 1][index] != meaning
        ]
