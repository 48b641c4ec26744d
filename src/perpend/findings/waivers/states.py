"""Read the states of findings that have not ended, with their waivers: each state once, and findings as numbers of states."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.findings.history.queries.views import FOUND
from perpend.findings.waivers.match_history import NOT_ENDED, WAIVER_COLUMNS, with_waivers
from perpend.inventory.snapshots.database import rows_of, text

if TYPE_CHECKING:
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection

_SHOWN: Final = "perpend_state_shown"
_STATES: Final = "perpend_state"


class StateShown(NamedTuple):
    """A state of findings: a word (new, open, reopened, unconfirmed, unknown), its first day, and the number of episodes.

    ``waiver`` is the id of their waiver, ``until`` its last day, None without an end; ``why`` is its reason.
    """

    word: str
    since: str | None = None
    episodes: int = 0
    waiver: str | None = None
    until: str | None = None
    why: str | None = None


def finding_states(
    connection: Connection, head: HistoryManifest, waiver_matches: WaiverMatches
) -> tuple[list[StateShown], dict[tuple[str, str], dict[str, int]]]:
    """Return the states of findings that have not ended, and by policy, type and object Id their numbers in this list, from 1.

    ``waiver_matches`` are the matches of waivers; ``connection`` has the table of waived findings.
    """
    newest = max(datetime.fromisoformat(run.time) for run in head.runs)
    is_new = f"open_since >= TIMESTAMPTZ {text(newest.isoformat())}"
    state = {
        "word": f"CASE WHEN life <> 'open' THEN life WHEN episodes > 1 THEN 'reopened' WHEN {is_new} THEN 'new' ELSE life END",
        "since": "CASE WHEN life <> 'unknown' THEN strftime(open_since AT TIME ZONE 'UTC', '%Y-%m-%d') END",
        **{name: name for name in ("episodes", *WAIVER_COLUMNS)},
    }
    fields = ", ".join(f"{name} := {value}" for name, value in state.items())
    finding = "policy_id, type, object_id, incarnation"
    shown = f"SELECT {finding}, struct_pack({fields}) AS state FROM ({with_waivers(f'FROM {FOUND} WHERE {NOT_ENDED}')})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_SHOWN} AS {shown}")
    # States are numbered in the order in which their first findings stand, so that equal histories give equal pages.
    first = f"SELECT state, min(struct_pack({finding})) AS first FROM {_SHOWN} GROUP BY 1"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_STATES} AS SELECT state, row_number() OVER (ORDER BY first) AS number FROM ({first})"
    )
    states = rows_of(connection, f"SELECT unnest(state) FROM {_STATES} ORDER BY number")
    by_policy = (
        "SELECT policy_id, type, list(object_id ORDER BY incarnation), list(number ORDER BY incarnation) "
        f"FROM {_SHOWN} JOIN {_STATES} USING (state) GROUP BY ALL"
    )
    reasons = {waiver_status.waiver.id: waiver_status.waiver.reason for waiver_status in waiver_matches.waiver_statuses}
    shown_states = [StateShown(*columns)._replace(why=reasons.get(columns[3])) for columns in states]
    numbers = iter(connection.execute(by_policy).fetchone, None)
    return shown_states, {(policy_id, kind): dict(zip(ids, of_ids, strict=True)) for policy_id, kind, ids, of_ids in numbers}
