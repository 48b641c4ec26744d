"""Work spread over forked processes, which inherit all that it needs; results come back in the order of the work.

Refuses to know what the work is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.errors import PerpendError

if sys.platform == "linux":
    from fcntl import F_SETPIPE_SZ, fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

Chunk = TypeVar("Chunk")
Answer = TypeVar("Answer")

_NO_MORE: Final = ()
_PIPE: Final = 1_048_576
_LOST: Final = "a process that did a part of the work has ended before its time; the system ends some where memory is short"


class ProcessLost(PerpendError):
    """A process ended before it had done its work."""


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
        readers: list[Connection] = []
        for number in range(1, count):
            readers.append(stack.enter_context(_working(answers, number, readers)))
        every = [iter(answers(0)), *map(_received, readers)]
        for of_process in cycle(every):
            try:
                answer = next(of_process)
            except StopIteration:
                return
            yield answer


@contextmanager
def _working(answers: Callable[[int], Iterable[Answer]], number: int, others: Sequence[Connection]) -> Iterator[Connection]:
    """Yield where the answers of a process of its own are read, which is ended at last."""
    fork = multiprocessing.get_context("fork")
    reader, writer = fork.Pipe(duplex=False)
    # INVARIANT: nobody but who writes and who reads holds an end of the pipe, so that each notices that the other is gone.
    process = fork.Process(target=_send, args=(answers, number, writer, [*others, reader]), daemon=True)
    with reader:
        with writer:
            _widen(reader)
            try:
                process.start()
            except OSError as error:
                raise ProcessLost(f"no further process can be made: {(error.strerror or str(error)).lower()}") from None
        try:
            yield reader
        finally:
            process.kill()
            process.join()


def _widen(pipe: Connection) -> None:
    """Have a pipe hold more, so that who writes and who reads need not take turns so often; where that is allowed."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl(pipe.fileno(), F_SETPIPE_SZ, _PIPE)


def _send(answers: Callable[[int], Iterable[Answer]], number: int, writer: Connection, others: Sequence[Connection]) -> None:
    for reader in others:
        reader.close()
    # The process that asked is interrupted, and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with writer, suppress(BrokenPipeError):  # nobody may listen any more
        try:
            for answer in answers(number):
                writer.send((answer,))
            writer.send(_NO_MORE)
        except PerpendError as error:
            writer.send(error)


def _received(reader: Connection) -> Iterator[Any]:
    """Yield what another process answers."""
    while True:
        try:
            received = reader.recv()
        except (EOFError, OSError):
            raise ProcessLost(_LOST) from None
        if isinstance(received, PerpendError):
            raise received
        if received == _NO_MORE:
            return
        yield received[0]
