"""The findings of a history with today's waivers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.findings.history.identity import finding_id_sql
from perpend.findings.history.model import State
from perpend.findings.history.queries.latest_verdicts import evaluated_objects
from perpend.findings.history.queries.views import FOUND
from perpend.findings.waivers.matches import WAIVED, objects_in_scope
from perpend.findings.waivers.matching import CANDIDATES, COLUMNS, MATCHES
from perpend.findings.waivers.warnings import EvaluatedScope
from perpend.inventory.snapshots.database import rows_of, text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.waivers.matches import FindingsOf, WaiverMatches
    from perpend.inventory.snapshots.database import Connection

WAIVER_COLUMNS: Final = ("waiver", "waived_until")
"""The columns that :func:`with_waivers` adds."""

NOT_ENDED: Final = f"life IN ({', '.join(text(life.value) for life in (State.OPEN, State.UNCONFIRMED, State.UNKNOWN))})"
"""The SQL condition for findings that have not ended."""


def history_findings(policies: Collection[str] | None = None) -> str:
    """Return the query for the findings of some policies, or all, that have not ended, with the columns of candidates."""
    some = "" if policies is None else f" AND policy_id IN ({', '.join(map(text, sorted(policies))) or 'NULL'})"
    called = {"id": "object_id AS id", "name": "object_name AS name"}
    return f"SELECT {', '.join(called.get(column, column) for column in COLUMNS)} FROM {FOUND} WHERE {NOT_ENDED}{some}"


def only_accounts(findings: FindingsOf, accounts: Collection[str] | None) -> FindingsOf:
    """Return the findings, or objects, of some accounts only; all for None."""
    if accounts is None:
        return findings
    listed = ", ".join(map(text, sorted(accounts))) or "NULL"
    return lambda policies: f"SELECT * FROM ({findings(policies)}) WHERE account IN ({listed})"


def with_waivers(rows: str) -> str:
    """Return the query for findings with the further columns ``waiver`` and ``waived_until``, null if not waived.

    ``rows`` is a query for findings with their keys.
    """
    return f"SELECT f.*, w.waiver, w.waived_until FROM ({rows}) AS f LEFT JOIN {WAIVED} AS w ON w.key = f.key"


def waived_counts(connection: Connection, accounts: Sequence[str]) -> dict[str, int]:
    """Return the number of waived INCOMPLIANT findings of each policy, in some accounts or all."""
    where = f" AND f.account IN ({', '.join('?' * len(accounts))})" if accounts else ""
    query = (
        f"SELECT w.policy_id, count(*) FROM {WAIVED} AS w JOIN {FOUND} AS f ON f.key = w.key "
        f"WHERE w.status = 'INCOMPLIANT'{where} GROUP BY 1"
    )
    return dict(connection.execute(query, [*accounts]).fetchall())


@dataclass(frozen=True, slots=True)
class MatchedWaivers:
    """The waivers that were matched with the findings of a history, and the numbers of these findings by account.

    ``covers`` has the waiver, the account and the number of findings that match it, in force or not. ``waives`` has the waiver
    that is shown, the policy, the status, the account and the number of waived findings. ``evaluated`` is what was evaluated.
    """

    matches: WaiverMatches
    evaluated: EvaluatedScope
    covers: tuple[tuple[str, str | None, int], ...]
    waives: tuple[tuple[str, str, str, str | None, int], ...]


def matched_waivers(place: HistoryStorage, connection: Connection, waiver_matches: WaiverMatches) -> MatchedWaivers:
    """Return the numbers of matched waivers. Call it after the waivers were matched; the matches are replaced."""
    matching = f"FROM {MATCHES} AS m JOIN {CANDIDATES} AS c ON c.rowid = m.candidate JOIN {FOUND} AS f ON f.key = c.key"
    waived = f"FROM {WAIVED} AS w JOIN {FOUND} AS f ON f.key = w.key"
    covers: list[tuple[Any, ...]] = []
    waives: list[tuple[Any, ...]] = []
    if waiver_matches.waiver_statuses:
        covers = rows_of(connection, f"SELECT m.waiver, f.account, count(*) {matching} GROUP BY ALL ORDER BY ALL")
        columns = "w.waiver, w.policy_id, w.status, f.account"
        waives = rows_of(connection, f"SELECT {columns}, count(*) {waived} GROUP BY ALL ORDER BY ALL")
    named = tuple((waiver_matches.waiver_statuses[waiver].waiver.id, account, number) for waiver, account, number in covers)
    of_waived = tuple((waiver, policy, status, account, number) for waiver, policy, status, account, number in waives)
    return MatchedWaivers(waiver_matches, evaluated_scope(place, connection, waiver_matches), named, of_waived)


def waived_statement(connection: Connection) -> str:
    """Return the statement that creates the view ``waived`` after ``match_waivers``: ``finding_id``, ``waiver``."""
    named = finding_id_sql("f.lineage", "f.type", "f.object_id", "f.incarnation")
    query = (
        f"SELECT waiver, string_agg(id, ',' ORDER BY id) FROM (SELECT w.waiver, {named} AS id FROM {WAIVED} AS w "
        f"JOIN {FOUND} AS f ON f.key = w.key) GROUP BY 1 ORDER BY 1"
    )
    parts = [
        f"SELECT unnest(string_split({text(keys)}, ',')) AS finding_id, {text(waiver)} AS waiver"
        for waiver, keys in rows_of(connection, query)
    ]
    nothing = "SELECT NULL::VARCHAR AS finding_id, NULL::VARCHAR AS waiver LIMIT 0"
    return f"CREATE TABLE IF NOT EXISTS waived AS {' UNION ALL '.join(parts) or nothing}"


def evaluated_scope(place: HistoryStorage, connection: Connection, waiver_matches: WaiverMatches) -> EvaluatedScope:
    """Return the policies of a history, and the number of objects in the scope of each waiver that covers nothing.

    Call it after the waivers were matched; the matches are replaced.
    """
    head = place.head()
    removed = head.retired_in()
    policies = frozenset(policy.policy_id for policy in head.policies if policy.number not in removed)
    return EvaluatedScope(policies, in_scope=objects_in_scope(connection, partial(evaluated_objects, place), waiver_matches)[0])


def tried(connection: Connection, waiver_matches: WaiverMatches) -> list[dict[str, Any]]:
    """Return the number of findings that each waiver matches, in force or not, by policy, account and status."""
    query = (
        f"SELECT m.waiver, c.policy_id, c.account, c.status, count(*) FROM {MATCHES} AS m JOIN {CANDIDATES} AS c "
        "ON c.rowid = m.candidate GROUP BY ALL ORDER BY 1, 2, 3 NULLS FIRST, 4"
    )
    return [
        {
            "waiver": waiver_matches.waiver_statuses[place].waiver.id,
            "policy": policy,
            "account": account,
            "status": status,
            "findings": number,
        }
        for place, policy, account, status, number in connection.execute(query).fetchall()
    ]
