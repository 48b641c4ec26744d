"""Evaluate plans in an embedded DuckDB: in memory for its own process, spilling to disk."""

from __future__ import annotations

from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import PerpendError
from perpend.core.schema.tables import ROW, SOURCE
from perpend.evaluation.engines.duckdb.sql import DuckDbSql, literal, quoted, type_of
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.sql import Names, Native, stage_query
from perpend.evaluation.planner.stage import column_kinds
from perpend.evaluation.planner.udfs import NATIVES
from perpend.inventory.snapshots.database import MEMORY_LIMIT, Connection, add_function, opened, pattern
from perpend.inventory.snapshots.plain_sql import teach
from perpend.inventory.snapshots.rows import table_relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.core.schema.tables import Table, Tables
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.planner.stage import Stage


DIALECT: Final = DuckDbSql()
_ALWAYS: Final = (
    Native("perpend_norm", "norm", (), (Kind.TEXT,), Kind.TEXT),
    Native("perpend_lower", "lower", (), (Kind.TEXT,), Kind.TEXT),
    Native("perpend_instant", "instant", (), (Kind.TEXT,), Kind.WHOLE),
)


class DuckDb:
    """An embedded DuckDB for the thread that created it. Each Python function is registered once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._thread: int | None = get_ident()
        self._natives: Names = {}
        self._registered: set[str] = set()
        teach(connection)
        for native in _ALWAYS:
            self._add(native)

    @property
    def connection(self) -> Connection:
        """The database, for other reads of the same files. Raises PerpendError after ``end`` and in another thread."""
        if self._thread == get_ident():
            return self._connection
        raise PerpendError(
            "the evaluation or engine was used after its `with` block: its files are deleted"
            if self._thread is None
            else "the evaluation or engine was used in another thread: open one in each thread"
        )

    def end(self) -> None:
        """Make every later use raise PerpendError."""
        self._thread = None

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a statement."""
        return self.connection.execute(statement).fetchall()

    def files(self, paths: Sequence[Path]) -> str:
        """Return the SQL for a table in Parquet files."""
        return f"read_parquet([{', '.join(map(pattern, paths))}], hive_partitioning = false)"

    def quoted(self, name: str) -> str:
        """Return a name, quoted."""
        return quoted(name)

    def text_of(self, stage: Stage, relation: Callable[[str], str], *, keys: Sequence[str] = (ROW,)) -> str:
        """Return the query of a stage, with its Python functions registered."""
        query = stage_query(stage, DIALECT, relation, keys=keys, names=self._natives)
        for native in query.natives:
            self._add(native)
        return query.text

    def evaluate_to_parquet(self, plan: Plan, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
        """Write the outputs of a plan for each row of its table to a Parquet file, in any order; return the file."""
        self.evaluate(plan, lambda table: table_relation(plan.tables.by_name[table], files[table]), out)
        return [out]

    def evaluate(self, plan: Plan, relation: Callable[[str], str], out: Path) -> None:
        """Write the outputs of a plan to a Parquet file, reading each table from the SQL that ``relation`` returns.

        Columns are the row number, the number of the row's source, and ``v0``, ``v1``, … by program.
        """
        text = self.text_of(plan.stage, relation, keys=(ROW, SOURCE))
        outputs = ", ".join(quoted(name) for name in plan.stage.outputs)
        named = f'SELECT "key0" AS {quoted(ROW)}, "key1" AS {quoted(SOURCE)}, {outputs} FROM ({text}\n) AS evaluated'
        self.run(f"COPY ({named}) TO {pattern(out)} (FORMAT parquet, COMPRESSION zstd)")

    def codes_of_rows(
        self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[tuple[int, ...]]:
        """Return the outputs of a plan for each row of its table, in the order of the rows."""
        for table in tables.by_name.values():
            for statement in table_statements(table, rows[table.name]):
                self.run(statement)
        return [tuple(codes) for _, *codes in sorted(self.run(self.text_of(plan.stage, quoted)))]

    def hold(self, table: str, columns: Mapping[str, Sequence[Any]], kinds: Mapping[str, Kind], *, rows: int) -> str:
        """Create a table from columns of equal length, with row numbers; return the SQL for it."""
        create_from_columns(self.connection, table, columns, kinds, rows=rows)
        return quoted(table)

    def _add(self, native: Native) -> None:
        if native.name in self._registered:
            return
        self._registered.add(native.name)
        function = NATIVES[native.function](*native.constants)
        arguments = [type_of(kind) for kind in native.arguments]
        wrapper = (lambda one: function(one)) if len(arguments) == 1 else (lambda one, other: function(one, other))
        add_function(self.connection, native.name, wrapper, arguments, type_of(native.kind), of_nulls=True)


@contextmanager
def duck_db(
    *,
    directories: Iterable[Path] = (),
    paths: Iterable[Path] = (),
    spill: Path | None = None,
    memory_limit: str = MEMORY_LIMIT,
    threads: int | None = None,
) -> Iterator[DuckDb]:
    """Open an embedded DuckDB that may read the given directories and files. ``spill`` takes data that exceed the memory."""
    with opened(directories=directories, paths=paths, spill=spill, memory_limit=memory_limit, threads=threads) as connection:
        connection.execute("SET preserve_insertion_order = false")
        engine = DuckDb(connection)
        try:
            yield engine
        finally:
            engine.end()


_AT_ONCE: Final = 500
_VALUES_AT_ONCE: Final = 20_000


def table_statements(table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the statements that create a table and insert its rows."""
    kinds = column_kinds(table)
    declared = ", ".join(f"{quoted(name)} {type_of(kind)}" for name, kind in kinds.items())
    yield f"CREATE OR REPLACE TABLE {quoted(table.name)} ({declared})"
    for start in range(0, len(rows), _AT_ONCE):
        values = ", ".join(_row(row, kinds) for row in rows[start : start + _AT_ONCE])
        yield f"INSERT INTO {quoted(table.name)} VALUES {values}"


def _row(row: Mapping[str, Any], kinds: Mapping[str, Kind]) -> str:
    return f"({', '.join(literal(row.get(name), kind) for name, kind in kinds.items())})"


def create_from_columns(
    connection: Connection, table: str, columns: Mapping[str, Sequence[Any]], kinds: Mapping[str, Kind], *, rows: int
) -> None:
    """Create a table from columns of equal length, with row numbers."""
    named = (f"unnest(CAST(? AS {type_of(kinds[name])}[])) AS {quoted(name)}" for name in columns)
    query = f"SELECT {', '.join((f'unnest(range(?, ?)) AS {ROW}', *named))}"
    for start in range(0, max(rows, 1), _VALUES_AT_ONCE):
        end = min(start + _VALUES_AT_ONCE, rows)
        arguments = [start, end, *(list(values[start:end]) for values in columns.values())]
        into = f"INSERT INTO {quoted(table)}" if start else f"CREATE OR REPLACE TABLE {quoted(table)} AS"
        connection.execute(f"{into} {query}", arguments)
