"""Open the store at a directory or at an address of object storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perpend.inventory.snapshots.store import Store


def is_address(path: str) -> bool:
    """Whether a path is an address of object storage (``s3://``)."""
    return path.startswith("s3://")


def open_store(word: str) -> Store:
    """Return the store at a directory or an address of object storage."""
    from perpend.inventory.snapshots.store import Store

    if not is_address(word):
        return Store(word)
    from perpend.inventory.snapshots.remote.open import remote_store

    return remote_store(word)
