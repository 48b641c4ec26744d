"""One DuckDB for the commands of a process: to start one costs more than most commands do with it.

A command gets a connection to an empty database of the one that runs. It has its own tables and functions, and the limits of
memory and threads are the usual ones. Only the sandbox is left out, as DuckDB cannot leave it again: tests of files that are
missing, damaged or out of reach take a DuckDB of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

import duckdb

from perpend.inventory.snapshots import database

_NUMBERS = count()
_SANDBOX = ("SET enable_external_access", "SET allowed_directories", "SET allowed_paths", "SET lock_configuration")


class SharedDriver:
    """The driver as ``database`` uses it, which connects to the running DuckDB where nobody else does."""

    def __init__(self) -> None:
        self._is_free = True

    def __getattr__(self, name: str) -> Any:
        return getattr(duckdb, name)

    def connect(self, place: str, config: dict[str, Any]) -> Any:
        """Return a connection to the running DuckDB, or a new DuckDB for a second connection or for unusual limits."""
        if not self._is_free or "threads" in config or config["memory_limit"] != database.MEMORY_LIMIT:
            return duckdb.connect(place, config=config)
        self._is_free = False
        return Shared(self._release)

    def _release(self) -> None:
        self._is_free = True


class Shared:
    """A connection to an empty database of the running DuckDB. Closing it removes the database and its functions."""

    def __init__(self, released: Callable[[], None]) -> None:
        self._released: Callable[[], None] | None = released
        self._name = f"shared_{next(_NUMBERS)}"
        self._functions: list[str] = []
        self._cursor = _running().cursor()
        self._cursor.execute(f"ATTACH ':memory:' AS {self._name}")
        self._cursor.execute(f"USE {self._name}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, query: str, *parameters: Any) -> Any:
        """Run a statement, but none that closes the sandbox."""
        return self._cursor if query.startswith(_SANDBOX) else self._cursor.execute(query, *parameters)

    def create_function(self, name: str, *arguments: Any, **named: Any) -> None:
        """Create a function until the connection is closed."""
        self._cursor.create_function(name, *arguments, **named)
        self._functions.append(name)

    def close(self) -> None:
        """Leave the running DuckDB as it was."""
        if self._released is None:
            return
        for name in self._functions:
            self._cursor.remove_function(name)
        self._cursor.execute("USE memory")
        self._cursor.execute(f"DETACH {self._name}")
        self._cursor.close()
        self._released()
        self._released = None


@cache
def _running() -> duckdb.DuckDBPyConnection:
    running = duckdb.connect(":memory:", config={**database._SETTINGS, "memory_limit": database.MEMORY_LIMIT})
    running.execute("SET enable_external_file_cache = false")  # files of one name differ from command to command
    return running
