"""One analysis at a time: what stands inside what is noted meanwhile, and two threads would take each other's notes for theirs.

Refuses to know what is analysed.
"""

from __future__ import annotations

import os
import threading
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

_TURN: Final = threading.RLock()

if hasattr(os, "register_at_fork"):
    # A process that is forked inherits no half of an analysis, and no turn that nobody in it would ever end.
    os.register_at_fork(before=_TURN.acquire, after_in_parent=_TURN.release, after_in_child=_TURN.release)


def in_turn(work: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Have a function wait until no other thread is in one of its kind. It may call itself, and others of the kind."""

    @wraps(work)
    def waiting(*asked: Asked.args, **named: Asked.kwargs) -> Answer:
        with _TURN:
            return work(*asked, **named)

    return waiting
