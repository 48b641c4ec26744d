"""Propose test objects for conditions and checks that no test reaches, and for boundaries that no test object is at.

The expectations are the program's results today. The search continues from each object that reaches a new branch.
Branches that it does not reach are named.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.authoring.mutation.evaluate import CompiledMutants, Specimen
from perpend.authoring.mutation.killers import find_killers
from perpend.authoring.mutation.mutants import mutants_of
from perpend.authoring.mutation.neighbours import Candidates, neighbours
from perpend.authoring.mutation.objects import seeds_of, test_object
from perpend.authoring.mutation.score import specimens_of
from perpend.authoring.testing.run import Branch, coverage_of
from perpend.core.dataclass import dataclass
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.numbering import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.authoring.mutation.mutants import Mutant
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.program.program import Block, Program

_BOUNDARIES: Final = frozenset({"number", "day", "range end"})
_ORDERED: Final = frozenset({"GREATER_THAN", "GREATER_THAN_EQUAL", "LESS_THAN", "LESS_THAN_EQUAL"})
_MOST_TRIED: Final = 6_000

EvaluationOutcome = tuple[int, int]
"""A block, by its identity, and the index of its result."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A test object as JSON, and the reason for it."""

    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Proposals:
    """The test objects that a logic file lacks, and the branches that no object was found for."""

    logic_id: str
    proposed: tuple[Proposal, ...]
    missed: tuple[Branch, ...]


def propose_tests(analyzer: Analyzer, logic_id: str, *, time: int) -> Proposals | None:
    """Return proposals for a logic file, None if it has errors. ``time`` is the snapshot time if no test has one."""
    program = analyzer.analyzed(logic_id).program
    if program is None:
        return None
    own = specimens_of(analyzer, logic_id)
    search = _Search(program)
    for specimen in own:
        search.evaluate(specimen)
    seeds = own or [Specimen(fields, time) for fields in seeds_of(program)]
    reaching = [] if search.is_done() else search.run(seeds)
    boundaries = _boundaries(program, [*own, *(specimen for _, specimen in reaching)] or seeds)
    named = [*((f"reaches {why}", specimen) for why, specimen in reaching), *boundaries]
    proposed = tuple(
        Proposal(why, test_object(program, specimen, f"proposed-{number}")) for number, (why, specimen) in enumerate(named, 1)
    )
    return Proposals(logic_id, proposed, coverage_of(program, search.reached).missed)


class _Search:
    """A search for objects that reach new branches. It continues from each object that it finds."""

    def __init__(self, program: Program) -> None:
        self.reached: set[EvaluationOutcome] = set()
        self._program = program
        self._names = {(id(block), index): text for block, index, text in _branches(program)}
        self._last: list[EvaluationOutcome] = []
        self._candidates = Candidates()
        self._interpreter = Interpreter([program], reached=lambda block, index: self._last.append((id(block), index)))

    def is_done(self) -> bool:
        """Whether every branch is reached."""
        return not coverage_of(self._program, self.reached).missed

    def evaluate(self, specimen: Specimen) -> list[EvaluationOutcome]:
        """Return the branches that no earlier object reached."""
        self._last.clear()
        self._interpreter.evaluate(specimen.fields, specimen.time)
        new = [end for end in dict.fromkeys(self._last) if end not in self.reached]
        self.reached |= set(new)
        return new

    def run(self, seeds: Sequence[Specimen]) -> list[tuple[str, Specimen]]:
        """Return the objects that reach new branches, each with the names of these branches."""
        self._candidates.learn_program(self._program.block)
        reaching: list[tuple[str, Specimen]] = []
        pending, tried = deque(seeds), 0
        self._reaching(seeds, reaching)
        while pending and tried < _MOST_TRIED and not self.is_done():
            base = pending.popleft()
            for fields in neighbours(base.fields, self._candidates, base.time):
                tried += 1
                pending.extend(self._reaching([Specimen(fields, base.time)], reaching))
                if tried >= _MOST_TRIED:
                    break
        return reaching

    def _reaching(self, specimens: Sequence[Specimen], reaching: list[tuple[str, Specimen]]) -> list[Specimen]:
        new_bases = []
        for specimen in specimens:
            new = [self._names[end] for end in self.evaluate(specimen) if end in self._names]
            if new:
                reaching.append((", ".join(new), specimen))
                self._candidates.learn_object(specimen.fields)
                new_bases.append(specimen)
        return new_bases


def _branches(program: Program) -> list[tuple[Block, int, str]]:
    branches = []
    pending: deque[tuple[str, Block]] = deque([("", program.block)])
    while pending:
        path, block = pending.popleft()
        part = coverage_of(replace(program, block=block), set())
        own = [branch for branch in part.missed if not branch.relationship and branch.index != UNREADABLE]
        where = f"{path}: " if path else ""
        branches += [(block, branch.index, f"{where}{branch.index} `{branch.text}`") for branch in own]
        pending += ((f"{path} → {name}" if path else name, child) for name, child in block.related.items())
    return branches


def _boundaries(program: Program, specimens: Sequence[Specimen]) -> list[tuple[str, Specimen]]:
    """Return objects at boundaries of constants that no object is at yet."""
    mutants = [mutant for mutant in mutants_of(program) if _is_boundary(mutant)]
    compiled, alive = CompiledMutants(program, mutants), list(range(len(mutants)))
    for specimen in specimens:
        killed = set(compiled.killed(specimen, alive)[1])
        alive = [position for position in alive if position not in killed]
    rest = [mutants[position] for position in alive]
    killers = find_killers(program, rest, specimens) if rest else []
    return [(f"is at a boundary: would notice that {rest[killer.kills[0]].words}", killer.specimen) for killer in killers]


def _is_boundary(mutant: Mutant) -> bool:
    return mutant.mutator in _BOUNDARIES or any(old.operation.name in _ORDERED for old, _ in mutant.replaced)
