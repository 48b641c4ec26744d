"""Whose the process is: that of the command `perpend`, or of somebody who imports the package and more beside it."""

from __future__ import annotations

import threading
from typing import Final

_ALONE: Final = threading.Event()


def be_alone() -> None:
    """Note that nobody but Perpend runs in this process."""
    _ALONE.set()


def is_alone() -> bool:
    """Whether nobody but Perpend runs in this process: then nothing is loaded for the sake of others."""
    return _ALONE.is_set()
