"""The state machine of findings as one SELECT that DuckDB and Spark read alike.

It has no windows and no order, and rows do not depend on each other, so the input can be partitioned anywhere.
"""

from __future__ import annotations

from typing import Final

from perpend.core.objects.status import Status
from perpend.findings.history.model import ABSENT, STATUSES

LIFE: Final = ("value", "status_run", "inc_start", "inc_end", "life", "open_since", "ended", "episodes", "known_at")
"""The columns that say what is known of a policy and an object; all null where nothing is."""

KEYS: Final = ("policy_no", "object_no")

_INCOMPLIANT, _UNDETERMINED, _DISAPPEARED = (
    STATUSES.index(status) for status in (Status.INCOMPLIANT, Status.UNDETERMINED, Status.DISAPPEARED)
)
UNDETERMINED: Final = _UNDETERMINED
"""The number of the status UNDETERMINED."""

TRIVIAL: Final = tuple(STATUSES.index(status) for status in Status if status not in (Status.INCOMPLIANT, Status.UNDETERMINED))
"""The numbers of statuses that begin no life worth a row."""

_OPEN: Final = "life IN ('open', 'unconfirmed')"

_COLUMNS: Final = {
    "value": "CASE WHEN moves THEN now ELSE value END",
    "status_run": "CASE WHEN turns THEN {run} ELSE status_run END",
    "inc_start": "CASE WHEN fails THEN coalesce(inc_start, {run}) ELSE inc_start END",
    "inc_end": (
        "CASE WHEN fails THEN NULL WHEN moves AND value IS NOT NULL AND value % 8 = {incompliant} THEN {run} ELSE inc_end END"
    ),
    "life": (
        "CASE WHEN retires THEN 'policy_removed' WHEN NOT moves THEN life WHEN fails THEN 'open' "
        "WHEN blurs THEN CASE WHEN was_open THEN 'unconfirmed' ELSE 'unknown' END "
        "WHEN times > 0 THEN CASE WHEN now % 8 = {disappeared} THEN 'resource_deleted' ELSE 'resolved' END ELSE 'passing' END"
    ),
    "open_since": "CASE WHEN begins THEN {run} ELSE open_since END",
    "ended": "CASE WHEN begins THEN NULL WHEN retires OR ends THEN {run} ELSE ended END",
    "episodes": "CASE WHEN begins THEN times + 1 ELSE times END",
    "known_at": "CASE WHEN turns AND value IS NOT NULL AND value % 8 <> {undetermined} THEN seen ELSE known_at END",
    "event": (
        "CASE WHEN retires THEN 'policy_removed' WHEN begins THEN CASE WHEN times > 0 THEN 'reopened' ELSE 'opened' END "
        "WHEN fails AND life = 'unconfirmed' THEN 'reconfirmed' WHEN fails AND value <> now THEN 'changed' "
        "WHEN blurs AND life = 'open' THEN 'became_unknown' "
        "WHEN ends THEN CASE WHEN now % 8 = {disappeared} THEN 'resource_deleted' ELSE 'resolved' END END"
    ),
}


def step_query(relation: str, run: int, *, more: str = "") -> str:
    """Return the query for the states after a run, and the events.

    ``relation`` has the columns ``policy_no``, ``object_no``, ``seen`` (the last run that evaluated the object), those of
    :data:`LIFE`, and the observation: ``observed`` (null for an object that was not evaluated), ``is_evaluated``, ``complete``,
    ``retired``. ``more`` are further columns to keep, each after a comma.
    """
    words = {
        "run": f"CAST({run} AS INTEGER)",
        "incompliant": _INCOMPLIANT,
        "undetermined": _UNDETERMINED,
        "disappeared": _DISAPPEARED,
    }
    columns = ", ".join(f"{text.format(**words)} AS {name}" for name, text in _COLUMNS.items())
    now = f"CASE WHEN observed IS NOT NULL THEN observed WHEN complete AND value IS NOT NULL THEN {ABSENT} END"
    first = (
        f"SELECT *, {now} AS now, coalesce({_OPEN}, false) AS was_open, coalesce(episodes, 0) AS times, "
        f"retired AND coalesce({_OPEN}, false) AS retires, "
        f"is_evaluated AND NOT retired AND {now} IS NOT NULL AS moves FROM {relation}"
    )
    second = (
        f"SELECT *, moves AND now % 8 = {_INCOMPLIANT} AS fails, moves AND now % 8 = {_UNDETERMINED} AS blurs, "
        "moves AND (value IS NULL OR now % 8 <> value % 8) AS turns, "
        f"moves AND now % 8 = {_INCOMPLIANT} AND NOT was_open AS begins, "
        f"moves AND now % 8 NOT IN ({_INCOMPLIANT}, {_UNDETERMINED}) AND was_open AS ends FROM ({first}) AS known"
    )
    last_seen = "CASE WHEN moves THEN {run} ELSE seen END AS seen".format(**words)
    return (
        f"SELECT {', '.join(KEYS)}, value AS before, {last_seen}, {columns}{more} FROM ({second}) AS stepped "
        "WHERE value IS NOT NULL OR moves"
    )
