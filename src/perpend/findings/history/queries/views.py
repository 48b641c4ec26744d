"""Create the SQL views of a history: ``finding``, ``episode``, ``event``, ``ledger``, ``run`` and others.

Files are verified against their hashes before a view names them. Times in views are those of snapshots.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import ROOT_NAME, ROOT_USER, shown_name_sql
from perpend.core.clouds.registry import account_of_id_sql, cloud_of_type
from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.findings.history.identity import finding_id_sql
from perpend.findings.history.model import STATUSES
from perpend.findings.history.queries.rows import parameters_statement, ratings_query, view
from perpend.findings.history.queries.tags import NO_TAGS, stored_tags
from perpend.findings.history.queries.unknown_names import refuse_unknown
from perpend.findings.history.storage import WholeFiles
from perpend.findings.history.write.changes import COLUMNS, lives_query
from perpend.findings.history.write.counts import COLUMNS as COUNTS
from perpend.findings.history.write.counts import counts_of_runs, known_account
from perpend.findings.history.write.objects import registry_query
from perpend.findings.history.write.policies import TEXTS
from perpend.inventory.snapshots.database import opened, table_of, text, translate_errors
from perpend.inventory.snapshots.queries.views import MoreViews
from perpend.inventory.snapshots.temporary_store import scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.core.objects.object_types import ObjectType
    from perpend.findings.history.manifest import HistoryManifest, RecordedType
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredFile

RUNS, _POLICIES, TEXTS_VIEW, OBJECTS, LIVES, CHANGES = (
    f"perpend_history_{name}" for name in ("runs", "policies", "texts", "objects", "lives", "changes")
)
OUTCOMES = "perpend_history_outcomes"
"""The view of the texts of the verdicts of each policy, by index."""

FOUND: Final = "perpend_history_findings"
"""The view of findings without their ids and texts, which take most of the time: commands select rows of it first.

``key`` is the number of a finding among all of a history; ``policy_no`` and ``lineage`` are those of its policy.
"""

EVENTS: Final = "perpend_history_events"
"""The view of events, each with the ``key`` of its finding."""

TAGS: Final = "perpend_history_tags"
"""The view of the tags of objects; empty unless they are asked for."""

TIMES: Final = "perpend_history_time"
"""The macro that returns the time of a run by its number. A join, or a subquery, would be one for each column of times."""

_LIFE = (
    *("policy_no", "object_no", "run", "value", "status_run", "inc_start", "inc_end", "life", "open_since", "ended"),
    *("episodes", "known_at"),
)


_KINDS: Final = dict.fromkeys(("type", "life", "event", "cause"), "VARCHAR")
"""The kinds of columns that are no whole numbers."""

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    RUNS: (),
    TIMES: (),
    _POLICIES: (),
    TEXTS_VIEW: (),
    OBJECTS: (),
    TAGS: (),
    LIVES: (),
    CHANGES: (),
    OUTCOMES: (TEXTS_VIEW, _POLICIES),
    FOUND: (TIMES, _POLICIES, OBJECTS, TAGS, LIVES),
    EVENTS: (RUNS, TIMES, _POLICIES, OBJECTS, CHANGES),
    "finding": (FOUND, TEXTS_VIEW),
    "event": (EVENTS,),
    "episode": (TIMES, _POLICIES, OBJECTS, CHANGES),
    "run": (RUNS, "event"),
    "ledger": (RUNS, _POLICIES),
    "rating": (RUNS,),
    "parameter": (TIMES,),
}
"""The views that each view reads, in the order of their creation."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of a history to query: all, or of the types in ``only`` the listed objects.

    Compacted changes of the run ``since`` or older are not read. ``tags`` is the query for the tags of objects.
    """

    head: HistoryManifest
    files: WholeFiles
    only: Mapping[str, Sequence[int]] | None = None
    since: int = 0
    tags: str = NO_TAGS

    @property
    def types(self) -> Iterable[tuple[str, RecordedType]]:
        """The types to query, with their names."""
        return [(name, known) for name, known in self.head.types.items() if self.only is None or name in self.only]

    def past(self, type_name: str, known: RecordedType) -> tuple[StoredFile, ...]:
        """Return the files of compacted changes of a type that may hold rows to query."""
        if known.past_run <= self.since:
            return ()
        return known.past if self.only is None else known.past_of(self.only[type_name])

    def of_objects(self, type_name: str) -> str:
        """Return the WHERE clause, after a space, that selects the objects to query of a type."""
        return "" if self.only is None else f" WHERE object_no IN ({_listed(self.only[type_name])})"


@contextmanager
def asking(
    place: HistoryStorage,
    *views: str,
    since: int = 0,
    accounts: Sequence[str] = (),
    objects: Sequence[str] = (),
    regions: Sequence[str] = (),
    tags: bool = False,
    types: Callable[[str], ObjectType | None] = lambda _: None,
    writable: Path | None = None,
) -> Iterator[Connection]:
    """Yield a database with some views of a history, or all, and access to nothing else but the directory ``writable``.

    With ``since``, older compacted changes are not read. With ``tags``, findings have the tags of their objects in the current
    snapshot of the store, and whether these are in use, as ``types`` declares it; else neither is known. Raises UnknownOwner
    if one of ``accounts`` owns nothing in the history, if one of ``regions`` holds nothing, or if it has no object with one of
    the names ``objects``.
    """
    head = place.head()
    with ExitStack() as stack:
        of_tags, paths = stack.enter_context(stored_tags(place, types)) if tags else (NO_TAGS, ())
        connection = stack.enter_context(_reaching(place, head, paths, writable))
        part = _Part(head, WholeFiles(place), since=since, tags=of_tags)
        for statement in _statements(part, views):
            connection.execute(statement)
        if accounts or objects or regions:
            registries = [part.files.relation(*known.objects) for _, known in part.types if known.objects]
            refuse_unknown(connection, registries, accounts, objects, regions)
        yield connection


@contextmanager
def history_of_object(place: HistoryStorage, name: str, *views: str) -> Iterator[Connection]:
    """Yield a database with views, by default ``event``, of the objects whose Id, external id or name equals ``name``.

    Only the registry is read of types without such an object.
    """
    head, files = place.head(), WholeFiles(place)
    with _reaching(place, head) as connection:
        only: dict[str, list[int]] = {}
        for kind, number in connection.execute(*_numbers(_Part(head, files), name)).fetchall():
            only.setdefault(kind, []).append(number)
        for statement in _statements(_Part(head, files, only), views or ("event",)):
            connection.execute(statement)
        yield connection


@contextmanager
def _reaching(
    place: HistoryStorage, head: HistoryManifest, others: Sequence[Path] = (), writable: Path | None = None
) -> Iterator[Connection]:
    paths = [*(place.directory / file.path for file in head.files), *others]
    with (
        scratch() as directory,
        opened(paths=paths, directories=[writable] if writable else (), spill=directory / "spill") as connection,
        translate_errors(place.directory),
    ):
        yield connection


def history_views(place: HistoryStorage) -> MoreViews:
    """Return the views of a history, none if there is no history."""
    head = place.head()
    statements = _statements(_Part(head, WholeFiles(place)), ())
    return MoreViews(tuple(statements), tuple(place.directory / file.path for file in head.files) if statements else ())


def ledger_text(place: HistoryStorage, head: HistoryManifest) -> str:
    """Return the text of the view ``ledger`` over a state of a history."""
    return _ledger(_Part(head, WholeFiles(place)))


def _statements(part: _Part, views: Sequence[str]) -> list[str]:
    """Return the statements that create some views, or all. Files that no view reads are not opened."""
    head = part.head
    if not head.runs:
        return []
    made: dict[str, Callable[[], str]] = {
        RUNS: lambda: _table_of_runs(head),
        TIMES: lambda: _macro_of_times(head),
        _POLICIES: lambda: _table_of_policies(head),
        TEXTS_VIEW: lambda: _texts(part),
        OBJECTS: lambda: _objects(part),
        TAGS: lambda: f"CREATE VIEW {TAGS} AS {part.tags}",
        LIVES: lambda: _lives(part),
        CHANGES: lambda: _changes(part),
        OUTCOMES: _outcomes,
        FOUND: lambda: view(FOUND, _found()),
        EVENTS: lambda: view(EVENTS, _events()),
        "finding": lambda: view("finding", described(f"FROM {FOUND}")),
        "event": lambda: view("event", f"SELECT * EXCLUDE (key) FROM {EVENTS}"),
        "episode": lambda: view("episode", _episodes()),
        "run": lambda: view("run", _runs()),
        "ledger": lambda: view("ledger", _ledger(part)),
        "rating": lambda: view("rating", ratings_query(head, RUNS)),
        "parameter": lambda: parameters_statement(head, TIMES),
    }
    needed = set(views or _NEEDS)
    for name in reversed(tuple(_NEEDS)):
        needed |= set(_NEEDS[name]) if name in needed else set()
    return [made[name]() for name in _NEEDS if name in needed]


def _numbers(part: _Part, name: str) -> tuple[str, list[str]]:
    """Return the query for type and number of the objects that had a name at some time, and perhaps of others."""
    wanted = {"id": name, "external_id": name, "name": ROOT_NAME if name == ROOT_USER else name}
    # A condition on one column passes over rows of a file whose least and greatest values say that it cannot hold there.
    parts = [
        f"SELECT {text(kind)} AS type, object_no FROM {part.files.relation(*known.objects)} WHERE {column} = ${place}"
        for kind, known in part.types
        if known.objects
        for place, column in enumerate(wanted, 1)
    ]
    query = " UNION ".join(parts) or "SELECT '' AS type, 0 AS object_no LIMIT 0"
    return query, [*wanted.values()] if parts else []


def _table_of_runs(head: HistoryManifest) -> str:
    rows = ", ".join(
        f"({run.number}, {text(run.snapshot)}, TIMESTAMPTZ {text(run.time)}, {run.assumed}, "
        f"TIMESTAMPTZ {text(run.committed)}, {text(run.engine)}, {len(run.late)}, {run.asked})"
        for run in head.runs
    )
    columns = "number, snapshot, time, assumed, committed, engine, late_accounts, asked"
    return f"CREATE TABLE {RUNS} AS SELECT * FROM (VALUES {rows}) AS r({columns})"


def _macro_of_times(head: HistoryManifest) -> str:
    known = {run.number: f"TIMESTAMPTZ {text(run.time)}" for run in head.runs}
    times = ", ".join(known.get(number, "NULL") for number in range(1, head.next_run))
    return f"CREATE MACRO {TIMES}(run) AS ([{times}])[run]"


def _table_of_policies(head: HistoryManifest) -> str:
    kinds = {"policy_no": "INTEGER", "policy_id": "VARCHAR", "lineage": "VARCHAR", "type": "VARCHAR"}
    kinds |= {"first_run": "INTEGER", "retired_run": "INTEGER"}
    rows = [
        (policy.number, policy.policy_id, policy.lineage, policy.type_name, policy.first_run, policy.retired_run)
        for policy in head.policies
    ]
    return f"CREATE TABLE {_POLICIES} AS {table_of((dict(zip(kinds, row, strict=True)) for row in rows), kinds)}"


def _texts(part: _Part) -> str:
    newest = "QUALIFY row_number() OVER (PARTITION BY policy_no, code ORDER BY run DESC) = 1"
    query = f"SELECT * FROM {part.files.relation(*part.head.texts)} {newest}" if part.head.texts else _nothing(TEXTS)
    return f"CREATE VIEW {TEXTS_VIEW} AS {query}"


def _nothing(kinds: Mapping[str, str]) -> str:
    """Return the query for no rows, with columns of these types."""
    return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {column}' for column, kind in kinds.items())} LIMIT 0"


def _outcomes() -> str:
    """Return the texts of verdicts by policy id; if a retired policy has the same id as another, those of the other."""
    columns = "p.policy_id, p.type, t.code, t.text, t.message, t.remediation"
    one_of_each = (
        "QUALIFY row_number() OVER (PARTITION BY p.policy_id, p.type, t.code ORDER BY p.retired_run DESC NULLS FIRST) = 1"
    )
    joined = f"{TEXTS_VIEW} AS t JOIN {_POLICIES} AS p ON p.policy_no = t.policy_no"
    return f"CREATE VIEW {OUTCOMES} AS SELECT {columns} FROM {joined} {one_of_each}"


def _objects(part: _Part) -> str:
    parts = []
    for name, known in part.types:
        registry, cloud = registry_query(part.files.paths(known.objects), name), cloud_of_type(name)
        # An earlier version stored no account for some objects; until the next run records it, an Id may name it.
        account = f"coalesce(account, {account_of_id_sql('external_id', cloud)}, {account_of_id_sql('id', cloud)}) AS account"
        # Azure and Google name an object by its Id alone, which is then stored once.
        named = f"coalesce(external_id, id) AS external_id, {account}"
        parts.append(f"SELECT {text(name)} AS type, * REPLACE ({named}) FROM ({registry}){part.of_objects(name)}")
    nothing = f"SELECT NULL::VARCHAR AS type, * FROM ({registry_query([])})"
    return f"CREATE VIEW {OBJECTS} AS {' UNION ALL '.join(parts) or nothing}"


def _lives(part: _Part) -> str:
    """Return the newest row of each finding, with the last run that evaluated its object."""
    parts = []
    for name, known in part.types:
        if known.known is None:
            continue
        base = part.files.paths([known.lives])[0] if known.lives else None
        lives = lives_query(base, part.files.paths(known.changes))
        cases = (f"WHEN l.policy_no IN ({_listed(numbers)}) THEN k.{group}" for group, numbers in _groups(known))
        seen = f"CASE {' '.join(cases)} END"
        parts.append(
            f"SELECT {text(name)} AS type, {', '.join(f'l.{column}' for column in _LIFE)}, {seen} AS seen FROM ({lives}) AS l "
            f"JOIN {part.files.relation(known.known)} AS k ON k.object_no = l.object_no"
        )
    nothing = _nothing({column: _KINDS.get(column, "INTEGER") for column in ("type", *_LIFE, "seen")})
    return f"CREATE VIEW {LIVES} AS {' UNION ALL '.join(parts) or nothing}"


def _groups(known: RecordedType) -> list[tuple[str, tuple[int, ...]]]:
    return [(group, numbers) for group, numbers in known.groups.items() if numbers]


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _changes(part: _Part) -> str:
    parts = [
        f"SELECT {text(name)} AS type, {', '.join(COLUMNS)} FROM {part.files.relation(*files)}{part.of_objects(name)}"
        for name, known in part.types
        if (files := (*part.past(name, known), *known.changes))
    ]
    nothing = _nothing({column: _KINDS.get(column, "INTEGER") for column in ("type", *COLUMNS)})
    return f"CREATE VIEW {CHANGES} AS {' UNION ALL '.join(parts) or nothing}"


def _runs() -> str:
    event_counts = "SELECT run, count(*) FILTER (event IS NOT NULL) AS events FROM event GROUP BY 1"
    events = "r.* EXCLUDE (asked), coalesce(e.events, 0) AS events"
    return f"SELECT {events} FROM {RUNS} AS r LEFT JOIN ({event_counts}) AS e ON e.run = r.number"


def status_sql(value: str) -> str:
    """Return the SQL expression for the status of a stored value."""
    cases = " ".join(f"WHEN {number} THEN {text(status)}" for number, status in enumerate(STATUSES))
    return f"CASE {value} % 8 {cases} END"


_BLURRED = STATUSES.index(Status.UNDETERMINED)


def called(row: str) -> str:
    """Return the SQL expression for the name of an object of the registry."""
    return shown_name_sql(f"{row}.name", f"coalesce({row}.external_id, {row}.id)")


_NAMED = (
    f"p.policy_id, o.id AS object_id, {called('o')} AS object_name, o.external_id, o.account, o.region, o.type, "
    "CAST(o.incarnation AS INTEGER) AS incarnation"
)
NAMES = (
    f"JOIN {_POLICIES} AS p ON p.policy_no = l.policy_no JOIN {OBJECTS} AS o ON o.object_no = l.object_no AND o.type = l.type"
)
TAGGED: Final = f"LEFT JOIN {TAGS} AS t ON t.type = o.type AND t.object_id = o.id"
"""The join of objects ``o`` with their tags ``t``."""

FINDING_ID = finding_id_sql("p.lineage", "o.type", "o.id", "o.incarnation")


def key_of(policy: str, object_: str) -> str:
    """Return the SQL expression for the key of a finding, by the numbers of its policy and its object."""
    return f"CAST({policy} AS BIGINT) * {2**32} + {object_}"


KEY: Final = key_of("l.policy_no", "l.object_no")
"""The key of a finding ``l``."""


def time_of_run(run: str) -> str:
    """Return the SQL expression for the time of a run, by its number."""
    return f"{TIMES}({run})"


def _found() -> str:
    """Return the query of :data:`FOUND`: a row for each policy and object that ever failed or was undetermined."""
    dates = {
        "open_since": "l.open_since",
        "ended_at": "l.ended",
        "last_known_at": f"CASE WHEN l.value % 8 = {_BLURRED} OR l.ended IS NOT NULL THEN l.known_at ELSE l.seen END",
        "last_seen": "l.seen",
        "status_date": "l.status_run",
        "incompliant_start_date": "l.inc_start",
        "incompliant_end_date": "l.inc_end",
    }
    times = ", ".join(f"{time_of_run(run)} AS {name}" for name, run in dates.items())
    return (
        f"SELECT {KEY} AS key, l.policy_no, p.lineage, {_NAMED}, {status_sql('l.value')} AS status, "
        f"l.value // 8 AS condition_index, l.life, {times}, l.episodes, l.run AS changed_in_run, l.seen AS seen_in_run, "
        f"t.tags, t.in_use FROM {LIVES} AS l {NAMES} {TAGGED} WHERE l.life <> 'passing'"
    )


def identified(rows: str) -> str:
    """Return the query for findings with their ids. ``rows`` is a query for rows of :data:`FOUND`."""
    identity = finding_id_sql("f.lineage", "f.type", "f.object_id", "f.incarnation")
    return f"SELECT {identity} AS finding_id, f.* FROM ({rows}) AS f"


def described(rows: str) -> str:
    """Return the query for findings with their ids and texts. ``rows`` is a query for rows of :data:`FOUND`."""
    return (
        "SELECT f.* EXCLUDE (key, policy_no, lineage, tags, in_use), t.text AS condition_text, "
        "t.message AS current_state_message, "
        f"t.remediation AS remediation_message FROM ({identified(rows)}) AS f "
        f"LEFT JOIN {TEXTS_VIEW} AS t ON t.policy_no = f.policy_no AND t.code = f.condition_index"
    )


def _events() -> str:
    """Return the query of :data:`EVENTS`: every change of a finding; ``event`` is null if only the verdict changed."""
    return (
        f"SELECT {KEY} AS key, l.run, r.time, r.snapshot, {FINDING_ID} AS finding_id, {_NAMED}, l.event, l.cause, "
        f"{status_sql('l.before')} AS before, {status_sql('l.value')} AS after, "
        "l.before // 8 AS before_index, l.value // 8 AS after_index, l.life, l.episodes, "
        f"{time_of_run('l.open_since')} AS open_since "
        f"FROM {CHANGES} AS l {NAMES} JOIN {RUNS} AS r ON r.number = l.run"
    )


def _episodes() -> str:
    """Return the query of ``episode``: each period in which a finding was open, with its end if it ended."""
    episodes = (
        "SELECT type, policy_no, object_no, open_since, max(ended) AS ended, max(episodes) AS episode, "
        "arg_max(CASE WHEN run = ended THEN life END, run) FILTER (run = ended) AS ending, "
        "arg_max(cause, run) FILTER (run = ended) AS cause, arg_max(known_at, run) FILTER (run = ended) AS known_at "
        f"FROM {CHANGES} WHERE open_since IS NOT NULL GROUP BY ALL"
    )
    return (
        f"SELECT {FINDING_ID} AS finding_id, {_NAMED}, l.episode, {time_of_run('l.open_since')} AS open_since, "
        f"{time_of_run('l.ended')} AS ended_at, {time_of_run('l.known_at')} AS last_known_at, l.ending, l.cause "
        f"FROM ({episodes}) AS l {NAMES}"
    )


def _ledger(part: _Part) -> str:
    """Return the query of ``ledger``: the counts after each run, also of types that the run did not evaluate."""
    head = part.head
    columns = ", ".join(f"l.{column}" for column in COUNTS if column not in ("run", "policy_no", "judged"))
    account = f"{known_account(None, 'l.account')} AS account"
    counts = counts_of_runs(part.files.relation(*head.ledger), head)
    counted = (
        f"SELECT l.* REPLACE ({account}), p.policy_id, p.type FROM ({counts}) AS l "
        f"JOIN {_POLICIES} AS p ON p.policy_no = l.policy_no"
    )
    kinds = {policy.number: policy.type_name for policy in head.policies}
    lists = sorted({(place, kinds[number]) for place, numbers in enumerate(head.asked) for number in numbers})
    rows = ", ".join(f"({place}, {text(name)})" for place, name in lists) or "(-1, '')"
    newest = (
        "SELECT r.number, r.time, t.type, max(CASE WHEN a.type IS NOT NULL THEN r.number END) "
        "OVER (PARTITION BY t.type ORDER BY r.number) AS run "
        f"FROM {RUNS} AS r CROSS JOIN (SELECT DISTINCT type FROM asked) AS t "
        "LEFT JOIN asked AS a ON a.place = r.asked AND a.type = t.type"
    )
    return (
        f"WITH counted AS ({counted}), asked AS (FROM (VALUES {rows}) AS a(place, type)), newest AS ({newest}) "
        f"SELECT n.number AS run, n.time, l.policy_id, l.type, {columns}, "
        "CASE WHEN l.run = n.number THEN l.judged ELSE 0 END AS judged FROM newest AS n "
        f"JOIN counted AS l ON l.type = n.type AND l.run = n.run{_while_in_force(head)}"
    )


def _while_in_force(head: HistoryManifest) -> str:
    """Return the join, after a space, that leaves out policies while they were retired."""
    times = [(retirement.policy, retirement.since, retirement.until) for retirement in head.retirements]
    times += [(policy.number, policy.retired_run, head.next_run) for policy in head.policies if policy.retired_run is not None]
    if not times:
        return ""
    rows = ", ".join(map(str, times))
    within = "o.policy_no = l.policy_no AND n.number >= o.since AND n.number < o.until"
    return f" ANTI JOIN (VALUES {rows}) AS o(policy_no, since, until) ON {within}"
