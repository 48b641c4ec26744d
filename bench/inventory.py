"""A size and a seed in, an estate as the store keeps it out: Parquet tables of users, accounts, policies and attachments.

Made once per size and kept in a directory. Values are such that every verdict of the seed policies occurs.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.workloads import LOOPED
from perpend.core.schema.tables import ROW, SOURCE, Column, Form, Join, Table, Tables, member, plain
from perpend.inventory.snapshots.database import Connection, opened, pattern, text
from perpend.inventory.snapshots.plain_sql import is_plain, shapes_of, teach
from perpend.inventory.snapshots.rows import ROW_GROUP

if TYPE_CHECKING:
    from pathlib import Path

SEED: Final = 7
VERSION: Final = 1
"""Raised whenever the same seed gives other rows."""

USER: Final = "CA10__CaAwsUser__c"
ACCOUNT: Final = "CA10__CaAwsAccount__c"
POLICY: Final = "CA10__CaAwsIamPolicy__c"
LINK: Final = "CA10__CaAwsIamPolicyUserLink__c"
DOCUMENT: Final = "CA10__credReportAttributesJson__c"
GONE: Final = "CA10__disappearanceTime__c"
SNAPSHOT: Final = "2026-11-20T12:00:00Z"
USERS_PER_ACCOUNT: Final = 500
LINKS_PER_USER: Final = 3
POLICIES: Final = 400

FLAGS: Final = (
    "password_enabled",
    "mfa_active",
    "access_key_1_active",
    "access_key_2_active",
    "cert_1_active",
    "cert_2_active",
)
DATES: Final = (
    "user_creation_time",
    "password_last_used",
    "password_last_changed",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
)
_TRUE: Final = dict(zip(FLAGS, (400_000, 500_000, 500_000, 200_000, 10_000, 2_000), strict=True))
"""How many of a million users have a flag."""

_DATED: Final = dict(zip(DATES, (1_000_000, 350_000, 400_000, 600_000, 450_000, 250_000, 150_000), strict=True))
"""How many of a million users have a date there; the others have N/A."""


@dataclass(frozen=True, slots=True)
class EstateFiles:
    """The Parquet files of one estate, and its users once more as the CSV that plain Python loops read."""

    directory: Path
    users: int
    has_cells: bool = False
    """Whether documents are stored as the cells of a credential report, as an import stores them."""

    @property
    def tables(self) -> Tables:
        """The tables as a store's manifest describes them."""
        columns = (*_texts("Id", "CA10__userName__c", "CA10__arn__c", "CA10__account__c", GONE), _document(self.has_cells))
        account = Join("CA10__account__r", ACCOUNT, "CA10__account__c", "Id")
        links = Join("CA10__AWS_IAM_Policy_User_Links__r", LINK, "Id", "CA10__user__c")
        to_policy = Join("CA10__policy__r", POLICY, "CA10__policy__c", "Id")
        found = (
            Table(USER, USER, _named(columns), {account.name: account}, {links.name: links}, self.users),
            Table(ACCOUNT, ACCOUNT, _named(_texts("Id", "CA10__accountId__c")), rows=self.accounts),
            Table(POLICY, POLICY, _named(_texts("Id", "CA10__arn__c", "CA10__name__c", GONE)), rows=POLICIES),
            Table(
                LINK,
                LINK,
                _named(_texts("Id", "CA10__user__c", "CA10__policy__c", GONE)),
                {to_policy.name: to_policy},
                rows=self.users * LINKS_PER_USER,
            ),
        )
        return Tables({table.name: table for table in found})

    @property
    def accounts(self) -> int:
        """How many accounts the users are spread over."""
        return max(1, self.users // USERS_PER_ACCOUNT)

    def path(self, table: str) -> Path:
        """Return a table's file."""
        return self.directory / f"{table}.parquet"

    @property
    def csv(self) -> Path:
        """The first users' row numbers, disappearance times and documents as CSV."""
        return self.directory / "users.csv"


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Form.TEXT) for name in names)


def _document(has_cells: bool) -> Column:
    if not has_cells:
        return Column(DOCUMENT, Form.TEXT, plain=True)
    keys = ("user", "arn", *FLAGS, *DATES, *_CONSTANTS, _MORE)
    stored = {"user": "CA10__userName__c", "arn": "CA10__arn__c"}
    members = {key: stored.get(key) or member(DOCUMENT, number) for number, key in enumerate(keys)}
    return Column(DOCUMENT, Form.TEXT, plain=True, members=members)


def _named(columns: tuple[Column, ...]) -> dict[str, Column]:
    return {column.name: column for column in columns}


def estate_of(directory: Path, users: int, *, seed: int = SEED) -> EstateFiles:
    """Return the estate of a size, made now unless it is there."""
    found = EstateFiles(directory / f"estate-{VERSION}-{seed}-{users}", users)
    return _made(found, seed)


def cells_of(directory: Path, users: int, *, seed: int = SEED) -> EstateFiles:
    """Return the estate of a size with the cells of credential reports in place of documents, made now unless it is there."""
    return _made(EstateFiles(directory / f"cells-{VERSION}-{seed}-{users}", users, has_cells=True), seed)


def _made(found: EstateFiles, seed: int) -> EstateFiles:
    mark = found.directory / "made.json"
    if mark.is_file():
        return found
    found.directory.mkdir(parents=True, exist_ok=True)
    with opened(directories=[found.directory], spill=found.directory) as connection:
        teach(connection)
        connection.execute(f"CREATE MACRO draw(i, salt) AS hash(i, salt, {seed}) % 1000000")
        connection.execute(f"CREATE MACRO stamp(i, salt) AS {_STAMP}")
        if found.has_cells:
            _copy(connection, _users_with_cells(found), found.path(USER))
        else:
            _write_users(connection, found)
        for table, query in _others(found).items():
            _copy(connection, query, found.path(table))
    mark.write_text(json.dumps({"users": found.users, "seed": seed}), "utf-8")
    return found


_STAMP: Final = "strftime(TIMESTAMP '2026-11-20 11:00:00' - to_seconds(hash(i, salt) % 129600000), '%Y-%m-%dT%H:%M:%S+00:00')"
"""A time in the 1,500 days before the snapshot, spelt as AWS spells it."""


def _write_users(connection: Connection, inventory: EstateFiles) -> None:
    made = _users(inventory)
    shapes = shapes_of(connection, DOCUMENT, f"({made} LIMIT 20000)")
    marked = f'SELECT *, {is_plain(DOCUMENT, shapes)} AS "{plain(DOCUMENT)}" FROM ({made})'
    _copy(connection, marked, inventory.path(USER))
    columns = f'{ROW}, "{GONE}", "{DOCUMENT}"'
    source = f"SELECT {columns} FROM read_parquet({pattern(inventory.path(USER))}) WHERE {ROW} < {LOOPED} ORDER BY {ROW}"
    connection.execute(f"COPY ({source}) TO {pattern(inventory.csv)} (FORMAT csv, HEADER false)")


def _copy(connection: Connection, query: str, path: Path) -> None:
    temporary = path.with_suffix(".part")
    connection.execute(f"COPY ({query}) TO {pattern(temporary)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")
    os.replace(temporary, path)


def _users(inventory: EstateFiles) -> str:
    account = f"lpad(CAST(i // {USERS_PER_ACCOUNT} AS VARCHAR), 12, '1')"
    arn = f"'arn:aws:iam::' || {account} || ':user/user-' || i"
    parts = [*map(_member, FLAGS), *map(_date_member, DATES), *map(_constant_member, _CONSTANTS), _more_keys()]
    document = f"""'{{"user":"user-' || i || '","arn":"' || {arn} || '"' || {" || ".join(parts)} || '}}'"""
    return f"""
        SELECT i AS {ROW}, CAST(0 AS INTEGER) AS {SOURCE}, 'user' || i AS "Id", 'user-' || i AS "CA10__userName__c",
            {arn} AS "CA10__arn__c", 'account' || (i // {USERS_PER_ACCOUNT}) AS "CA10__account__c",
            CASE WHEN draw(i, 'gone') < 30000 THEN '2026-10-01T00:00:00Z' END AS "{GONE}",
            CASE WHEN draw(i, 'document') < 5000 THEN NULL
                WHEN draw(i, 'document') < 10000 THEN ''
                WHEN draw(i, 'document') < 15000 THEN left(document, 20 + CAST(draw(i, 'cut') % 500 AS INTEGER))
                WHEN draw(i, 'document') < 16000 THEN 'null'
                WHEN draw(i, 'document') < 17000 THEN '[]'
                ELSE document END AS "{DOCUMENT}"
        FROM (SELECT i, {document} AS document FROM range({inventory.users}) AS rows(i))"""


def _users_with_cells(inventory: EstateFiles) -> str:
    """Return the query of users with a cell for each column of a report. Of flags and dates 0.1 % are odd."""
    account = f"lpad(CAST(i // {USERS_PER_ACCOUNT} AS VARCHAR), 12, '1')"
    cells = {flag: f"CASE WHEN draw(i, '{flag}') < {_TRUE[flag]} THEN 'true' ELSE 'false' END" for flag in FLAGS}
    cells |= {date: f"CASE WHEN draw(i, '{date}') < {_DATED[date]} THEN stamp(i, '{date}') ELSE 'N/A' END" for date in DATES}
    cells = {
        key: f"CASE draw(i, '{key} odd') // 250 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'TRUE ' WHEN 3 THEN 'a \"b\"' "
        f"ELSE {cell} END"
        for key, cell in cells.items()
    }
    cells |= {key: text(value) for key, value in _CONSTANTS.items()}
    cells[_MORE] = "CASE WHEN draw(i, 'more') < 2000 THEN '1 certificate' ELSE 'N/A' END"
    members = inventory.tables.by_name[USER].columns[DOCUMENT].members
    listed = ", ".join(f'{cell} AS "{members[key]}"' for key, cell in cells.items())
    return f"""
        SELECT i AS {ROW}, CAST(0 AS INTEGER) AS {SOURCE}, 'user' || i AS "Id", 'user-' || i AS "CA10__userName__c",
            'arn:aws:iam::' || {account} || ':user/user-' || i AS "CA10__arn__c",
            'account' || (i // {USERS_PER_ACCOUNT}) AS "CA10__account__c",
            CASE WHEN draw(i, 'gone') < 30000 THEN '2026-10-01T00:00:00Z' END AS "{GONE}", {listed}
        FROM range({inventory.users}) AS rows(i)"""


def _member(flag: str) -> str:
    """Return the member of a flag: 0.8 % missing, null or blank, 0.1 % no text, some spelt oddly, the others true or false."""
    value = f"CASE WHEN draw(i, '{flag}') < {_TRUE[flag]} THEN '\"true\"' ELSE '\"false\"' END"
    odd = f"draw(i, '{flag} odd')"
    spelt = f""" WHEN {odd} < 10000 THEN '"TRUE"' WHEN {odd} < 11000 THEN '"true "' WHEN {odd} < 12000 THEN '"unknown"'
        WHEN {odd} < 13000 THEN '"N/A"'"""
    absent = f"WHEN {odd} < 3000 THEN '' WHEN {odd} < 6000 THEN ',\"{flag}\":null' WHEN {odd} < 8000 THEN ',\"{flag}\":\"\"'"
    wrong = f"WHEN {odd} < 8500 THEN ',\"{flag}\":true' WHEN {odd} < 9000 THEN ',\"{flag}\":1'"
    return f"CASE {absent} {wrong} ELSE ',\"{flag}\":' || CASE {spelt} ELSE {value} END END"


def _date_member(key: str) -> str:
    """Return the member of a date: 0.2 % no date, 0.2 % missing, 0.1 % no text, the others a time or N/A."""
    odd = f"draw(i, '{key} odd')"
    nothing = "'\"no_information\"'" if "used" in key else "'\"N/A\"'"
    value = f"""CASE WHEN {odd} < 2000 THEN '"yesterday"' WHEN draw(i, '{key}') < {_DATED[key]}
        THEN '"' || stamp(i, '{key}') || '"' WHEN {odd} < 300000 THEN {nothing} ELSE '"N/A"' END"""
    absent = f"WHEN {odd} BETWEEN 2000 AND 3999 THEN ''"
    wrong = f"WHEN {odd} BETWEEN 4000 AND 4999 THEN ',\"{key}\":5'"
    return f"CASE {absent} {wrong} ELSE ',\"{key}\":' || {value} END"


_MORE: Final = "additional_credentials_info"
_CONSTANTS: Final = {
    "password_next_rotation": "N/A",
    "access_key_1_last_used_region": "eu-central-1",
    "access_key_1_last_used_service": "dynamodb",
    "access_key_2_last_used_region": "N/A",
    "access_key_2_last_used_service": "N/A",
    "cert_1_last_rotated": "N/A",
    "cert_2_last_rotated": "N/A",
}


def _constant_member(key: str) -> str:
    return text(f',"{key}":"{_CONSTANTS[key]}"')


def _more_keys() -> str:
    chance = "draw(i, 'more')"
    cases = f"""WHEN {chance} < 1000 THEN '"1 additional access key"' WHEN {chance} < 2000 THEN '"1 certificate"'
        WHEN {chance} < 2500 THEN '"2 certificates and 1 more key"' WHEN {chance} < 2600 THEN '2' ELSE '"N/A"' END"""
    return f"CASE WHEN {chance} > 990000 THEN '' ELSE ',\"{_MORE}\":' || CASE {cases} END"


def _others(inventory: EstateFiles) -> dict[str, str]:
    """Return the queries of the other tables: 1 % of the attachments dangle or are gone, policies are shared unevenly."""
    row = f"i AS {ROW}, CAST(0 AS INTEGER) AS {SOURCE}"
    account = "lpad(CAST(i AS VARCHAR), 12, '1')"
    links = inventory.users * LINKS_PER_USER
    number = f"draw(i, 'policy') % {POLICIES}"
    return {
        ACCOUNT: f"""SELECT {row}, 'account' || i AS "Id", {account} AS "CA10__accountId__c"
            FROM range({inventory.accounts}) AS rows(i)""",
        POLICY: f"""SELECT {row}, 'policy' || i AS "Id", 'arn:aws:iam::aws:policy/' || name AS "CA10__arn__c",
            name AS "CA10__name__c", CASE WHEN i = 17 THEN '2026-10-01T00:00:00Z' END AS "{GONE}"
            FROM (SELECT i, CASE WHEN i = 0 THEN 'AdministratorAccess' ELSE 'Policy' || i END AS name
                FROM range({POLICIES}) AS rows(i))""",
        LINK: f"""SELECT {row}, 'link' || i AS "Id",
            'user' || (hash(i, 'user') % {inventory.users}) AS "CA10__user__c",
            CASE WHEN draw(i, 'dangling') < 2000 THEN NULL WHEN draw(i, 'administrator') < 10000 THEN 'policy0'
                ELSE 'policy' || {number} END AS "CA10__policy__c",
            CASE WHEN draw(i, 'gone') < 10000 THEN '2026-10-01T00:00:00Z' END AS "{GONE}"
            FROM range({links}) AS rows(i)""",
    }
