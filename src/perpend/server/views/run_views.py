"""The answers about one run besides findings, each computed once for each reader's accounts."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final, TypeVar

from perpend.inventory.snapshots.time_limit import TimeIsUp, limited_to
from perpend.server.index.database import SECONDS, TooSlow
from perpend.server.views.changes import change_page
from perpend.server.views.compliance import compliance_of
from perpend.server.views.estate import estate_of
from perpend.server.views.policies import policy_list
from perpend.server.views.trend import trend_of
from perpend.server.views.waivers import waiver_list

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from perpend.server.answer_cache import AnswerCache
    from perpend.server.answers import ChangePage, Compliance, Estate, PolicyList, Trend, WaiverList
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState

Answer = TypeVar("Answer")

_AT_ONCE: Final = 2
"""How many answers are computed at the same time: each opens a database of its own."""


class RunViews:
    """The views of a run. All methods may be called from several threads; answers are cached as long as the run is served.

    Each raises TooSlow if the answer takes longer than a server waits.
    """

    def __init__(self, state: RunState, cache: AnswerCache) -> None:
        self.state, self._cache, self._gate = state, cache, BoundedSemaphore(_AT_ONCE)

    def changes(
        self,
        before: str,
        after: str,
        scope: ReaderScope,
        *,
        event: str | None = None,
        cause: str | None = None,
        limit: int = 50,
        page_key: str | None = None,
    ) -> ChangePage:
        """Return a page of the findings that differ between two runs, as :func:`change_page` does."""
        return self.cached(
            ("changes", before, after, scope, event, cause, limit, page_key),
            lambda: change_page(self.state, before, after, scope, event=event, cause=cause, limit=limit, page_key=page_key),
        )

    def policies(self, scope: ReaderScope) -> PolicyList:
        """Return the policies with the newest numbers of their verdicts."""
        return self.cached(("policies", scope), lambda: policy_list(self.state, scope))

    def compliance(self, scope: ReaderScope, framework: str | None = None, *, inherited: bool = False) -> Compliance:
        """Return the status of all frameworks, or of one with its requirements. Raises UnknownName."""
        return self.cached(
            ("compliance", scope, framework, inherited),
            lambda: compliance_of(self.state, scope, framework, inherited=inherited),
        )

    def waivers(self, scope: ReaderScope) -> WaiverList:
        """Return the waivers with the numbers of the findings that they cover, and the attestations."""
        return self.cached(("waivers", scope), lambda: waiver_list(self.state, scope))

    def trend(self, scope: ReaderScope, last: int = 60) -> Trend:
        """Return the findings after each of the ``last`` runs."""
        return self.cached(("trend", scope, last), lambda: trend_of(self.state, scope, last))

    def estate(self, scope: ReaderScope) -> Estate:
        """Return the accounts, the age of their facts, and the parts that could not be read."""
        return self.cached(("estate", scope), lambda: estate_of(self.state, scope))

    def cached(self, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the answer of a key: the cached one, or the one that is computed now."""
        return self._cache.get(("views", key), lambda: self._computed(compute))

    def _computed(self, compute: Callable[[], Answer]) -> Answer:
        if not self._gate.acquire(timeout=SECONDS):
            raise TooSlow(SECONDS)
        try:
            with limited_to(SECONDS):
                return compute()
        except TimeIsUp:
            raise TooSlow(SECONDS) from None
        finally:
            self._gate.release()
