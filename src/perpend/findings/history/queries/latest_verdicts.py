"""Create the view ``policy_output``: the newest verdict of every policy on every object.

Its columns have the names and meanings of the vendor's data set. Passing verdicts are part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.findings.history.model import ABSENT
from perpend.findings.history.queries.views import LIVES, OBJECTS, OUTCOMES, TAGGED, called, key_of, status_sql, time_of_run
from perpend.inventory.snapshots.database import pattern, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.storage import HistoryStorage

_VIEW: Final = "policy_output"
_NOTHING: Final = (
    "SELECT '' AS type, '' AS policy, 0 AS policy_no, 0 AS first_run, 0 AS object_no, 0 AS value, 0 AS seen LIMIT 0"
)


def policy_output_statement(place: HistoryStorage) -> str:
    """Return the SQL statement that creates the view. Retired policies are left out.

    A verdict that never changed has no row in the history; it is as old as the younger of object and policy.
    """
    cells = " UNION ALL ".join(_cells(place, place.head())) or _NOTHING
    dates = {
        "runTime": "c.seen",
        "statusDate": "coalesce(l.status_run, greatest(o.first_run, c.first_run))",
        "incompliantStartDate": "l.inc_start",
        "incompliantEndDate": "l.inc_end",
    }
    times = ", ".join(f'{time_of_run(run)} AS "{name}"' for name, run in dates.items())
    judged = (
        "{'typeApiName': c.type, 'id': o.id, 'name': " + called("o") + ", 'externalId': o.external_id, 'account': o.account}"
    )
    return (
        f'CREATE VIEW IF NOT EXISTS {_VIEW} AS SELECT c.policy AS "policyId", {status_sql("c.value")} AS status, {times}, '
        't.message AS "currentStateMessage", t.remediation AS "remediationMessage", c.value // 8 AS "conditionIndex", '
        f't.text AS "conditionText", {judged} AS object FROM ({cells}) AS c '
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


def _cells(place: HistoryStorage, head: HistoryManifest, policies: Collection[str] | None = None) -> Iterator[str]:
    """Yield the query for the values of each policy, or of some policies, by their ids."""
    for name, known in head.types.items():
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
