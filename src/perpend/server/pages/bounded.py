"""Do work that reads the store of one object in a bounded time, by few threads: pages wait for it, and go on without it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

SECONDS = 10.0
"""How long a page waits."""

_WORKERS: Final = ThreadPoolExecutor(2, "perpend-object")


def within_time(work: Callable[..., Answer], *arguments: Any, seconds: float | None = None) -> tuple[Answer | None, str]:
    """Return the answer, or None and a sentence that tells why there is none: it took too long, or the store has it not.

    ``seconds`` is how long the page waits, by default :data:`SECONDS`.
    """
    limit = SECONDS if seconds is None else seconds
    future = _WORKERS.submit(work, *arguments)
    try:
        return future.result(limit), ""
    except TooLate:
        future.cancel()
        return None, f"It takes longer than {limit:g} seconds. Ask on the command line, which waits."
    except PerpendError as error:
        return None, str(error)
