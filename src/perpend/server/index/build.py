"""Build the index of the last run of a history: the findings that ``perpend findings`` lists, as one table in a DuckDB file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError
from perpend.evaluation.verdicts.selection import title_of
from perpend.findings.finding_filter import FINDINGS, keep_titles
from perpend.findings.history.identity import finding_id_sql
from perpend.findings.history.queries.views import EVENTS, OBJECTS, TAGGED, TEXTS_VIEW, asking, called
from perpend.findings.severity.priority import keep_ratings
from perpend.findings.waivers.match_history import NOT_ENDED, matched_waivers
from perpend.findings.waivers.status import SOON, Force
from perpend.inventory.snapshots.database import table_of, text
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.store import NoSnapshot, Store
from perpend.language.compiler.names import DeclaredTypes
from perpend.reports.overview import are_of_several_clouds, service_of
from perpend.server.index.facts import IndexFacts
from perpend.server.index.ledger import ledger_query

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perpend.core.objects.claims import FailedCall
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.severity.active import ActiveSeverities
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.language.syntax.repository import Repository

CATALOG: Final = "served"
"""The name by which a database attaches the file."""

FINDING, OBJECT, LEDGER, EVENT, TEXTS = (f"{CATALOG}.{name}" for name in ("finding", "object", "ledger", "event", "texts"))
"""The tables: findings, all objects, numbers of verdicts, numbers of events, and texts of conditions."""

_MEMORY, _MEMORY_OF_TYPE = 360, 20
"""The memory that the build may reserve, in MB, and how much more for each object type: each adds its own joins."""

LIST_ORDER: Final = f"{NOT_ENDED} DESC, rank DESC NULLS LAST, open_since DESC NULLS LAST, policy_no, account, key"
"""The order of the findings, whose number in it is ``place``: not ended first, then by severity, then the newest."""


def build_index(
    history: HistoryStorage,
    repository: Repository,
    waivers: ActiveWaivers,
    severities: ActiveSeverities,
    account_names: Mapping[str, str],
    path: Path,
) -> IndexFacts:
    """Write the index of the last run, and return its facts. Raises PerpendError if the history has no run."""
    head = history.head()
    if not head.runs:
        raise PerpendError(f"{history.store}: has no run yet; `perpend check --store` begins the history")
    tags = waivers.by_tags or severities.by_tags or _has_snapshot(history)
    types = DeclaredTypes(repository).get
    with asking(history, "finding", "event", "ledger", tags=tags, types=types, writable=path.parent) as connection:
        waiver_matches = waivers.covered_findings(connection, head)
        matched = matched_waivers(history, connection, waiver_matches)  # before ratings are matched in the same tables
        keep_ratings(connection, severities.in_force)
        keep_titles(connection, {policy.policy_id: title_of(repository, policy.policy_id) for policy in head.policies})
        connection.execute(f"SET memory_limit = '{_MEMORY + _MEMORY_OF_TYPE * len(head.types)}MB'")
        connection.execute(f"ATTACH {text(str(path))} AS {CATALOG}")
        ledger = ledger_query(connection, history, head, path.parent)
        for table, query in _tables(head, repository, ledger).items():
            connection.execute(f"CREATE TABLE {table} AS {query}")
        connection.execute(f"DETACH {CATALOG}")
    return IndexFacts(
        head,
        dict(account_names),
        _type_labels(head, repository),
        _ending(waiver_matches),
        _calls(history, head),
        bool(severities.in_force.by_policy),
        matched,
    )


def _tables(head: HistoryManifest, repository: Repository, ledger: str) -> dict[str, str]:
    """Return the query for each table. ``ledger`` is that of the ledger."""
    identity = finding_id_sql("f.lineage", "f.type", "f.object_id", "f.incarnation")
    findings = (
        f"SELECT f.*, {identity} AS finding_id, s.service, e.event AS change FROM ({FINDINGS}) AS f "
        f"JOIN ({_services(head, repository)}) AS s ON s.policy_no = f.policy_no LEFT JOIN (SELECT key, event FROM {EVENTS} "
        f"WHERE run = {head.runs[-1].number} AND event IS NOT NULL) AS e ON e.key = f.key ORDER BY {LIST_ORDER}"
    )
    objects = f"o.type, o.id AS object_id, {called('o')} AS object_name, o.external_id, o.account, o.region, t.tags"
    return {
        FINDING: f"SELECT row_number() OVER () AS place, * FROM ({findings})",
        OBJECT: f"SELECT {objects} FROM {OBJECTS} AS o {TAGGED} ORDER BY o.account, o.type, o.object_no",
        LEDGER: ledger,
        EVENT: f"SELECT run, account, event, count(*) AS number FROM {EVENTS} WHERE event IS NOT NULL GROUP BY ALL",
        TEXTS: f"SELECT policy_no, code, text, message, remediation FROM {TEXTS_VIEW}",
    }


def _services(head: HistoryManifest, repository: Repository) -> str:
    """Return the query for the service of each policy."""
    with_cloud = are_of_several_clouds(policy.type_name for policy in head.policies)
    rows = [
        {
            "policy_no": policy.number,
            "service": service_of(repository, policy.policy_id, policy.type_name if with_cloud else None),
        }
        for policy in head.policies
    ]
    return table_of(rows, {"policy_no": "INTEGER", "service": "VARCHAR"})


def _type_labels(head: HistoryManifest, repository: Repository) -> dict[str, str]:
    declared = DeclaredTypes(repository)
    names = {policy.type_name for policy in head.policies}
    return {name: (known.label if (known := declared.get(name)) and known.label else name) for name in names}


def _ending(waiver_matches: WaiverMatches) -> tuple[str, ...]:
    """Return the waivers in force that end soon."""
    last = max(waiver_matches.day.last, datetime.now(UTC).date()) + timedelta(days=SOON)
    waivers = [status.waiver for status in waiver_matches.waiver_statuses if status.force is Force.IN_FORCE]
    return tuple(waiver.id for waiver in waivers if waiver.until is not None and waiver.until <= last)


def _has_snapshot(history: HistoryStorage) -> bool:
    """Whether the store has a current snapshot. Without one, no tags are known."""
    try:
        with Store(history.store).reading():
            return True
    except NoSnapshot:
        return False


def _calls(history: HistoryStorage, head: HistoryManifest) -> tuple[FailedCall, ...]:
    """Return the failed calls of the last run's snapshot, none if it is no longer stored."""
    try:
        with Store(history.store).reading(head.runs[-1].snapshot) as snapshot:
            return snapshot.calls
    except StoreError:
        return ()
