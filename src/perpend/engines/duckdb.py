"""A plan and tables in, verdict indexes out, by an embedded DuckDB: in memory for its own process, spilling to disk."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import duckdb

from perpend.engines.duckdb_rows import statements_of
from perpend.engines.duckdb_sql import DuckDbSql, quoted, type_of
from perpend.plan.natives import NATIVES
from perpend.plan.scalar import Kind
from perpend.plan.sql import Names, Native, Query, query_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.inventory.tables import Tables
    from perpend.plan.build import Plan

DIALECT: Final = DuckDbSql()
_ALWAYS: Final = (
    Native("perpend_norm", "norm", (), (Kind.TEXT,), Kind.TEXT),
    Native("perpend_lower", "lower", (), (Kind.TEXT,), Kind.TEXT),
    Native("perpend_instant", "instant", (), (Kind.TEXT,), Kind.WHOLE),
)


class DuckDb:
    """One embedded DuckDB of this process. It loads nothing from outside; natives are made known to it once each."""

    def __init__(self, opened: Any) -> None:
        self._opened = opened
        self._natives: Names = {}
        self._known: set[str] = set()
        for native in _ALWAYS:
            self._add(native)

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows that a statement gives."""
        found: list[tuple[Any, ...]] = self._opened.execute(statement, list(parameters)).fetchall()
        return found

    def query(self, plan: Plan, relation: Callable[[str], str], *, where: str = "") -> Query:
        """Return a plan's query, ready to be run here."""
        query = query_of(plan, DIALECT, relation, where=where, names=self._natives)
        for native in query.natives:
            self._add(native)
        return query

    def ends_of_rows(
        self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[tuple[int, ...]]:
        """Return the outputs of a plan for each row of its table, in the order of the rows."""
        for table in tables.by_name.values():
            for statement in statements_of(table, rows[table.name]):
                self.run(statement)
        query = self.query(plan, quoted)
        return [tuple(codes) for _, *codes in sorted(self.run(query.text))]

    def _add(self, native: Native) -> None:
        if native.name in self._known:
            return
        self._known.add(native.name)
        function = NATIVES[native.function](*native.constants)
        arguments = [type_of(kind) for kind in native.arguments]
        called = (lambda one: function(one)) if len(arguments) == 1 else (lambda one, other: function(one, other))
        self._opened.create_function(native.name, called, arguments, type_of(native.kind), null_handling="special")


@contextmanager
def duck_db(*, memory_limit: str | None = None, spill: Path | None = None, threads: int | None = None) -> Iterator[DuckDb]:
    """Open an embedded DuckDB. ``spill`` is the directory for what does not fit into the memory limit."""
    config: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    if memory_limit:
        config["memory_limit"] = memory_limit
    if spill:
        config["temp_directory"] = str(spill)
    if threads:
        config["threads"] = threads
    with duckdb.connect(":memory:", config=config) as opened:
        engine = DuckDb(opened)
        engine.run("SET preserve_insertion_order = false")
        yield engine
