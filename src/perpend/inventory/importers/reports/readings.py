"""Read plain credential reports with DuckDB into fragments of the tables of users and accounts.

Only ARNs whose rows differ come to Python, where the readers' rules merge them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.core.objects.claims import region_field
from perpend.core.objects.inventory import ROOT_NAME, ROOT_USER
from perpend.core.schema.tables import CONTRADICTED, ROW, SOURCE, Form, unfollowed
from perpend.core.values.partial_object import MISSING
from perpend.core.values.values import PlainJson
from perpend.inventory.importers.merge_relations import TableFragment, unstated_lists
from perpend.inventory.importers.observation_order import by_age
from perpend.inventory.importers.reports.alike import settle_alike
from perpend.inventory.importers.reports.conflicts import settle_repeated, unseen_roots
from perpend.inventory.importers.reports.copies import (
    BREAKS,
    FIRST_LINE,
    copied,
    document_of,
    named,
    places_of,
    text_in,
    text_of,
)
from perpend.inventory.importers.reports.in_order import NUMBER, are_in_order, are_numbered, users_in_order
from perpend.inventory.importers.reports.owners import ACCOUNT, OWNERS, SEEN, find_owners, see_accounts
from perpend.inventory.importers.reports.plain import plain_report
from perpend.inventory.readers.formats import REPORT
from perpend.inventory.readers.merge import ACCOUNT_TYPE, ROW_FIELD, USER_TYPE, coverage_of_report
from perpend.inventory.snapshots.database import MEMORY_LIMIT, is_failed_write, name, rows_of, text
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.manifest import StoredSource
from perpend.inventory.snapshots.rows import ROW_GROUP, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.core.objects.claims import Scope
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.reports.plain import PlainReport
    from perpend.inventory.snapshots.database import Connection

_ARN: Final = "arn:[a-z0-9-]+:iam::[0-9]{12}:(root|user/[!-9;-~]+)"
"""An ARN without blank space and other signs that are not printable ASCII; collectors look closer at all others."""

_IS_ROOT: Final = f"\"user\" = {text(ROOT_USER)} AND ends_with(arn, ':root')"
USER_FIELDS: Final = {
    "Id": "arn",
    "CA10__account__c": "account",
    "CA10__arn__c": "arn",
    "CA10__disappearanceTime__c": "CAST(NULL AS VARCHAR)",
    "CA10__userName__c": f'CASE WHEN {_IS_ROOT} THEN {text(ROOT_NAME)} ELSE "user" END',
}
"""The fields of a user beside its row, with the columns that hold them."""

ACCOUNT_FIELDS: Final = ("CA10__accountId__c", "Id")
_MEMORY: Final = "180MB"
"""What DuckDB may hold of reports: it keeps the rest in files while it sorts them, which takes no longer."""

_NARROW: Final = 4_096
"""The bytes that lines have at most, usually."""

_REPEATED: Final = "perpend_repeated"
"""The table of ARNs that reports show more than once."""

OWNER: Final = ("CA10__account__r", ACCOUNT_TYPE, "CA10__account__c")


@dataclass(frozen=True, slots=True)
class ReadReports:
    """Reports that were read: the source of each, and a fragment of each table."""

    sources: list[StoredSource]
    pieces: dict[str, TableFragment]


@dataclass(frozen=True, slots=True)
class Settled:
    """The relation of rows that differ from the reports' lines, and of all readings of contradicted objects."""

    rows: str
    rivals: str | None


def are_as_usual(user: ObjectType | None, account: ObjectType | None) -> bool:
    """Whether users and accounts are declared in a way that needs no look at each object."""
    if user is None or account is None:
        return False
    owner = user.lookups.get(OWNER[0])
    if owner is None or (owner.name, owner.target, owner.key) != OWNER:
        return False
    names = {*USER_FIELDS, *ACCOUNT_FIELDS, ROW_FIELD}
    relations = {*user.lookups, *user.children, *account.lookups, *account.children}
    lists = [*user.children.values(), *account.children.values()]
    keys = {one.key for one in (*user.lookups.values(), *account.lookups.values())} | {one.key for one in lists}
    of_users = {one.key for one in lists if one.type_name == USER_TYPE}
    doubtful = names & relations or ROW_FIELD in keys or of_users - {OWNER[2], ""} or region_field(user) == ROW_FIELD
    return not doubtful


def read_reports(
    connection: Connection,
    paths: Sequence[str],
    *,
    declared: Callable[[str], ObjectType | None],
    complete: Mapping[str, Sequence[Scope]],
    observed_at: Mapping[str, datetime],
    directory: Path,
    progress: Callable[[int], None] | None = None,
) -> ReadReports | None:
    """Return the content of reports; None if one is not plain or is invalid, so that the readers must read all of them.

    ``directory`` keeps copies as long as the fragments are read.
    """
    readings = readings_of(connection, paths, declared, directory, progress, memory=_MEMORY)
    if readings is None:
        return None
    sources = readings.sources(complete, observed_at)
    settled = readings.settled(sources).rows
    accounts = readings.accounts(sources)
    return ReadReports(sources, {ACCOUNT_TYPE: accounts, USER_TYPE: readings.users(settled)})


def readings_of(
    connection: Connection,
    paths: Sequence[str],
    declared: Callable[[str], ObjectType | None],
    directory: Path,
    progress: Callable[[int], None] | None,
    *,
    memory: str,
) -> Readings | None:
    """Return the rows of reports, copied to a directory; None if one is not plain or is invalid.

    ``memory`` is DuckDB's limit from now on, if all lines have the usual length.
    """
    reports: list[PlainReport] = []
    for number, path in enumerate(paths):
        before = sum(report.rows for report in reports)
        told = (lambda rows, before=before: progress(before + rows)) if progress else None
        report = plain_report(path, directory / f"report-{number}.csv", told, digested=len(paths) > 1)
        if report is None:
            return None
        reports.append(report)
    reports.sort(key=lambda report: (report.digest, report.source))
    readings = Readings(connection, reports, declared, directory)
    readings.limit_memory(memory)
    return readings if readings.are_sound() else None


@dataclass(frozen=True, slots=True)
class Readings:
    """The rows of reports. Sources are numbered in the order of ``reports``."""

    connection: Connection
    reports: Sequence[PlainReport]
    declared: Callable[[str], ObjectType | None]
    directory: Path

    @property
    def keys(self) -> str:
        """The relation of source, line, user and ARN of every row."""
        return f"({self._of_all(lambda number, report: self._lines(number, named(report)))})"

    @property
    def every(self) -> str:
        """The query of source, line, user, ARN and document of every row."""
        return self._of_all(lambda number, report: self._lines(number, f"{named(report)}, {document_of(report)} AS document"))

    def limit_memory(self, limit: str) -> None:
        """Let DuckDB hold so much and no more, unless some lines are long: it holds thousands of rows at once."""
        narrow = all(report.longest <= _NARROW for report in self.reports)
        self.connection.execute(f"SET memory_limit = {text(limit if narrow else MEMORY_LIMIT)}")

    def are_sound(self) -> bool:
        """Read all rows; return whether each has its fields, a name, and an ARN as every other reader sees them."""
        try:
            for number, report in enumerate(self.reports):
                target = text(str(self._path(number).absolute()))
                packed = f"FORMAT parquet, COMPRESSION snappy, WRITE_BLOOM_FILTER false, ROW_GROUP_SIZE {ROW_GROUP}"
                self.connection.execute(f"COPY (FROM {copied(report)}) TO {target} ({packed})")
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error as error:
            if is_failed_write(error):
                raise
            return False
        rows, good = see_accounts(self.connection, self.keys, f"regexp_full_match(arn, {text(_ARN)}) AND \"user\" <> ''")
        return rows == good == sum(report.rows for report in self.reports)

    def are_in_order(self) -> bool:
        """Whether the rows of all reports come in the order of their users already."""
        return are_in_order(self.connection, self.keys)

    def _path(self, number: int) -> Path:
        return self.directory / f"readings-{number}.parquet"

    def _lines(self, number: int, listed: str, where: str = "") -> str:
        """Return the query of some columns of a report's rows, with the numbers of their lines and the report's."""
        rows = parquet(self._path(number), numbered=True)
        lines = f"SELECT *, file_row_number + {FIRST_LINE} + {BREAKS} AS line FROM {rows}"
        return f"SELECT {number} AS source, line, {listed} FROM ({lines}){where}"

    def sources(self, complete: Mapping[str, Sequence[Scope]], observed_at: Mapping[str, datetime]) -> list[StoredSource]:
        """Return the source of each report."""
        accounts: dict[int, dict[str, bool]] = {}
        for source, account, is_whole in rows_of(self.connection, f"SELECT source, account, has_root FROM {SEEN} ORDER BY ALL"):
            accounts.setdefault(source, {})[account] = is_whole
        return [
            StoredSource(
                report.source,
                REPORT.name,
                observed_at.get(report.source),
                report.rows,
                tuple(accounts[number]),
                coverage=coverage_of_report(accounts[number], complete.get(report.source, ())),
            )
            for number, report in enumerate(self.reports)
        ]

    def settled(self, sources: Sequence[StoredSource], *, rivals: bool = False) -> Settled:
        """Return the rows that are not as a report has them: of ARNs shown more than once, of unseen roots. Find all owners."""
        several = f"SELECT hash(arn) AS hashed FROM {self.keys} GROUP BY hashed HAVING count(*) > 1"
        candidates = f"SELECT arn FROM {self.keys} WHERE hash(arn) IN ({several})"
        repeated = f"SELECT arn FROM ({candidates}) GROUP BY arn HAVING count(*) > 1"
        self.connection.execute(f"CREATE TEMP TABLE {_REPEATED} AS {repeated}")
        columns = self.reports[0].columns if self.are_alike() else ()
        readings = self._repeated(places_of(columns) if columns else None)
        if columns:
            known, remaining = settle_alike(self.connection, readings, columns, sources, self.directory, rivals=rivals)
        else:
            known, remaining = settle_repeated(self.connection, readings, sources, self.directory, rivals=rivals)
        users = f'{self._single()} UNION ALL SELECT source, line, arn, "user" FROM {known}'
        numbers = by_age(sources)
        find_owners(self.connection, users, f"{[numbers.index(number) for number in range(len(numbers))]}[source + 1]")
        roots = unseen_roots(self.connection, sources, self.directory)
        return Settled(f"(FROM {known} UNION ALL BY NAME FROM {roots})", remaining)

    def _repeated(self, values: Sequence[str] | None) -> str:
        """Return the query of the lines of ARNs that are shown more than once, with some values, for None their documents."""

        def lines_of(number: int, report: PlainReport) -> str:
            listed = ", ".join([named(report), *([f"{document_of(report)} AS document"] if values is None else values)])
            return self._lines(number, listed, f" WHERE {text_in(report, 'arn')} IN (FROM {_REPEATED})")

        return self._of_all(lines_of)

    def _single(self) -> str:
        return f'SELECT source, line, arn, "user" FROM {self.keys} WHERE arn NOT IN (FROM {_REPEATED})'

    def _of_all(self, query: Callable[[int, PlainReport], str]) -> str:
        return " UNION ALL ".join(query(number, report) for number, report in enumerate(self.reports))

    def accounts(self, sources: Sequence[StoredSource]) -> TableFragment:
        """Return the accounts. Each is as old as the last source that shows one of its users."""
        newest = f"CAST({by_age(sources)}[newest + 1] AS INTEGER) AS source"
        numbered = f"row_number() OVER (ORDER BY account) - 1 AS {name(ROW)}"
        self.connection.execute(f"CREATE TEMP TABLE perpend_accounts AS SELECT {numbered}, {newest}, account FROM {OWNERS}")
        unknown = self._unknown(ACCOUNT_TYPE)
        values = [f"account AS {name(field_name)}" for field_name in ACCOUNT_FIELDS]
        listed = ", ".join([name(ROW), f"source AS {name(SOURCE)}", *values, *_marks(unknown)])
        [(rows,)] = rows_of(self.connection, "SELECT count(*) FROM perpend_accounts")
        forms = dict.fromkeys(ACCOUNT_FIELDS, Form.TEXT)
        return TableFragment(f"(SELECT {listed} FROM perpend_accounts)", forms, rows, frozenset(unknown))

    def counted(self, settled: str) -> tuple[int, int]:
        """Return how many users there are, and how many of them are contradicted."""
        more = f"SELECT count(before) AS roots, count(contradicted) AS doubted FROM {settled}"
        shown = f"SELECT CAST(sum(users) AS BIGINT) AS shown FROM {OWNERS}"
        [counts] = rows_of(self.connection, f"SELECT shown + roots, doubted FROM ({shown}), ({more})")
        return counts

    def users(self, settled: str) -> TableFragment:
        """Return the users, in their order."""
        every = self._every(settled)
        rows, doubted = self.counted(settled)
        unknown = self._unknown(USER_TYPE)
        doubts = [f"contradicted AS {name(CONTRADICTED)}"] if doubted else []
        own = [f"{column} AS {name(field_name)}" for field_name, column in USER_FIELDS.items()]
        listed = ", ".join([f"source AS {name(SOURCE)}", *doubts, *own, *_marks(unknown)])
        forms = dict.fromkeys(sorted([*USER_FIELDS, ROW_FIELD]), Form.TEXT)
        numbered = self._numbered(settled, rows)
        return TableFragment(
            f"(SELECT {NUMBER} AS {name(ROW)}, {listed}, {self.document()} AS {name(ROW_FIELD)} FROM ({numbered}))",
            forms,
            rows,
            frozenset((*unknown, *([CONTRADICTED] if doubted else []))),
            plain={ROW_FIELD: self.is_plain(name(ROW_FIELD))},
            bare=frozenset({"Id", "CA10__account__c", "CA10__arn__c"}),
            keys=f"(SELECT row_number() OVER () AS {name(ROW)}, {listed} FROM ({every}))",
        )

    def _numbered(self, settled: str, users: int) -> str:
        """Return the query of all users with their numbers from 0, in their order."""
        if self.are_alike() and are_numbered(self.connection, self.keys, users):
            # INVARIANT: what is small is built from, what is large goes by: in its own order.
            self.connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
            values = places_of(self.reports[0].columns)
            lines = self._of_all(lambda number, report: self._lines(number, ", ".join([named(report), *values])))
            repeated = f"SELECT source, line FROM {self.keys} WHERE arn IN (FROM {_REPEATED})"
            return users_in_order(lines, repeated, settled, values)
        owned = f"SELECT * EXCLUDE (number), {ACCOUNT} AS account FROM ({self.documents(settled)})"
        return f"""SELECT *, row_number() OVER () - 1 AS {NUMBER} FROM (FROM ({owned})
            ORDER BY account, "user" <> {text(ROOT_USER)}, "user", arn)"""

    def _every(self, settled: str) -> str:
        single = f"SELECT *, NULL AS contradicted, {ACCOUNT} AS account FROM ({self._single()})"
        return f'{single} UNION ALL SELECT source, line, arn, "user", contradicted, {ACCOUNT} FROM {settled}'

    def documents(self, settled: str) -> str:
        """Return the query of all users with their lines, and with the documents of those that are settled.

        ``number`` is their place among all lines, where these are in order; there are gaps, for roots among others.
        """
        return f"{self.as_shown()} UNION ALL {self.as_settled(settled)}"

    def as_shown(self) -> str:
        """Return the part of that query of users whose line stands for them as it is: nothing is ``given`` there."""
        firsts, places = self._firsts(), places_of(self.reports[0].columns) if self.are_alike() else []

        def lines_of(number: int, report: PlainReport) -> str:
            values = ", ".join(places) or f"{document_of(report)} AS read"
            place = f"{firsts[number]} + 2 * line + 1 AS number"
            listed = f"{place}, {named(report)}, NULL AS given, NULL AS contradicted, {values}"
            return self._lines(number, listed, f" WHERE {text_in(report, 'arn')} NOT IN (FROM {_REPEATED})")

        return self._of_all(lines_of)

    def as_settled(self, settled: str) -> str:
        """Return the part of users that are settled: their documents are ``given`` where they have no values."""
        number = f"{self._firsts()}[source + 1] + coalesce(2 * before, 2 * line + 1)"
        values = self._values()
        return f'SELECT source, line, {number} AS number, "user", arn, document AS given, contradicted, {values} FROM {settled}'

    def as_rivals(self, rivals: str) -> str:
        """Return the same of readings that contradict each other, which are no users, by their own numbers."""
        return f'SELECT source, number, "user", arn, document AS given, {self._values()} FROM {rivals}'

    def _values(self) -> str:
        """Return the values of settled rows, of which there are none where reports are not alike."""
        if not self.are_alike():
            return "CAST(NULL AS VARCHAR) AS read"
        return ", ".join(places_of(self.reports[0].columns))

    def _firsts(self) -> list[int]:
        """Return the number in front of each report's lines."""
        ends = [report.rows + report.breaks + 2 for report in self.reports]
        return [2 * sum(ends[:number]) for number in range(len(ends))]

    def are_alike(self) -> bool:
        """Whether all reports have the same columns in the same order."""
        return len({report.columns for report in self.reports}) == 1

    def document(self) -> str:
        """Return the expression of a user's document, where ``documents`` are read."""
        return f"coalesce(given, {document_of(self.reports[0]) if self.are_alike() else 'read'})"

    def is_plain(self, document: str) -> str:
        """Return the expression that says of a user's document whether it is plain JSON."""
        escaped = [f"NOT contains({document}, '\\')"] if self.are_escaped() else []
        return " AND ".join([f"length({document}) <= {PlainJson.MOST}", *escaped])

    def text_of(self, cell: str) -> str:
        """Return the expression of the text that a cell stands for."""
        return text_of(cell) if self.are_escaped() else cell

    def are_escaped(self) -> bool:
        """Whether JSON escapes signs in some cell of a report."""
        return any(report.escaped for report in self.reports)

    def _unknown(self, type_name: str) -> list[str]:
        return sorted(map(unfollowed, unstated_lists(self.declared(type_name))))


def _marks(unknown: Sequence[str]) -> list[str]:
    return [f"{text(MISSING)} AS {name(relation)}" for relation in unknown]
