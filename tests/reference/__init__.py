"""The reference that the one path is compared with: the readers, an inventory in memory, and the interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from perpend.core.objects.inventory import CloudObject, Inventory
from perpend.core.objects.object_types import ObjectType
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation, FilteredEvaluation, totals_of
from perpend.evaluation.verdicts.evaluation_time import evaluation_time
from perpend.evaluation.verdicts.selection import Selection
from perpend.evaluation.verdicts.staleness import freshness_of
from perpend.evaluation.verdicts.verdicts import HIDDEN, Verdicts
from perpend.findings.filters import Filter
from perpend.inventory.readers.conflicts import contradiction
from perpend.language.interpreter.interpreter import EvaluationOutcome, Interpreter
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.program import Program
from tests.reference.child_lists import with_children
from tests.reference.held_verdicts import HeldObjects, HeldVerdicts
from tests.reference.identity import with_identity
from tests.reference.stale_inventory import mark_stale_inventory


def evaluate_objects(
    inventory: Inventory,
    selection: Selection,
    *,
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    max_age: timedelta | None = None,
) -> Evaluation:
    """Evaluate policies on an inventory, with the lists of its objects, and without data that are older than ``max_age``."""
    aged = mark_stale_inventory(inventory, freshness_of(max_age, snapshot_time, today))

    def declared(name: str) -> ObjectType:
        return selection.types.get(name) or ObjectType(name)

    whole = with_identity(with_children(aged, selection.programs, declared), declared)
    day = evaluation_time([source.observed_at for source in whole.sources], snapshot_time=snapshot_time, today=today)
    by_program: dict[int, Any] = {}
    for type_name, programs in selection.by_type().items():
        objects = HeldObjects(whole.objects.get(type_name, ()))
        interpreter = Interpreter(list(programs))
        outcomes = [_outcomes(interpreter, programs, object_, day.milliseconds) for object_ in objects]
        for number, program in enumerate(programs):
            indexes = [of_object[number][0] for of_object in outcomes]
            errors = {place: error for place, of_object in enumerate(outcomes) if (error := of_object[number][1]) is not None}
            by_program[id(program)] = HeldVerdicts(program, indexes, errors, objects)
    verdicts = tuple(by_program[id(program)] for program in selection.programs)
    return Evaluation(whole, selection, day, verdicts, totals_of(whole, verdicts))


def ends_of(column: Verdicts) -> list[EvaluationOutcome]:
    """Return the outcome of each object, in order."""
    return [end for _, (ends,) in column.objects.chunks([column]) for end in ends]


def only(evaluation: Evaluation, *statuses: Status, account: str | None = None) -> Evaluation:
    """Return an evaluation whose reports show only the verdicts with some statuses, on objects of an account."""
    every: Any = evaluation.verdicts
    columns = [
        replace(
            column,
            indexes=[
                index if column.program.verdicts[index].status in statuses and account in (None, object_.account) else HIDDEN
                for index, object_ in zip(column.indexes, column.objects, strict=True)
            ],
        )
        for column in every
    ]
    words = Filter({"status": tuple(one.value for one in statuses), "account": () if account is None else (account,)}).words
    return replace(evaluation, filter_verdicts=FilteredEvaluation(tuple(columns), statuses, words))


def _outcomes(interpreter: Interpreter, programs: Sequence[Program], object_: CloudObject, day: int) -> list[EvaluationOutcome]:
    """Return the outcome of each program. An object whose sources differ is INCOMPLIANT only by all of them."""
    readings = [interpreter.evaluate(one.fields, day, complete=False) for one in (object_, *object_.variants)]
    if not object_.variants:
        return readings[0]
    return [
        ends[0]
        if all(program.verdicts[index].status is Status.INCOMPLIANT for index, _ in ends)
        else (UNREADABLE, contradiction(object_))
        for program, ends in zip(programs, zip(*readings, strict=True), strict=True)
    ]
