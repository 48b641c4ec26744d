"""Work spread over forked processes, which inherit all that it needs; results come back in the order of the work.

Refuses to know what the work is.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import resource
import signal
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

Chunk = TypeVar("Chunk")
Answer = TypeVar("Answer")

_NO_MORE: Final = ()
_DESK: Final = 16 * 2**20
_LOST: Final = "a process that did a part of the work has ended before its time; the system ends some where memory is short"


class ProcessLost(PerpendError):
    """A process ended before it had done its work."""


class TookTooLong(PerpendError):
    """A process was ended, since it did not do its work within the time that it had."""


def can_fork() -> bool:
    """Whether this machine makes processes that inherit the memory of this one."""
    return "fork" in multiprocessing.get_all_start_methods()


def all_threads_are_pythons() -> bool:
    """Whether this process has no threads but Python's, which a fork leaves behind in good order; False where none can tell."""
    try:
        return len(os.listdir("/proc/self/task")) <= threading.active_count()
    except OSError:
        return False


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(work: Callable[[Chunk], Answer], chunks: Sequence[Chunk], *, jobs: int | None = None) -> Iterator[Answer]:
    """Yield what the work makes of each chunk, in their order. Answers are pickled, the work and the chunks are not.

    ``jobs`` is the number of processes, as many as there are processors where it is not said. Raises as :func:`dealt`.
    """
    count = max(1, min(jobs or processors(), len(chunks)))
    return dealt(lambda number: map(work, chunks[number::count]), count)


def dealt(answers: Callable[[int], Iterable[Answer]], count: int) -> Iterator[Answer]:
    """Yield the first answer of each of some processes, by their numbers, then the second of each, until one has no more.

    The answers of a process are what ``answers`` gives for its number; the first one is this process itself. What others answer
    is pickled; they are one answer ahead at most. What a user can do wrong there is raised here. Raises ProcessLost where a
    process ends before its time.
    """
    with ExitStack() as stack:
        desks: list[_Desk] = []
        for number in range(1, count):
            desks.append(stack.enter_context(_working(answers, number, desks))[0])
        every = [iter(answers(0)), *(desk.taken() for desk in desks)]
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

    def taken(desk: _Desk) -> Iterator[Answer]:
        try:
            yield from desk.taken()
        except ProcessLost:
            if late.is_set():
                raise TookTooLong(f"not done within {seconds:g} seconds") from None
            raise

    with _working(limited, 1, ()) as (desk, end):

        def end_late() -> None:
            late.set()
            end()

        timer = threading.Timer(seconds, end_late) if seconds is not None else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            yield taken(desk)
        finally:
            if timer:
                timer.cancel()
                timer.join()


@contextmanager
def _working(
    answers: Callable[[int], Iterable[Answer]], number: int, others: Sequence[_Desk]
) -> Iterator[tuple[_Desk, Callable[[], None]]]:
    """Yield where the answers of a process of its own are read, and what ends it; it is ended at last."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    with ours:
        # INVARIANT: nobody but who asks and who answers holds an end of the pipe, so that each notices that the other is gone.
        desk = _Desk(ours, mmap(-1, _DESK))
        process = fork.Process(target=_work, args=(answers, number, _Desk(theirs, desk.shared), [*others, desk]), daemon=True)
        with theirs:
            try:
                process.start()
            except OSError as error:
                raise ProcessLost(f"no further process can be made: {(error.strerror or str(error)).lower()}") from None
        try:
            yield desk, process.kill
        finally:
            process.kill()
            process.join()


def _work(answers: Callable[[int], Iterable[Answer]], number: int, desk: _Desk, others: Sequence[_Desk]) -> None:
    for other in others:
        other.pipe.close()
    # The process that asked is interrupted, and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(EOFError, OSError):  # nobody may want more
        try:
            for answer in _named(answers(number)):
                desk.put(answer)
            last: Any = _NO_MORE
        except PerpendError as error:
            last = error
        desk.cleared()
        desk.pipe.send(last)


def _named(answers: Iterable[Answer]) -> Iterator[Answer]:
    """Yield answers. What the system refuses while they are made is told by its reason, not taken for a want of listeners."""
    try:
        yield from answers
    except OSError as error:
        raise ProcessLost(f"a part of the work cannot be done: {(error.strerror or str(error)).lower()}") from None


@dataclass(slots=True)
class _Desk:
    """Where a process lays one answer after the other, each when the one before was taken: in memory that two share.

    A pipe says that one is there, and that it was taken. What is too large for the desk goes through it.
    """

    pipe: Connection
    shared: mmap
    full: bool = False

    def put(self, answer: Any) -> None:
        """Lay down an answer."""
        self.cleared()
        self.full = True
        self.shared.seek(0)
        try:
            pickle.dump(answer, self.shared, pickle.HIGHEST_PROTOCOL)
        except ValueError:  # it is larger than the desk
            self.pipe.send((answer,))
        else:
            self.pipe.send(self.shared.tell())

    def cleared(self) -> None:
        """Wait until the answer before was taken."""
        if self.full:
            self.pipe.recv_bytes()

    def taken(self) -> Iterator[Any]:
        """Yield what another process lays down."""
        while True:
            try:
                received = self.pipe.recv()
                if isinstance(received, PerpendError):
                    raise received
                if received == _NO_MORE:
                    return
            except (EOFError, OSError):
                raise ProcessLost(_LOST) from None
            answer = self._unpacked(received) if isinstance(received, int) else received[0]
            with suppress(OSError):  # who is gone by now is missed when there should be more
                self.pipe.send_bytes(b"")
            yield answer

    def _unpacked(self, size: int) -> Any:
        with memoryview(self.shared) as whole, whole[:size] as packed:
            return pickle.loads(packed)  # noqa: S301 - packed by a process of our own
