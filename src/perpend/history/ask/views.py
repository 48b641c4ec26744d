"""A history in, statements out that make views of it: ``finding``, ``episode``, ``event``, ``ledger`` and ``run``.

Files are compared with their hashes before a view names them. Times in views are those of snapshots.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from perpend.history.commit.changes import COLUMNS, lives_query
from perpend.history.commit.counts import COLUMNS as COUNTS
from perpend.history.commit.objects import registry_query
from perpend.history.identity import finding_id_sql
from perpend.history.model import STATUSES
from perpend.ir.estate import ROOT_NAME, ROOT_USER
from perpend.ir.status import Status
from perpend.store.database import opened, pattern, storing, text
from perpend.store.queries.views import MoreViews
from perpend.store.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perpend.history.head import HistoryHead, TypeKnown
    from perpend.history.place import HistoryPlace
    from perpend.store.database import Connection
    from perpend.store.manifest import StoredFile

_RUNS, _POLICIES, _TEXTS, OBJECTS, LIVES, _CHANGES = (
    f"perpend_history_{name}" for name in ("runs", "policies", "texts", "objects", "lives", "changes")
)
OUTCOMES = "perpend_history_outcomes"
"""The view of what the verdicts of each policy say, by their index."""

_LIFE = (
    *("policy_no", "object_no", "run", "value", "status_run", "inc_start", "inc_end", "life", "open_since", "ended"),
    *("episodes", "known_at"),
)


@contextmanager
def asking(place: HistoryPlace) -> Iterator[Connection]:
    """Yield a database with the views of a history, and nothing else in reach."""
    views = history_views(place)
    with (
        scratch() as directory,
        opened(paths=views.paths, spill=directory / "spill") as connection,
        storing(place.directory),
    ):
        for statement in views.statements:
            connection.execute(statement)
        yield connection


def history_views(place: HistoryPlace) -> MoreViews:
    """Return the views of a history: none where there is no history."""
    head = place.head()
    if not head.runs:
        return MoreViews()
    statements = [_table_of_runs(head), _table_of_policies(head), _texts(place, head), _objects(place, head)]
    statements += [_lives(place, head), _changes(place, head), _outcomes()]
    statements += [_view("finding", _findings()), _view("event", _events()), _view("episode", _episodes())]
    statements += [_view("run", _runs()), _view("ledger", _ledger(place, head)), _view("rating", _ratings(head))]
    return MoreViews(tuple(statements), tuple(place.directory / file.path for file in head.files))


def _view(name: str, query: str) -> str:
    return f"CREATE VIEW IF NOT EXISTS {name} AS {query}"


def _read(place: HistoryPlace, files: Iterable[StoredFile]) -> str:
    return f"read_parquet([{', '.join(pattern(path) for path in place.paths(files))}], hive_partitioning = false)"


def _table_of_runs(head: HistoryHead) -> str:
    rows = ", ".join(
        f"({run.number}, {text(run.snapshot)}, TIMESTAMPTZ {text(run.time)}, {run.assumed}, "
        f"TIMESTAMPTZ {text(run.committed)}, {text(run.engine)}, {len(run.late)}, {run.asked})"
        for run in head.runs
    )
    columns = "number, snapshot, time, assumed, committed, engine, late_accounts, asked"
    return f"CREATE TABLE {_RUNS} AS SELECT * FROM (VALUES {rows}) AS r({columns})"


def _table_of_policies(head: HistoryHead) -> str:
    rows = ", ".join(
        f"({one.number}, {text(one.policy_id)}, {text(one.lineage)}, {text(one.type_name)}, {one.first_run}, "
        f"{one.retired_run or 'NULL'})"
        for one in head.policies
    )
    columns = "policy_no, policy_id, lineage, type, first_run, retired_run"
    return f"CREATE TABLE {_POLICIES} AS SELECT * FROM (VALUES {rows}) AS p({columns})"


def _texts(place: HistoryPlace, head: HistoryHead) -> str:
    newest = "QUALIFY row_number() OVER (PARTITION BY policy_no, code ORDER BY run DESC) = 1"
    return f"CREATE VIEW {_TEXTS} AS SELECT * FROM {_read(place, head.texts)} {newest}"


def _outcomes() -> str:
    """Return what verdicts say by their policies' ids: where a policy that is retired is called like another, the other's."""
    columns = "p.policy_id, p.type, t.code, t.text, t.message, t.remediation"
    one_of_each = (
        "QUALIFY row_number() OVER (PARTITION BY p.policy_id, p.type, t.code ORDER BY p.retired_run DESC NULLS FIRST) = 1"
    )
    joined = f"{_TEXTS} AS t JOIN {_POLICIES} AS p ON p.policy_no = t.policy_no"
    return f"CREATE VIEW {OUTCOMES} AS SELECT {columns} FROM {joined} {one_of_each}"


def _objects(place: HistoryPlace, head: HistoryHead) -> str:
    parts = [
        f"SELECT {text(name)} AS type, * FROM ({registry_query([pattern(path) for path in place.paths(known.objects)])})"
        for name, known in head.types.items()
    ]
    return f"CREATE VIEW {OBJECTS} AS {' UNION ALL '.join(parts)}"


def _lives(place: HistoryPlace, head: HistoryHead) -> str:
    """Return the newest row of each finding, with the last run that said something."""
    parts = []
    for name, known in head.types.items():
        if known.known is None:
            continue
        base = pattern(place.path(known.lives)) if known.lives else None
        lives = lives_query(base, [pattern(path) for path in place.paths(known.changes)])
        cases = (f"WHEN l.policy_no IN ({_listed(numbers)}) THEN k.{group}" for group, numbers in _groups(known))
        seen = f"CASE {' '.join(cases)} END"
        parts.append(
            f"SELECT {text(name)} AS type, {', '.join(f'l.{one}' for one in _LIFE)}, {seen} AS seen FROM ({lives}) AS l "
            f"JOIN {_read(place, [known.known])} AS k ON k.object_no = l.object_no"
        )
    return f"CREATE VIEW {LIVES} AS {' UNION ALL '.join(parts)}"


def _groups(known: TypeKnown) -> list[tuple[str, tuple[int, ...]]]:
    return [(group, numbers) for group, numbers in known.groups.items() if numbers]


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _changes(place: HistoryPlace, head: HistoryHead) -> str:
    parts = [
        f"SELECT {text(name)} AS type, {', '.join(COLUMNS)} FROM {_read(place, files)}"
        for name, known in head.types.items()
        if (files := (*known.past, *known.changes))
    ]
    kinds = {"life": "VARCHAR", "event": "VARCHAR", "cause": "VARCHAR"}
    nothing = ", ".join(f"CAST(NULL AS {kinds.get(one, 'INTEGER')}) AS {one}" for one in COLUMNS)
    return f"CREATE VIEW {_CHANGES} AS {' UNION ALL '.join(parts) or f'SELECT NULL::VARCHAR AS type, {nothing} LIMIT 0'}"


def _runs() -> str:
    judged = "SELECT run, count(*) FILTER (event IS NOT NULL) AS events FROM event GROUP BY 1"
    events = "r.* EXCLUDE (asked), coalesce(e.events, 0) AS events"
    return f"SELECT {events} FROM {_RUNS} AS r LEFT JOIN ({judged}) AS e ON e.run = r.number"


def status_sql(value: str) -> str:
    """Return the word of the status that a value holds."""
    cases = " ".join(f"WHEN {number} THEN {text(status)}" for number, status in enumerate(STATUSES))
    return f"CASE {value} % 8 {cases} END"


_BLURRED = STATUSES.index(Status.UNDETERMINED)


def called(row: str) -> str:
    """Return what an object of the registry is called."""
    is_root = f"{row}.name = {text(ROOT_NAME)} AND {row}.external_id LIKE 'arn:%:root'"
    return f"CASE WHEN {is_root} THEN {text(ROOT_USER)} ELSE {row}.name END"


_NAMED = (
    f"p.policy_id, o.id AS object_id, {called('o')} AS object_name, o.external_id, o.account, o.region, o.type, "
    "CAST(o.incarnation AS INTEGER) AS incarnation"
)
_JOINED = (
    f"JOIN {_POLICIES} AS p ON p.policy_no = l.policy_no JOIN {OBJECTS} AS o ON o.object_no = l.object_no AND o.type = l.type"
)
_ID = finding_id_sql("p.lineage", "o.type", "o.id", "o.incarnation")


def time_of_run(run: str) -> str:
    """Return the time of a run, by its number."""
    return f"(SELECT time FROM {_RUNS} WHERE number = {run})"


def _findings() -> str:
    """Return what ``finding`` holds: a row for each policy and object that were more than compliant or inapplicable."""
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
        f"SELECT {_ID} AS finding_id, {_NAMED}, {status_sql('l.value')} AS status, l.value // 8 AS condition_index, l.life, "
        f"{times}, l.episodes, l.run AS changed_in_run, l.seen AS seen_in_run, t.text AS condition_text, "
        f"t.message AS current_state_message, t.remediation AS remediation_message FROM {LIVES} AS l {_JOINED} "
        f"LEFT JOIN {_TEXTS} AS t ON t.policy_no = l.policy_no AND t.code = l.value // 8 WHERE l.life <> 'clear'"
    )


def _events() -> str:
    """Return what ``event`` holds: every change that a run has made to a finding; ``event`` is null where none is told."""
    return (
        f"SELECT l.run, r.time, r.snapshot, {_ID} AS finding_id, {_NAMED}, l.event, l.cause, "
        f"{status_sql('l.before')} AS before, {status_sql('l.value')} AS after, "
        "l.before // 8 AS before_index, l.value // 8 AS after_index, l.life, l.episodes, "
        f"{time_of_run('l.open_since')} AS open_since "
        f"FROM {_CHANGES} AS l {_JOINED} JOIN {_RUNS} AS r ON r.number = l.run"
    )


def _episodes() -> str:
    """Return what ``episode`` holds: each time that a finding was open, with its end where there was one."""
    episodes = (
        "SELECT type, policy_no, object_no, open_since, max(ended) AS ended, max(episodes) AS episode, "
        "arg_max(CASE WHEN run = ended THEN life END, run) FILTER (run = ended) AS ending, "
        "arg_max(cause, run) FILTER (run = ended) AS cause, arg_max(known_at, run) FILTER (run = ended) AS known_at "
        f"FROM {_CHANGES} WHERE open_since IS NOT NULL GROUP BY ALL"
    )
    return (
        f"SELECT {_ID} AS finding_id, {_NAMED}, l.episode, {time_of_run('l.open_since')} AS open_since, "
        f"{time_of_run('l.ended')} AS ended_at, {time_of_run('l.known_at')} AS last_known_at, l.ending, l.cause "
        f"FROM ({episodes}) AS l {_JOINED}"
    )


def _ledger(place: HistoryPlace, head: HistoryHead) -> str:
    """Return what ``ledger`` holds: all that is known after each run, also of types of which the run itself said nothing."""
    columns = ", ".join(f"l.{one}" for one in COUNTS if one not in ("run", "policy_no", "judged"))
    counted = (
        f"SELECT l.*, p.policy_id, p.type, p.retired_run FROM {_read(place, head.ledger)} AS l "
        f"JOIN {_POLICIES} AS p ON p.policy_no = l.policy_no"
    )
    kinds = {one.number: one.type_name for one in head.policies}
    asked = sorted({(place, kinds[number]) for place, numbers in enumerate(head.asked) for number in numbers})
    rows = ", ".join(f"({place}, {text(name)})" for place, name in asked) or "(-1, '')"
    newest = (
        "SELECT r.number, r.time, t.type, max(CASE WHEN a.type IS NOT NULL THEN r.number END) "
        "OVER (PARTITION BY t.type ORDER BY r.number) AS run "
        f"FROM {_RUNS} AS r CROSS JOIN (SELECT DISTINCT type FROM asked) AS t "
        "LEFT JOIN asked AS a ON a.place = r.asked AND a.type = t.type"
    )
    return (
        f"WITH counted AS ({counted}), asked AS (FROM (VALUES {rows}) AS a(place, type)), newest AS ({newest}) "
        f"SELECT n.number AS run, n.time, l.policy_id, l.type, {columns}, "
        "CASE WHEN l.run = n.number THEN l.judged ELSE 0 END AS judged FROM newest AS n "
        "JOIN counted AS l ON l.type = n.type AND l.run = n.run WHERE l.retired_run IS NULL OR l.retired_run > n.number"
    )


def _ratings(head: HistoryHead) -> str:
    """Return what ``rating`` holds: how severe findings of policies were said to be, in each run that knew it."""
    said = [(place, one) for place, ratings in enumerate(head.ratings) for one in ratings.policies]
    rows = ", ".join(
        f"({place}, {', '.join(map(text, (one.policy_id, one.severity, one.source, one.because)))}, "
        f"{text(one.within) if one.within else 'NULL'})"
        for place, one in said
    )
    runs = ", ".join(f"({run.number}, {-1 if run.rated is None else run.rated})" for run in head.runs)
    nothing = "(-2, '', '', '', '', NULL)"
    return (
        "SELECT n.run, r.time, s.policy_id, s.severity, s.rated_by, s.because, "
        "CAST(s.resolve_within AS VARCHAR) AS resolve_within "
        f"FROM (VALUES {runs}) AS n(run, place) JOIN {_RUNS} AS r ON r.number = n.run JOIN (VALUES {rows or nothing}) "
        "AS s(place, policy_id, severity, rated_by, because, resolve_within) ON s.place = n.place"
    )


def scorecard_statement(rows: Sequence[tuple[str, str, str, str, str, int, int, int, int]]) -> str:
    """Return the statement that makes the view ``scorecard``: framework, requirement, number, name, standing, counts."""
    columns = "framework, requirement, number, name, standing, compliant, incompliant, inapplicable, undetermined"
    return rows_statement("scorecard", columns, rows or [("", "", "", "", "", 0, 0, 0, 0)], is_row="framework <> ''")


def rows_statement(name: str, columns: str, rows: Sequence[Sequence[str | int | None]], *, is_row: str) -> str:
    """Return the statement that makes a view of rows, at least one; ``is_row`` tells those that are meant."""
    values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
    return _view(name, f"SELECT * FROM (VALUES {values}) AS s({columns}) WHERE {is_row}")


def _literal(value: str | int | None) -> str:
    return "NULL" if value is None else text(value.replace("\0", "")) if isinstance(value, str) else str(value)
