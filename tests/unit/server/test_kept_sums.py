from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.user_cache import UserCache
from perpend.findings.history.queries import views
from perpend.server.index import ledger
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope
from tests.served import commit_day, served, served_repository, store_of_days

pytestmark = pytest.mark.medium

ONE = ReaderScope(frozenset({"222222222222"}))


def test_kept_sums_are_those_computed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, inventory = served_repository(tmp_path / "repository"), store_of_days(tmp_path / "store")
    written: list[str] = []
    write = UserCache.write
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(UserCache, "write", lambda self, name, content: (written.append(name), write(self, name, content)))

    def sums(*, kept: bool) -> list[Any]:
        monkeypatch.setattr(ledger, "is_alone", lambda: kept)
        store = served(inventory.directory, repository)
        run = store.current()
        found = [(run.views.trend(scope).points, run.summary(scope).objects, run.runs(scope)) for scope in (ALL_ACCOUNTS, ONE)]
        store.close()
        return found

    expected = sums(kept=False)
    assert len(expected[0][0]) == 4 and [] == written
    assert expected == sums(kept=True) == sums(kept=True)
    assert 1 == len(written), "the second index reads what the first has kept"
    commit_day(inventory, 5)
    after = sums(kept=False)
    assert expected != after == sums(kept=True)
    assert 1 == len(written), "a new run leaves the sums of the old ones"
    monkeypatch.setattr(ledger, "module_states", lambda *_: (("findings/a.py", 1, 1),))
    assert after == sums(kept=True) and 2 == len(written), "a changed module computes them anew"
    monkeypatch.setattr(views, "known_account", lambda *_: "'111111111111'")
    assert after != sums(kept=False) == sums(kept=True) and 3 == len(written), "another text of the view has sums of its own"
