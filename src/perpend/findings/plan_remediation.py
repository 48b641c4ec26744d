"""Plan the remediation of the objects of a store: the work of ``perpend remediate`` and ``Store.remediate``."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.findings.history.open_history import open_history
from perpend.findings.remediation.store_plan import StorePlan, remedies_for, requested_objects
from perpend.inventory.snapshots.open_store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.language.compiler.analyzer import Analyzer


@contextmanager
def planned_remediation(
    analyzer: Analyzer,
    names: Sequence[str],
    store: str,
    *,
    run: str | None = None,
    snapshot_time: datetime | None = None,
    max_age: timedelta | None = None,
    waivers: ActiveWaivers | None = None,
) -> Iterator[StorePlan]:
    """Yield the plans for the objects that policies find incompliant in a snapshot of a store, without waived ones.

    ``names`` are ids of policies, folders, or ids of findings. An object that a finding names has a plan even if it is waived.
    Raises UnknownName, and UnusableRemedy for a remedy with errors.
    """
    requested = requested_objects(analyzer, names, partial(open_history, store))
    remedies, guides = remedies_for(analyzer, requested)
    with open_store(store).reading(run) as snapshot:
        selection = select_policies(analyzer, tuple(requested.policies), over=snapshot, standing=requested.by_folder)
        with evaluate_snapshot(snapshot, selection, snapshot_time=snapshot_time, max_age=max_age) as evaluation:
            waived = waivers.waived_objects(evaluation) if waivers else frozenset()
            yield StorePlan(evaluation, remedies, guides, waived)
