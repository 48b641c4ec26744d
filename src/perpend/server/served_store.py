"""The store that a server serves, and one run of it: each request asks one ``ServedRun``, so no answer mixes two runs."""

from __future__ import annotations

import hashlib
import os
import threading
import time
import weakref
from contextlib import ExitStack, suppress
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.core.objects.account import Account
from perpend.findings.filters import ORDERS
from perpend.findings.history.account_names import named_accounts
from perpend.findings.history.manifest import HEAD
from perpend.findings.history.open_history import open_history
from perpend.findings.severity.active import ActiveSeverities, rating_directories
from perpend.findings.severity.read import FOLDER as RATINGS
from perpend.findings.waivers.active import ActiveWaivers, UnusableEntries
from perpend.findings.waivers.read import FOLDER as WAIVERS
from perpend.inventory.snapshots.files import naming
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.server.answer_cache import AnswerCache
from perpend.server.answers import Facets, FindingPage
from perpend.server.index.build import build_index
from perpend.server.index.database import IndexDatabase
from perpend.server.index.exports import write_export
from perpend.server.index.numbers import Numbers
from perpend.server.index.pages import Pages
from perpend.server.index.questions import Conditions, Questions, in_scope
from perpend.server.index.runs import Runs
from perpend.server.scope import NoAccount
from perpend.server.views.run_state import HistoryOfRun, RunState
from perpend.server.views.run_views import RunViews

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage
    from perpend.language.syntax.repository import Repository
    from perpend.server.answers import FindingGroup, FindingRow, RunRow, Summary
    from perpend.server.index.facts import IndexFacts
    from perpend.server.question import Question
    from perpend.server.scope import ReaderScope

MOST_ROWS: Final = 1_000
"""The most findings of one page."""

INDEX: Final = "index.duckdb"
"""The name of the file of an index."""

LOOK_SECONDS: Final = 2.0
"""The seconds between two questions whether a store has a new run."""

_RETRY: Final = 5.0
"""After how many seconds a store that could not be read is tried again although nothing changed."""


class ServedRun:
    """The last run of a store, as it was when the server read it. All methods may be called from several threads.

    Each raises TooSlow if the answer takes longer than a server waits, and InvalidOption for a question that means nothing.
    Its files are removed when nobody holds it any more. ``accounts`` are those of all objects of its history.
    """

    def __init__(self, facts: IndexFacts, path: Path, state: RunState, etag: str, closing: ExitStack) -> None:
        """Open an index. ``closing`` is closed when nobody holds the run any more."""
        self._cache = AnswerCache()
        self.run, self.etag, self.views = facts.head.runs[-1].number, etag, RunViews(state, self._cache)
        self._facts, self._database = facts, IndexDatabase(path)
        closing.callback(self._database.close)
        ask = self._database.rows
        self._questions = Questions(facts, state.repository, ask)
        self.accounts = self._questions.accounts()
        self._pages, self._numbers, self._runs = Pages(facts, ask), Numbers(ask), Runs(facts, ask)
        self.release = weakref.finalize(self, closing.close)

    def summary(self, scope: ReaderScope) -> Summary:
        """Return the state of the store for a reader."""
        return self._cache.get(("summary", scope), lambda: self._runs.summary(scope))

    def findings(
        self, question: Question, *, order: str = "severity", limit: int = 50, after: str | None = None
    ) -> FindingPage:
        """Return a page of findings behind the key ``after``. Raises InvalidOption for a key that no page has given.

        ``order`` is ``severity`` (not ended, severity, newest), ``newest`` or ``age`` (the oldest first).
        """
        limit = max(1, min(limit, MOST_ROWS))

        def page() -> FindingPage:
            total, rows, following = self._pages.page(self._conditions(question), order, limit, after)
            return FindingPage(self.run, total, rows, following, self.tags_unknown(question), self.unused(question))

        return self._cache.get(("findings", question.key, order, limit, after), page)

    def tags_unknown(self, question: Question) -> int | None:
        """Return the number of findings whose tags are not known if a question asks for tags; None if it does not."""
        filter = question.filter.with_tags_unknown
        if filter is None:
            return None
        unsure = replace(question, filter=filter)
        return self._cache.get(("total", unsure.key), lambda: self._numbers.total(self._conditions(unsure)))

    def unused(self, question: Question) -> int | None:
        """Return the number of findings that the filter of objects in use leaves out; None without that filter."""
        filter = question.filter.with_unused
        if filter is None:
            return None
        every = replace(question, filter=filter)
        return self._cache.get(("unused", every.key), lambda: self._numbers.total(self._conditions(every).of_unused))

    def facets(self, question: Question) -> Facets:
        """Return the numbers of the findings by severity, life, policy, type, account, region, waived, change and tag.

        A facet's own filter does not limit its numbers. Findings without a severity, a known account or a region have the
        keys ``not rated``, ``not known`` and ``no region``; unchanged ones are not in ``change``. Of tags there are the most
        frequent ones of the findings that all filters leave, and none of very many findings.
        """

        def facets() -> Facets:
            return Facets(self.run, *self._numbers.facets(self._conditions(question)))

        return self._cache.get(("facets", question.key), facets)

    def groups(self, question: Question, by: str) -> Sequence[FindingGroup]:
        """Return the findings grouped by ``policy``, ``account`` or ``object``, the most important group first.

        Of objects, only the most important are listed. The account that is not known has an empty key.
        """

        def groups() -> Sequence[FindingGroup]:
            return tuple(self._numbers.groups(self._conditions(question), by, self._facts))

        return self._cache.get(("groups", question.key, by), groups)

    def finding(self, finding_id: str, scope: ReaderScope) -> FindingRow | None:
        """Return a finding by its id, of any state; None if there is none that the reader may see."""
        return self._pages.finding(finding_id, in_scope(scope))

    def objects(self, name: str, scope: ReaderScope) -> Sequence[tuple[str, str]]:
        """Return type and id of the objects with an id, external id or name, also of those without findings."""
        return self._questions.objects(name, scope)

    def export(self, question: Question, format: str, path: Path, *, order: str = ORDERS[0]) -> None:
        """Write all chosen findings as ``csv``, ``ndjson`` or ``parquet``: rows, columns and order of ``perpend findings``."""
        write_export(self._database, self._facts, self._conditions(question), format, path, order)

    def runs(self, scope: ReaderScope) -> Sequence[RunRow]:
        """Return the runs of the history, the newest first."""
        return self._cache.get(("runs", scope), lambda: self._runs.rows(scope))

    def _conditions(self, question: Question) -> Conditions:
        return self._cache.get(("conditions", question.key), lambda: self._questions.conditions(question))


class ServedStore:
    """A store with its policies, waivers and ratings. It follows the store: after a commit, ``current`` returns the new run.

    A new run is read in the background, while the former goes on answering.
    """

    def __init__(
        self,
        place: str,
        repository: Repository,
        *,
        waivers: str | None = None,
        ratings: str | None = None,
        default_ratings: bool = True,
        account_names: Mapping[str, str] | None = None,
    ) -> None:
        """Follow a store. Nothing is read before ``current``; ``waivers`` and ``ratings`` are those of ``perpend.open``."""
        self.place, self.repository = place, repository
        self._waivers, self._ratings, self._default_ratings = waivers, ratings, default_ratings
        self._account_names = dict(account_names or {})
        self._lock = threading.Lock()
        self._run: ServedRun | None = None
        self._seen: Hashable = None
        self._failed: tuple[Hashable, PerpendError, float] | None = None
        self._reading: threading.Thread | None = None
        self._releases: list[weakref.finalize[[], ServedRun]] = []
        self._is_closed, self._closing = False, threading.Event()
        self._first_run: Callable[[ServedRun], object] | None = None
        self.problem: str | None = None
        """Why the newest waivers or ratings are not in use, None if they are. The former ones go on."""

    def current(self) -> ServedRun:
        """Return the newest run that is ready. A request keeps it until its answer is complete.

        Raises PerpendError with a sentence for people if the store is absent, damaged, of a newer form, or has no run.
        """
        state = self._state()
        with self._lock:
            if self._is_closed:
                raise PerpendError("the server has closed the store")
            if self._run is not None and self._seen == state:
                return self._run
            failed = self._failed if self._failed is not None and self._failed[0] == state else None
            is_late = failed is not None and time.monotonic() - failed[2] > _RETRY
            if self._reading is None and (failed is None or is_late):
                self._reading = threading.Thread(target=self._read, args=(state,), daemon=True, name="perpend-index")
                self._reading.start()
            if failed is not None and (self._run is None or not isinstance(failed[1], UnusableEntries)):
                raise copy(failed[1])
            if self._run is not None:
                return self._run
            reading = self._reading
        if reading is not None:
            reading.join()
        with self._lock:
            if self._run is not None:
                return self._run
            raise copy(self._failed[1]) if self._failed is not None else PerpendError(f"{visible(self.place)}: cannot be read")

    @property
    def is_reading(self) -> bool:
        """Whether something newer is being read while a former run goes on answering."""
        return self._run is not None and self._reading is not None

    def follow(self) -> None:
        """Look for a new run every few seconds, until the store is closed: requests need not do so."""
        threading.Thread(target=self._follow, daemon=True, name="perpend-follow").start()

    def _follow(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            with suppress(PerpendError):  # the next request tells it
                self.current()

    def on_first_run(self, work: Callable[[ServedRun], object]) -> None:
        """Do some work with the first run that can be read: at once if there is one, else when it comes."""
        with self._lock:
            run = self._run
            if run is None:
                self._first_run = work
        if run is not None:
            work(run)

    def run_for(self, scope: ReaderScope) -> ServedRun:
        """Return the newest run that is ready, as :meth:`current`, for a reader.

        Raises NoAccount for one who may see none of its accounts.
        """
        run = self.current()
        if not scope.is_all and scope.accounts.isdisjoint(run.accounts):
            raise NoAccount(scope)
        return run

    def close(self) -> None:
        """Remove the files that the server made."""
        self._closing.set()
        with self._lock:
            self._is_closed, self._run, reading = True, None, self._reading
        if reading is not None:
            reading.join()
        for release in self._releases:
            release()

    def _state(self) -> Hashable:
        """Return what changes when the history, the waivers, the ratings or the day changes."""
        history = open_history(self.place)
        with naming(history.directory / HEAD, "cannot be read"):
            head = _stamp(history.directory / HEAD)
        return head, *(_stamps(path) for path in self._directories()), datetime.now(UTC).date()

    def _directories(self) -> list[Path]:
        root = self.repository.files.root
        ratings = rating_directories(self.repository, self._ratings, defaults=self._default_ratings)
        return [
            Path(self._waivers) if self._waivers is not None else root / WAIVERS,
            *(Path(place) if place is not None else root / RATINGS for place in ratings),
        ]

    def _read(self, state: Hashable) -> None:
        """Read the last run, and let it answer from then on."""
        try:
            run = self._opened(state)
        except PerpendError as error:
            self._fail(state, error)
        except OSError as error:
            self._fail(state, PerpendError(f"{visible(self.place)}: cannot be read: {error.strerror}"))
        else:
            with self._lock:
                self._releases = [one for one in self._releases if one.alive] + [run.release]
                self._failed, self.problem = None, None
                first = self._first_run if self._run is None else None
                if not self._is_closed:
                    self._run, self._seen = run, state
            if first is not None:
                first(run)
        finally:
            with self._lock:
                self._reading = None

    def _fail(self, state: Hashable, error: PerpendError) -> None:
        with self._lock:
            self._failed = state, error, time.monotonic()
            self.problem = str(error) if isinstance(error, UnusableEntries) else None

    def _opened(self, state: Hashable) -> ServedRun:
        history = open_history(self.place)
        head = history.head()
        waivers = ActiveWaivers.here(self.repository, self._waivers, none=False)
        severities = ActiveSeverities.here(self.repository, self._ratings, defaults=self._default_ratings)
        with ExitStack() as stack:
            path = stack.enter_context(scratch()) / INDEX
            pinned = HistoryOfRun(history, head)
            names = self._names_in(history, head)
            facts = build_index(pinned, self.repository, waivers, severities, names, path)
            etag = f"{facts.head.runs[-1].number}-{hashlib.sha256(str(state).encode()).hexdigest()[:16]}"
            state_of_run = RunState(pinned, self.repository, waivers, severities, names, facts.matched)
            return ServedRun(facts, path, state_of_run, etag, stack.pop_all())

    def _names_in(self, history: HistoryStorage, head: HistoryManifest) -> dict[str, str]:
        """Return the names of accounts: the given ones, and those of the snapshot of the last run."""
        given = {number: Account(name) for number, name in self._account_names.items()}
        accounts = named_accounts(history, head, given, self.repository.declared_type)
        return {number: account.name for number, account in accounts.items() if account.name}


def _stamp(path: Path) -> tuple[int, int, int]:
    status = os.stat(path)
    return status.st_ino, status.st_mtime_ns, status.st_size


def _stamps(directory: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return the files below a directory, with their stamps; none if it is missing."""
    stamps = []
    for place, _, names in os.walk(directory):
        for name in names:
            path = Path(place, name)
            if path.exists():
                stamps.append((str(path), *_stamp(path)))
    return tuple(sorted(stamps))
