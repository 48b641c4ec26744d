"""A store judged from the command line: the snapshot, the engine, the files that verdicts stream through."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perpend.cli.output import CannotWrite
from perpend.engines.duckdb.engine import DuckDb, duck_db
from perpend.engines.duckdb.kept import Cost, KeptColumns
from perpend.engines.verdicts import Verdicts
from perpend.judge.stored import StoredJudgement
from perpend.store.database import pattern, storing
from perpend.store.scratch import scratch
from perpend.store.store import KEPT, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from perpend.ir.program import Program
    from perpend.plan.build import Plan
    from perpend.store.snapshot import Snapshot

    Judge = Callable[[Plan, Path, list[int]], Sequence[Path]]


@dataclass(slots=True)
class StoreAsked:
    """What is asked of a store: its directory, the run, the engine, and Spark's master and settings for that engine.

    ``costs`` takes what was reused of earlier runs over the snapshot, and what computed.
    """

    directory: str
    run: str | None = None
    engine: str = "auto"
    master: str = "local[*]"
    settings: Mapping[str, str] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)

    def reading(self) -> AbstractContextManager[Snapshot]:
        """Yield the snapshot, which stays meanwhile. Raises StoreError and NoSnapshot."""
        return Store(self.directory).reading(self.run)


@contextmanager
def judged(asked: StoreAsked, snapshot: Snapshot, programs: Sequence[Program], **more: Any) -> Iterator[StoredJudgement]:
    """Yield the judgement of a snapshot. It reads from files that are gone afterwards."""
    with scratch() as directory:
        for name in ("spill", "verdicts"):
            (directory / name).mkdir(mode=0o700)
        reached = [directory / "verdicts", Path(asked.directory) / KEPT]
        with (
            duck_db(directories=reached, paths=snapshot.files.paths, spill=directory / "spill") as reader,
            _judge(asked, snapshot, reader) as judge,
        ):

            def read(paths: tuple[Path, ...], rows: int) -> Verdicts:
                return Verdicts(reader, paths, rows)

            yield StoredJudgement(snapshot, programs, judge=judge, read=read, scratch=directory / "verdicts", **more)


@contextmanager
def _judge(asked: StoreAsked, snapshot: Snapshot, duckdb: DuckDb) -> Iterator[Judge]:
    """Yield the function that writes a plan's verdicts by the engine that is asked for."""
    if asked.engine != "spark":
        yield _by_duckdb(asked, snapshot, duckdb)
        return
    from perpend.engines.spark.engine import spark

    with spark(asked.master, asked.settings) as session:

        def judge(plan: Plan, out: Path, sources: list[int]) -> Sequence[Path]:
            session.judge_to_parquet(plan, snapshot.files, out, sources=sources)
            return sorted(out.glob("*.parquet"))

        yield judge


def _by_duckdb(asked: StoreAsked, snapshot: Snapshot, duckdb: DuckDb) -> Judge:
    columns = KeptColumns(duckdb, Path(asked.directory) / KEPT, snapshot.content_hash, snapshot.files)
    keeps = columns.can_be_kept()

    def judge(plan: Plan, out: Path, sources: list[int]) -> Sequence[Path]:
        with storing(Path(asked.directory)):
            if keeps:
                whole = len(sources) == len(snapshot.sources)
                duckdb.judge(*columns.over_kept(plan, whole=whole), out, sources=sources)
                asked.costs[:] = columns.costs
            else:
                duckdb.judge(plan, lambda table: duckdb.files(snapshot.files[table]), out, sources=sources)
        return [out]

    return judge


def write_parquet(judgement: StoredJudgement, out: str) -> None:
    """Write all verdicts to a Parquet file, a row each; it appears whole or not at all."""
    target = Path(os.path.realpath(out))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        reached = [*judgement.verdict_files, *judgement.snapshot_files.paths]
        with duck_db(directories=[target.parent], paths=reached) as engine, storing(target):
            query = " UNION ALL ".join(judgement.long_form())
            engine.run(f"COPY ({query}) TO {pattern(temporary)} (FORMAT parquet, COMPRESSION zstd)")
        os.chmod(temporary, 0o600)
        os.replace(temporary, target)
    except OSError as error:
        raise CannotWrite(f"{out}: cannot be written: {(error.strerror or str(error)).lower()}") from None
    finally:
        temporary.unlink(missing_ok=True)
