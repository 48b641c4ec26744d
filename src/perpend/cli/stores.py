"""A store judged from the command line: the snapshot, the engine, the files that verdicts stream through."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perpend.engines.duckdb import duck_db
from perpend.engines.kept import Cost, KeptColumns
from perpend.engines.verdicts import Verdicts
from perpend.inventory.database import storing
from perpend.inventory.store import Store
from perpend.judge.stored import StoredJudgement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.inventory.store import Snapshot
    from perpend.ir.program import Program
    from perpend.plan.build import Plan


def snapshot_of(directory: str, run: str | None) -> Snapshot:
    """Return a snapshot of a store, the one in force where none is named. Raises StoreError and NoSnapshot."""
    return Store(directory).snapshot(run)


@contextmanager
def judged(
    snapshot: Snapshot, programs: Sequence[Program], *, kept: Path | None, costs: list[Cost] | None = None, **more: Any
) -> Iterator[StoredJudgement]:
    """Yield the judgement of a snapshot by DuckDB. It reads from files that are gone afterwards.

    ``kept`` is the directory of columns computed before; None keeps nothing. ``costs`` takes what was reused and computed.
    """
    files = [path for found in snapshot.files.values() for path in found]
    with tempfile.TemporaryDirectory(prefix="perpend-") as directory:
        scratch = Path(directory)
        spill = scratch / "spill"
        verdicts = scratch / "verdicts"
        for one in (spill, verdicts):
            one.mkdir(mode=0o700)
        with duck_db(directories=[verdicts, *([kept] if kept else [])], paths=files, spill=spill) as engine:
            columns = KeptColumns(engine, kept, snapshot.content_hash, snapshot.files) if kept else None

            def judge(plan: Plan, out: Path, sources: list[int]) -> None:
                with storing(scratch):
                    if columns is None:
                        engine.judge(plan, lambda table: engine.files(snapshot.files[table]), out, sources=sources)
                    else:
                        engine.judge(*columns.over_kept(plan), out, sources=sources)
                if columns is not None and costs is not None:
                    costs[:] = columns.costs

            def read(paths: tuple[Path, ...], rows: int) -> Verdicts:
                return Verdicts(engine, paths, rows)

            yield StoredJudgement(snapshot, programs, judge=judge, read=read, scratch=verdicts, **more)
