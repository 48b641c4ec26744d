"""Spread work over forked processes, which inherit their data. Results come back in the order of the work."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import threading
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

Chunk = TypeVar("Chunk")
Answer = TypeVar("Answer")

_NO_MORE: Final = ()
_SLOT_SIZE: Final = 16 * 2**20
_LOST_MESSAGE: Final = (
    "a process that did a part of the work has ended before its time; the system ends some where memory is short"
)


class ProcessLost(PerpendError):
    """A process ended before it finished its work."""


class TookTooLong(PerpendError):
    """A process was stopped because it exceeded its time limit."""


def can_fork() -> bool:
    """Whether this machine supports ``fork``."""
    return hasattr(os, "fork")


def has_only_python_threads() -> bool:
    """Whether this process has only Python threads, which are safe to fork; False if the system does not say."""
    try:
        return len(os.listdir("/proc/self/task")) <= threading.active_count()
    except OSError:
        return False


def processors() -> int:
    """Return the number of processors available to this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(work: Callable[[Chunk], Answer], chunks: Sequence[Chunk], *, jobs: int | None = None) -> Iterator[Answer]:
    """Yield the result of the work for each chunk, in order. Results are pickled; the work and the chunks are not.

    ``jobs`` is the number of processes; None means one per processor. Raises as :func:`dealt`.
    """
    count = max(1, min(jobs or processors(), len(chunks)))
    return dealt(lambda number: map(work, chunks[number::count]), count)


def dealt(answers: Callable[[int], Iterable[Answer]], count: int) -> Iterator[Answer]:
    """Yield the first result of each process in turn, then the second of each, until one process has no more.

    ``answers`` yields the results of a process by its number; number 0 is this process itself. The others pickle their results
    and are at most one result ahead. Their PerpendErrors are raised here. Raises ProcessLost if a process ends early.
    """
    with ExitStack() as stack:
        slots: list[_Slot] = []
        for number in range(1, count):
            slots.append(stack.enter_context(_worker(answers, number, slots))[0])
        every = [iter(answers(0)), *(slot.results() for slot in slots)]
        for of_process in cycle(every):
            try:
                answer = next(of_process)
            except StopIteration:
                return
            yield answer


def _data_size() -> int:
    """Return the bytes of data of this process, 0 if the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[5]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


@contextmanager
def apart(answers: Callable[[], Iterable[Answer]], *, seconds: float | None, memory: int) -> Iterator[Iterator[Answer]]:
    """Yield the answers of a process of its own. It may take ``memory`` bytes more, and it is ended after ``seconds``.

    Answers are pickled. Errors of users are raised where the answers are read, as are TookTooLong and ProcessLost.
    """
    late = threading.Event()

    def limited(_: int) -> Iterator[Answer]:
        # A copy begins with all data of its parent. If it had less than that, no thread could start in it.
        most, allowed = _data_size() + memory, resource.getrlimit(resource.RLIMIT_DATA)[1]
        if allowed != resource.RLIM_INFINITY:
            most = min(most, allowed)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        yield from answers()

    def results(slot: _Slot) -> Iterator[Answer]:
        try:
            yield from slot.results()
        except ProcessLost:
            if late.is_set():
                raise TookTooLong(f"not done within {seconds:g} seconds") from None
            raise

    with _worker(limited, 1, ()) as (slot, end):

        def end_late() -> None:
            late.set()
            end()

        timer = threading.Timer(seconds, end_late) if seconds is not None else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            yield results(slot)
        finally:
            if timer:
                timer.cancel()
                timer.join()


@contextmanager
def _worker(
    answers: Callable[[int], Iterable[Answer]], number: int, others: Sequence[_Slot]
) -> Iterator[tuple[_Slot, Callable[[], None]]]:
    """Yield a reader of one process's results and a function that kills it. The process is killed at the end in any case."""
    import multiprocessing  # slow to import, and seldom needed

    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    with ours:
        # INVARIANT: only the reader and the writer hold an end of the pipe, so that each notices when the other is gone.
        slot = _Slot(ours, mmap(-1, _SLOT_SIZE))
        process = fork.Process(target=_work, args=(answers, number, _Slot(theirs, slot.shared), [*others, slot]), daemon=True)
        with theirs:
            try:
                process.start()
            except OSError as error:
                raise ProcessLost(f"no further process can be made: {(error.strerror or str(error)).lower()}") from None
        try:
            yield slot, process.kill
        finally:
            process.kill()
            process.join()


def _work(answers: Callable[[int], Iterable[Answer]], number: int, slot: _Slot, others: Sequence[_Slot]) -> None:
    for other in others:
        other.pipe.close()
    # An interrupt goes to the parent, which kills this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(EOFError, OSError):  # the parent may want no more results
        try:
            for answer in _with_os_errors(answers(number)):
                slot.put(answer)
            last: Any = _NO_MORE
        except PerpendError as error:
            last = error
        slot.wait_until_free()
        slot.pipe.send(last)


def _with_os_errors(answers: Iterable[Answer]) -> Iterator[Answer]:
    """Yield results. An OSError while they are made becomes ProcessLost, so that it is not taken for a closed pipe."""
    try:
        yield from answers
    except OSError as error:
        raise ProcessLost(f"a part of the work cannot be done: {(error.strerror or str(error)).lower()}") from None


@dataclass(slots=True)
class _Slot:
    """A slot in shared memory for one result at a time.

    A pipe signals that a result is there, and that it was taken. Results that are too large for the slot go through the pipe.
    """

    pipe: Connection
    shared: mmap
    full: bool = False

    def put(self, answer: Any) -> None:
        """Put a result into the slot, after the one before was taken."""
        self.wait_until_free()
        self.full = True
        self.shared.seek(0)
        try:
            pickle.dump(answer, self.shared, pickle.HIGHEST_PROTOCOL)
        except ValueError:  # the result is larger than the slot
            self.pipe.send((answer,))
        else:
            self.pipe.send(self.shared.tell())

    def wait_until_free(self) -> None:
        """Wait until the result before was taken."""
        if self.full:
            self.pipe.recv_bytes()

    def results(self) -> Iterator[Any]:
        """Yield the results of the other process."""
        while True:
            try:
                received = self.pipe.recv()
                if isinstance(received, PerpendError):
                    raise received
                if received == _NO_MORE:
                    return
            except (EOFError, OSError):
                raise ProcessLost(_LOST_MESSAGE) from None
            answer = self._unpickle(received) if isinstance(received, int) else received[0]
            with suppress(OSError):  # a lost process is noticed at the next read
                self.pipe.send_bytes(b"")
            yield answer

    def _unpickle(self, size: int) -> Any:
        with memoryview(self.shared) as whole, whole[:size] as packed:
            return pickle.loads(packed)  # noqa: S301 - packed by a process of our own
