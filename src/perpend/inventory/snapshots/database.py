"""An embedded DuckDB in a sandbox: no extensions, no network, only named files, bounded memory and time, translated errors."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import PerpendError
from perpend.core.process import is_alone
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.files import StoreError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

MEMORY_LIMIT: Final = "1GB"
"""What DuckDB may hold in memory before it spills to the store's temporary directory."""

_SETTINGS: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
}

_QUERIES_AT_ONCE: Final = 32

_NOT_WRITTEN: Final = "cannot be written"

Connection = duckdb.DuckDBPyConnection


@contextmanager
def opened(
    *,
    directories: Iterable[Path] = (),
    paths: Iterable[Path | str] = (),
    spill: Path | None = None,
    memory_limit: str = MEMORY_LIMIT,
    threads: int | None = None,
) -> Iterator[Connection]:
    """Yield an in-memory database with access to the given directories and files only.

    ``spill`` is a directory for data that does not fit into memory; without it, nothing is written there.
    Raises PerpendError for limits that DuckDB rejects.
    """
    config: dict[str, Any] = {**_SETTINGS, "memory_limit": memory_limit, "temp_directory": str(spill) if spill else ""}
    try:
        connection = duckdb.connect(":memory:", config={**config, **({"threads": threads} if threads else {})})
    except duckdb.Error as error:
        raise PerpendError(f"DuckDB cannot be started: {shown(str(error))}") from None
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # DuckDB would print it to stdout when Python runs without a file
        reach = [f"{os.path.realpath(path)}/" for path in (*directories, *([spill] if spill else []))]
        connection.execute(f"SET allowed_directories = {text_list(reach)}")
        connection.execute(f"SET allowed_paths = {text_list(os.path.realpath(path) for path in paths)}")
        connection.execute("SET enable_external_access = false")
        with _interruptible(connection), watched(connection):
            yield connection
    except RuntimeError as error:
        # DuckDB's signal handling drops exceptions of Python's handlers.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise
    finally:
        connection.close()


@contextmanager
def _interruptible(connection: Connection) -> Iterator[None]:
    """Stop a running statement when the process is interrupted: Python's own handlers wait until a statement has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    previous = signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)

    def listen() -> None:
        # INVARIANT: stop on an explicit message, not on EOF: forked children keep the pipe open.
        while heard := os.read(ear, 1)[0]:
            if heard in (signal.SIGINT, signal.SIGTERM):
                connection.interrupt()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        os.write(mouth, b"\0")
        listener.join()
        os.close(mouth)
        os.close(ear)


@contextmanager
def in_order(connection: Connection, *, threads: int) -> Iterator[None]:
    """Keep the order of rows in the results of this block, which at most so many threads compute."""
    settings = "SELECT current_setting('preserve_insertion_order'), current_setting('threads')"
    [(order, former)] = rows_of(connection, settings)
    connection.execute(f"SET threads = {min(former, threads)}")
    connection.execute("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        connection.execute(f"SET preserve_insertion_order = {order}")
        connection.execute(f"SET threads = {former}")


def lock(connection: Connection) -> None:
    """Forbid further changes of settings."""
    connection.execute("SET lock_configuration = true")


def rows_of(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """Return all rows of a query. They must fit into memory."""
    return connection.execute(query).fetchall()


def unions(queries: Iterable[str]) -> Iterator[str]:
    """Yield statements with the rows of all queries, in order, each of a bounded number: DuckDB plans very long ones slowly."""
    rest = iter(queries)
    while some := list(islice(rest, _QUERIES_AT_ONCE)):
        yield " UNION ALL ".join(some)


def name(text: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def text_list(values: Iterable[object]) -> str:
    """Return texts as an SQL list."""
    return f"[{', '.join(text(str(value)) for value in values)}]"


def pattern(path: Path | str) -> str:
    """Return a path as an SQL literal for functions that take a glob, matching only this file."""
    absolute = os.path.abspath(path)
    return text("".join(f"[{character}]" if character in "*?[" else character for character in absolute))


def table_of(rows: Iterable[Mapping[str, object]], kinds: Mapping[str, str]) -> str:
    """Return the query for rows from memory, with columns of these types."""
    # A document is read in one go: of rows of VALUES every cell would be an expression.
    listed = text(json.dumps([dict(row) for row in rows]))
    return f"SELECT unnest(from_json({listed}, {text(json.dumps([kinds]))}), recursive := true)"


@contextmanager
def translate_errors(place: Path, *, written: Path | None = None) -> Iterator[None]:
    """Turn DuckDB's errors while a store is written or read into a StoreError that names a place.

    ``written`` is the place of failed writes, if it is not the place that is read.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise StoreError(f"{shown(place)}: the limit of memory or temporary disk space is exceeded") from None
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        named = written if written and is_failed_write(error) else place
        raise StoreError(f"{shown(named)}: {_io_reason(str(error))}") from None
    except duckdb.ConnectionException:
        raise StoreError(f"{shown(place)}: cannot be read: the database is closed") from None
    except duckdb.PermissionException:
        # DuckDB opens allowed files by name if they exist, and searches elsewhere only for missing ones.
        raise StoreError(f"{shown(place)}: cannot be read: it is gone") from None
    except duckdb.Error as error:
        raise StoreError(f"{shown(place)}: cannot be stored ({type(error).__name__})") from None


def is_failed_write(error: duckdb.Error) -> bool:
    """Whether an error is about a write, not about a read at the same time."""
    return isinstance(error, duckdb.IOException) and _io_reason(str(error)).startswith(_NOT_WRITTEN)


def _io_reason(message: str) -> str:
    lowered = message.lower()
    if "no space left" in lowered:
        return f"{_NOT_WRITTEN}: no space is left on the disk"
    if "file too large" in lowered:
        return f"{_NOT_WRITTEN}: file too large"
    if "could not write" in lowered or ("cannot open" in lowered and "write" in lowered):
        return _NOT_WRITTEN
    return "cannot be read: it is damaged or cut off"


_NUMPY: Final = "numpy"


def add_function(
    connection: Connection,
    name: str,
    function: Callable[..., Any],
    arguments: Sequence[str],
    result: str,
    *,
    of_nulls: bool = False,
) -> None:
    """Create an SQL function from a function of plain values. ``of_nulls``: it is called for nulls, which otherwise give null.

    Raises PerpendError if DuckDB needs numpy itself and it is not installed.
    """
    types: list[Any] = list(arguments)
    nulls: Any = "special" if of_nulls else "default"

    def create() -> None:
        connection.create_function(name, function, types, result, null_handling=nulls)

    installed = _NUMPY in sys.modules or find_spec(_NUMPY) is not None
    if _NUMPY in sys.modules or (installed and not is_alone()):
        create()
        return
    try:
        with _numpy_answered():
            create()
    except (AttributeError, duckdb.InvalidInputException) as error:
        if not installed:
            raise PerpendError(
                f"DuckDB {duckdb.__version__} needs the package `numpy`: install it beside Perpend ({error})"
            ) from error
        create()


@contextmanager
def _numpy_answered() -> Iterator[None]:
    """Let an empty module be imported as numpy."""
    sys.modules[_NUMPY] = _empty_numpy()
    try:
        yield
    finally:
        del sys.modules[_NUMPY]


def _empty_numpy() -> ModuleType:
    """Return a module with only the attributes that DuckDB reads before it creates a function."""
    numpy, core = ModuleType(_NUMPY), ModuleType("numpy._core")
    vars(core)["multiarray"] = ModuleType("numpy._core.multiarray")
    vars(numpy).update(__version__="2", _core=core)
    return numpy


_END: Final[ContextVar[float | None]] = ContextVar("end", default=None)
_AGAIN: Final = 0.1
"""After how many seconds the next statement is interrupted, too."""


class TimeIsUp(PerpendError):
    """The databases of a block took longer than they may."""


@contextmanager
def limited_to(seconds: float) -> Iterator[None]:
    """Interrupt the databases that the block opens in this thread after some seconds in all, and raise TimeIsUp.

    The thread must not be the main one, which people interrupt.
    """
    end = time.monotonic() + seconds
    token = _END.set(end)
    try:
        yield
    except (PerpendError, KeyboardInterrupt, RuntimeError, duckdb.InterruptException):
        # An interrupted statement is one of these, depending on where it was translated.
        if time.monotonic() < end:
            raise
        raise TimeIsUp(f"the answer takes longer than {seconds:g} seconds") from None
    finally:
        _END.reset(token)


@contextmanager
def watched(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt what a database does once the time of :func:`limited_to` is up; without a limit, do nothing."""
    end = _END.get()
    if end is None:
        yield
        return
    closed = threading.Event()
    watcher = threading.Thread(target=_interrupt, args=(connection, end, closed), daemon=True, name="perpend-time-limit")
    watcher.start()
    try:
        yield
    finally:
        closed.set()
        watcher.join()


def _interrupt(connection: duckdb.DuckDBPyConnection, end: float, closed: threading.Event) -> None:
    if closed.wait(max(end - time.monotonic(), 0)):
        return
    connection.interrupt()
    while not closed.wait(_AGAIN):
        connection.interrupt()
