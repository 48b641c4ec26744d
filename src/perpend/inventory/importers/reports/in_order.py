"""Number the users of reports whose lines are in user order already, without sorting.

Sorting needs memory or files. Here each line's number is the number of users before it, and lines of one user share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.inventory import ROOT_USER
from perpend.inventory.snapshots.database import rows_of, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.inventory.snapshots.database import Connection

_ACCOUNT: Final = "split_part(arn, ':', 5)"
PLACE: Final = f'{{account: {_ACCOUNT}, is_user: "user" <> {text(ROOT_USER)}, "user": "user", arn: arn}}'
"""What users are ordered by."""

_IS_EARLIER: Final = "place < lag(place) OVER () AS is_earlier"

NUMBER: Final = "number"
"""The column of users' numbers, from 0."""


def are_in_order(connection: Connection, keys: str) -> bool:
    """Whether lines come in the order of their users. ``keys`` stands for user and ARN of each."""
    later = f"SELECT {_IS_EARLIER} FROM (SELECT {PLACE} AS place FROM {keys})"
    return not rows_of(connection, f"SELECT count(*) FROM ({later}) WHERE is_earlier")[0][0]


def are_numbered(connection: Connection, keys: str, users: int) -> bool:
    """Whether lines are in order, those of one user stand together, and each account's root user is its first.

    ``users`` is how many there are, unseen roots among them.
    """
    steps = f"SELECT {_IS_EARLIER}, step FROM (SELECT {PLACE} AS place, step FROM ({_steps(keys)}))"
    [(earlier, counted)] = rows_of(
        connection, f"SELECT count(*) FILTER (WHERE is_earlier), coalesce(sum(step), 0) FROM ({steps})"
    )
    return not earlier and bool(counted == users)


def users_in_order(lines: str, repeated: str, settled: str, values: Sequence[str]) -> str:
    """Return the query of all users by number: source, user, ARN, account, ``given``, ``contradicted`` and values.

    ``lines`` are those of the reports, ``repeated`` their numbers where an ARN is shown more than once, ``settled`` what was
    found of these, and roots that no line shows. Numbers are right whatever order joins leave.
    """
    numbered = (
        f"SELECT *, CAST(sum(step) OVER (ROWS UNBOUNDED PRECEDING) AS BIGINT) - 1 AS {NUMBER} FROM ({_steps(f'({lines})')})"
    )
    kept = f"SELECT source, line, arn, contradicted FROM {settled} WHERE before IS NULL"
    marks = f"""SELECT source, line, kept.arn IS NOT NULL AS is_kept, contradicted FROM ({repeated}) AS every
        LEFT JOIN ({kept}) AS kept USING (source, line)"""
    roots = (
        f"""SELECT source, before AS line, "user" AS root, arn AS root_arn, document FROM {settled} WHERE before IS NOT NULL"""
    )
    both = "unnest(CASE WHEN root_arn IS NULL THEN [false] ELSE [true, false] END) AS is_root"
    rows = f"""SELECT *, {both} FROM ({numbered}) AS l LEFT JOIN ({marks}) AS m USING (source, line)
        LEFT JOIN ({roots}) AS r USING (source, line) WHERE coalesce(is_kept, true)"""
    columns = [
        f"CASE WHEN is_root THEN {NUMBER} - 1 ELSE {NUMBER} END AS {NUMBER}",
        "source",
        'CASE WHEN is_root THEN root ELSE "user" END AS "user"',
        "CASE WHEN is_root THEN root_arn ELSE arn END AS arn",
        "account",
        "CASE WHEN is_root THEN document END AS given",
        "CASE WHEN is_root THEN NULL ELSE contradicted END AS contradicted",
        *values,
    ]
    return f"SELECT {', '.join(columns)} FROM ({rows})"


def _steps(lines: str) -> str:
    """Return the query of lines with how many users begin with each: its own, and a root before it that no line shows."""
    owned = f"SELECT *, {_ACCOUNT} AS account FROM {lines}"
    own, root = "arn IS DISTINCT FROM lag(arn) OVER ()", "account IS DISTINCT FROM lag(account) OVER ()"
    bare = f"{root} AND NOT ends_with(arn, ':root')"
    return f"SELECT *, CAST({own} AS INTEGER) + CAST({bare} AS INTEGER) AS step FROM ({owned})"
