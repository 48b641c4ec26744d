"""Read checked credential reports with DuckDB into the tables of users and accounts.

DuckDB scans the user's own files twice: for the keys of their rows, then for the rows themselves. Three kinds of rows go
through the readers' rules in Python: rows with an unusual ARN, rows of one ARN that differ, and root users without a row.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import field
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.aws import ACCOUNT_TYPE, ROOT_NAME, ROOT_USER, USER_TYPE, shown_name
from perpend.core.dataclass import dataclass
from perpend.core.objects.identity import region_field
from perpend.core.objects.inventory import Origin
from perpend.core.schema.tables import CONTRADICTED, ROW, SOURCE, Form, member, unfollowed
from perpend.core.values.partial_object import MISSING
from perpend.inventory.importers.merge_relations import TableFragment, unstated_lists
from perpend.inventory.importers.observation_order import by_age, places_from_newest
from perpend.inventory.importers.reports.report_file import LONGEST_LINE
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.readers.credential_report import ARN_OF_USER, Reading, row_writer
from perpend.inventory.readers.merge import ROW_FIELD, coverage_of_report, merge_readings, with_root_users
from perpend.inventory.snapshots.database import is_failed_write, name, pattern, rows_of, text
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.files import naming
from perpend.inventory.snapshots.manifest import StoredSource
from perpend.inventory.snapshots.rows import copy, json_lines, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.core.objects.claims import Scope
    from perpend.core.objects.inventory import CloudObject
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.reports.report_file import ReportFile
    from perpend.inventory.snapshots.database import Connection

_ARN: Final = "arn:[a-z0-9-]+:iam::[0-9]{12}:(root|user/[!-9;-~]+)"
"""An ARN of printable ASCII. The readers' rule decides about any other."""

_ACCOUNT: Final = "split_part(arn, ':', 5)"
_IS_ROOT: Final = f"\"user\" IN ({text(ROOT_NAME)}, {text(ROOT_USER)}) AND starts_with(arn, 'arn:') AND ends_with(arn, ':root')"
_USER_FIELDS: Final = {
    "Id": "arn",
    "CA10__account__c": _ACCOUNT,
    "CA10__arn__c": "arn",
    "CA10__disappearanceTime__c": "CAST(NULL AS VARCHAR)",
    "CA10__userName__c": f'CASE WHEN {_IS_ROOT} THEN {text(ROOT_NAME)} ELSE "user" END',
}
"""The fields of a user, except its row, with their SQL expressions."""

_ACCOUNT_FIELDS: Final = ("CA10__accountId__c", "Id")
_OWNER: Final = ("CA10__account__r", ACCOUNT_TYPE, "CA10__account__c")
_BUFFER: Final = 4 << 20
_FIRST_LINE: Final = 2
_AT_ONCE: Final = 2_048
_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False).encode
_REPEATED: Final = "perpend_repeated"
_OWNERS: Final = "perpend_owners"


@dataclass(frozen=True, slots=True)
class ReadReports:
    """Reports that were read: the source of each, a fragment of each table, and one with all readings of contradicted users.

    ``by_hand`` is the number of rows by the kind of the readers' rule that they needed.
    """

    sources: list[StoredSource]
    pieces: dict[str, TableFragment]
    same_id: TableFragment | None
    by_hand: Mapping[str, int]


class Doubtful(Exception):
    """DuckDB does not read these reports as the readers do, or they are wrong. ``numbers`` is empty if that is not known."""

    def __init__(self, numbers: frozenset[int] = frozenset()) -> None:
        super().__init__(numbers)
        self.numbers = numbers


def are_as_usual(user: ObjectType | None, account: ObjectType | None) -> bool:
    """Whether users and accounts are declared in a way that needs no look at each object."""
    if user is None or account is None:
        return False
    owner = user.lookups.get(_OWNER[0])
    if owner is None or (owner.name, owner.target, owner.key) != _OWNER:
        return False
    names = {*_USER_FIELDS, *_ACCOUNT_FIELDS, ROW_FIELD}
    relations = {*user.lookups, *user.children, *account.lookups, *account.children}
    lists = [*user.children.values(), *account.children.values()]
    keys = {one.key for one in (*user.lookups.values(), *account.lookups.values())} | {one.key for one in lists}
    of_users = {one.key for one in lists if one.type_name == USER_TYPE}
    doubtful = names & relations or ROW_FIELD in keys or of_users - {_OWNER[2], ""} or region_field(user) == ROW_FIELD
    return not doubtful


def read_reports(
    connection: Connection,
    files: Sequence[ReportFile],
    *,
    declared: Callable[[str], ObjectType | None],
    complete: Mapping[str, Sequence[Scope]],
    observed_at: Mapping[str, datetime],
    directory: Path,
    first_source: int = 0,
) -> ReadReports:
    """Return the content of reports. ``directory`` takes temporary files, which the fragments read.

    Sources are numbered from ``first_source``. Raises Doubtful with the numbers of reports that need another look.
    """
    reports = _Reports(connection, files, declared, directory, first_source)
    reports.read_keys()
    sources = reports.sources(complete, observed_at)
    reports.merge_repeated(sources)
    reports.find_owners(sources)
    same_id = reports.same_id() if reports.spools["rivals"].rows else None
    pieces = {ACCOUNT_TYPE: reports.accounts(sources), USER_TYPE: reports.users()}
    return ReadReports(sources, pieces, same_id, reports.by_hand)


@dataclass(slots=True)
class _Reports:
    """The rows of reports. Row numbers continue from report to report; within one they follow its lines."""

    connection: Connection
    files: Sequence[ReportFile]
    declared: Callable[[str], ObjectType | None]
    directory: Path
    first_source: int
    by_hand: dict[str, int] = field(default_factory=dict)
    spools: dict[str, _Spool] = field(default_factory=dict)
    null: str = field(default_factory=lambda: secrets.token_hex(16))
    """A cell that no report holds: DuckDB reads it as null."""

    keys: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = tuple(dict.fromkeys(column for file in self.files for column in file.columns))
        self.numbers = {file.source: number for number, file in enumerate(self.files)}
        self.starts = tuple(accumulate((file.rows + file.breaks for file in self.files), initial=0))
        self.spools = {kind: _Spool(self.directory / kind, len(self.keys)) for kind in ("merged", "rivals", "roots")}

    @property
    def _cells(self) -> list[str]:
        return [f"c{number}" for number in range(len(self.keys))]

    def _lines(self, listed: str, where: str = "") -> str:
        """Return the query of expressions over all rows. They can use ``row``, ``source``, ``user``, ``arn`` and the cells."""
        return " UNION ALL ".join(
            f"SELECT {listed} FROM ({self._lines_of(number, file)}){where}" for number, file in enumerate(self.files)
        )

    def _lines_of(self, number: int, file: ReportFile) -> str:
        own = {column: f"c{self.keys.index(column)}" for column in file.columns}
        types = ", ".join(f"{cell}: 'VARCHAR'" for cell in own.values())
        options = (
            "delim=',', quote='\"', escape='\"', comment='', header=true, skip=0, auto_detect=false, strict_mode=true, "
            f"nullstr={text(self.null)}, compression='none', buffer_size={_BUFFER}, max_line_size={2 * LONGEST_LINE}, "
            f"hive_partitioning=false, columns={{{types}}}"
        )
        others = [f"CAST(NULL AS VARCHAR) AS {cell}" for cell in self._cells if cell not in own.values()]
        before = "0"
        if file.breaks:
            within = " + ".join(f"length({cell}) - length(replace({cell}, chr(10), ''))" for cell in own.values())
            before = f"sum({within}) OVER (ROWS UNBOUNDED PRECEDING) - ({within})"
        line = f"CAST(row_number() OVER () - 1 + {before} AS BIGINT)"
        rows = f"SELECT {line} AS line, * FROM read_csv({pattern(file.path)}, {options})"
        system = f"line + {self.starts[number]} AS row, {number + self.first_source} AS source"
        named = f'{own["user"]} AS "user", {own["arn"]} AS arn'
        return f"SELECT {', '.join([system, named, *own.values(), *others])} FROM ({rows})"

    def read_keys(self) -> None:
        """Store the keys of all rows. Raises Doubtful if DuckDB reads other rows than the check of the bytes counted."""
        listed = f'row, source, "user", arn, hash(arn) AS hashed, {_ACCOUNT} AS account, '
        listed += f"NOT regexp_full_match(arn, {text(_ARN)}) AS is_unusual"
        target = text(str(self._path("keys").absolute()))
        packed = "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 61440"
        try:
            self.connection.execute(f"COPY ({self._lines(listed)}) TO {target} ({packed})")
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error as error:
            if is_failed_write(error):
                raise
            raise Doubtful from None
        read = dict(rows_of(self.connection, f"SELECT source, count(*) FROM {self._keys} GROUP BY source"))
        doubtful = {number for number, file in enumerate(self.files) if read.get(number + self.first_source, 0) != file.rows}
        unusual = self.connection.execute(f"SELECT source, arn FROM {self._keys} WHERE is_unusual")
        self.by_hand["rows with an unusual ARN"] = 0
        while rows := unusual.fetchmany(_AT_ONCE):
            self.by_hand["rows with an unusual ARN"] += len(rows)
            bad = {source for source, arn in rows if ARN_OF_USER.fullmatch(arn) is None or arn != arn.strip()}
            doubtful |= {source - self.first_source for source in bad}
        if doubtful:
            raise Doubtful(frozenset(doubtful))

    def sources(self, complete: Mapping[str, Sequence[Scope]], observed_at: Mapping[str, datetime]) -> list[StoredSource]:
        """Return the source of each report."""
        accounts: dict[int, dict[str, bool]] = {}
        seen = f"SELECT source, account, bool_or(ends_with(arn, ':root')) FROM {self._keys} GROUP BY ALL ORDER BY ALL"
        for source, account, has_root in rows_of(self.connection, seen):
            accounts.setdefault(source - self.first_source, {})[account] = has_root
        return [
            StoredSource(
                file.source,
                file.kind,
                observed_at.get(file.source, file.observed_at),
                file.rows,
                tuple(accounts[number]),
                coverage=coverage_of_report(accounts[number], complete.get(file.source, ())),
                lines=(self.starts[number], file.rows + file.breaks, _FIRST_LINE),
            )
            for number, file in enumerate(self.files)
        ]

    def merge_repeated(self, sources: Sequence[StoredSource]) -> None:
        """Merge the rows of each repeated ARN. Equal rows become one in SQL, others by the readers' rules."""
        repeated = f"SELECT hashed FROM {self._keys} GROUP BY hashed HAVING count(*) > 1"
        self.connection.execute(f"CREATE TEMP TABLE {_REPEATED} AS {repeated}")
        self.by_hand["rows of one ARN that differ"] = 0
        if not rows_of(self.connection, f"SELECT 1 FROM {_REPEATED} LIMIT 1"):
            return
        some = f" WHERE hash(arn) IN (FROM {_REPEATED})"
        cells = ", ".join(self._cells)
        newest = f"{places_from_newest(sources)}[source + {1 - self.first_source}]"
        place = f"min({{newest: {newest}, source: source, row: row}}) AS place"
        each = self._lines(f'row, source, "user", arn, {cells}', some)
        alike = f'SELECT {place}, "user", arn, {cells} FROM ({each}) GROUP BY "user", arn, {cells}'
        placed = "place.row AS row, place.source AS source"
        rows = f'SELECT {placed}, "user", arn, count(*) OVER (PARTITION BY arn) AS several, {cells}'
        self._copy(f"{rows} FROM ({alike}) ORDER BY row", "alike")
        differing = f'SELECT source, row, "user", arn, {cells} FROM {self._read("alike")} WHERE several > 1 ORDER BY arn, row'
        result = self.connection.execute(differing)
        with self.spools["merged"] as merged, self.spools["rivals"] as same_id:
            for user in self._merged(_fetched(result), sources):
                self.by_hand["rows of one ARN that differ"] += 1
                merged.add(self._row_of(user, contradiction(user) if user.variants else None))
                for reading in (user, *user.variants) if user.variants else ():
                    same_id.add(self._row_of(reading, None))
        self._store("merged")
        self._store("rivals")

    def _merged(self, rows: Iterable[tuple[Any, ...]], sources: Sequence[StoredSource]) -> Iterator[CloudObject]:
        """Yield the users of rows that differ, which come sorted by ARN."""
        waiting: list[Reading] = []
        for _, group in groupby(rows, key=lambda row: row[3]):
            waiting += [self._reading(sources, *row) for row in group]
            if len(waiting) >= _AT_ONCE:
                yield from merge_readings(waiting, self.numbers)[0]
                waiting = []
        yield from merge_readings(waiting, self.numbers)[0]

    def _reading(
        self, sources: Sequence[StoredSource], source: int, row: int, user: str, arn: str, *cells: str | None
    ) -> Reading:
        own = {key: cell for key, cell in zip(self.keys, cells, strict=True) if cell is not None}
        number = source - self.first_source
        origin = Origin(self.files[number].source, row - self.starts[number] + _FIRST_LINE)
        observed_at = sources[number].observed_at
        return Reading(arn.split(":")[4], shown_name(user, arn), arn, row_writer(own)(own.values()), origin, observed_at)

    def _row_of(self, user: CloudObject, why: str | None) -> dict[str, Any]:
        cells = json.loads(user.fields[ROW_FIELD])
        number = self.numbers[user.origin.source]
        row = None if user.origin.row is None else user.origin.row - _FIRST_LINE + self.starts[number]
        return {
            "row": row,
            "source": number + self.first_source,
            "arn": user.id,
            "user": user.name,
            "contradicted": why,
            **{f"c{self.keys.index(key)}": cell for key, cell in cells.items()},
        }

    def find_owners(self, sources: Sequence[StoredSource]) -> None:
        """Find the accounts of all users, and add the root user of each account that no report shows."""
        numbers = by_age(sources)
        age = f"{[numbers.index(number) for number in range(len(numbers))]}[source + {1 - self.first_source}]"
        first = 'min({"user": "user", arn: arn, source: source, row: row}) AS first'
        users = self._of_all_users('row, source, "user", arn', roots=False)
        columns = f"max({age}) AS newest, bool_or(ends_with(arn, ':root')) AS has_root, {first}"
        owners = f"SELECT {_ACCOUNT} AS account, {columns} FROM ({users}) GROUP BY account"
        self.connection.execute(f"CREATE TEMP TABLE {_OWNERS} AS {owners}")
        query = f'SELECT first.source, first.row, first."user", first.arn FROM {_OWNERS} WHERE NOT has_root ORDER BY account'
        self.by_hand["root users without a row"] = 0
        with self.spools["roots"] as spool:
            for source, row, user, arn in _fetched(self.connection.execute(query)):
                cells = [arn if key == "arn" else None for key in self.keys]
                shown, _ = merge_readings([self._reading(sources, source, row, user, arn, *cells)], self.numbers)
                for root in with_root_users(shown):
                    if root.origin.row is None:
                        number = self.starts[-1] + spool.rows
                        spool.add({**self._row_of(root, None), "row": number})
                        self.by_hand["root users without a row"] += 1
        self._store("roots")

    def _of_all_users(self, listed: str, *, roots: bool = True) -> str:
        """Return the query of expressions over the keys of all users."""
        single = f"SELECT {listed} FROM {self._keys} WHERE hashed NOT IN (FROM {_REPEATED})"
        others = [self._read("alike") + " WHERE several = 1", self._read("merged"), *([self._read("roots")] if roots else [])]
        return " UNION ALL ".join([single, *(f"SELECT {listed} FROM {other}" for other in others)])

    def accounts(self, sources: Sequence[StoredSource]) -> TableFragment:
        """Return the accounts. Each is as old as the last source that shows one of its users."""
        newest = f"CAST({by_age(sources)}[newest + 1] + {self.first_source} AS INTEGER) AS source"
        numbered = f"row_number() OVER (ORDER BY account) - 1 AS {name(ROW)}"
        self.connection.execute(f"CREATE TEMP TABLE perpend_accounts AS SELECT {numbered}, {newest}, account FROM {_OWNERS}")
        unknown = self._unknown(ACCOUNT_TYPE)
        values = [f"account AS {name(field_name)}" for field_name in _ACCOUNT_FIELDS]
        listed = ", ".join([name(ROW), f"source AS {name(SOURCE)}", *values, *_marks(unknown)])
        [(rows,)] = rows_of(self.connection, "SELECT count(*) FROM perpend_accounts")
        forms = dict.fromkeys(_ACCOUNT_FIELDS, Form.TEXT)
        return TableFragment(f"(SELECT {listed} FROM perpend_accounts)", forms, rows, frozenset(unknown))

    def users(self) -> TableFragment:
        """Return the users: rows as they are, then the others."""
        [(rows,)] = rows_of(self.connection, f"SELECT count(*) FROM ({self._of_all_users('row')})")
        [(doubted,)] = rows_of(self.connection, f"SELECT count(contradicted) FROM {self._read('merged')}")
        listed = f'row, source, "user", arn, NULL AS contradicted, {", ".join(self._cells)}'
        single = self._lines(listed, f" WHERE hash(arn) NOT IN (FROM {_REPEATED})")
        given = listed.replace("NULL AS ", "")
        others = [
            f"SELECT {listed} FROM {self._read('alike')} WHERE several = 1",
            f"SELECT {given} FROM {self._read('merged')}",
            f"SELECT {given} FROM {self._read('roots')}",
        ]
        keys = self._of_all_users('row, source, "user", arn')
        return self._fragment(" UNION ALL ".join([single, *others]), rows, doubted=bool(doubted), keys=keys)

    def same_id(self) -> TableFragment:
        """Return all readings of contradicted users, the readings of each user together, the user's own first."""
        listed = f'nth AS row, source, "user", arn, {", ".join(self._cells)}'
        return self._fragment(f"SELECT {listed} FROM {self._read('rivals')}", self.spools["rivals"].rows, doubted=False)

    def _fragment(self, query: str, rows: int, *, doubted: bool, keys: str = "") -> TableFragment:
        unknown = self._unknown(USER_TYPE)
        doubts = [f"contradicted AS {name(CONTRADICTED)}"] if doubted else []
        own = [f"{value} AS {name(field_name)}" for field_name, value in _USER_FIELDS.items()]
        members = {key: "CA10__arn__c" if key == "arn" else member(ROW_FIELD, number) for number, key in enumerate(self.keys)}
        cells = [f"c{number} AS {name(stored)}" for number, (key, stored) in enumerate(members.items()) if key != "arn"]
        system = [f"row AS {name(ROW)}", f"source AS {name(SOURCE)}"]
        narrow = ", ".join([*system, *own, *_marks(unknown)])
        return TableFragment(
            f"(SELECT {', '.join([*system, *doubts, *own, *_marks(unknown), *cells])} FROM ({query}))",
            dict.fromkeys(sorted([*_USER_FIELDS, ROW_FIELD]), Form.TEXT),
            rows,
            frozenset((*unknown, *([CONTRADICTED] if doubted else []))),
            bare=frozenset({"Id", "CA10__account__c", "CA10__arn__c"}),
            keys=f"(SELECT {narrow} FROM ({keys}))" if keys else "",
            members={ROW_FIELD: members},
        )

    @property
    def _keys(self) -> str:
        return self._read("keys")

    def _read(self, kind: str) -> str:
        """Return the relation of rows that were stored; it is empty if there are none."""
        if self._path(kind).exists():
            return parquet(self._path(kind))
        texts = ("user", "arn", "contradicted", *self._cells)
        columns = [f"CAST(NULL AS BIGINT) AS {column}" for column in ("nth", "row", "several")]
        columns += ["CAST(NULL AS INTEGER) AS source"]
        columns += [f'CAST(NULL AS VARCHAR) AS "{column}"' for column in texts]
        return f"(SELECT {', '.join(columns)} LIMIT 0)"

    def _path(self, kind: str) -> Path:
        return self.directory / f"{kind}.parquet"

    def _copy(self, query: str, kind: str) -> None:
        copy(self.connection, query, self._path(kind), staging=True)

    def _store(self, kind: str) -> None:
        if self.spools[kind].rows:
            self._copy(f"FROM {self.spools[kind].lines()} ORDER BY nth", kind)

    def _unknown(self, type_name: str) -> list[str]:
        return sorted(map(unfollowed, unstated_lists(self.declared(type_name))))


def _fetched(result: Connection) -> Iterator[tuple[Any, ...]]:
    while rows := result.fetchmany(_AT_ONCE):
        yield from rows


def _marks(unknown: Sequence[str]) -> list[str]:
    return [f"{text(MISSING)} AS {name(relation)}" for relation in unknown]


class _Spool:
    """Users in a file of JSON lines, numbered from 0."""

    def __init__(self, path: Path, cells: int) -> None:
        self.rows = 0
        self._path = path.with_suffix(".ndjson")
        self._longest = 0
        texts = dict.fromkeys(["user", "arn", "contradicted", *(f"c{number}" for number in range(cells))], "VARCHAR")
        self._columns = {"nth": "BIGINT", "row": "BIGINT", "source": "INTEGER", **texts}

    def __enter__(self) -> _Spool:
        with naming(self._path):
            self._stream = self._path.open("w", encoding="utf-8", newline="")
        return self

    def __exit__(self, *raised: object) -> None:
        with naming(self._path):
            self._stream.close()
            if isinstance(raised[1], OSError):
                raise raised[1]

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        line = _WRITTEN({"nth": self.rows, **row})
        self.rows += 1
        self._longest = max(self._longest, 4 * len(line))
        self._stream.write(f"{line}\n")

    def lines(self) -> str:
        """Return the relation of all rows."""
        return json_lines(self._path, self._columns, self._longest)
