"""The reader of a request: the accounts that it may see, and the run that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.server.scope import ReaderScope

if TYPE_CHECKING:
    from starlette.requests import Request

    from perpend.server.served_store import ServedRun, ServedStore


def scope_of(request: Request) -> ReaderScope:
    """Return the accounts that the reader of a request may see, as the guard has set them: none if it has not."""
    scope: ReaderScope = getattr(request.state, "scope", ReaderScope())
    return scope


def run_of(request: Request) -> ServedRun:
    """Return the run that the whole answer is about. Raises NoAccount, and PerpendError if the store cannot be read."""
    store: ServedStore = request.app.state.store
    return store.run_for(scope_of(request))
