"""Cache computed columns of a snapshot next to it, so that later runs read them instead of computing them again.

A second run of the same policies reads verdicts; a new policy reads the extracts below it. The name of a column is the hash
of its definition. The name of its directory is the hash of the snapshot's content, the table and the versions of all code
that computes. Damaged files are rebuilt. If the disk cannot be written, everything is computed and nothing is cached.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from unicodedata import unidata_version

from perpend.core.commit import make_directory
from perpend.core.dataclass import dataclass
from perpend.core.schema.tables import ROW, SOURCE
from perpend.evaluation.planner.cached_columns import (
    SEMANTICS,
    VERDICTS,
    CacheableColumns,
    cacheable_extracts,
    cacheable_verdicts,
)
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.stage import KIND_OF_FORM, ROOT, Stage
from perpend.inventory.snapshots.column_cache import CachedFiles
from perpend.inventory.snapshots.database import is_failed_write, pattern, translate_errors
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.rows import table_relation
from perpend.inventory.snapshots.store import KEPT
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.core.schema.tables import Tables
    from perpend.evaluation.engines.duckdb.engine import DuckDb
    from perpend.evaluation.planner.build import Plan
    from perpend.inventory.snapshots.snapshot import Snapshot


_MOST_FILES: Final = 8


@cache
def _versions() -> tuple[str, ...]:
    """Return the versions of all other code that computes cached values: Unicode tables and RE2 change results, too."""
    from importlib.metadata import version  # takes 12 ms, and only a cache needs it

    return duckdb.__version__, unidata_version, version("google-re2"), version("jmespath")


class _CacheWriteFailed(Exception):
    """A column that is not cached cannot be cached now, for example because the disk is full."""


@dataclass(slots=True)
class Cost:
    """The columns of one table that were read from the cache and that were computed. ``what`` is verdicts or extracts."""

    table: str
    what: str
    reused: int
    computed: int


@dataclass(slots=True)
class ColumnCache:
    """The cached columns of one snapshot. ``costs`` grows with every plan."""

    engine: DuckDb
    directory: Path
    identity: str
    files: Mapping[str, Sequence[Path]]
    costs: list[Cost] = field(default_factory=list)
    _places: dict[Path, CachedFiles] = field(default_factory=dict)
    _full: bool = False

    def is_writable(self) -> bool:
        """Whether the directory can be written. On a read-only disk, everything is computed and nothing is cached."""
        place = self.directory / self.identity
        try:
            make_directory(place)
        except OSError:
            return False
        return os.access(place, os.W_OK)

    def over_cache(self, plan: Plan, *, whole: bool = True) -> tuple[Plan, Callable[[str], str]]:
        """Return a plan that reads cached columns, and a function that returns the SQL for a table.

        Columns that are missing are computed first. ``whole``: all rows will be evaluated, so verdicts are worth caching.
        """
        relations: dict[str, str] = {}
        stage = self._stage(plan, plan.stage, {ROW: Kind.WHOLE, SOURCE: Kind.WHOLE}, relations, verdicts=whole)

        def relation(table: str) -> str:
            return relations[table] if table in relations else self._stored(plan, table)

        return replace(plan, stage=stage), relation

    def _stage(self, plan: Plan, stage: Stage, keys: dict[str, Kind], relations: dict[str, str], *, verdicts: bool) -> Stage:
        counts = []
        for count in stage.counts:
            below = {count.join.other: _kind(count.stage, count.join.other)}
            counts.append(replace(count, stage=self._stage(plan, count.stage, below, relations, verdicts=verdicts)))
        stage = replace(stage, counts=tuple(counts))
        join_keys = [lookup.join.own for lookup in stage.lookups if lookup.above == ROOT]
        join_keys += [count.join.own for count in stage.counts if count.above == ROOT]
        keys = keys | {name: _kind(stage, name) for name in join_keys}
        cacheable = cacheable_verdicts(plan.scalars, stage, keys, plan.reasons) if verdicts else None
        cacheable = cacheable or cacheable_extracts(plan.scalars, stage, keys)
        if cacheable is None or stage.table.rows == 0:
            return stage
        over = cacheable.stage_over_cache(plan.scalars, stage)
        if over.table.name in relations:
            over = replace(over, table=replace(over.table, name=f"{over.table.name}{len(relations)}"))
        try:
            relations[over.table.name] = self._relation(plan, stage, cacheable)
        except _CacheWriteFailed:
            return stage
        return over

    def _relation(self, plan: Plan, stage: Stage, cacheable: CacheableColumns) -> str:
        cache_files = self._files_of(stage.table.name, cacheable.what)
        required = {name: scalar for name, scalar in {**cacheable.columns, **cacheable.keys}.items() if name != ROW}
        too_many_files = cache_files.number() > _MOST_FILES
        file_of_column = {} if too_many_files else cache_files.file_of(required)
        missing = {name: scalar for name, scalar in required.items() if name not in file_of_column}
        if missing:
            file = self._compute(plan, Stage(stage.table, missing), cacheable, cache_files.place)
            with self._writing():
                cache_files.add(missing, file, alone=too_many_files)
            file_of_column |= dict.fromkeys(missing, file)
        computed = len(missing.keys() & cacheable.columns.keys())
        self.costs.append(Cost(stage.table.name, cacheable.what, len(cacheable.columns) - computed, computed))
        by_file: dict[str, list[str]] = {}
        for name in required:
            by_file.setdefault(file_of_column[name], []).append(name)
        return self._joined([cache_files.place / file for file in by_file], list(by_file.values()))

    def _joined(self, paths: Sequence[Path], columns: Sequence[Sequence[str]]) -> str:
        if len(paths) == 1:
            return self.engine.files(paths)
        quote = self.engine.quoted
        listed = [f"f{number}.{quote(name)}" for number, names in enumerate(columns) for name in names]
        text = f"(SELECT f0.{quote(ROW)}, {', '.join(listed)} FROM {self.engine.files(paths[:1])} AS f0"
        for number, path in enumerate(paths[1:], 1):
            text += f" JOIN {self.engine.files([path])} AS f{number} ON f{number}.{quote(ROW)} = f0.{quote(ROW)}"
        return text + ")"

    def _compute(self, plan: Plan, stage: Stage, cacheable: CacheableColumns, place: Path) -> str:
        """Write the outputs of a stage to a new file, verdicts through extracts; return the name of the file."""
        self._raise_if_full()
        relations = {stage.table.name: self._stored(plan, stage.table.name)}
        names = ", ".join(map(self.engine.quoted, stage.outputs))
        if cacheable.what == VERDICTS:
            keys = {name: key.kind for name, key in cacheable.keys.items()}
            stage = self._stage(plan, stage, keys, relations, verdicts=False)
            self._raise_if_full()
        file = f"{secrets.token_hex(8)}.parquet"
        path = place / file
        query = self.engine.text_of(stage, relations.__getitem__)
        select = f'SELECT "key0" AS {self.engine.quoted(ROW)}, {names} FROM ({query}\n) AS computed'
        with ExitStack() as failed:
            failed.callback(path.unlink, missing_ok=True)
            with self._writing():
                self.engine.run(f"COPY ({select}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
            failed.pop_all()
        return file

    def _stored(self, plan: Plan, table: str) -> str:
        """Return the SQL for a stored table."""
        return table_relation(plan.tables.by_name[table], self.files[table])

    def _raise_if_full(self) -> None:
        if self._full:
            raise _CacheWriteFailed

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Raise _CacheWriteFailed if a write fails, and stop caching from then on."""
        try:
            yield
        except (OSError, duckdb.Error) as error:
            if isinstance(error, duckdb.Error) and not is_failed_write(error):
                raise
            self._full = True
            raise _CacheWriteFailed from None

    def _files_of(self, table: str, what: str) -> CachedFiles:
        parts = [table, what, SEMANTICS, __version__, *_versions()]
        name = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        with self._writing():
            place = make_directory(self.directory / self.identity / name)
        return self._places.setdefault(place, CachedFiles(place))


def _kind(stage: Stage, name: str) -> Kind:
    column = stage.table.columns.get(name)
    return KIND_OF_FORM[column.form] if column else Kind.WHOLE


class StoreDuckDb:
    """DuckDB on a stored snapshot. ``engine`` must reach the files of the snapshot and the directory of the cache.

    ``cache``: store computed columns for later runs, if the directory can be written.
    """

    def __init__(self, engine: DuckDb, snapshot: Snapshot, *, cache: bool = True) -> None:
        self._engine = engine
        self._directory = snapshot.directory
        self._cache = ColumnCache(engine, snapshot.directory / KEPT, snapshot.content_hash, snapshot.files)
        self._writes = cache and self._cache.is_writable()

    @property
    def costs(self) -> Sequence[Cost]:
        """The columns that were read from the cache or computed, by table; empty without a cache."""
        return self._cache.costs

    def codes_of_rows(
        self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[tuple[int, ...]]:
        """Return the outputs of a plan for each row of its table, in the order of the rows."""
        return self._engine.codes_of_rows(plan, tables, rows)

    def evaluate_to_parquet(self, plan: Plan, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
        """Write the outputs of a plan to a Parquet file, reading cached columns; return the file."""
        with translate_errors(self._directory, written=out.parent):
            if not self._writes:
                return self._engine.evaluate_to_parquet(plan, files, out)
            self._engine.evaluate(*self._cache.over_cache(plan), out)
            return [out]
