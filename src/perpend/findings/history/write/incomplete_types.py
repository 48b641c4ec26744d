"""Track the accounts whose objects were not all read, from run to run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from perpend.core.objects.claims import Scope
from perpend.core.values.values import milliseconds_from_datetime
from perpend.findings.history.write.evaluated_run import MOST_ACCOUNTS
from perpend.findings.history.write.last_observed import time_sql
from perpend.inventory.snapshots.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.write.evaluated_run import EvaluatedRun
    from perpend.inventory.snapshots.database import Connection


def unread_since(head: HistoryManifest, policies: Collection[int]) -> list[tuple[str, str, int]]:
    """Return the accounts that the last run of each policy did not read in full ("" for any), the reason and the time."""
    runs = ((head.run(policy.last_run), policy.type_name) for policy in head.policies if policy.number in policies)
    return [
        (*one, milliseconds_from_datetime(datetime.fromisoformat(run.time)))
        for run, type_name in runs
        for one in run.unread.get(type_name, ())
    ]


def still_unread(
    connection: Connection | None,
    evaluated: EvaluatedRun,
    name: str,
    before: Iterable[tuple[str, str, int]],
    late: Collection[str] = (),
) -> tuple[tuple[str, str], ...]:
    """Return the accounts of a type that are not read in full after a run ("" for any), and the reason.

    An account that was not read ``before`` stays so until its objects, or a claim on all of them, come from a source that is no
    older. An unnamed account stands for all known ones. The table ``here`` holds the objects of this run. Without a connection
    there are no objects, neither of this run nor known ones.
    """
    own = dict(evaluated.unread.get(name, ()))
    if not (evaluated_policies := [one for one in before if one[0] not in own]):
        return tuple(sorted(own.items()))
    times, known = _accounts(connection, evaluated) if connection else ({}, [])
    claims = [(claim.scope, time) for claim, time in evaluated.claims if claim.is_about(name, "") and not claim.lacking]

    def is_claimed(account: str, since: int) -> bool:
        return any(time >= since and scope.covers(Scope(account or None)) for scope, time in claims)

    def is_observed(account: str, since: int) -> bool:
        return account not in late and (is_claimed(account, since) or times.get(account, since - 1) >= since)

    for account, why, since in evaluated_policies:
        everywhere = known and all(is_observed(one, since) for one in known)
        if not (is_observed(account, since) if account else is_claimed("", since) or everywhere):
            own.setdefault(account, why)
    return tuple(sorted(own.items())) if len(own) <= MOST_ACCOUNTS else (("", min(own.items())[1]),)


def _accounts(connection: Connection, evaluated: EvaluatedRun) -> tuple[dict[str, int], list[str]]:
    """Return the newest time of the objects in each account of this run, and the accounts of known objects."""
    times = rows_of(connection, f"SELECT coalesce(h.account, ''), max({time_sql(evaluated)}) FROM here AS h GROUP BY 1")
    known = rows_of(connection, "SELECT DISTINCT coalesce(account, '') FROM registry WHERE replaced_run IS NULL")
    return dict(times), [account for (account,) in known]
