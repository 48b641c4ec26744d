"""Keep the answers about one run in memory: each is computed once, also if several threads ask for it at once."""

from __future__ import annotations

from dataclasses import field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.core.dataclass import dataclass
from perpend.server.index.database import SECONDS, TooSlow

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Answer = TypeVar("Answer")

_MOST: Final = 512
"""How many answers are cached at most. The one whose last use is the oldest gives way."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An answer, which ``values`` has as soon as it is computed. A thread that computes it has the lock."""

    lock: Lock = field(default_factory=Lock)
    values: list[Any] = field(default_factory=list)


class AnswerCache:
    """Answers by key. The key of an answer has the reader's scope, if the answer depends on it."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the answer of a key. An error is not cached. Raises TooSlow if another thread computes it for too long."""
        with self._lock:
            entry = self._entries[key] = self._entries.pop(key, _Entry())
            while len(self._entries) > _MOST:
                del self._entries[next(iter(self._entries))]
        if not entry.values:
            if not entry.lock.acquire(timeout=SECONDS):
                raise TooSlow(SECONDS)
            try:
                if not entry.values:
                    entry.values.append(compute())
            finally:
                entry.lock.release()
        answer: Answer = entry.values[0]
        return answer

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._entries.clear()
