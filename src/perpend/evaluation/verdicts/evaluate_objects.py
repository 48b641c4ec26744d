"""Evaluate objects in memory by the interpreter: the reference that evaluations of snapshots are compared with."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation, totals_of
from perpend.evaluation.verdicts.evaluation_time import evaluation_time
from perpend.evaluation.verdicts.verdicts import InMemoryVerdicts
from perpend.inventory.readers.conflicts import contradiction
from perpend.language.interpreter.interpreter import EvaluationOutcome, Interpreter
from perpend.language.program.numbering import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from perpend.core.objects.inventory import CloudObject, Inventory
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.language.program.program import Program

_STEP: Final = 1_000


def evaluate_objects(
    inventory: Inventory,
    selection: Selection,
    *,
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Evaluate the selected policies on the objects of an inventory.

    ``snapshot_time`` is the day of the run. Its default is the newest time of the sources; a source without a time counts as
    ``today`` (now, if None). ``progress`` gets the number of evaluated objects.
    """
    day = evaluation_time([source.observed_at for source in inventory.sources], snapshot_time=snapshot_time, today=today)
    by_program: dict[int, InMemoryVerdicts] = {}
    done = 0
    for programs in selection.by_type().values():
        objects = inventory.objects.get(programs[0].input_type, ())
        of_type = _TypeEvaluation(programs, objects, day.milliseconds, done, progress)
        columns = of_type.by_interpreter()
        by_program |= {id(column.program): column for column in columns}
        done += len(objects)
    verdicts = tuple(by_program[id(program)] for program in selection.programs)
    return Evaluation(inventory, selection, day, verdicts, totals_of(inventory, verdicts))


@dataclass(frozen=True, slots=True)
class _TypeEvaluation:
    """The evaluation of one type. ``day`` is in milliseconds; ``done`` is the number of objects of earlier types."""

    programs: Sequence[Program]
    objects: Sequence[CloudObject]
    day: int
    done: int
    progress: Callable[[int], None] | None

    def by_interpreter(self) -> list[InMemoryVerdicts]:
        """Evaluate each object by the interpreter."""
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

    def _outcomes(self, interpreter: Interpreter, object_: CloudObject) -> list[EvaluationOutcome]:
        """Return the outcome of each program. An object whose sources differ is INCOMPLIANT only by all of them."""
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
