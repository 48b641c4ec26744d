"""Which runs each channel was told of, kept in a store's history: read whole, replaced in one step, one sender at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from perpend.inventory.snapshots.files import StoreError, is_there, make_directory, naming, shown, write_whole
from perpend.inventory.snapshots.manifest import Damaged, document_from, sealed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perpend.findings.history.storage import HistoryStorage

FORMAT: Final = 1
FILE: Final = "notified.json"
"""The file's name, below the history's directory."""


class SentRuns:
    """The newest run that each channel was told of. Nobody else sends while it is held."""

    def __init__(self, place: HistoryStorage) -> None:
        self._path: Path = place.directory / FILE
        self._runs = self._read()

    def newest(self, channel: str) -> int | None:
        """Return the newest run that a channel was told of, or that there was nothing to tell of; None for a new channel."""
        return self._runs.get(channel)

    def remember(self, channel: str, run: int) -> None:
        """Remember that a channel was told of all runs up to one. When this returns, it survives a loss of power."""
        self._runs[channel] = run
        with naming(self._path):
            write_whole(self._path, sealed({"format": FORMAT, "channels": dict(sorted(self._runs.items()))}).encode())

    def _read(self) -> dict[str, int]:
        with naming(self._path, "cannot be read"):
            if not is_there(self._path):
                return {}
            text = self._path.read_bytes().decode("utf-8", errors="replace")
        try:
            document = document_from(text, version=FORMAT)
            return {str(name): int(run) for name, run in document["channels"].items()}
        except Damaged as error:
            raise StoreError(f"{shown(self._path)}: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise StoreError(f"{shown(self._path)}: it holds something else than what was sent") from None


@contextmanager
def sending(place: HistoryStorage) -> Iterator[SentRuns]:
    """Yield what was sent, while nobody else sends; who comes meanwhile waits."""
    with naming(place.directory):
        locks = make_directory(place.store / "locks")
        stream = open(locks / "notify", "ab")  # noqa: SIM115  # closed below, whatever comes
    with stream:
        os.fchmod(stream.fileno(), 0o600)
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield SentRuns(place)
