"""Find the values that a run changed, and count them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from perpend.findings.history.write.counts import add_changes, add_counts
from perpend.findings.history.write.values import NOTHING
from perpend.inventory.snapshots.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from perpend.findings.history.write.values import Groups
    from perpend.inventory.snapshots.database import Connection

PAIR: Final = ("policy_no", "object_no", "before", "observed", "seen")
"""The columns of a changed value: policy, object, both values, and the run of the former one."""

_AT_ONCE: Final = 100_000
"""How many objects are compared in one piece, cell by cell."""


def find_pairs(
    connection: Connection, known: str | None, now: str, groups: Groups, before: Collection[int], trivial: Sequence[int]
) -> None:
    """Fill the table ``pairs`` with changed values: policy, object, both values, and the run of the former one.

    The differences go to the table ``counts``. First verdicts with a ``trivial`` status are left out.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE pairs ({', '.join(f'{column} INTEGER' for column in PAIR)})")
    evaluated_policies = sorted(number for name in groups.evaluated_policies for number in groups.policies[name])
    if not evaluated_policies:
        return
    before = set(before) & set(evaluated_policies) if known else ()
    seen = {number: groups.former[groups.column[number]] if known else None for number in evaluated_policies}
    fresh = ", ".join(f"n.v{number} AS n{number}" for number in evaluated_policies)
    former = ["k.object_no", *(f"k.v{number} AS k{number}" for number in sorted(before))]
    former += [f"k.{name}" for name in sorted({name for name in seen.values() if name})]
    some = " SEMI JOIN (SELECT object_no FROM moved WHERE part = {part}) AS m USING (object_no)"
    wide = f"SELECT n.object_no AS number, {fresh} FROM (FROM {now}{some}) AS n"
    if known:
        joined = f"LEFT JOIN (FROM {known}{some}) AS k ON k.object_no = n.object_no"
        wide = f"SELECT n.object_no AS number, {fresh}, {', '.join(former)} FROM (FROM {now}{some}) AS n {joined}"
    listed = ", ".join(map(str, trivial))
    pairs = []
    for number in evaluated_policies:
        old = f"k{number}" if number in before else NOTHING
        plain = f"n{number} % 8 IN ({listed}){' AND object_no IS NULL' if number in before else ''}"
        pairs.append(
            f"SELECT {number}, number, {old}, n{number}, {seen[number] or NOTHING} FROM wide "
            f"WHERE n{number} IS DISTINCT FROM {old} AND NOT ({old} IS NULL AND {plain})"
        )
    parts = _find_moved(connection, known, now, evaluated_policies, before)
    for part in range(parts):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE wide AS {wide.format(part=part)}")
        connection.execute(f"INSERT INTO pairs {' UNION ALL '.join(pairs)}")
        if known:
            columns = {number: f"n{number}" for number in evaluated_policies}
            add_counts(connection, "(FROM wide WHERE object_no IS NULL)", columns, number="number")
    connection.execute("DROP TABLE IF EXISTS wide")
    if known and parts:
        add_changes(connection, "(FROM pairs ANTI JOIN (SELECT object_no FROM moved WHERE is_new) AS m USING (object_no))")


def _find_moved(
    connection: Connection, known: str | None, now: str, evaluated_policies: Sequence[int], before: Collection[int]
) -> int:
    """Fill the table ``moved`` with the objects that have any changed value, in parts; return the number of parts."""
    # Rows that are alike are told by a digest: one number a row is compared, not a column a policy. It is salted, so that
    # nobody can look for verdicts with the digest of others beforehand.
    salt = str(secrets.randbits(63))
    new, old = (
        [f"v{number}" if number in of else NOTHING for number in evaluated_policies] for of in (evaluated_policies, before)
    )
    digest = "SELECT object_no, hash({}) AS digest FROM {}"
    fresh, former = digest.format(", ".join([salt, *new]), now), digest.format(", ".join([salt, *old]), known)
    differ = f" LEFT JOIN ({former}) AS k ON k.object_no = n.object_no WHERE k.digest IS DISTINCT FROM n.digest"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE moved AS SELECT n.object_no, {'k.digest IS NULL' if known else 'true'} AS is_new, "
        f"(row_number() OVER () - 1) // {_AT_ONCE} AS part FROM ({fresh}) AS n{differ if known else ''}"
    )
    return int(rows_of(connection, "SELECT coalesce(max(part) + 1, 0) FROM moved")[0][0])


def revived_query(known: str, now: str, groups: Groups, revived: Collection[int], run: int) -> str:
    """Return the query for findings of policies that were retired, are evaluated again, and have the same verdict.

    Its rows are like those of ``find_pairs``; the view ``lives`` has the retired findings.
    """
    parts = []
    for number in sorted(revived):
        former = groups.former[groups.column[number]]
        seen = f"k.{former}" if former else "CAST(NULL AS INTEGER)"
        parts.append(
            f"SELECT l.policy_no, l.object_no, k.v{number}, n.v{number}, {seen} FROM lives AS l "
            f"JOIN {now} AS n ON n.object_no = l.object_no JOIN {known} AS k ON k.object_no = l.object_no "
            f"WHERE l.policy_no = {number} AND l.life = 'policy_removed' AND n.{groups.column[number]} = {run} "
            f"AND n.v{number} = k.v{number}"
        )
    return " UNION ALL ".join(parts)
