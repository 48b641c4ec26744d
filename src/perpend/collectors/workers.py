"""Run tasks in a few threads, key by key, and only a few of one key at once. The caller that waits gets their errors.

A key is a service in a region: its client is open while its tasks run, and clients are costly to make.

The threads are daemons: one that hangs does not keep the process alive.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from perpend.collectors.protocol import StoppedEarly

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from types import TracebackType

_STEP = 0.5


class Workers:
    """Threads that run tasks, at most ``each`` of one key at once."""

    def __init__(self, number: int, each: int) -> None:
        self.failure: BaseException | None = None
        self.stopped = False
        self._each = each
        self._queues: dict[Hashable, deque[Callable[[], None]]] = {}
        self._running: Counter[Hashable] = Counter()
        self._changed = threading.Condition()
        for _ in range(number):
            threading.Thread(target=self._work, daemon=True).start()

    def submit(self, key: Hashable, task: Callable[[], None]) -> None:
        """Add a task."""
        with self._changed:
            self._queues.setdefault(key, deque()).append(task)
            self._changed.notify()

    def stop(self) -> None:
        """Start no more tasks and end all waiting. A running task ends at its next ``check``."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def check(self) -> None:
        """Raise the error of a failed task, or StoppedEarly if the workers were stopped."""
        if self.failure is not None:
            raise self.failure
        if self.stopped:
            raise StoppedEarly

    def do_all(self, tasks: Iterable[tuple[Hashable, Callable[[], None]]]) -> None:
        """Run tasks and wait for all. Raises the error of any failed task, or StoppedEarly."""
        queue = list(tasks)
        left = [len(queue)]

        def counted(task: Callable[[], None]) -> Callable[[], None]:
            def do() -> None:
                task()
                with self._changed:
                    left[0] -= 1
                    self._changed.notify_all()

            return do

        for key, task in queue:
            self.submit(key, counted(task))
        self._wait_until(lambda: not left[0])

    def map_all(self, key: Hashable, do: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
        """Return the results of a function for values, in their order. The calling thread works too."""
        pending = deque(enumerate(values))
        results: dict[int, Any] = {}

        def work() -> None:
            while pending and not self.stopped:
                try:
                    number, value = pending.popleft()
                except IndexError:
                    return
                results[number] = do(value)
                if len(results) == len(values):
                    with self._changed:
                        self._changed.notify_all()

        for _ in range(min(self._each, len(values)) - 1):
            self.submit(key, work)
        work()
        self._wait_until(lambda: len(results) == len(values))
        return [results[number] for number in range(len(values))]

    def _wait_until(self, is_over: Callable[[], bool]) -> None:
        while True:
            with self._changed:
                if is_over():
                    return
                self.check()
                self._changed.wait(_STEP)

    def _work(self) -> None:
        while (item := self._next()) is not None:
            key, task = item
            with _Recorder(self):
                task()
            with self._changed:
                self._running[key] -= 1
                self._changed.notify_all()

    def _next(self) -> tuple[Hashable, Callable[[], None]] | None:
        """Wait for a task and return it; None once the workers are stopped."""
        with self._changed:
            while not self.stopped:
                item = next(((key, task) for key in list(self._queues) if (task := self._take(key)) is not None), None)
                if item is not None:
                    return item
                self._changed.wait()
        return None

    def _take(self, key: Hashable) -> Callable[[], None] | None:
        """Return a task of a key. None if too many of its tasks run, or none is left."""
        tasks = self._queues[key]
        if not tasks:
            del self._queues[key]
            return None
        if self._running[key] >= self._each:
            return None
        self._running[key] += 1
        return tasks.popleft()


class _Recorder:
    """Records the error of a task and stops the workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> bool:
        if error is not None:
            if not isinstance(error, StoppedEarly) and self._workers.failure is None:
                self._workers.failure = error
            self._workers.stop()
        return True
