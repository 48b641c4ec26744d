"""One DuckDB for the tests of a process: to start one takes 14 ms of CPU, a quarter of what most commands need.

Each caller gets a connection to a new, empty database in it, with its own tables and functions and the usual limits of memory
and threads. Only the sandbox is left out, as DuckDB cannot leave it again: tests of files that are missing, damaged or out of
reach start a DuckDB of their own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from itertools import count
from threading import Lock
from typing import Any

import duckdb

from perpend.inventory.snapshots import database

_NUMBERS = count()
_ATTACH = re.compile(r"ATTACH '(?:[^']|'')*' AS (\w+)(?: \(READ_ONLY\))?")
_SANDBOX = ("SET enable_external_access", "SET allowed_directories", "SET allowed_paths", "SET lock_configuration")


class SharedDriver:
    """The driver as ``database`` uses it, which connects to the running DuckDB where nobody else does."""

    def __init__(self) -> None:
        self._taken = Lock()
        self._process = os.getpid()

    def __getattr__(self, name: str) -> Any:
        return getattr(duckdb, name)

    def connect(self, place: str, config: dict[str, Any]) -> Any:
        """Return a connection to the running DuckDB. A second connection and a forked process get a new one."""
        if "threads" in config or os.getpid() != self._process or not self._taken.acquire(blocking=False):
            return duckdb.connect(place, config=config)
        return Shared(config["memory_limit"], self._taken.release)


class Shared:
    """A connection to an empty database of the running DuckDB. Closing it removes all databases and functions that it added."""

    def __init__(self, memory_limit: str, released: Callable[[], None]) -> None:
        self._released: Callable[[], None] | None = released
        self._name = f"shared_{next(_NUMBERS)}"
        self._functions: list[str] = []
        self._settings: set[str] = set()
        self._attached: list[str] = []
        self._cursor = _running().cursor()
        self._cursor.execute(f"ATTACH ':memory:' AS {self._name}")
        self._cursor.execute(f"USE {self._name}")
        self._cursor.execute(f"SET memory_limit = '{memory_limit}'")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, query: str, *parameters: Any) -> Any:
        """Run a statement, but none that closes the sandbox."""
        if query.startswith(_SANDBOX):
            return self._cursor
        if query.startswith("SET "):
            self._settings.add(query[4:].partition("=")[0].strip())
        cursor = self._cursor.execute(query, *parameters)
        if attached := _ATTACH.fullmatch(query):
            self._attached.append(attached[1])
        if query.startswith("DETACH "):
            self._attached.remove(query.split()[1])
        return cursor

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
        for setting in self._settings:
            self._cursor.execute(f"RESET {setting}")
        self._cursor.execute("USE memory")
        for name in (*self._attached, self._name):
            self._cursor.execute(f"DETACH {name}")
        self._cursor.close()
        self._released()
        self._released = None


@cache
def _running() -> duckdb.DuckDBPyConnection:
    running = duckdb.connect(":memory:", config={**database._SETTINGS, "temp_directory": "", "threads": 1})
    running.execute("SET enable_external_file_cache = false")  # files of one name differ from command to command
    return running
