"""Programs and an estate in, a judgement out: by the interpreter, or by an engine that the interpreter tells the rest of.

An engine gives indexes by way of tables. What only an object itself can tell, why it cannot be read, what a runtime error
says, whether its sources contradict each other, the interpreter is asked.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.core.objects.object_types import ObjectType
from perpend.core.objects.status import Status
from perpend.evaluation.engines.nested import indexes_of
from perpend.evaluation.verdicts.child_lists import with_children
from perpend.evaluation.verdicts.evaluation import Evaluation, totals_of
from perpend.evaluation.verdicts.evaluation_time import evaluation_time
from perpend.evaluation.verdicts.staleness import aged_estate, freshness_of
from perpend.evaluation.verdicts.verdict import indexes_needing_object
from perpend.evaluation.verdicts.verdicts import InMemoryVerdicts
from perpend.inventory.readers.conflicts import contradiction
from perpend.language.interpreter.interpreter import EvaluationOutcome, Interpreter
from perpend.language.program.numbering import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from perpend.core.objects.inventory import CloudObject, Inventory
    from perpend.evaluation.engines.protocol import Engine
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.language.program.program import Program

_STEP: Final = 1_000

_AT_ONCE: Final = 200_000
"""How many objects an engine is given at once: it holds the columns of all of them."""


def evaluate_objects(
    inventory: Inventory,
    selection: Selection,
    *,
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    engine: Engine | None = None,
    max_age: timedelta | None = None,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Judge the objects of an estate by the programs selected.

    ``engine`` judges by way of tables, which pays from some thousands of objects on; the interpreter without one.
    ``snapshot_time`` is the day of the run; without it the newest time of the sources is, where one that states none is
    taken to be as new as ``today`` (now, if None). ``max_age``: facts that were observed longer before than that, before
    ``snapshot_time`` or now, are not known. ``progress`` is told how many objects are done.
    """
    day = evaluation_time([source.observed_at for source in inventory.sources], snapshot_time=snapshot_time, today=today)
    inventory = aged_estate(inventory, freshness_of(max_age, snapshot_time, today))
    inventory = with_children(inventory, selection.programs, lambda name: selection.types.get(name) or ObjectType(name))
    by_program: dict[int, InMemoryVerdicts] = {}
    done = 0
    for programs in selection.by_type().values():
        objects = inventory.objects.get(programs[0].input_type, ())
        of_type = _TypeEvaluation(programs, objects, day.milliseconds, done, progress)
        columns = of_type.by_interpreter() if engine is None else of_type.by_engine(engine)
        by_program |= {id(column.program): column for column in columns}
        done += len(objects)
    verdicts = tuple(by_program[id(program)] for program in selection.programs)
    return Evaluation(inventory, selection, day, verdicts, totals_of(inventory, verdicts))


@dataclass(frozen=True, slots=True)
class _TypeEvaluation:
    """The programs of one type, its objects, the run's day in milliseconds; whom to tell how far it is, and from where on."""

    programs: Sequence[Program]
    objects: Sequence[CloudObject]
    day: int
    done: int
    progress: Callable[[int], None] | None

    def by_interpreter(self) -> list[InMemoryVerdicts]:
        """Ask the interpreter, object by object."""
        interpreter = Interpreter(list(self.programs))
        indexes: list[array[int]] = [array("i") for _ in self.programs]
        errors: list[dict[int, str]] = [{} for _ in self.programs]
        for place, object_ in enumerate(self.objects):
            for number, (index, error) in enumerate(self._outcomes(interpreter, object_)):
                indexes[number].append(index)
                if error is not None:
                    errors[number][place] = error
            if self.progress and (self.done + place + 1) % _STEP == 0:
                self.progress(self.done + place + 1)
        return self._columns(indexes, errors)

    def by_engine(self, engine: Engine) -> list[InMemoryVerdicts]:
        """Ask an engine for the indexes of some objects at a time, then the interpreter for what only objects can tell."""
        codes: list[list[int]] = [[] for _ in self.programs]
        for start in range(0, len(self.objects), _AT_ONCE):
            fields = [object_.fields for object_ in self.objects[start : start + _AT_ONCE]]
            for column, codes_of_part in zip(
                codes, indexes_of(engine, self.programs, fields, self.day, complete=False), strict=True
            ):
                column += codes_of_part
        indexes = [array("i", column) for column in codes]
        errors: list[dict[int, str]] = [{} for _ in self.programs]
        interpreter = Interpreter(list(self.programs))
        for place in sorted(self._incomplete(codes)):
            for number, (index, error) in enumerate(self._outcomes(interpreter, self.objects[place])):
                indexes[number][place] = index
                if error is not None:
                    errors[number][place] = error
        if self.progress:
            self.progress(self.done + len(self.objects))
        return self._columns(indexes, errors)

    def _incomplete(self, codes: Sequence[Sequence[int]]) -> set[int]:
        """Return the places of objects of which the indexes do not tell all."""
        incomplete = {place for place, object_ in enumerate(self.objects) if object_.variants}
        for program, column in zip(self.programs, codes, strict=True):
            indexes = indexes_needing_object(program) & set(column)
            incomplete |= {place for place, index in enumerate(column) if index in indexes} if indexes else set()
        return incomplete

    def _outcomes(self, interpreter: Interpreter, object_: CloudObject) -> list[EvaluationOutcome]:
        """Return how each program ends on an object; one whose readings differ is incompliant only where all of them are."""
        outcomes = interpreter.evaluate(object_.fields, self.day, complete=False)
        if not object_.variants:
            return outcomes
        others = [interpreter.evaluate(variant.fields, self.day, complete=False) for variant in object_.variants]
        return [
            outcome
            if all(_is_incompliant(program, rival) for rival in (outcome, *(other[number] for other in others)))
            else (UNREADABLE, contradiction(object_))
            for number, (program, outcome) in enumerate(zip(self.programs, outcomes, strict=True))
        ]

    def _columns(self, indexes: Sequence[array[int]], errors: Sequence[dict[int, str]]) -> list[InMemoryVerdicts]:
        return [InMemoryVerdicts(*column) for column in zip(self.programs, indexes, errors, strict=True)]


def _is_incompliant(program: Program, outcome: EvaluationOutcome) -> bool:
    return program.verdicts[outcome[0]].status is Status.INCOMPLIANT
