"""Whether the process belongs to the command ``perpend``, or to a program that imports the package."""

from __future__ import annotations

import threading
from typing import Final

_ALONE: Final = threading.Event()


def be_alone() -> None:
    """Record that this process runs only Perpend."""
    _ALONE.set()


def is_alone() -> bool:
    """Whether this process runs only Perpend. If so, modules that only embedding programs need are not loaded."""
    return _ALONE.is_set()
