"""Ask the tables of an index: one database, a cursor for each question, few at a time, and none for long."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import PerpendError
from perpend.findings.history.queries.views import TEXTS_VIEW
from perpend.inventory.snapshots.database import lock, opened, text, translate_errors
from perpend.inventory.snapshots.driver import duckdb
from perpend.server.index.build import CATALOG, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perpend.inventory.snapshots.database import Connection

AT_ONCE: Final = 4
"""How many questions are computed at the same time."""

SECONDS: Final = 20.0
"""How long a question may take, and how long it waits for others."""

EXPORT_SECONDS: Final = 120.0
"""How long an export may take."""

_MEMORY: Final = "300MB"


class TooSlow(PerpendError):
    """An answer that takes longer than a server waits."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the answer takes longer than {seconds:g} seconds: narrow the filter")


class IndexDatabase:
    """A database with access to the directory of an index only. It may be used by several threads until it is closed."""

    def __init__(self, path: Path) -> None:
        self.path, self.spill = path, path.parent / "spill"
        self._gate, self._stack = threading.BoundedSemaphore(AT_ONCE), ExitStack()
        with translate_errors(path):
            self._connection = self._stack.enter_context(
                opened(directories=[path.parent], spill=self.spill, memory_limit=_MEMORY)
            )
            self.spill.mkdir(exist_ok=True)
            self._connection.execute(f"ATTACH {text(str(path))} AS {CATALOG} (READ_ONLY)")
            self._connection.execute(f"CREATE VIEW {TEXTS_VIEW} AS FROM {TEXTS}")  # which exports read as commands do
            lock(self._connection)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows of a query. Raises TooSlow."""
        with self.asking() as cursor:
            return cursor.execute(query).fetchall()

    @contextmanager
    def asking(self, seconds: float | None = None) -> Iterator[Connection]:
        """Yield a cursor; after some seconds, what it does is interrupted, and TooSlow raised."""
        limit = SECONDS if seconds is None else seconds
        if not self._gate.acquire(timeout=limit):
            raise TooSlow(limit)
        try:
            with translate_errors(self.path):
                cursor = self._connection.cursor()
                timer = threading.Timer(limit, cursor.interrupt)
                timer.daemon = True
                timer.start()
                try:
                    yield cursor
                except duckdb.InterruptException:
                    raise TooSlow(limit) from None
                except RuntimeError as error:
                    if "interrupt" in str(error).lower():
                        raise TooSlow(limit) from None
                    raise
                finally:
                    timer.cancel()
                    cursor.close()
        finally:
            self._gate.release()

    def close(self) -> None:
        """Close the database. A question that still runs is interrupted."""
        self._connection.interrupt()
        self._stack.close()
