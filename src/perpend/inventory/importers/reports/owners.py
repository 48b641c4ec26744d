"""Make a table of the accounts that own the users of reports, so that account queries do not read users again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.inventory import ROOT_USER
from perpend.inventory.snapshots.database import rows_of, text

if TYPE_CHECKING:
    from perpend.inventory.snapshots.database import Connection

ACCOUNT: Final = "split_part(arn, ':', 5)"
"""The account that an ARN names."""

OWNERS: Final = "perpend_owners"
"""The table: an account, how many ``users`` are shown of it, the ``first`` of them in their order, whether ``has_root`` is
true, and ``newest``, the greatest place that a user's source has."""

SEEN: Final = "perpend_seen"
"""The table of accounts by ``source``: how many rows there are of each, how many ``good`` ones, whether it ``has_root``."""


def see_accounts(connection: Connection, keys: str, good: str) -> tuple[int, int]:
    """Make the table of accounts seen in each source; return how many rows there are, and of how many ``good`` holds."""
    has_root = "bool_or(ends_with(arn, ':root')) AS has_root"
    counted = f"count(*) AS seen, count(*) FILTER (WHERE {good}) AS good, {has_root}"
    connection.execute(f"CREATE TEMP TABLE {SEEN} AS SELECT source, {ACCOUNT} AS account, {counted} FROM {keys} GROUP BY ALL")
    [(rows, of_these)] = rows_of(connection, f"SELECT CAST(sum(seen) AS BIGINT), CAST(sum(good) AS BIGINT) FROM {SEEN}")
    return rows or 0, of_these or 0


def find_owners(connection: Connection, users: str, place: str) -> None:
    """Make the table of owners of some users. ``place`` is the expression of a source's place among all by their age."""
    first = f"""min({{is_user: "user" <> {text(ROOT_USER)}, "user": "user", arn: arn, source: source, line: line}}) AS first"""
    columns = f"count(*) AS users, {first}, bool_or(ends_with(arn, ':root')) AS has_root, max({place}) AS newest"
    connection.execute(f"CREATE TEMP TABLE {OWNERS} AS SELECT {ACCOUNT} AS account, {columns} FROM ({users}) GROUP BY account")
