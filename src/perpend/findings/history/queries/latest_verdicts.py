"""Create the view ``policy_output``: the newest verdict of every policy on every object.

Its columns have the names and meanings of the vendor's data set. Passing verdicts are part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.findings.history.model import ABSENT
from perpend.findings.history.queries.findings import of_accounts
from perpend.findings.history.queries.views import (
    LIVES,
    OBJECTS,
    OUTCOMES,
    TAGGED,
    TIMES,
    called,
    key_of,
    status_sql,
    time_of_run,
)
from perpend.inventory.snapshots.database import pattern, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.queries.findings import Query
    from perpend.findings.history.storage import HistoryStorage

_VIEW: Final = "policy_output"
_NOTHING: Final = (
    "SELECT '' AS type, '' AS policy, 0 AS policy_no, 0 AS first_run, 0 AS object_no, 0 AS value, 0 AS seen LIMIT 0"
)


def policy_output_statement(place: HistoryStorage, types: Collection[str] | None = None) -> str:
    """Return the SQL statement that creates the view, of all types of objects or of some. Retired policies are left out.

    A verdict that never changed has no row in the history; it is as old as the younger of object and policy.
    """
    cells = " UNION ALL ".join(_cells(place, place.head(), types=types)) or _NOTHING
    dates = {
        "runTime": "c.seen",
        "statusDate": "coalesce(l.status_run, greatest(o.first_run, c.first_run))",
        "incompliantStartDate": "l.inc_start",
        "incompliantEndDate": "l.inc_end",
    }
    times = ", ".join(f'{time_of_run(run)} AS "{name}"' for name, run in dates.items())
    evaluated = (
        "{'typeApiName': c.type, 'id': o.id, 'name': " + called("o") + ", 'externalId': o.external_id, 'account': o.account}"
    )
    return (
        f'CREATE VIEW IF NOT EXISTS {_VIEW} AS SELECT c.policy AS "policyId", {status_sql("c.value")} AS status, {times}, '
        't.message AS "currentStateMessage", t.remediation AS "remediationMessage", c.value // 8 AS "conditionIndex", '
        f't.text AS "conditionText", {evaluated} AS object FROM ({cells}) AS c '
        f"JOIN {OBJECTS} AS o ON o.type = c.type AND o.object_no = c.object_no "
        f"LEFT JOIN {LIVES} AS l ON l.type = c.type AND l.policy_no = c.policy_no AND l.object_no = c.object_no "
        f"LEFT JOIN {OUTCOMES} AS t ON t.policy_id = c.policy AND t.type = c.type AND t.code = c.value // 8"
    )


def evaluated_objects(place: HistoryStorage, policies: Collection[str]) -> str:
    """Return the query for the objects that policies evaluate now, without disappeared ones.

    Its columns are those of candidates for waivers.
    """
    cells = " UNION ALL ".join(_cells(place, place.head(), policies)) or _NOTHING
    return (
        f"SELECT c.policy AS policy_id, c.type, o.id, o.external_id, {called('o')} AS name, o.account, o.region, "
        "t.tags, "
        f"{status_sql('c.value')} AS status, {key_of('c.policy_no', 'c.object_no')} AS key FROM ({cells}) AS c "
        f"JOIN {OBJECTS} AS o ON o.type = c.type AND o.object_no = c.object_no {TAGGED} WHERE c.value <> {ABSENT}"
    )


def objects_by_region(place: HistoryStorage, accounts: Sequence[str]) -> Query:
    """Return the query for the numbers of evaluated objects by account and region, in some accounts or all."""
    # All policies over a type judge all of its objects: one policy of each type is enough.
    of_type = {policy.type_name: policy.policy_id for policy in place.head().policies if policy.retired_run is None}
    where, values = of_accounts(accounts)
    listed = f"SELECT DISTINCT account, region, type, id FROM ({evaluated_objects(place, of_type.values())}) WHERE {where}"
    return f"SELECT account, coalesce(region, ''), count(*) FROM ({listed}) GROUP BY ALL ORDER BY ALL", values


OF_OBJECT: Final = (LIVES, OBJECTS, OUTCOMES, TIMES)
"""The views of a history that the next two queries read."""


def object_with_id(type_name: str, object_id: str) -> Query:
    """Return the query for the name, external id, account, region and first time of the newest object with an id."""
    return (
        f"SELECT {called('o')}, o.external_id, o.account, o.region, {time_of_run('o.first_run')} FROM {OBJECTS} AS o "
        "WHERE o.type = ? AND o.id = ? ORDER BY o.incarnation DESC LIMIT 1"
    ), [type_name, object_id]


def verdicts_on(type_name: str, object_id: str) -> Query:
    """Return the query over ``policy_output`` for the verdicts on an object, the worst first."""
    return (
        f'SELECT "policyId", status, "currentStateMessage", "statusDate", "runTime" FROM {_VIEW} '
        'WHERE object."typeApiName" = ? AND object.id = ? '
        "ORDER BY list_position(['INCOMPLIANT', 'UNDETERMINED', 'COMPLIANT', 'INAPPLICABLE', 'DISAPPEARED'], status), 1"
    ), [type_name, object_id]


def _cells(
    place: HistoryStorage,
    head: HistoryManifest,
    policies: Collection[str] | None = None,
    types: Collection[str] | None = None,
) -> Iterator[str]:
    """Yield the query for the values of each policy, or of some policies by their ids, and of some types."""
    for name, known in head.types.items():
        if types is not None and name not in types:
            continue
        seen = known.policies
        for policy in head.policies_of(name):
            if known.known is None or policy.retired_run is not None or policy.number not in seen:
                continue
            if policies is not None and policy.policy_id not in policies:
                continue
            column = f"v{policy.number}"
            yield (
                f"SELECT {text(name)} AS type, {text(policy.policy_id)} AS policy, {policy.number} AS policy_no, "
                f"{policy.first_run} AS first_run, object_no, {column} AS value, {seen[policy.number]} AS seen "
                f"FROM read_parquet({pattern(place.path(known.known))}, hive_partitioning = false) WHERE {column} IS NOT NULL"
            )
