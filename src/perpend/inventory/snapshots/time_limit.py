"""Bound the time that the databases of a block may take."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.driver import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator

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
