"""Open the history of a store."""

from __future__ import annotations

from perpend.core.diagnostics.directories import why_not_a_directory
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.findings.history.manifest import HEAD
from perpend.findings.history.model import NOT_AWAY
from perpend.findings.history.storage import HistoryStorage
from perpend.inventory.snapshots.files import is_there
from perpend.inventory.snapshots.open_store import is_address


def open_history(directory: str) -> HistoryStorage:
    """Return the history of a store. Raises PerpendError if there is none."""
    if is_address(directory):
        raise PerpendError(f"{visible(directory)}: {NOT_AWAY}")
    history = HistoryStorage(directory)
    if not is_there(history.directory / HEAD):
        shown = visible(directory)
        if wrong := why_not_a_directory(directory):
            raise PerpendError(f"{shown}: {wrong}; `perpend import` makes one")
        raise PerpendError(f"{shown}: has no history yet; `perpend check --store {shown}` begins one")
    return history
