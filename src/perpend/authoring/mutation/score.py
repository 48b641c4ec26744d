"""Logic files in, for each the mutants that its tests kill, that are equivalent and that survive, with what would kill them.

A logic file whose tests fail, or that has none, is not judged: nothing would follow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from perpend.authoring.mutation.evaluate import Judges, Specimen
from perpend.authoring.mutation.killers import MOST_TRIED, find_killers
from perpend.authoring.mutation.known_equivalents import listed_equivalents
from perpend.authoring.mutation.mutants import Mutant, mutants_of
from perpend.authoring.mutation.objects import test_object
from perpend.authoring.mutation.proof.equivalence import are_equivalent
from perpend.authoring.testing.run import tests_of
from perpend.core.parallel import can_fork, spread
from perpend.core.values.values import date_time_from_text, milliseconds_from_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perpend.authoring.mutation.killers import Killer
    from perpend.core.diagnostics.model import Span
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.program.program import Program


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test object kills. ``killer`` is a test object that would, empty where the search found none."""

    mutator: str
    key: str
    words: str
    span: Span
    killer: str = ""


@dataclass(frozen=True, slots=True)
class MutationScore:
    """What came of the mutants of one logic file.

    ``proven`` and ``listed`` are equivalent ones by key, the listed ones with their reasons. ``stale`` are keys of the list
    that name no mutant, or one that is killed or proven. ``left`` mutants were not judged, for want of budget.
    """

    logic_id: str
    killed: Mapping[str, int]
    survivors: tuple[Survivor, ...] = ()
    proven: tuple[str, ...] = ()
    listed: Mapping[str, str] | None = None
    stale: tuple[str, ...] = ()
    left: int = 0

    @property
    def mutants(self) -> int:
        """How many mutants were judged."""
        return sum(self.killed.values()) + len(self.survivors) + len(self.proven) + len(self.listed or {})

    @property
    def percent(self) -> float:
        """The killed part of those that are not equivalent, in percent."""
        killed = sum(self.killed.values())
        return 100.0 * killed / (killed + len(self.survivors)) if killed + len(self.survivors) else 100.0


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be done: at most so many mutants of all, or so many seconds, or both, or all there is."""

    mutants: int | None = None
    seconds: float | None = None


def score_mutants(
    analyzer: Analyzer,
    logic_ids: Sequence[str],
    *,
    budget: Budget = Budget(),
    jobs: int = 1,
    most_tried: int = MOST_TRIED,
    progress: Callable[[int], None] | None = None,
) -> list[MutationScore]:
    """Return the scores of logic files, in their order; of those without tests, none. ``jobs`` processes share the work."""
    started = monotonic()
    tested = [logic_id for logic_id in logic_ids if tests_of(analyzer.repository, analyzer, logic_id)[0]]
    every = _every(analyzer, tested, budget.mutants)
    listed = {logic_id: listed_equivalents(analyzer.repository, logic_id) for logic_id in tested}

    def work(logic_id: str) -> MutationScore:
        late = budget.seconds is not None and monotonic() - started > budget.seconds
        return _score(analyzer, logic_id, listed[logic_id], every=0 if late else every, most_tried=most_tried)

    scores = []
    for score in spread(work, tested, jobs=jobs) if jobs > 1 and can_fork() else map(work, tested):
        scores.append(score)
        if progress:
            progress(len(scores))
    return scores


def _every(analyzer: Analyzer, logic_ids: Iterable[str], most: int | None) -> int:
    """Return of how many mutants one is judged, so that there are no more than the budget allows."""
    if most is None:
        return 1
    programs = (analyzer.analyzed(logic_id).program for logic_id in logic_ids)
    total = sum(len(mutants_of(program)) for program in programs if program is not None)
    return max(1, -(-total // max(most, 1)))


def _score(analyzer: Analyzer, logic_id: str, listed: Mapping[str, str], *, every: int, most_tried: int) -> MutationScore:
    program = analyzer.analyzed(logic_id).program
    assert program is not None, "a logic file with tests has a program"
    mutants = mutants_of(program)
    judged = mutants[::every] if every else ()
    specimens = specimens_of(analyzer, logic_id)
    alive = _alive(program, judged, specimens)
    survived = {mutant.key for mutant in alive}
    equivalent = {mutant.key for mutant in alive if are_equivalent(program.block, mutant.block)}
    open_ones = [mutant for mutant in alive if mutant.key not in equivalent]
    known = {mutant.key: listed[mutant.key] for mutant in open_ones if mutant.key in listed}
    rest = [mutant for mutant in open_ones if mutant.key not in known]
    asked, named = {mutant.key for mutant in judged}, {mutant.key for mutant in mutants}
    return MutationScore(
        logic_id,
        Counter(mutant.mutator for mutant in judged if mutant.key not in survived),
        tuple(_survivors(program, rest, specimens, most_tried)),
        tuple(sorted(equivalent)),
        known,
        tuple(key for key in listed if key not in named or (key in asked and key not in known)),
        len(mutants) - len(judged),
    )


def specimens_of(analyzer: Analyzer, logic_id: str) -> list[Specimen]:
    """Return the test objects of a logic file as they are judged; those without a time are judged now."""
    now = milliseconds_from_datetime(datetime.now(UTC))
    tests = tests_of(analyzer.repository, analyzer, logic_id)[0]
    times = [date_time_from_text(test.snapshot_time) if test.snapshot_time else None for test in tests]
    return [Specimen(test.fields, now if time is None else time) for test, time in zip(tests, times, strict=True)]


def _alive(program: Program, mutants: Sequence[Mutant], specimens: Sequence[Specimen]) -> list[Mutant]:
    judges, alive = Judges(program, mutants), list(range(len(mutants)))
    for specimen in specimens:
        killed = set(judges.killed(specimen, alive)[1])
        alive = [position for position in alive if position not in killed]
    return [mutants[position] for position in alive]


def _survivors(
    program: Program, mutants: Sequence[Mutant], specimens: Sequence[Specimen], most_tried: int
) -> Iterable[Survivor]:
    killers = find_killers(program, mutants, specimens, most=most_tried) if mutants else []
    of_mutant: dict[int, Killer] = {position: killer for killer in killers for position in killer.kills}
    for position, mutant in enumerate(mutants):
        killer = of_mutant.get(position)
        text = "" if killer is None else test_object(program, killer.specimen, _name(killer, killers))
        yield Survivor(mutant.mutator, mutant.key, mutant.words, mutant.span, text)


def _name(killer: Killer, killers: Sequence[Killer]) -> str:
    """Return a name for a new test object that says which one it was made of."""
    return f"{killer.specimen.fields.get('Id')}-changed-{killers.index(killer) + 1}"
