"""Plain credential reports in, the tables of their users and accounts out, as pieces that hold each of them once, in order.

DuckDB reads the rows. Only what some ARN's rows say differently comes to Python, where collectors settle it.
"""

from __future__ import annotations

from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final

import duckdb

from perpend.collect.kinds import REPORT
from perpend.collect.merge import ACCOUNT_TYPE, ROOT_USER, ROW_FIELD, USER_TYPE
from perpend.intake.ages import by_age
from perpend.intake.pieces import Piece
from perpend.intake.piles import unstated_lists
from perpend.intake.reports.plain import plain_report
from perpend.intake.reports.rivals import settle_repeated, unseen_roots
from perpend.ir.coverage import Scope, claims_of, region_field
from perpend.meaning.partly_known import MISSING
from perpend.meaning.values import PlainJson
from perpend.store.database import is_failed_write, name, pattern, rows_of, text
from perpend.store.manifest import StoredSource
from perpend.tables.schema import CONTRADICTED, ROW, SOURCE, Form, unfollowed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.intake.reports.plain import PlainReport
    from perpend.ir.object_types import ObjectType
    from perpend.store.database import Connection

_ARN: Final = "arn:[a-z0-9-]+:iam::[0-9]{12}:(root|user/[!-9;-~]+)"
"""An ARN without blank space and other signs that are not printable ASCII; collectors look closer at all others."""

_ACCOUNT: Final = "split_part(arn, ':', 5)"
_FIELDS: Final = {
    "Id": "arn",
    "CA10__account__c": "account",
    "CA10__arn__c": "arn",
    "CA10__disappearanceTime__c": "CAST(NULL AS VARCHAR)",
    "CA10__userName__c": '"user"',
}
"""The fields of a user beside its row, with the columns that hold them."""

_ACCOUNT_FIELDS: Final = ("CA10__accountId__c", "Id")
_OWNER: Final = ("CA10__account__r", ACCOUNT_TYPE, "CA10__account__c")


@dataclass(frozen=True, slots=True)
class ReadReports:
    """Reports as they were read: what is to be said of each, and a piece of each table."""

    sources: list[StoredSource]
    pieces: dict[str, Piece]


def are_as_usual(user: ObjectType | None, account: ObjectType | None) -> bool:
    """Whether what is declared of users and accounts lets their tables be made without a look at each object."""
    if user is None or account is None:
        return False
    owner = user.lookups.get(_OWNER[0])
    if owner is None or (owner.name, owner.target, owner.key) != _OWNER:
        return False
    names = {*_FIELDS, *_ACCOUNT_FIELDS, ROW_FIELD}
    relations = {*user.lookups, *user.children, *account.lookups, *account.children}
    keys = {one.key for kind in (user, account) for one in kind.lookups.values()}
    keys |= {one.key for kind in (user, account) for one in kind.children.values()}
    of_users = {one.key for kind in (user, account) for one in kind.children.values() if one.type_name == USER_TYPE}
    doubtful = names & relations or ROW_FIELD in keys or of_users - {_OWNER[2], ""} or region_field(user) == ROW_FIELD
    return not doubtful


def read_reports(
    connection: Connection,
    paths: Sequence[str],
    *,
    declared: Callable[[str], ObjectType | None],
    complete: Mapping[str, Sequence[Scope]],
    observed_at: Mapping[str, datetime],
    directory: Path,
    contradicted: Path | None = None,
    ordered: bool = True,
    progress: Callable[[int], None] | None = None,
) -> ReadReports | None:
    """Return what reports hold; None where one of them is not plain, or wrong: then collectors are to read all of them.

    ``directory`` takes copies for as long as the pieces are read, ``contradicted`` the readings of objects that reports
    contradict each other about. Rows come ``ordered``, or nearly so where that costs less.
    """
    reports: list[PlainReport] = []
    for number, path in enumerate(paths):
        before = sum(report.rows for report in reports)
        told = (lambda rows, before=before: progress(before + rows)) if progress else None
        report = plain_report(path, directory / f"report-{number}.csv", told)
        if report is None:
            return None
        reports.append(report)
    reports.sort(key=lambda report: (report.digest, report.source))
    # Lines of reports go past what is known of them; DuckDB might hold them instead.
    connection.execute("SET disabled_optimizers = 'build_side_probe_side,join_order'")
    readings = _Readings(connection, reports, declared, directory, ordered=ordered)
    if not readings.are_sound():
        return None
    sources = readings.sources(complete, observed_at)
    readings.settle(contradicted)
    return ReadReports(sources, {ACCOUNT_TYPE: readings.accounts(sources), USER_TYPE: readings.users()})


@dataclass(frozen=True, slots=True)
class _Readings:
    """The rows of reports as tables of a database. Sources are numbered in the order of ``reports``."""

    connection: Connection
    reports: Sequence[PlainReport]
    declared: Callable[[str], ObjectType | None]
    directory: Path
    ordered: bool

    def are_sound(self) -> bool:
        """Read all rows; return whether each has its fields and an ARN as every other reader sees them."""
        parts = (
            f'SELECT {number} AS source, line, {_column(report, "user")} AS "user", {_column(report, "arn")} AS arn '
            f"FROM {_lines(report)}"
            for number, report in enumerate(self.reports)
        )
        try:
            self.connection.execute(f"CREATE TEMP TABLE perpend_readings AS {' UNION ALL '.join(parts)}")
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error as error:
            if is_failed_write(error):
                raise
            return False
        sound = f"count(*) FILTER (WHERE regexp_full_match(arn, {text(_ARN)}))"
        [(rows, good)] = rows_of(self.connection, f"SELECT count(*), {sound} FROM perpend_readings")
        return bool(rows == good == sum(report.rows for report in self.reports))

    def sources(self, complete: Mapping[str, Sequence[Scope]], observed_at: Mapping[str, datetime]) -> list[StoredSource]:
        """Return what is to be said of each report."""
        accounts: dict[int, list[str]] = {}
        for source, account in rows_of(
            self.connection, f"SELECT DISTINCT source, {_ACCOUNT} AS account FROM perpend_readings ORDER BY ALL"
        ):
            accounts.setdefault(source, []).append(account)
        return [
            StoredSource(
                report.source,
                REPORT.name,
                observed_at.get(report.source),
                report.rows,
                tuple(accounts[number]),
                coverage=claims_of(USER_TYPE, (*map(Scope, accounts[number]), *complete.get(report.source, ()))),
            )
            for number, report in enumerate(self.reports)
        ]

    def settle(self, contradicted: Path | None) -> None:
        """Make the table of users: each ARN once, root users that no report has a row of among them, in their order."""
        names = [report.source for report in self.reports]
        run = self.connection.execute
        run("CREATE TEMP TABLE perpend_repeated AS SELECT arn FROM perpend_readings GROUP BY arn HAVING count(*) > 1")
        spool = self.directory / "repeated.ndjson"
        repeated = settle_repeated(self.connection, self._repeated(), names, spool, contradicted=contradicted)
        columns = 'source, line, arn, "user", document, contradicted'
        single = columns.replace("document, contradicted", "NULL AS document, NULL AS contradicted")
        users = f"SELECT {single} FROM perpend_readings WHERE arn NOT IN (FROM perpend_repeated)"
        users = f"{users} UNION ALL SELECT {columns} FROM {repeated}"
        roots = unseen_roots(self.connection, users, names, self.directory / "roots.ndjson")
        order = f'account, "user" <> {text(ROOT_USER)}, "user", arn'
        every = f"SELECT *, {_ACCOUNT} AS account FROM ({users} UNION ALL SELECT {columns} FROM {roots}) ORDER BY {order}"
        run(f"CREATE TEMP TABLE perpend_users AS SELECT row_number() OVER () - 1 AS {name(ROW)}, * FROM ({every})")
        run("DROP TABLE perpend_readings")

    def _repeated(self) -> str:
        parts = (
            f'SELECT {number} AS source, line, {_column(report, "user")} AS "user", {_column(report, "arn")} AS arn, '
            f"{_document(report)} AS document FROM {_lines(report)} "
            f"WHERE {_column(report, 'arn')} IN (FROM perpend_repeated)"
            for number, report in enumerate(self.reports)
        )
        return " UNION ALL ".join(parts)

    def accounts(self, sources: Sequence[StoredSource]) -> Piece:
        """Return the accounts. Each is as old as the last source that shows one of its users."""
        numbers = by_age(sources)
        place = f"{[numbers.index(number) for number in range(len(numbers))]}[source + 1]"
        newest = f"CAST({numbers}[max({place}) + 1] AS INTEGER)"
        self.connection.execute(
            f"CREATE TEMP TABLE perpend_accounts AS SELECT row_number() OVER (ORDER BY account) - 1 AS {name(ROW)}, "
            f"{newest} AS {name(SOURCE)}, account FROM perpend_users GROUP BY account"
        )
        unknown = self._unknown(ACCOUNT_TYPE)
        values = [f"account AS {name(one)}" for one in _ACCOUNT_FIELDS]
        listed = ", ".join([name(ROW), name(SOURCE), *values, *_marks(unknown)])
        [(rows,)] = rows_of(self.connection, "SELECT count(*) FROM perpend_accounts")
        return Piece(
            f"(SELECT {listed} FROM perpend_accounts)", dict.fromkeys(_ACCOUNT_FIELDS, Form.TEXT), rows, frozenset(unknown)
        )

    def users(self) -> Piece:
        """Return the users."""
        [(rows, doubted)] = rows_of(self.connection, "SELECT count(*), count(contradicted) FROM perpend_users")
        unknown = self._unknown(USER_TYPE)
        marks = {*unknown, *([CONTRADICTED] if doubted else [])}
        doubts = [f"contradicted AS {name(CONTRADICTED)}"] if doubted else []
        own = [f"{column} AS {name(one)}" for one, column in _FIELDS.items()]
        listed = ", ".join([name(ROW), f"source AS {name(SOURCE)}", *doubts, *own, *_marks(unknown)])
        forms = dict.fromkeys(sorted([*_FIELDS, ROW_FIELD]), Form.TEXT)
        whole = f"(SELECT {listed}, document AS {name(ROW_FIELD)} FROM ({self._documents()}))"
        short = f"length({name(ROW_FIELD)}) <= {PlainJson.MOST}"
        return Piece(
            whole, forms, rows, frozenset(marks), keys=f"(SELECT {listed} FROM perpend_users)", plain={ROW_FIELD: short}
        )

    def _documents(self) -> str:
        """Return the query that gives the table of users with the document of each row."""
        alike = len({report.columns for report in self.reports}) == 1
        kept = f"{name(ROW)}, source, document AS given, contradicted"
        parts = []
        for number, report in enumerate(self.reports):
            read = [f"c{place}" for place in range(len(report.columns))] if alike else [f"{_document(report)} AS read"]
            named = f'{_column(report, "user")} AS "user", {_column(report, "arn")} AS arn'
            # What is read goes past the numbers of its lines, and is not held.
            numbers = f"SELECT {kept}, line FROM perpend_users WHERE source = {number}"
            parts.append(
                f"SELECT {name(ROW)}, source, given, contradicted, {', '.join(read)}, {named} FROM {_lines(report)} AS lines "
                f"LEFT JOIN ({numbers}) AS numbers USING (line) WHERE {name(ROW)} IS NOT NULL"
            )
        nothing = [f"NULL AS c{place}" for place in range(len(self.reports[0].columns))] if alike else ["NULL AS read"]
        parts.append(f'SELECT {kept}, {", ".join(nothing)}, "user", arn FROM perpend_users WHERE line IS NULL')
        every = " UNION ALL ".join(parts) + ("" if not self.ordered and self._are_in_order() else f" ORDER BY {name(ROW)}")
        document = _document(self.reports[0]) if alike else "read"
        return f"SELECT *, {_ACCOUNT} AS account, coalesce(given, {document}) AS document FROM ({every})"

    def _are_in_order(self) -> bool:
        """Whether lines come in the order of their users already."""
        before = f"lag({{source: source, line: line}}) OVER (ORDER BY {name(ROW)})"
        later = f"SELECT {{source: source, line: line}} < {before} AS is_earlier FROM perpend_users WHERE line IS NOT NULL"
        return not rows_of(self.connection, f"SELECT count(*) FROM ({later}) WHERE is_earlier")[0][0]

    def _unknown(self, type_name: str) -> list[str]:
        return sorted(map(unfollowed, unstated_lists(self.declared(type_name))))


def _marks(unknown: Sequence[str]) -> list[str]:
    return [f"{text(MISSING)} AS {name(one)}" for one in unknown]


def _column(report: PlainReport, called: str) -> str:
    return f"c{report.columns.index(called)}"


def _document(report: PlainReport) -> str:
    """Return the expression of a line as a JSON object: every column, every value a string."""
    starts = ["{", *['",'] * (len(report.columns) - 1)]
    keys = (text(f'{start}{encode_basestring(column)}:"') for start, column in zip(starts, report.columns, strict=True))
    pieces = ", ".join(f"{key}, c{place}" for place, key in enumerate(keys))
    return f"""concat({pieces}, '"}}')"""


def _lines(report: PlainReport) -> str:
    """Return what stands for the lines of a report: their numbers and columns."""
    columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(report.columns)))
    # INVARIANT: nothing in a plain report is quoted or escaped, and no value is the one that is null.
    options = (
        r"delim=',', quote='', escape='', comment='', new_line='\n', header=false, skip=0, auto_detect=false, "
        rf"strict_mode=true, nullstr='{chr(1)}', compression='none', columns={{{columns}}}"
    )
    return f"(SELECT *, row_number() OVER () + 1 AS line FROM read_csv({pattern(report.copy)}, {options}))"
