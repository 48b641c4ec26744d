"""Run a user's SQL query over a snapshot in a process of its own, with bounded time and memory.

DuckDB checks its limits only between steps, and one function call may build a text of gigabytes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from perpend.core.parallel import TookTooLong, apart, can_fork, has_only_python_threads, processors
from perpend.inventory.snapshots.queries.views import QueryResult, out_of_memory, out_of_time, query_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.snapshots.queries.views import MoreViews
    from perpend.inventory.snapshots.snapshot import Snapshot

_MOST_MEMORY: Final = 2 * 1024**3
_OF_A_PROCESSOR: Final = 32 * 1024**2
"""The size of a thread's stack, and of the memory that it reserves."""


@contextmanager
def query_in_process(
    snapshot: Snapshot,
    question: str,
    *,
    declared: Callable[[str], ObjectType | None],
    timeout: float | None = None,
    more: MoreViews | None = None,
    most_memory: int = _MOST_MEMORY,
) -> Iterator[QueryResult]:
    """Yield the result of one SELECT over a snapshot, as :func:`perpend.inventory.snapshots.queries.views.asked` does.

    If the process can fork, a child runs the query. It has a memory limit, and is killed when its time is over.
    """
    if not (can_fork() and has_only_python_threads()):
        with query_result(snapshot, question, declared=declared, timeout=timeout, more=more) as answer:
            yield answer
        return

    def answers() -> Iterator[Any]:
        try:
            with query_result(snapshot, question, declared=declared, more=more) as answer:
                yield answer.columns
                yield from answer.batches
        except MemoryError:
            raise out_of_memory() from None

    try:
        with apart(answers, seconds=timeout, memory=most_memory + _OF_A_PROCESSOR * processors()) as answered:
            yield QueryResult(next(answered), answered)
    except TookTooLong:
        raise out_of_time(timeout) from None
