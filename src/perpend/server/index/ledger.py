"""Sum the verdicts of runs by type and account. The sums of old runs do not change, and are kept in the user's cache.

Old runs are those of the first file of the ledger: a history adds a file for each run, and joins them at times.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.process import is_alone
from perpend.core.user_cache import UserCache, cache_directory, module_states
from perpend.findings.history.queries.views import ledger_text
from perpend.findings.history.storage import WholeFiles
from perpend.inventory.snapshots.database import pattern
from perpend.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.database import Connection

_COMPUTED_BY: Final = ("core", "findings", "server/index")
"""The packages that the sums depend on."""

_STATUSES: Final = ("compliant", "incompliant", "inapplicable", "undetermined")
_SUMS: Final = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in _STATUSES)
_KNOWN: Final = " + ".join(_STATUSES)

# Each policy of a type judges all of its objects.
_QUERY: Final = (
    f"SELECT run, type, account, {_SUMS}, CAST(max({_KNOWN}) AS BIGINT) AS objects, "
    f"CAST(count(*) FILTER ({_KNOWN} > 0) AS BIGINT) AS policies "
    "FROM ledger WHERE {runs} GROUP BY run, type, account HAVING objects > 0"
)


def ledger_query(connection: Connection, history: HistoryStorage, head: HistoryManifest, directory: Path) -> str:
    """Return the query for the sums of all runs, over the view ``ledger`` and a file in a directory."""
    caches = cache_directory() if is_alone() else None
    rows = _QUERY.format(runs="true")
    if caches is not None:
        last = _last_old_run(connection, history, head)
        path = directory / "old-runs.parquet"
        _write_old_sums(connection, UserCache(caches / "ledgers"), _key(history, head, last), last, path)
        rows = f"FROM read_parquet({pattern(path)}) UNION ALL ({_QUERY.format(runs=f'run > {last}')})"
    return f"FROM ({rows}) ORDER BY run, type, account"


def _last_old_run(connection: Connection, history: HistoryStorage, head: HistoryManifest) -> int:
    """Return the number of the last run of the first file of the ledger."""
    rows = connection.execute(f"SELECT max(run) FROM {WholeFiles(history).relation(*head.ledger[:1])}").fetchall()
    return int(rows[0][0] or 0)


def _write_old_sums(connection: Connection, cache: UserCache, key: str, last: int, path: Path) -> None:
    """Write the sums of the runs up to the last old one to a file: those of the cache, or new ones, which it keeps."""
    content = cache.read(key)
    if content is not None:
        path.write_bytes(content)
        return
    connection.execute(f"COPY ({_QUERY.format(runs=f'run <= {last}')}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
    cache.write(key, path.read_bytes())


def _key(history: HistoryStorage, head: HistoryManifest, last: int) -> str:
    """Return a name for the sums of the runs up to one, which changes with anything that they are computed from."""
    # Without what later runs change: with them, the text would be another one after each run.
    old = replace(
        head, runs=(), asked=(), policies=(), retirements=(), ledger=head.ledger[:1], full_counts=head.full_counts[:1]
    )
    parts = [
        ledger_text(history, old),
        __version__,
        module_states(*_COMPUTED_BY),
        last,
        [file.sha256 for file in head.ledger[:1]],
        [(run.number, head.asked[run.asked]) for run in head.runs if run.number <= last],
        [(policy.number, policy.type_name) for policy in head.policies if policy.first_run <= last],
        sorted((number, since, min(until, last + 1)) for number, since, until in _retirements(head) if since <= last),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _retirements(head: HistoryManifest) -> list[tuple[int, int, int]]:
    """Return the periods in which policies were retired: policy, first run, and the run after them."""
    past = [(one.policy, one.since, one.until) for one in head.retirements]
    return past + [(one.number, one.retired_run, head.next_run) for one in head.policies if one.retired_run is not None]
