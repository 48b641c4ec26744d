"""The values of a type in, a row of counts per policy and account out: what a history knows after a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.history.model import STATUSES
from perpend.ir.status import Status

if TYPE_CHECKING:
    from perpend.history.commit.values import Groups
    from perpend.store.database import Connection

COUNTED: Final = tuple(status for status in Status if status is not Status.DISAPPEARED)
"""The statuses that are counted: what is gone stands in no ledger."""

_BITS: Final = 15
_ROWS: Final = 14
"""Rows are counted in parts of at most two to this power, so that no count runs into the next one's bits."""

COLUMNS: Final = ("run", "policy_no", "account", *(status.value.lower() for status in COUNTED), "unconfirmed", "judged")
"""The columns of a ledger: the number of objects by status, of those undetermined the ones that were open, and how many
verdicts the run itself has given."""


def make_ledger(connection: Connection) -> None:
    """Make the table ``ledger``, empty."""
    kinds = ", ".join(f"{one} {'VARCHAR' if one == 'account' else 'BIGINT'}" for one in COLUMNS)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE ledger ({kinds})")


def count_values(connection: Connection, now: str, groups: Groups, run: int) -> None:
    """Add a type's counts to the table ``ledger``; ``registry`` says whose objects are, ``blurred`` which are unconfirmed."""
    numbers = sorted(groups.column)
    if not numbers:
        return
    # A verdict adds one to the bits of its status: of a policy all statuses are one sum. What is null adds nothing.
    sums = ", ".join(f"sum(1::BIGINT << ({_BITS} * (n.v{number} % 8))) AS c{number}" for number in numbers)
    fresh = ", ".join(f"coalesce(n.{name} = {run}, false) AS {name}" for name in groups.policies)
    packed = (
        f"SELECT r.account, n.object_no >> {_ROWS} AS part, {fresh}, {sums} FROM {now} AS n "
        "JOIN registry AS r ON r.object_no = n.object_no GROUP BY ALL"
    )
    listed = ", ".join(
        f"{{'policy_no': {number}, 'judged': {groups.column[number]}, 'counts': coalesce(c{number}, 0)}}" for number in numbers
    )
    long = f"SELECT account, unnest([{listed}]) AS one FROM ({packed})"
    of_status = {
        status.value.lower(): f"((one.counts >> {_BITS * STATUSES.index(status)}) & {2**_BITS - 1})" for status in COUNTED
    }
    counts = ", ".join(f"sum({count}) AS {name}" for name, count in of_status.items())
    counts += f", coalesce(sum({' + '.join(of_status.values())}) FILTER (one.judged), 0) AS judged"
    blurred = (
        "SELECT l.policy_no, r.account, count(*) AS unconfirmed FROM blurred AS l "
        "JOIN registry AS r ON r.object_no = l.object_no WHERE l.life = 'unconfirmed' GROUP BY ALL"
    )
    named = ", ".join(f"c.{status.value.lower()}" for status in COUNTED)
    connection.execute(
        f"INSERT INTO ledger SELECT {run}, c.policy_no, c.account, {named}, coalesce(b.unconfirmed, 0), c.judged FROM "
        f"(SELECT one.policy_no AS policy_no, account, {counts} FROM ({long}) GROUP BY 1, 2) AS c LEFT JOIN ({blurred}) AS b "
        "ON b.policy_no = c.policy_no AND b.account IS NOT DISTINCT FROM c.account "
        f"WHERE {' + '.join(f'c.{status.value.lower()}' for status in COUNTED)} > 0"
    )
