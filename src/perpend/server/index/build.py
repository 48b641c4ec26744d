"""Build the index of the last run of a history: the findings that ``perpend findings`` lists, in files that are fast to ask."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError
from perpend.evaluation.verdicts.selection import title_of
from perpend.findings.history.identity import finding_id_sql
from perpend.findings.history.model import STATUSES, State
from perpend.findings.history.queries.findings import texts_of_conditions
from perpend.findings.history.queries.views import EVENTS as EVENTS_VIEW
from perpend.findings.history.queries.views import FOUND, OBJECTS, TAGGED, asking, called
from perpend.findings.history.queries.views import LIVES as LIVES_VIEW
from perpend.findings.severity.levels import LEVELS
from perpend.findings.severity.priority import keep_ratings, with_severity
from perpend.findings.waivers.match_history import matched_waivers, with_waivers
from perpend.findings.waivers.status import SOON, Force
from perpend.inventory.snapshots.database import pattern, rows_of, text, text_list
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.store import NoSnapshot, Store
from perpend.language.compiler.names import DeclaredTypes
from perpend.reports.overview import are_of_several_clouds, service_of
from perpend.server.index.facts import EVENTS, LIVES, IndexFacts, KnownPolicy, KnownWaiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from perpend.core.objects.claims import FailedCall
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.severity.active import ActiveSeverities
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.syntax.repository import Repository
    from perpend.server.index.files import IndexFiles

_ACCOUNTS, _REGIONS, _WAIVERS = (f"perpend_served_{name}" for name in ("accounts", "regions", "waivers"))

TIMES: Final = (
    *("open_since", "ended_at", "last_known_at", "last_seen", "status_date", "incompliant_start_date", "incompliant_end_date"),
)
"""The times of a finding."""

CUBE: Final = ("account_no", "policy_no", "region_no", "level", "life_no", "status_no", "is_waived", "change_no")
"""The columns of the cube, beside ``number``."""

SEARCHED: Final = "lower(concat_ws(chr(10), {name}, o.id, nullif(o.external_id, o.id)))"
"""The SQL expression for all that a search compares of an object ``o``: one text is compared faster than three."""

HASH: Final = f"hash({{}}) % {2**32}"
"""The SQL expression for the hash of a name, by which its object is looked up."""

LOOKED_UP: Final = 8_192
"""How many objects a piece of their file has: for a page, a piece is read for each object."""

_COLUMNS: Final = (
    *("place", "object", "policy_no", "account_no", "region_no", "level", "life_no", "status_no", "condition_index", *TIMES),
    *("episodes", "changed_in_run", "waiver_no", "change_no"),
)
_ENDED: Final = f"life_no NOT IN {tuple(LIVES.index(one) for one in (State.OPEN, State.UNCONFIRMED, State.UNKNOWN))}"


def build_index(
    history: HistoryStorage,
    repository: Repository,
    waivers: ActiveWaivers,
    severities: ActiveSeverities,
    account_names: Mapping[str, str],
    files: IndexFiles,
) -> IndexFacts:
    """Write the files of an index of the last run, and return its facts. Raises PerpendError if the history has no run."""
    head = history.head()
    if not head.runs:
        raise PerpendError(f"{history.store}: has no run yet; `perpend check --store` begins the history")
    tags = waivers.by_tags or severities.by_tags or _has_snapshot(history)
    with asking(history, "finding", "event", "ledger", tags=tags, written=files.all) as connection:
        covering = waivers.covered_findings(connection, head)
        matched = matched_waivers(history, connection, covering)  # before ratings are matched in the same tables
        keep_ratings(connection, severities.in_force)
        accounts, regions = (_numbered(connection, column) for column in ("account", "region"))
        _keep_numbers(connection, _ACCOUNTS, "account", accounts)
        _keep_numbers(connection, _REGIONS, "region", regions)
        _keep_numbers(connection, _WAIVERS, "waiver", [None, *(standing.waiver.id for standing in covering.standings)])
        _write_objects(connection, files)
        _write_findings(connection, head, files)
        _write_counts(connection, files)
        texts = texts_of_conditions(connection)
    return IndexFacts(
        head,
        _policies(head, repository),
        tuple(accounts),
        tuple(regions),
        dict(account_names),
        _waivers(covering),
        texts,
        _calls(history, head),
        bool(severities.in_force.by_policy),
        matched,
    )


def copied(query: str, path: Path, *, pieces: int = 122_880) -> str:
    """Return the statement that writes the rows of a query, in their order, in pieces of so many rows."""
    return f"COPY ({query}) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {pieces})"


def table_of(rows: Iterable[Mapping[str, object]], kinds: Mapping[str, str]) -> str:
    """Return the query for rows from memory, with columns of these types."""
    # A document is read in one go: of rows of VALUES every cell would be an expression.
    listed = text(json.dumps([dict(row) for row in rows]))
    return f"SELECT unnest(from_json({listed}, {text(json.dumps([kinds]))}), recursive := true)"


def relation(path: Path) -> str:
    """Return the SQL relation of a file."""
    return f"read_parquet({pattern(path)}, hive_partitioning = false)"


def sorted_copies(files: IndexFiles) -> list[str]:
    """Return the statements that write what follows from the file of findings: its copies in other orders, ids and cube."""
    rows, columns = relation(files.findings), ", ".join(_COLUMNS)
    names = (
        "SELECT object, name FROM (SELECT object, unnest([object_id, external_id, object_name]) AS name "
        f"FROM {relation(files.objects)}) WHERE name IS NOT NULL"
    )
    return [
        copied(f"SELECT {columns} FROM {rows} ORDER BY account_no, place", files.by_account),
        copied(f"SELECT {columns} FROM {rows} ORDER BY policy_no, place", files.by_policy),
        copied(f"SELECT id_head, place FROM {rows} ORDER BY id_head", files.ids, pieces=61_440),
        copied(
            f"SELECT CAST({HASH.format('name')} AS UINTEGER) AS head, object FROM ({names}) GROUP BY ALL ORDER BY ALL",
            files.names,
            pieces=61_440,
        ),
        copied(_cube(f"(SELECT *, waiver_no > 0 AS is_waived, 1 AS number FROM {rows})"), files.cube),
        copied(_cube(relation(files.cube), "region_no"), files.policies_cube),
        copied(_cube(relation(files.cube), "policy_no"), files.regions_cube),
    ]


def _cube(rows: str, without: str = "") -> str:
    columns = ", ".join(column for column in CUBE if column != without)
    return f"SELECT {columns}, CAST(sum(number) AS INTEGER) AS number FROM {rows} GROUP BY ALL ORDER BY ALL"


def _numbered(connection: Connection, column: str) -> list[str | None]:
    known = f"SELECT DISTINCT {column} FROM {OBJECTS} WHERE {column} IS NOT NULL ORDER BY 1"
    return [None, *(value for (value,) in rows_of(connection, known))]


def _keep_numbers(connection: Connection, table: str, column: str, values: Iterable[str | None]) -> None:
    """Create a table of values, except None, with their places."""
    rows = [{column: value, "number": number} for number, value in enumerate(values) if value is not None]
    query = table_of(rows, {column: "VARCHAR", "number": "INTEGER"})
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")


def _write_objects(connection: Connection, files: IndexFiles) -> None:
    failing = f"SELECT DISTINCT type, object_no FROM {LIVES_VIEW} WHERE life <> 'passing'"
    columns = (
        f"o.object_no, o.type, o.incarnation, o.id AS object_id, {called('o')} AS object_name, o.external_id, o.account, "
        f"o.region, t.tags, {SEARCHED.format(name=called('o'))} AS searched"
    )
    query = (
        f"SELECT row_number() OVER () AS object, * FROM (SELECT {columns} FROM {OBJECTS} AS o "
        f"SEMI JOIN ({failing}) AS l ON l.type = o.type AND l.object_no = o.object_no {TAGGED} "
        "ORDER BY o.account, o.type, o.object_no)"
    )
    connection.execute(copied(query, files.objects, pieces=LOOKED_UP))


def _number(column: str, names: Iterable[object]) -> str:
    """Return the SQL expression for the place of a text in a list of texts, as a small number."""
    return f"CAST(coalesce(list_position({text_list(names)}, {column}), 1) - 1 AS UTINYINT)"


def _write_findings(connection: Connection, head: HistoryManifest, files: IndexFiles) -> None:
    changes = f"SELECT key, event FROM {EVENTS_VIEW} WHERE run = {head.runs[-1].number} AND event IS NOT NULL"
    identity = finding_id_sql("f.lineage", "f.type", "f.object_id", "f.incarnation")
    numbers = (
        "CAST(o.object AS INTEGER) AS object, CAST(f.policy_no AS INTEGER) AS policy_no, "
        "CAST(coalesce(a.number, 0) AS INTEGER) AS account_no, CAST(coalesce(g.number, 0) AS USMALLINT) AS region_no, "
        f"{_number('f.severity', ('', *LEVELS))} AS level, {_number('f.life', LIVES)} AS life_no, "
        f"{_number('f.status', STATUSES)} AS status_no, f.condition_index, {', '.join(f'f.{time}' for time in TIMES)}, "
        "f.episodes, f.changed_in_run, CAST(coalesce(w.number, 0) AS INTEGER) AS waiver_no, "
        f"{_number('c.event', ('', *EVENTS[1:]))} AS change_no, "
        f"CAST('0x' || left({identity}, 8) AS UINTEGER) AS id_head"
    )
    query = (
        f"SELECT {numbers} FROM ({with_severity(with_waivers(f'FROM {FOUND}'))}) AS f "
        f"JOIN {relation(files.objects)} AS o ON o.type = f.type AND o.object_no = f.key % {2**32} "
        f"LEFT JOIN {_ACCOUNTS} AS a ON a.account = f.account LEFT JOIN {_REGIONS} AS g ON g.region = f.region "
        f"LEFT JOIN {_WAIVERS} AS w ON w.waiver = f.waiver LEFT JOIN ({changes}) AS c ON c.key = f.key"
    )
    order = f"{_ENDED}, level DESC, open_since DESC NULLS LAST, policy_no, object"
    connection.execute(
        copied(f"SELECT CAST(row_number() OVER () AS INTEGER) AS place, * FROM ({query} ORDER BY {order})", files.findings)
    )
    for statement in sorted_copies(files):
        connection.execute(statement)


def _write_counts(connection: Connection, files: IndexFiles) -> None:
    """Write the numbers of verdicts and of changes, and the ratings in force."""
    counts = ", ".join(
        f"CAST(sum({name}) AS BIGINT) AS {name}" for name in ("compliant", "incompliant", "inapplicable", "undetermined")
    )
    known = "compliant + incompliant + inapplicable + undetermined"
    # Each policy of a type judges all of its objects.
    ledger = (
        f"SELECT run, type, account, {counts}, CAST(max({known}) AS BIGINT) AS objects, "
        f"CAST(count(DISTINCT policy_id) FILTER ({known} > 0) AS BIGINT) AS policies "
        "FROM ledger GROUP BY run, type, account HAVING objects > 0 ORDER BY run, type, account"
    )
    events = f"SELECT run, account, event, count(*) AS number FROM {EVENTS_VIEW} WHERE event IS NOT NULL GROUP BY ALL"
    connection.execute(copied(ledger, files.ledger))
    connection.execute(copied(f"{events} ORDER BY ALL", files.events))
    connection.execute(copied("FROM perpend_rating", files.ratings))
    connection.execute(copied("FROM perpend_rating_moved", files.shifts))


def _policies(head: HistoryManifest, repository: Repository) -> dict[int, KnownPolicy]:
    declared = DeclaredTypes(repository)
    labels = {
        name: (known.label if (known := declared.get(name)) and known.label else name)
        for name in {policy.type_name for policy in head.policies}
    }
    with_cloud = are_of_several_clouds(labels)
    return {
        policy.number: KnownPolicy(
            policy.number,
            policy.policy_id,
            policy.lineage,
            policy.type_name,
            labels[policy.type_name],
            title_of(repository, policy.policy_id),
            service_of(repository, policy.policy_id, policy.type_name if with_cloud else None),
        )
        for policy in head.policies
    }


def _waivers(covering: WaiverMatches) -> tuple[KnownWaiver, ...]:
    last = max(covering.day.last, datetime.now(UTC).date()) + timedelta(days=SOON)
    return tuple(
        KnownWaiver(
            standing.waiver.id,
            standing.waiver.until,
            standing.force is Force.IN_FORCE and standing.waiver.until is not None and standing.waiver.until <= last,
        )
        for standing in covering.standings
    )


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
