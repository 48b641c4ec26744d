"""The word that names a store in, the store out: a directory, or an address of object storage."""

from __future__ import annotations

from typing import Final

from perpend.cli.extra_packages import extra_packages
from perpend.store.store import Store

SCHEME: Final = "s3://"


def store_named(word: str) -> Store:
    """Return the store that a command line or a configuration names."""
    if not word.startswith(SCHEME):
        return Store(word)
    with extra_packages("s3", "a store on S3"):
        from perpend.store.remote.mirrored import MirroredStore
        from perpend.store.remote.space import Space
    return MirroredStore(Space(word))
