"""Store the runs and the issues of each channel: files read whole, replaced in one step, one sender at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.core.commit import lock, make_directory, write_whole
from perpend.inventory.snapshots.files import StoreError, is_there, naming, shown
from perpend.inventory.snapshots.manifest import Damaged, document_from, sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from perpend.findings.history.storage import HistoryStorage

    Log = TypeVar("Log")

FORMAT: Final = 1
FILE: Final = "notified.json"
"""The file's name, below the history's directory."""


class SentRuns:
    """The newest run that each channel got. No other process sends while this one is open."""

    def __init__(self, place: HistoryStorage) -> None:
        self._path: Path = place.directory / FILE
        self._runs = read_channels(self._path, int, "what was sent")

    def newest(self, channel: str) -> int | None:
        """Return the newest run that a channel got, or that had no news for it; None for a new channel."""
        return self._runs.get(channel)

    def remember(self, channel: str, run: int) -> None:
        """Store that a channel got all runs up to one. After this returns, the entry survives a loss of power."""
        self._runs[channel] = run
        write_channels(self._path, self._runs)


def read_channels(path: Path, log_from: Callable[[Any], Log], wanted: str) -> dict[str, Log]:
    """Return the channels of a log by name, empty if there is no file. Raises StoreError for a damaged one."""
    with naming(path, "cannot be read"):
        if not is_there(path):
            return {}
        text = path.read_bytes().decode("utf-8", errors="replace")
    try:
        document = document_from(text, version=FORMAT)
        return {str(name): log_from(channel) for name, channel in document["channels"].items()}
    except Damaged as error:
        raise StoreError(f"{shown(path)}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StoreError(f"{shown(path)}: it holds something else than {wanted}") from None


def write_channels(path: Path, channels: Mapping[str, Any]) -> None:
    """Store the channels of a log. After this returns, it survives a loss of power."""
    with naming(path):
        write_whole(path, sealed({"format": FORMAT, "channels": dict(sorted(channels.items()))}).encode())


@contextmanager
def sending(place: HistoryStorage) -> Iterator[SentRuns]:
    """Yield the log under a lock; other senders wait."""
    with naming(place.directory):
        locked = lock(make_directory(place.store / "locks") / "notify")
    with locked:
        yield SentRuns(place)
