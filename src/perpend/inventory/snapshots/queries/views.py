"""Run a read-only SQL query over a snapshot, with views under readable names.

Every table has a view by its API name, and one by its label in snake case (`aws_iam_user`); columns likewise.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Diagnostic, Span, suggestion
from perpend.core.errors import PerpendError
from perpend.core.schema.tables import holds_readings
from perpend.inventory.snapshots.database import MEMORY_LIMIT, lock, name, opened, rows_of, text
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.queries.labels import CALLS_VIEW, SOURCES_VIEW, column_names, view_names
from perpend.inventory.snapshots.rules import SQL_ERROR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot

STATEMENT: Final = "<sql>"
"""What diagnostics call the place of a question in SQL."""

_BATCH: Final = 1_000
_MOST_NAMED: Final = 10


class SqlFailed(PerpendError):
    """A query failed; the diagnostic has the reason and the place."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a query: column names, and batches of rows."""

    columns: tuple[str, ...]
    batches: Iterator[list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class MoreViews:
    """Views in addition to those of a snapshot: the statements that create them, and the files that they read."""

    statements: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()


@contextmanager
def query_result(
    snapshot: Snapshot,
    question: str,
    *,
    declared: Callable[[str], ObjectType | None],
    spill: Path | None = None,
    timeout: float | None = None,
    memory_limit: str = MEMORY_LIMIT,
    more: MoreViews | None = None,
) -> Iterator[QueryResult]:
    """Yield the result of one SELECT over a snapshot. Raises SqlFailed, also while batches are read.

    Only the snapshot's files, and those of ``more``, can be read, and nothing can be written. ``timeout`` is in seconds.
    """
    more = more or MoreViews()
    with opened(paths=[*snapshot.files.paths, *more.paths], spill=spill, memory_limit=memory_limit) as connection:
        for statement in (*view_statements(snapshot, declared), *more.statements):
            connection.execute(statement)
        connection.execute("SET errors_as_json = true")
        lock(connection)
        with _failing(connection, question, timeout), _stopping(connection, timeout):
            _check_statement(connection, question)
            connection.execute(question)
            columns = tuple(str(column[0]) for column in connection.description or ())
            yield QueryResult(columns, _batches(connection))


def view_statements(snapshot: Snapshot, declared: Callable[[str], ObjectType | None]) -> list[str]:
    """Return the statements that create the views of a snapshot."""
    statements = []
    friendly = view_names(snapshot.tables.by_name, declared)
    for table_name, table in snapshot.tables.by_name.items():
        if holds_readings(table_name):
            continue
        source = snapshot.relation(table_name)
        aliases = column_names(table, declared(table.type_name) if table.type_name else None)
        members = [
            stored for column in table.columns.values() for stored in column.members.values() if stored not in table.columns
        ]
        every = f"* EXCLUDE ({', '.join(map(name, members))})" if members else "*"
        columns = [*(f"{name(column)} AS {name(alias)}" for column, alias in aliases.items()), every]
        statements.append(f"CREATE VIEW {name(table_name)} AS SELECT {', '.join(columns)} FROM {source}")
        if friendly[table_name] != table_name:
            statements.append(f"CREATE VIEW {name(friendly[table_name])} AS SELECT * FROM {name(table_name)}")
    return [*statements, _sources(snapshot), _calls(snapshot)]


def _sources(snapshot: Snapshot) -> str:
    rows = [
        f"({number}, {text(source.name)}, {text(source.kind)}, "
        f"{f'TIMESTAMPTZ {text(source.observed_at.isoformat())}' if source.observed_at else 'NULL'}, {source.objects})"
        for number, source in enumerate(snapshot.sources)
    ]
    values = ", ".join(rows or ["(NULL, NULL, NULL, NULL, NULL)"])
    empty = "" if rows else " WHERE false"
    columns = "number, name, kind, observed_at, objects"
    return f"CREATE VIEW {name(SOURCES_VIEW)} AS SELECT * FROM (VALUES {values}) AS found({columns}){empty}"


def _calls(snapshot: Snapshot) -> str:
    texts = (
        (call.account, call.region, call.service, call.operation, call.label, call.refusal, call.code)
        for call in snapshot.calls
    )
    rows = [
        f"({', '.join(map(text, message_text))}, {call.objects})"
        for message_text, call in zip(texts, snapshot.calls, strict=True)
    ]
    columns = "account, region, service, operation, permission, kind, code, objects"
    values = ", ".join(rows or ["('', '', '', '', '', '', '', 0)"])
    empty = "" if rows else " WHERE false"
    return f"CREATE VIEW {name(CALLS_VIEW)} AS SELECT * FROM (VALUES {values}) AS found({columns}){empty}"


def _check_statement(connection: Connection, question: str) -> None:
    if not _is_text(question):
        raise SqlFailed(SQL_ERROR.at(Span(STATEMENT), "the question is not UTF-8 text"))
    statements = connection.extract_statements(question)
    if len(statements) != 1:
        what = "holds no statement" if not statements else f"holds {len(statements)} statements"
        raise SqlFailed(SQL_ERROR.at(Span(STATEMENT), f"the question {what}; it must be one SELECT"))
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = statements[0].type.name
        raise SqlFailed(SQL_ERROR.at(Span(STATEMENT), f"a snapshot can only be read: {kind} is not allowed, SELECT is"))


def _is_text(question: str) -> bool:
    try:
        question.encode()
    except UnicodeEncodeError:
        return False
    return True


def _batches(connection: Connection) -> Iterator[list[tuple[Any, ...]]]:
    while rows := connection.fetchmany(_BATCH):
        yield rows


@contextmanager
def _stopping(connection: Connection, timeout: float | None) -> Iterator[None]:
    timer = threading.Timer(timeout, connection.interrupt) if timeout is not None else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        if timer:
            timer.cancel()


@contextmanager
def _failing(connection: Connection, question: str, timeout: float | None) -> Iterator[None]:
    """Turn DuckDB's errors into a diagnostic."""
    try:
        yield
    except duckdb.InterruptException:
        raise out_of_time(timeout) from None
    except duckdb.OutOfMemoryException:
        raise out_of_memory() from None
    except duckdb.Error as error:
        raise SqlFailed(_diagnostic(str(error), question, connection)) from None


def out_of_time(timeout: float | None) -> SqlFailed:
    """Return the error of a query that exceeds its time limit."""
    within = f" within {timeout:g} seconds" if timeout is not None else ""
    return SqlFailed(SQL_ERROR.at(Span(STATEMENT), f"the question was not answered{within}"))


def out_of_memory() -> SqlFailed:
    """Return the error of a query that exceeds its memory limit."""
    return SqlFailed(SQL_ERROR.at(Span(STATEMENT), "the question needs more memory or temporary disk space than may be used"))


def _diagnostic(message: str, question: str, connection: Connection) -> Diagnostic:
    _, opening, message_text = message.partition("{")
    try:
        error: dict[str, Any] = json.loads(opening + message_text)
    except ValueError:  # an error of the Python client, not of the database
        error = {"exception_message": message}
    sentence, _, rest = error["exception_message"].partition("\n")
    # Names with `#` are columns of reasons: they are no suggestion for a mistyped name.
    rest = re.sub(r"(?:, )?\"[^\"]*#[^\"]*\"", "", rest).replace(": , ", ": ")
    hints = [line for line in rest.splitlines() if line.startswith(("Candidate ", "Did you mean"))]
    if error.get("type") == "Table" and "name" in error:
        hints = [_near_view(error["name"], connection)]  # DuckDB would suggest its internal tables, such as pg_enum
    if "file system operations are disabled" in sentence:
        sentence = "only the snapshot's own tables can be read"
    place = _span(question, error.get("position"))
    return SQL_ERROR.at(place, sentence[:1].lower() + sentence[1:], help=hints[0] if hints else None)


def _near_view(missing: str, connection: Connection) -> str:
    """Return a view with a name similar to an unknown one."""
    views = [view for (view,) in rows_of(connection, "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1")]
    return suggestion(missing, views) or f"there are {', '.join(views[:_MOST_NAMED])}{', …' if views[_MOST_NAMED:] else ''}"


def _span(question: str, position: str | None) -> Span:
    """Return the position of a byte of the query."""
    if position is None:
        return Span(STATEMENT)
    *above, line = question.encode()[: int(position)].decode().split("\n")
    row, column = len(above) + 1, len(line) + 1
    return Span(STATEMENT, row, column, row, column + 1)
