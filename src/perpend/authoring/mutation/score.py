"""Score the tests of logic files: which mutants they kill, which survive, and which are equivalent.

A logic file without tests gets no score. The tests must pass: a failing test proves nothing about a mutant.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.mutation.evaluate import CompiledMutants, Specimen
from perpend.authoring.mutation.killers import MOST_TRIED, find_killers
from perpend.authoring.mutation.mutants import Mutant, mutants_of
from perpend.authoring.mutation.objects import test_object
from perpend.authoring.mutation.proof.equivalence import are_equivalent
from perpend.authoring.testing.run import tests_of
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Rule, Severity
from perpend.core.errors import PerpendError
from perpend.core.parallel import can_fork, spread
from perpend.core.values.values import date_time_from_text, json_from_text, milliseconds_from_datetime
from perpend.language.syntax.files import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perpend.authoring.mutation.killers import Killer
    from perpend.core.diagnostics.model import Span
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository

SURVIVOR: Final = Rule(
    "T101",
    "surviving-mutant",
    Severity.WARNING,
    "The program was changed at this place, and the result of every test object stayed the same. So no test covers the "
    "behaviour at this place.\n\nAdd the proposed test object to the test data, and check its expectation: it is the "
    "policy's result today. If no object can tell the two programs apart, list the mutant with the reason in "
    "`equivalent-mutants.json` next to the policy.",
)


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test object kills. ``killer`` is a test object that would, empty if the search found none."""

    mutator: str
    key: str
    words: str
    span: Span
    killer: str = ""


@dataclass(frozen=True, slots=True)
class MutationScore:
    """The results of the mutants of one logic file. ``killed`` counts them by mutator.

    ``proven`` and ``listed`` are the keys of equivalent mutants, the listed ones with their reasons. ``stale`` are listed
    keys that name no mutant, or one that is killed or proven. ``left`` mutants were skipped because of the budget.
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
        """The number of mutants that were run."""
        return sum(self.killed.values()) + len(self.survivors) + len(self.proven) + len(self.listed or {})

    @property
    def percent(self) -> float:
        """The percentage of killed mutants among those that are not equivalent."""
        killed = sum(self.killed.values())
        return 100.0 * killed / (killed + len(self.survivors)) if killed + len(self.survivors) else 100.0


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on the number of mutants, on the seconds after which no further logic file begins, both, or none."""

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
    """Return the scores of the logic files that have tests, in their order. ``jobs`` processes share the work."""
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
    """Return the step between mutants to run, so that their number stays within ``most``."""
    if most is None:
        return 1
    programs = (analyzer.analyzed(logic_id).program for logic_id in logic_ids)
    total = sum(len(mutants_of(program)) for program in programs if program is not None)
    return max(1, -(-total // max(most, 1)))


def _score(analyzer: Analyzer, logic_id: str, listed: Mapping[str, str], *, every: int, most_tried: int) -> MutationScore:
    program = analyzer.analyzed(logic_id).program
    assert program is not None, "a logic file with tests has a program"
    mutants = mutants_of(program)
    chosen = mutants[::every] if every else ()
    specimens = specimens_of(analyzer, logic_id)
    alive = _alive(program, chosen, specimens)
    survived = {mutant.key for mutant in alive}
    equivalent = {mutant.key for mutant in alive if are_equivalent(program.block, mutant.block)}
    open_ones = [mutant for mutant in alive if mutant.key not in equivalent]
    known = {mutant.key: listed[mutant.key] for mutant in open_ones if mutant.key in listed}
    rest = [mutant for mutant in open_ones if mutant.key not in known]
    run, all_keys = {mutant.key for mutant in chosen}, {mutant.key for mutant in mutants}
    return MutationScore(
        logic_id,
        Counter(mutant.mutator for mutant in chosen if mutant.key not in survived),
        tuple(_survivors(program, rest, specimens, most_tried)),
        tuple(sorted(equivalent)),
        known,
        tuple(key for key in listed if key not in all_keys or (key in run and key not in known)),
        len(mutants) - len(chosen),
    )


def specimens_of(analyzer: Analyzer, logic_id: str) -> list[Specimen]:
    """Return the test objects of a logic file. Those without a snapshot time get the current time."""
    now = milliseconds_from_datetime(datetime.now(UTC))
    tests = tests_of(analyzer.repository, analyzer, logic_id)[0]
    times = [date_time_from_text(test.snapshot_time) if test.snapshot_time else None for test in tests]
    return [Specimen(test.fields, now if time is None else time) for test, time in zip(tests, times, strict=True)]


def _alive(program: Program, mutants: Sequence[Mutant], specimens: Sequence[Specimen]) -> list[Mutant]:
    compiled, alive = CompiledMutants(program, mutants), list(range(len(mutants)))
    for specimen in specimens:
        killed = set(compiled.killed(specimen, alive)[1])
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
    """Return a name for a new test object, made of the name of the object that it was derived from."""
    return f"{killer.specimen.fields.get('Id')}-changed-{killers.index(killer) + 1}"


LISTED_IN: Final = "equivalent-mutants.json"
"""The file's name, in the folder of the policy."""

_KEYS: Final = {"logic", "mutant", "reason"}
_LIMIT: Final = 1_000_000


class UnusableList(PerpendError):
    """A list of equivalent mutants that does not have its form."""


def listed_equivalents(repository: Repository, logic_id: str) -> Mapping[str, str]:
    """Return the reasons why mutants of a logic file are equivalent, by the mutants' keys."""
    folder, _, name = logic_id.lstrip("/").rpartition("/")
    path = f"{folder}/{LISTED_IN}"
    if path not in repository.tree.files:
        return {}
    try:
        entries = json_from_text(repository.files.text(path, limit=_LIMIT))
    except json.JSONDecodeError as error:
        raise UnusableList(f"{path}: JSON syntax: {error.msg} in line {error.lineno}") from None
    except (UnreadableFile, ValueError) as error:
        raise UnusableList(f"{path}: {error}") from None
    if not isinstance(entries, list) or not all(map(_is_entry, entries)):
        raise UnusableList(f"{path}: must be an array of objects, each with the texts `logic`, `mutant` and `reason`")
    return {entry["mutant"]: entry["reason"] for entry in entries if entry["logic"] == name}


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() == _KEYS
        and all(isinstance(value, str) and value.strip() for value in entry.values())
    )
