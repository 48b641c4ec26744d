"""Evaluate objects in memory: by the interpreter, or by an engine with the interpreter's help.

An engine returns indexes from tables. Some details only the object itself gives: why it cannot be read, the text of a
runtime error, and contradictions between its sources. The interpreter evaluates these objects again.
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
from perpend.evaluation.verdicts.staleness import freshness_of, mark_stale_inventory
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
"""The number of objects that an engine gets at once, to limit the memory for their columns."""


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
    """Evaluate the selected policies on the objects of an inventory.

    ``engine`` evaluates tables, which is faster from some thousands of objects on; the interpreter is the default.
    ``snapshot_time`` is the day of the run. Its default is the newest time of the sources; a source without a time counts as
    ``today`` (now, if None). With ``max_age``, data observed longer before ``snapshot_time`` or now are not known. ``progress``
    gets the number of evaluated objects.
    """
    day = evaluation_time([source.observed_at for source in inventory.sources], snapshot_time=snapshot_time, today=today)
    inventory = mark_stale_inventory(inventory, freshness_of(max_age, snapshot_time, today))
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

    def by_engine(self, engine: Engine) -> list[InMemoryVerdicts]:
        """Evaluate batches of objects by an engine, then incomplete ones by the interpreter."""
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
        """Return the places of objects whose indexes do not give all details."""
        incomplete = {place for place, object_ in enumerate(self.objects) if object_.variants}
        for program, column in zip(self.programs, codes, strict=True):
            indexes = indexes_needing_object(program) & set(column)
            incomplete |= {place for place, index in enumerate(column) if index in indexes} if indexes else set()
        return incomplete

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
