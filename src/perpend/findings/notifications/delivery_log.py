"""Store the runs that each channel got: read whole, replaced in one step, one sender at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from perpend.core.commit import lock, make_directory, write_whole
from perpend.inventory.snapshots.files import StoreError, is_there, naming, shown
from perpend.inventory.snapshots.manifest import Damaged, document_from, sealed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perpend.findings.history.storage import HistoryStorage

FORMAT: Final = 1
FILE: Final = "notified.json"
"""The file's name, below the history's directory."""


class SentRuns:
    """The newest run that each channel got. No other process sends while this one is open."""

    def __init__(self, place: HistoryStorage) -> None:
        self._path: Path = place.directory / FILE
        self._runs = self._read()

    def newest(self, channel: str) -> int | None:
        """Return the newest run that a channel got, or that had no news for it; None for a new channel."""
        return self._runs.get(channel)

    def remember(self, channel: str, run: int) -> None:
        """Store that a channel got all runs up to one. After this returns, the entry survives a loss of power."""
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
    """Yield the log under a lock; other senders wait."""
    with naming(place.directory):
        locked = lock(make_directory(place.store / "locks") / "notify")
    with locked:
        yield SentRuns(place)
