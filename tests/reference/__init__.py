"""The reference that the one path is compared with: the readers, an inventory in memory, and the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from perpend.core.objects.inventory import Inventory
from perpend.core.objects.object_types import ObjectType
from perpend.evaluation.verdicts import evaluate_objects as by_interpreter
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import Selection
from perpend.evaluation.verdicts.staleness import freshness_of
from tests.reference.child_lists import with_children
from tests.reference.stale_inventory import mark_stale_inventory


def evaluate_objects(
    inventory: Inventory,
    selection: Selection,
    *,
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    max_age: timedelta | None = None,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Evaluate policies on an inventory, with the lists of its objects, and without data that are older than ``max_age``."""
    aged = mark_stale_inventory(inventory, freshness_of(max_age, snapshot_time, today))
    whole = with_children(aged, selection.programs, lambda name: selection.types.get(name) or ObjectType(name))
    return by_interpreter.evaluate_objects(whole, selection, snapshot_time=snapshot_time, today=today, progress=progress)
