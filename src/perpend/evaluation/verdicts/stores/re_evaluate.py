"""An older snapshot judged by programs as they are now: what it takes to tell a changed policy from a changed estate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.object_types import Types
from perpend.core.values.values import milliseconds_from_datetime
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.duckdb.stores import StoreDuckDb
from perpend.evaluation.engines.verdicts import codes_by_id
from perpend.evaluation.planner.build import plan_of
from perpend.inventory.snapshots.database import pattern
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.store import KEPT
from perpend.inventory.snapshots.temporary_store import scratch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.inventory.snapshots.store import Store
    from perpend.language.program.program import Program


def re_evaluate(store: Store, run: str, programs: Sequence[Program], time: datetime, out: Path) -> bool:
    """Write the objects' ``id`` and the codes ``v0``, ``v1``, … that programs of one type give them in a snapshot.

    Return whether there was anything to judge: a snapshot that was pruned, or is damaged, or was stored by an earlier
    version, tells nothing.
    """
    try:
        with store.reading(run) as snapshot, scratch() as directory:
            snapshot = snapshot.as_declared(Types.together(program.types for program in programs))
            table = snapshot.tables.of_type(programs[0].input_type)
            if table is None or "Id" not in table.columns:
                return False
            spill = directory / "spill"
            spill.mkdir(mode=0o700)
            reach = [directory, out.parent, snapshot.directory / KEPT]
            with duck_db(directories=reach, paths=snapshot.files.paths, spill=spill) as engine:
                plan = plan_of(programs, snapshot.tables, milliseconds_from_datetime(time))
                codes = StoreDuckDb(engine, snapshot).evaluate_to_parquet(plan, snapshot.files, directory / "codes.parquet")
                judged = codes_by_id(engine.files(codes), snapshot.relation(table.name), len(programs))
                engine.run(f"COPY ({judged}) TO {pattern(out)} (FORMAT parquet)")
            return True
    except StoreError:
        return False
