"""Count verdicts by policy and account: the ledger of a history.

A run does not count everything again: it subtracts and adds the differences to the counts of the last run. The ledger gets the
counts that differ from the last ones, and all of them after every :data:`FULL_AFTER` runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.clouds.registry import cloud_of_type, is_account_sql
from perpend.core.objects.status import Status
from perpend.findings.history.model import STATUSES
from perpend.inventory.snapshots.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from perpend.core.clouds.cloud import Cloud
    from perpend.findings.history.manifest import HistoryManifest, RecordedPolicy
    from perpend.findings.history.write.values import Groups
    from perpend.inventory.snapshots.database import Connection

COUNTED: Final = tuple(status for status in Status if status is not Status.DISAPPEARED)
"""The statuses that are counted. The ledger has no objects that disappeared."""

FULL_AFTER: Final = 64
"""After how many runs the ledger gets all counts again. A commit reads none that are older."""

_BITS: Final = 20
_ROWS: Final = 19
"""Rows are counted in parts of at most two to this power, so that no count runs into the next one's bits."""

_NAMES: Final = tuple(status.value.lower() for status in COUNTED)

COLUMNS: Final = ("run", "policy_no", "account", *_NAMES, "unconfirmed", "judged")
"""The columns of a ledger: the number of objects by status, of those undetermined the ones that were open, and how many
verdicts the run itself has given."""

_KINDS: Final = ", ".join(f"{column} {'VARCHAR' if column == 'account' else 'BIGINT'}" for column in COLUMNS)
_TOTAL: Final = " + ".join(_NAMES)


def make_ledger(connection: Connection) -> None:
    """Create the empty table ``ledger``: the counts of types after the run."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE ledger ({_KINDS})")


def read_last_counts(connection: Connection, ledger: Sequence[str], head: HistoryManifest) -> None:
    """Create the table ``last_counts``: the newest row of each policy and account.

    ``ledger`` are the paths of the ledger's files as SQL literals.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE last_counts ({_KINDS})")
    if not ledger:
        return
    files = f"read_parquet([{', '.join(ledger)}], hive_partitioning = false)"
    if head.full_counts:
        newest = "QUALIFY row_number() OVER (PARTITION BY policy_no, account ORDER BY run DESC) = 1"
        query = f"SELECT * FROM {files} WHERE run >= {head.full_counts[-1]} {newest}"
    else:
        # An earlier version wrote all counts of a type in each run.
        written = dict(rows_of(connection, f"SELECT policy_no, max(run) FROM {files} GROUP BY 1"))
        last: dict[str, int] = {}
        for policy in head.policies:
            last[policy.type_name] = max(last.get(policy.type_name, 0), policy.last_run, written.get(policy.number, 0))
        runs = ", ".join(f"({policy.number}, {last[policy.type_name]})" for policy in head.policies)
        query = f"SELECT l.* FROM {files} AS l JOIN (VALUES {runs}) AS p(policy_no, run) USING (policy_no, run)"
    connection.execute(f"INSERT INTO last_counts {query}")


def is_full(head: HistoryManifest) -> bool:
    """Whether the next run writes all counts to the ledger."""
    return not head.full_counts or head.next_run - head.full_counts[-1] >= FULL_AFTER


def rows_to_write(counted: Collection[int], run: int, *, full: bool) -> str:
    """Return the query for the rows that a run adds to the ledger. ``counted`` are the policies of the table ``ledger``.

    If not ``full``, they are the counts that differ from the last ones. An account that is gone has a row of zeros.
    """
    listed = ", ".join(map(str, sorted(counted))) or "NULL"
    if full:
        others = f"coalesce(policy_no NOT IN ({listed}), true) AND {_TOTAL} > 0"
        return f"FROM ledger UNION ALL SELECT * REPLACE ({run} AS run) FROM last_counts WHERE {others}"
    columns = ", ".join(COLUMNS[1:])
    zeros = ", ".join(f"0 AS {column}" for column in COLUMNS[3:])
    gone = (
        f"SELECT l.policy_no, l.account, {zeros} FROM last_counts AS l ANTI JOIN ledger AS n "
        f"ON n.policy_no = l.policy_no AND n.account IS NOT DISTINCT FROM l.account WHERE l.policy_no IN ({listed})"
    )
    differ = f"(SELECT {columns} FROM ledger UNION ALL {gone}) EXCEPT SELECT {columns} FROM last_counts"
    return f"SELECT {run} AS run, * FROM ({differ})"


def counts_of_runs(ledger: str, head: HistoryManifest) -> str:
    """Return the query for the counts after each run: a row holds until the next one of its policy and account.

    ``ledger`` is the relation of the ledger's files. Rows of runs before the first full one hold in their run only.
    """
    if not head.full_counts:
        return f"FROM {ledger}"
    first = head.full_counts[0]
    end = f"lead(run, 1, {head.next_run}) OVER (PARTITION BY policy_no, account ORDER BY run)"
    lasting = f"SELECT *, {end} AS until FROM {ledger} WHERE run >= {first}"
    each = f"SELECT * EXCLUDE (until) REPLACE (unnest(range(run, until)) AS run) FROM ({lasting}) WHERE {_TOTAL} > 0"
    return f"SELECT * FROM {ledger} WHERE run < {first} UNION ALL {each}"


def begin_counting(connection: Connection) -> None:
    """Create the empty table ``counts``: increments by policy, account and status."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE counts (policy_no INTEGER, account VARCHAR, {_statuses('{} BIGINT')})")


def add_counts(connection: Connection, values: str, columns: Mapping[int, str], *, number: str) -> None:
    """Add the values of a relation to the table ``counts``; ``registry`` has the accounts of objects.

    ``columns`` are those of policies, ``number`` is the column of the objects' numbers.
    """
    connection.execute(f"INSERT INTO counts {_counted(values, columns, number)}")


def add_changes(connection: Connection, pairs: str) -> None:
    """Add new values of pairs of policy and object to the table ``counts``, and subtract their former values."""
    of_status = {status.value.lower(): STATUSES.index(status) for status in COUNTED}
    counts = ", ".join(
        f"sum(CAST(coalesce(p.observed % 8 = {place}, false) AS BIGINT) "
        f"- CAST(coalesce(p.before % 8 = {place}, false) AS BIGINT))"
        for place in of_status.values()
    )
    connection.execute(
        f"INSERT INTO counts SELECT p.policy_no, r.account, {counts} FROM {pairs} AS p "
        "JOIN registry AS r ON r.object_no = p.object_no GROUP BY ALL"
    )


def known_account(cloud: Cloud | None, column: str = "account") -> str:
    """Return the expression of a stored account, null if it has not the form of one: earlier versions stored other keys."""
    return f"CASE WHEN {is_account_sql(column, cloud)} THEN {column} END"


def add_former_counts(connection: Connection, policies: Sequence[RecordedPolicy]) -> None:
    """Add to ``counts`` the last counts of the policies of a type, if any."""
    listed = ", ".join(str(policy.number) for policy in policies)
    cloud = next((cloud_of_type(policy.type_name) for policy in policies), None)
    connection.execute(
        f"INSERT INTO counts SELECT policy_no, {known_account(cloud)}, {_statuses('{}')} FROM last_counts "
        f"WHERE policy_no IN ({listed})"
    )


def write_counts(connection: Connection, now: str, groups: Groups, run: int) -> None:
    """Add the counts of a type after a run to the table ``ledger``; ``blurred`` has the unconfirmed findings.

    ``now`` are the values of the type. Of evaluated policies, the values that the run did not produce are counted there; they
    are few.
    """
    evaluated_policies = {
        number: f"v{number}"
        for name, numbers in groups.policies.items()
        for number in numbers
        if name in groups.evaluated_policies
    }
    stale = f"(FROM {now} WHERE {next(iter(sorted(groups.evaluated_policies)), 'object_no')} IS DISTINCT FROM {run})"
    # Mostly the run has produced all values: then nothing else is counted.
    some = evaluated_policies and rows_of(connection, f"SELECT 1 FROM {stale} LIMIT 1")
    known = _counted(stale, evaluated_policies, "object_no") if some else "FROM counts LIMIT 0"
    total = " + ".join(f"c.{column}" for column in _NAMES)
    others = " + ".join(f"s.{column}" for column in _NAMES)
    blurred = (
        "SELECT l.policy_no, r.account, count(*) AS unconfirmed FROM blurred AS l "
        "JOIN registry AS r ON r.object_no = l.object_no WHERE l.life = 'unconfirmed' GROUP BY ALL"
    )
    alike = "{0}.policy_no = c.policy_no AND {0}.account IS NOT DISTINCT FROM c.account"
    listed = ", ".join(map(str, evaluated_policies)) or "NULL"
    current = f"CASE WHEN c.policy_no IN ({listed}) THEN {total} - coalesce({others}, 0) ELSE 0 END"
    connection.execute(
        f"INSERT INTO ledger SELECT {run}, c.policy_no, c.account, {_statuses('c.{}')}, coalesce(b.unconfirmed, 0), {current} "
        f"FROM (SELECT policy_no, account, {_statuses('sum({0}) AS {0}')} FROM counts GROUP BY ALL) AS c "
        f"LEFT JOIN ({blurred}) AS b ON {alike.format('b')} LEFT JOIN ({known}) AS s ON {alike.format('s')} WHERE {total} > 0"
    )


def _statuses(form: str) -> str:
    return ", ".join(form.format(column) for column in _NAMES)


def _counted(values: str, columns: Mapping[int, str], number: str) -> str:
    # A verdict adds one to the bits of its status: of a policy all statuses are one sum. What is null adds nothing.
    bits = ", ".join(f"{_bits(column)} AS b{policy}" for policy, column in columns.items())
    sums = ", ".join(f"sum(n.b{policy}) AS c{policy}" for policy in columns)
    packed = (
        f"SELECT r.account, n.number >> {_ROWS} AS part, {sums} FROM (SELECT {number} AS number, {bits} FROM {values}) AS n "
        "JOIN registry AS r ON r.object_no = n.number GROUP BY ALL"
    )
    listed = ", ".join(f"{{'policy_no': {policy}, 'counts': coalesce(c{policy}, 0)}}" for policy in columns)
    counts = ", ".join(
        f"sum((one.counts >> {_BITS * STATUSES.index(status)}) & {2**_BITS - 1})::BIGINT AS {status.value.lower()}"
        for status in COUNTED
    )
    long = f"SELECT account, unnest([{listed}]) AS one FROM ({packed})"
    return f"SELECT one.policy_no AS policy_no, account, {counts} FROM ({long}) GROUP BY ALL"


def _bits(value: str) -> str:
    """Return the bits that a value adds to.

    The status is the last digit of its hexadecimal form. DuckDB computes that once for each entry of a column's dictionary, but
    a remainder once for each row.
    """
    of_status = {number: 1 << _BITS * number for number, status in enumerate(STATUSES) if status in COUNTED}
    bits = ", ".join(f"'{digit:X}': {of_status.get(digit % 8, 0)}" for digit in range(16))
    return f"map_extract_value(MAP {{{bits}}}, hex({value})[-1])"
