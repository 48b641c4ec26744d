"""Open a store on object storage, or report which package is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.extras import command_to_add
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.remote.s3_mirror import MirroredStore

try:
    from perpend.inventory.snapshots.remote.s3 import ObjectStorage
except ModuleNotFoundError as error:
    raise StoreError(f"a store on S3 needs the package {error.name}: {command_to_add('s3')}") from None

if TYPE_CHECKING:
    from perpend.inventory.snapshots.store import Store


def remote_store(address: str) -> Store:
    """Return the store at an address such as ``s3://bucket/prefix``, if the extra ``s3`` is installed.

    Its files are cached below the user's cache directory. Raises StoreError if the address is invalid or cannot be reached.
    """
    return MirroredStore(ObjectStorage(address))
