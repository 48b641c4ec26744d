"""Read the states of findings that have not ended, with their waivers: each state once, and findings as numbers of states."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.findings.history.queries.views import FOUND
from perpend.findings.waivers.match_history import NOT_ENDED, WAIVER_COLUMNS, with_waivers
from perpend.inventory.snapshots.database import rows_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.findings.history.manifest import HistoryManifest
    from perpend.inventory.snapshots.database import Connection

_SHOWN: Final = "perpend_state_shown"
_STATES: Final = "perpend_state"


class StateShown(NamedTuple):
    """A state of findings: a word (new, open, reopened, unconfirmed, unknown), its first day, and the number of episodes.

    ``waiver`` is the id of their waiver, ``until`` its last day, None without an end.
    """

    word: str
    since: str | None
    episodes: int
    waiver: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class FindingStates:
    """The states of findings. ``numbers`` are indexes of ``states``, from 1, by policy, type and object Id."""

    states: Sequence[StateShown] = ()
    numbers: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)


def finding_states(connection: Connection, head: HistoryManifest) -> FindingStates:
    """Return the states of findings that have not ended. ``connection`` has the table of waived findings."""
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
    numbers = connection.execute(by_policy)
    return FindingStates(
        [StateShown(*one) for one in states],
        {
            (policy_id, kind): dict(zip(ids, of_ids, strict=True))
            for policy_id, kind, ids, of_ids in iter(numbers.fetchone, None)
        },
    )
