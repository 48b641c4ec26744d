"""The vectors of ``spec/life``, and what any engine that speaks SQL makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from perpend.core.objects.status import Status
from perpend.findings.history.model import Event, FindingState, State, value_of
from perpend.findings.history.state_machine import Observation
from perpend.findings.history.state_machine_sql import LIFE, step_query
from tests.vectors import LIVES, vectors

INDEXES = {"INCOMPLIANT": 199, "UNDETERMINED": 101, "COMPLIANT": 300, "INAPPLICABLE": 98, "DISAPPEARED": 99}
DATES = {
    "statusDate": "status_run",
    "incompliantStartDate": "inc_start",
    "incompliantEndDate": "inc_end",
    "openSince": "open_since",
    "endedAt": "ended",
    "lastKnownAt": "known_at",
    "episodes": "episodes",
}
Rows = Callable[[str, Sequence[str]], list[tuple[Any, ...]]]
"""What runs a query, and returns the named columns of its rows."""

Row = tuple[int, FindingState | None, Observation]


def all_lives() -> list[dict[str, Any]]:
    return [vector for file in LIVES for vector in vectors(file)]


def said_of(run: dict[str, Any]) -> Observation:
    if run.get("retired"):
        return Observation(None, is_evaluated=False, retired=True)
    if "not asked" in run:
        return Observation(
            None if run["not asked"] == "absent" else _value(run["not asked"]), is_evaluated=False, complete=True
        )
    if "absent" in run:
        return Observation(None, complete=run["absent"] == "complete")
    return Observation(_value(run["verdict"], run.get("index")))


def _value(status: str, index: int | None = None) -> int:
    return value_of(INDEXES[status] if index is None else index, Status(status))


def expected(vector: dict[str, Any]) -> dict[str, Any] | None:
    """Return what has to be known after the last run."""
    if vector["known"] is None:
        return None
    return {column: vector["known"].get(name) for name, column in DATES.items()}


def stepped_in_sql(rows: Sequence[Row], run: int, ask: Rows) -> dict[int, tuple[FindingState, Event | None]]:
    """Return what the step in SQL makes of numbered rows."""
    if not rows:
        return {}
    columns = ("policy_no", "object_no", "seen", *LIFE, "observed", "is_evaluated", "complete", "retired")
    cast = {"life": "VARCHAR(20)", **dict.fromkeys(("asked", "complete", "retired"), "BOOLEAN")}
    listed = " UNION ALL ".join(f"SELECT {', '.join(map(_literal, _cells(*row)))}" for row in rows)
    named = ", ".join(f"CAST(c{place} AS {cast.get(name, 'INTEGER')}) AS {name}" for place, name in enumerate(columns))
    first = ", ".join(f"NULL AS c{place}" for place in range(len(columns)))
    relation = f"(SELECT {named} FROM (SELECT {first} UNION ALL {listed}) AS r WHERE c0 IS NOT NULL)"
    asked = ("object_no", "seen", *LIFE, "event")
    found: dict[int, tuple[FindingState, Event | None]] = {}
    for number, seen, *life, event in ask(step_query(f"{relation} AS given", run), asked):
        cells = dict(zip(LIFE, life, strict=True))
        found[number] = FindingState(seen=seen, **{**cells, "life": State(cells["life"])}), Event(event) if event else None
    return found


def _cells(number: int, known: FindingState | None, said: Observation) -> list[Any]:
    life = [getattr(known, name) if known else None for name in LIFE]
    return [1, number, known.seen if known else None, *life, said.value, said.is_evaluated, said.complete, said.retired]


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value)
