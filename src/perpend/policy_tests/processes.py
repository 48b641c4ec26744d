"""Work spread over forked processes, which inherit all that it needs; results come back in the order of the work.

Refuses to know what the work is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any, TypeVar

from perpend.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

Chunk = TypeVar("Chunk")
Answer = TypeVar("Answer")


class ProcessLost(PerpendError):
    """A process ended before it had done its work."""


def can_fork() -> bool:
    """Whether this machine makes processes that inherit the memory of this one."""
    return "fork" in multiprocessing.get_all_start_methods()


def spread(work: Callable[[Chunk], Answer], chunks: Sequence[Chunk], *, jobs: int | None = None) -> Iterator[Answer]:
    """Yield what the work makes of each chunk, in their order. Answers are pickled, the work and the chunks are not.

    ``jobs`` is the number of processes, as many as there are processors where it is not said. Raises ProcessLost where a
    process ends before its time.
    """
    fork = multiprocessing.get_context("fork")
    count = max(1, min(jobs or os.cpu_count() or 1, len(chunks)))
    readers: list[Connection] = []
    processes = []
    try:
        for number in range(count):
            # INVARIANT: only the process itself holds what it writes to, so that its end is noticed.
            reader, writer = fork.Pipe(duplex=False)
            process = fork.Process(target=_answer, args=(work, chunks[number::count], writer), daemon=True)
            readers.append(reader)
            processes.append(process)
            process.start()
            writer.close()
        for number in range(len(chunks)):
            yield _answer_of(readers[number % count])
    finally:
        for process, reader in zip(processes, readers, strict=True):
            reader.close()
            process.kill()
            process.join()


def _answer(work: Callable[[Chunk], Answer], chunks: Sequence[Chunk], writer: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked is interrupted, and ends this one
    with writer:
        for chunk in chunks:
            writer.send(work(chunk))


def _answer_of(reader: Connection) -> Any:
    try:
        return reader.recv()
    except EOFError:
        raise ProcessLost("a process that ran tests has ended before its time") from None
