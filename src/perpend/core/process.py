"""Facts about this process: whether only Perpend runs in it, and whether its garbage collector is paused."""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALONE: Final = threading.Event()


def be_alone() -> None:
    """Record that this process runs only Perpend."""
    _ALONE.set()


def is_alone() -> bool:
    """Whether this process runs only Perpend. If so, modules that only embedding programs need are not loaded."""
    return _ALONE.is_set()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause cyclic garbage collection while thousands of objects are created, which have no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
