"""Match the objects of a snapshot with the registry of a history: number new ones, and find deleted ones.

An object with a known Id is another object if it was created after the last observation, or certainly belongs to another
account.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.registry import cloud_of_type, is_of_provider_sql, partition_of_id_sql
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import Claims, Scope, is_another_key
from perpend.core.schema.tables import ROW, SOURCE, plain
from perpend.core.values.age import AHEAD
from perpend.findings.history.identity import birth_place
from perpend.findings.history.write.counts import known_account
from perpend.inventory.importers.child_lists import near
from perpend.inventory.snapshots.database import name, pattern, rows_of, text
from perpend.inventory.snapshots.queries.identity import IDENTITY, filled, object_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Table
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot

_KINDS: Final = {
    **dict.fromkeys(("object_no", "incarnation"), "INTEGER"),
    **dict.fromkeys(("id", "external_id", "name", "account", "region", "born"), "VARCHAR"),
    **dict.fromkeys(("first_run", "replaced_run", "version"), "INTEGER"),
}
COLUMNS: Final = tuple(_KINDS)
"""The columns of a registry. Of several rows with one number the one with the newest version counts."""

SOUGHT: Final = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480"
"""How files are written in which single objects are looked up: in pieces so small that little is read for one."""

_MADE: Final = "fate IN ('new', 'replaced')"
_SHOWN: Final = (
    f"SELECT account, list(DISTINCT {partition_of_id_sql('id')}) AS partitions FROM here "
    f"WHERE {partition_of_id_sql('id')} IS NOT NULL GROUP BY account"
)


@dataclass(frozen=True, slots=True)
class MatchedObjects:
    """The number of objects with an Id, of new ones, and of those that replaced another object.

    ``other`` is the number of those whose row of the registry changes, and ``moved_accounts`` that of known objects with
    another account than before.
    """

    objects: int
    new: int
    replaced: int
    other: int
    moved_accounts: int


def registry_query(files: Sequence[str], type_name: str = "") -> str:
    """Return the query for the newest row of every object of a type; ``files`` are paths as SQL literals.

    Earlier versions stored other keys as accounts, such as the Id of the object itself. Such an account is null.
    """
    if not files:
        nulls = (f"CAST(NULL AS {kind}) AS {column}" for column, kind in _KINDS.items())
        return f"SELECT {', '.join(nulls)} LIMIT 0"
    account = f"{known_account(cloud_of_type(type_name))} AS account"
    columns, (first, *later) = ", ".join(account if one == "account" else one for one in COLUMNS), files
    base = f"SELECT {columns} FROM read_parquet([{first}], hive_partitioning = false)"
    if not later:
        return base
    # Most objects stand in the first part only: which row of several is the newest is asked of the few others.
    # No object stands twice in the part of one run.
    of_many = " QUALIFY row_number() OVER (PARTITION BY object_no ORDER BY version DESC) = 1" if len(later) > 1 else ""
    newest = f"SELECT {columns} FROM read_parquet([{', '.join(later)}], hive_partitioning = false){of_many}"
    return (
        f"WITH newest AS MATERIALIZED ({newest}) SELECT b.* FROM ({base}) AS b "
        "ANTI JOIN newest AS n ON n.object_no = b.object_no UNION ALL FROM newest"
    )


def look(
    connection: Connection,
    snapshot: Snapshot,
    declared: ObjectType,
    types: Callable[[str], ObjectType | None],
    *,
    late: Collection[str],
) -> None:
    """Fill the table ``here`` with the objects of a type in the snapshot, and their sources.

    ``types`` gives the declared types of owners. Objects of ``late`` accounts are left out, also those that moved from one.
    """
    table = snapshot.tables.of_type(declared.name)
    query = _here(snapshot, table, declared, types) if table else None
    connection.execute(f"CREATE OR REPLACE TEMP TABLE here AS {query or _nothing()}")
    if late:
        of_late = f"coalesce(account, '') IN ({', '.join(map(text, sorted(late)))})"
        known = f"SELECT id FROM registry WHERE replaced_run IS NULL AND {of_late}"
        connection.execute(f"DELETE FROM here WHERE {of_late} OR id IN ({known})")


def meet(connection: Connection, *, next_object: int, run: int, time: str) -> MatchedObjects:
    """Fill the table ``numbered`` with the number of each object.

    The table ``here`` holds the objects, the views ``registry`` and ``last_looked`` the known ones. ``time`` is the SQL
    expression for the time of a row ``h`` of ``here``, in milliseconds.
    """
    learnt = " OR ".join(
        f"(h.{column} IS NOT NULL AND h.{column} IS DISTINCT FROM r.{column})"
        for column in ("external_id", "name", "account", "region", "born")
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE matched AS SELECT h.{ROW}, r.object_no AS former, coalesce(r.incarnation, 0) AS "
        f"incarnation, CASE WHEN r.object_no IS NULL THEN 'new' WHEN {learnt} THEN 'changed' ELSE 'same' END AS fate, "
        f"CASE WHEN h.born <> r.born THEN h.born END AS reborn, CASE WHEN h.born <> r.born THEN {time} END AS time, "
        "CASE WHEN h.account <> r.account THEN r.account END AS left_account, "
        "CASE WHEN h.account <> r.account THEN h.account END AS account, "
        "h.account IS NOT NULL AND h.account IS DISTINCT FROM r.account AS resettled "
        "FROM here AS h LEFT JOIN (SELECT * FROM registry WHERE replaced_run IS NULL) AS r ON r.id = h.id"
    )
    _find_replaced(connection)
    outcome = f"CASE WHEN {ROW} IN (SELECT {ROW} FROM others) THEN 'replaced' ELSE fate END AS fate"
    number = f"{next_object - 1} + row_number() OVER (PARTITION BY {_MADE} ORDER BY {ROW})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE numbered AS SELECT *, CAST(CASE WHEN {_MADE} THEN {number} ELSE former END AS INTEGER) "
        f"AS object_no FROM (SELECT {ROW}, former, incarnation, resettled, {outcome} FROM matched)"
    )
    wanted = (_MADE, "fate = 'replaced'", "fate <> 'same'", "fate = 'changed' AND resettled")
    counted = ", ".join(["count(*)", *(f"count(*) FILTER ({condition})" for condition in wanted)])
    return MatchedObjects(*rows_of(connection, f"SELECT {counted} FROM numbered")[0])


def _find_replaced(connection: Connection) -> None:
    """Fill the table ``others`` with the rows of ``matched`` that are certainly another object than the known one.

    It was created after the last observation of the known object, and not after its source; or its account is certainly another
    one. A truncated date, or a number without leading zeros, is no proof: it would end findings that nobody fixed.
    """
    moves = rows_of(connection, "SELECT DISTINCT left_account, account FROM matched WHERE account IS NOT NULL")
    surely = [(former, account) for former, account in moves if is_another_key(account, former)]
    connection.execute("CREATE OR REPLACE TEMP TABLE moves (left_account VARCHAR, account VARCHAR)")
    if surely:
        connection.execute(f"INSERT INTO moves VALUES {', '.join(f'({text(former)}, {text(one)})' for former, one in surely)}")
    born = "epoch_ms(CAST(m.reborn AS TIMESTAMPTZ))"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE others AS SELECT {ROW} FROM matched SEMI JOIN moves USING (left_account, account)"
    )
    if rows_of(connection, "SELECT count(*) FROM matched WHERE reborn IS NOT NULL")[0][0]:
        connection.execute(
            f"INSERT INTO others SELECT m.{ROW} FROM (FROM matched WHERE reborn IS NOT NULL) AS m "
            f"LEFT JOIN last_looked AS l ON l.object_no = m.former WHERE {born} > coalesce(l.looked, 0) "
            f"AND {born} <= m.time + {AHEAD // timedelta(milliseconds=1)}"
        )


def find_gone(
    connection: Connection, declared: ObjectType, claims: Sequence[tuple[Claim, int]], *, late: Collection[str]
) -> None:
    """Fill the table ``sure`` with the objects that are certainly deleted: replaced, or missing from a complete scope.

    ``claims`` have times, which deleted objects take over. An object that was observed later is not deleted. Nor is one that
    the cloud's provider owns, or one in another AWS partition than the objects of its account number: that is another account.
    """
    others = f"AND coalesce(r.account, '') NOT IN ({', '.join(map(text, sorted(late)))}) " if late else ""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE absent AS SELECT r.object_no, r.account, r.region, l.looked FROM registry AS r "
        "ANTI JOIN (SELECT object_no FROM numbered WHERE fate IN ('same', 'changed')) AS n ON n.object_no = r.object_no "
        "ANTI JOIN aside AS a ON a.object_no = r.object_no LEFT JOIN looked AS l ON l.object_no = r.object_no "
        f"WHERE r.replaced_run IS NULL AND NOT {is_of_provider_sql('r.id')} {others}"
    )
    if rows_of(connection, "SELECT count(*) FROM absent")[0][0]:
        connection.execute(
            "DELETE FROM absent WHERE object_no IN (SELECT a.object_no FROM absent AS a JOIN registry AS r "
            f"ON r.object_no = a.object_no JOIN ({_SHOWN}) AS e ON e.account = r.account "
            f"WHERE NOT list_contains(e.partitions, {partition_of_id_sql('r.id')}))"
        )
    connection.execute("CREATE OR REPLACE TEMP TABLE scopes (account VARCHAR, region VARCHAR, looked BIGINT, gone BIGINT)")
    about = [(claim, time) for claim, time in claims if claim.is_about(declared.name, "")]
    known = []
    for account, region, looked in rows_of(connection, "SELECT DISTINCT account, region, looked FROM absent"):
        time = _gone_at(about, declared, Scope(account, region), looked)
        known += [(account, region, looked, time)] if time is not None else []
    values = ", ".join(f"({', '.join('NULL' if part is None else text(str(part)) for part in scope)})" for scope in known)
    if values:
        connection.execute(f"INSERT INTO scopes VALUES {values}")
    replaced = "SELECT former AS object_no, NULL AS looked FROM numbered WHERE fate = 'replaced'"
    absent = (
        "SELECT a.object_no, s.gone FROM absent AS a JOIN scopes AS s ON s.account IS NOT DISTINCT FROM a.account "
        "AND s.region IS NOT DISTINCT FROM a.region AND s.looked IS NOT DISTINCT FROM a.looked"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE sure AS SELECT object_no, min(looked) AS looked FROM ({replaced} UNION ALL {absent}) "
        "GROUP BY object_no"
    )
    _keep_renamed(connection)


def _keep_renamed(connection: Connection) -> None:
    """Remove objects from the table ``sure`` that may exist in another spelling, new since their last observation."""
    went = (
        f"SELECT a.object_no, r.id, {near('r.id')} AS near, coalesce(l.run, 0) AS run FROM sure AS a "
        "JOIN registry AS r ON r.object_no = a.object_no LEFT JOIN last_looked AS l ON l.object_no = a.object_no"
    )
    came = (
        f"SELECT h.id, {near('h.id')} AS near, r.first_run FROM here AS h JOIN numbered AS n ON n.{ROW} = h.{ROW} "
        "LEFT JOIN registry AS r ON r.object_no = n.object_no WHERE coalesce(r.first_run > (SELECT min(run) FROM went), true)"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE went AS {went}")
    if rows_of(connection, "SELECT count(*) FROM went")[0][0]:
        connection.execute(
            f"DELETE FROM sure WHERE object_no IN (SELECT w.object_no FROM went AS w JOIN ({came}) AS c "
            "ON c.near = w.near AND c.id <> w.id AND coalesce(c.first_run > w.run, true))"
        )


def _gone_at(claims: Sequence[tuple[Claim, int]], declared: ObjectType, scope: Scope, looked: int | None) -> int | None:
    """Return the newest time at which claims cover a scope in full, None if none does since an object's last observation."""
    since = [(claim, time) for claim, time in claims if claim.lacking or looked is None or time >= looked]
    if Claims(tuple(claim for claim, _ in since)).reason(declared.name, "", scope) is not None:
        return None
    return max(time for claim, time in since if claim.scope.covers(scope))


def write_parts(connection: Connection, out: Path, run: int) -> None:
    """Write the new rows of the registry. The tables ``here`` and ``numbered`` hold the objects of the run."""
    # Their order is almost that of their numbers. Sorting would hold the names of all objects of a first run in memory.
    connection.execute(f"COPY ({_parts(run)}) TO {pattern(out)} ({SOUGHT})")


def _here(snapshot: Snapshot, table: Table, declared: ObjectType, types: Callable[[str], ObjectType | None]) -> str:
    place = birth_place(declared)
    born = "CAST(NULL AS VARCHAR)"
    if place is not None:
        born = filled(table, place[0], "o")
        column = table.columns.get(place[0])
        if place[1] is not None and column is not None:
            valid = f"json_valid({born})"
            if column.plain:  # then most texts need not be parsed twice
                valid = f"(o.{name(plain(place[0]))} OR {valid})"
            document = f"CASE WHEN {valid} THEN {born} END"
            born = f"json_extract_string({document}, '$.{name(place[1])}')"
            if place[1] in column.members:
                born = f"o.{name(column.members[place[1]])}"
    identity = object_identity(snapshot, declared, types)
    named = {**{one: identity.columns[one] for one in IDENTITY}, "born": _instant(born)}
    columns = ", ".join(f"{value} AS {column}" for column, value in named.items())
    times = f"SELECT o.{ROW}, o.{SOURCE} AS source, {columns} FROM {snapshot.relation(table.name)} AS o{identity.joins}"
    return f"SELECT * FROM ({times}) WHERE id IS NOT NULL"


def _nothing() -> str:
    kinds = {ROW: "BIGINT", "source": "INTEGER"}
    kinds |= dict.fromkeys((*IDENTITY, "born"), "VARCHAR")
    return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {column}' for column, kind in kinds.items())} LIMIT 0"


def _instant(value: str) -> str:
    """Return the SQL expression for a time to the second, in any spelling; null for other texts, which never differ."""
    return f"strftime(try_cast({value} AS TIMESTAMPTZ), '%Y-%m-%dT%H:%M:%SZ')"


def _parts(run: int) -> str:
    stored = ("external_id", "name", "account", "region", "born")
    learnt = ", ".join(
        f"coalesce(h.{column}, CASE WHEN n.fate = 'changed' THEN r.{column} END) AS {column}" for column in stored
    )
    disappeared = (
        f"SELECT n.object_no, CAST(CASE WHEN {_MADE} THEN n.incarnation + 1 ELSE n.incarnation END AS INTEGER) AS incarnation, "
        f"h.id, {learnt}, CAST(CASE WHEN {_MADE} THEN {run} ELSE r.first_run END AS INTEGER) AS first_run, "
        f"CAST(NULL AS INTEGER) AS replaced_run, CAST({run} AS INTEGER) AS version FROM numbered AS n "
        f"JOIN here AS h ON h.{ROW} = n.{ROW} LEFT JOIN registry AS r ON r.object_no = n.former WHERE n.fate <> 'same'"
    )
    closed = (
        "SELECT r.object_no, r.incarnation, r.id, r.external_id, r.name, r.account, r.region, r.born, r.first_run, "
        f"CAST({run} AS INTEGER), CAST({run} AS INTEGER) FROM registry AS r "
        "JOIN numbered AS n ON n.former = r.object_no WHERE n.fate = 'replaced'"
    )
    return f"{disappeared} UNION ALL {closed}"
