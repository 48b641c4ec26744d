"""Readings of ARNs that reports show more than once in, one row each out, settled as the collectors settle them.

Beside these: rows of root users of whom no report has one. Memory does not grow with the reports.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from perpend.collect.contradictions import contradiction
from perpend.collect.credential_report import Reading
from perpend.collect.merge import ROW_FIELD, merge_readings, with_root_users
from perpend.ir.estate import ROOT_USER, Origin
from perpend.store.database import text
from perpend.store.files import naming
from perpend.store.rows import json_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.ir.estate import EstateObject
    from perpend.store.database import Connection

_AT_ONCE: Final = 2_048
_COLUMNS: Final = {
    "source": "INTEGER",
    "line": "BIGINT",
    "before": "BIGINT",
    "arn": "VARCHAR",
    "user": "VARCHAR",
    "document": "VARCHAR",
    "contradicted": "VARCHAR",
}
_ACCOUNT: Final = "split_part(arn, ':', 5)"


def settle_repeated(
    connection: Connection, readings: str, sources: Sequence[str], spool: Path, *, contradicted: Path | None = None
) -> str:
    """Return the text that stands for one row per ARN of some readings: whose line stands for all, and what it says then.

    ``readings`` gives source, line, user, ARN and document of each; ``sources`` are the names by number, in their rank.
    ``contradicted`` takes all readings of objects of which several remain, a line of JSON for each object.
    """
    query = f'SELECT source, line, "user", arn, document FROM ({readings}) ORDER BY arn, source, line'
    users = _settled(_rows_of(connection, query), sources)
    ranks = {name: rank for rank, name in enumerate(sources)}
    with _noting(contradicted) as note:
        return _spooled((_row_of(user, ranks) for user in map(note, users)), spool)


def unseen_roots(connection: Connection, users: str, sources: Sequence[str], spool: Path) -> str:
    """Return the text that stands for the rows of root users that exist all the same.

    They have no line; ``before`` is that of the account's first user.
    """
    first = f"""min({{is_user: "user" <> {text(ROOT_USER)}, "user": "user", arn: arn, source: source, line: line}})"""
    query = f"""SELECT first.source, first.line, first."user", first.arn FROM (SELECT {first} AS first FROM ({users})
        GROUP BY {_ACCOUNT} HAVING NOT bool_or(ends_with(arn, ':root')))"""
    return _spooled(_roots(_rows_of(connection, query), sources), spool)


def _rows_of(connection: Connection, query: str) -> Iterator[tuple[Any, ...]]:
    found = connection.execute(query)
    while rows := found.fetchmany(_AT_ONCE):
        yield from rows


def _settled(rows: Iterable[tuple[Any, ...]], sources: Sequence[str]) -> Iterator[EstateObject]:
    ranks = {name: rank for rank, name in enumerate(sources)}
    waiting: list[Reading] = []
    for arn, group in groupby(rows, key=lambda row: str(row[3])):
        account = _account(arn)
        waiting += [
            Reading(account, user, arn, row, Origin(sources[source], line), None) for source, line, user, _, row in group
        ]
        if len(waiting) >= _AT_ONCE:
            yield from merge_readings(waiting, ranks)[0]
            waiting = []
    yield from merge_readings(waiting, ranks)[0]


@contextmanager
def _noting(path: Path | None) -> Iterator[Callable[[EstateObject], EstateObject]]:
    """Yield what gives objects back as they are, having noted the readings of those that have several."""
    if path is None:
        yield lambda user: user
        return
    with naming(path), path.open("w", encoding="utf-8", newline="") as stream:

        def note(user: EstateObject) -> EstateObject:
            if user.variants:
                stream.write(json.dumps([one.fields for one in (user, *user.variants)]) + "\n")
            return user

        yield note


def _roots(rows: Iterable[tuple[Any, ...]], sources: Sequence[str]) -> Iterator[dict[str, Any]]:
    ranks = {name: rank for rank, name in enumerate(sources)}
    for source, line, user, arn in rows:
        users, _ = merge_readings([Reading(_account(arn), user, arn, "{}", Origin(sources[source], line), None)], ranks)
        yield from ({**_row_of(root, ranks), "before": line} for root in with_root_users(users) if root.origin.row is None)


def _account(arn: str) -> str:
    return arn.split(":")[4]


def _row_of(user: EstateObject, ranks: Mapping[str, int]) -> dict[str, Any]:
    return {
        "source": ranks[user.origin.source],
        "line": user.origin.row,
        "arn": user.id,
        "user": user.name,
        "document": user.fields[ROW_FIELD],
        "contradicted": contradiction(user) if user.variants else None,
    }


def _spooled(rows: Iterable[dict[str, Any]], spool: Path) -> str:
    """Keep rows in a file, and return the text that stands for them."""
    longest = 0
    with naming(spool), spool.open("w", encoding="utf-8", newline="") as stream:
        for row in rows:
            line = json.dumps(row, ensure_ascii=False)
            longest = max(longest, 4 * len(line))
            stream.write(f"{line}\n")
    return f"(SELECT * FROM {json_lines(spool, _COLUMNS, longest)})"
