"""The configuration file of a store's last run: a reader without it sees other waivers, ratings and names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.findings.history.storage import HistoryStorage
from perpend.inventory.snapshots.open_store import is_address

if TYPE_CHECKING:
    from pathlib import Path


def other_configuration(store: str, used: Path | None = None) -> str | None:
    """Return the configuration file of a store's last run if it is not the used one; None if it is, or if there was none.

    It is never opened: the author of a store could otherwise choose the waivers of its readers.
    """
    if is_address(store):
        return None
    try:
        runs = HistoryStorage(store).head().runs
    except (PerpendError, OSError):
        return None  # the command itself tells it
    recorded = runs[-1].configuration if runs else None
    if recorded is None or (used is not None and os.path.realpath(used) == recorded):
        return None
    return recorded


def not_in_use(configuration: str, remedy: str) -> str:
    """Return the sentence that a configuration is not in use, with what to add."""
    return f"waivers, ratings and account names of the last run's {visible(configuration)} are not in use; {remedy}"
