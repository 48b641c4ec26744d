"""Find and remove unfinished collections in a store."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from perpend.core.commit import is_locked, make_directory, remove_tree
from perpend.inventory.snapshots.files import entries_of, naming

if TYPE_CHECKING:
    from pathlib import Path

JOURNAL: Final = "journal.ndjson"
"""The name of the file that records the progress of a collection. The process that collects holds its lock."""

_UNFINISHED: Final = "unfinished"


def unfinished(store: Path) -> list[Path]:
    """Return the directories of unfinished collections in a store that no process works on, the oldest first."""
    with naming(store, "cannot be read"):
        directories = entries_of(store / _UNFINISHED)
    return [directory for directory in directories if not is_locked(directory / JOURNAL)]


def new_unfinished(store: Path) -> Path:
    """Create and return a directory for a collection into a store."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
    with naming(store):
        return make_directory(store / _UNFINISHED / name)


def remove_unfinished(store: Path) -> int:
    """Remove unfinished collections of a store that no process works on; return their number."""
    directories = unfinished(store)
    for directory in directories:
        remove_tree(directory)
    return len(directories)
