"""Findings by priority: the order, compared with the plainest way to say it, and the words for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.findings.history.queries.views import FOUND
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.levels import SeverityLevel
from perpend.findings.severity.priority import BY_PRIORITY, RATING_COLUMNS, RATING_JOINS, at_least, keep_ratings, with_priority
from perpend.findings.severity.read import RatingFiles
from perpend.inventory.snapshots.database import Connection, opened
from tests.unit.findings.severity.made import rating, shift

NOW = datetime(2026, 11, 20, tzinfo=UTC)
RATED = RatingFiles(
    (
        rating("/critical", level=SeverityLevel.CRITICAL),
        rating("/low", level=SeverityLevel.LOW, within=None),
        rating("/info", level=SeverityLevel.INFO),
    ),
    (shift(2, names=("prod-*",)), shift(-1, accounts=("2",))),
)
COLUMNS = {
    **dict.fromkeys(("finding_id", "policy_id", "type", "object_id", "object_name", "account", "status", "life"), "VARCHAR"),
    "open_since": "TIMESTAMPTZ",
    "episodes": "INTEGER",
    "waiver": "VARCHAR",
    "key": "BIGINT",
    "incarnation": "INTEGER",
}
RATED_ROWS = f"SELECT f.*, {RATING_COLUMNS} FROM made AS f {RATING_JOINS}"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with opened() as found:
        yield found


def finding(policy: str = "/critical", life: str = "open", days: int | None = 1, **more: Any) -> Row:
    status = {"open": "INCOMPLIANT", "resolved": "COMPLIANT"}.get(life, "UNDETERMINED")
    since = NOW - timedelta(days=days) if days is not None and life != "unknown" else None
    known = {"policy_id": policy, "type": "T", "status": status, "life": life, "open_since": since, "episodes": 1}
    return {**dict.fromkeys(COLUMNS), "finding_id": "f", "object_id": "i", "key": 1, "incarnation": 1, **known, **more}


def asked(connection: Connection, rows: list[Row]) -> str:
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE made ({columns})")
    if rows:
        values = ", ".join([f"({', '.join('?' * len(COLUMNS))})"] * len(rows))
        connection.execute(f"INSERT INTO made VALUES {values}", [row[name] for row in rows for name in COLUMNS])
    more = "NULL::VARCHAR AS external_id, NULL::VARCHAR AS region, NULL::VARCHAR AS tags"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {FOUND} AS SELECT *, {more} FROM made")
    keep_ratings(connection, ratings_in_force(RATED, ["/critical", "/info", "/low", "/none"]))
    return RATED_ROWS


def prioritised(connection: Connection, *rows: Row) -> list[Row]:
    found = connection.execute(f"FROM ({with_priority(asked(connection, list(rows)), NOW)}) ORDER BY {BY_PRIORITY}")
    return shown(found)


def shown(found: Connection) -> list[Row]:
    names = [one[0] for one in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize(
    ("row", "severity", "reason"),
    [
        (finding(days=5), "critical", "overdue by 3 days, critical (board), open since 2026-11-15"),
        (finding(days=3), "critical", "overdue by 1 day, critical (board), open since 2026-11-17"),
        (finding(days=2), "critical", "critical (board), open since 2026-11-18"),
        (finding("/low", days=900), "low", "low (board), open since 2024-06-03"),
        (finding("/low", object_name="prod-1"), "high", "high (board, raised), open since 2026-11-19"),
        (finding("/info", account="2"), "info", "info (board), open since 2026-11-19"),
        (finding("/low", account="2"), "info", "info (board, lowered), open since 2026-11-19"),
        (finding("/low", account="2", object_name="prod-1"), "medium", "medium (board, raised), open since 2026-11-19"),
        (finding("/none"), None, "not rated, open since 2026-11-19"),
        (finding("/none", object_name="prod-1"), None, "not rated, open since 2026-11-19"),
        (finding(days=0, episodes=2), "critical", "critical (board), reopened, new"),
        (
            finding(life="unconfirmed", days=3),
            "critical",
            "overdue by 1 day, would be critical (board), open since 2026-11-17, unconfirmed",
        ),
        (finding(life="unknown"), "critical", "would be critical (board), unknown"),
        (finding(life="resolved", days=9), None, None),
        (finding(waiver="w"), "critical", "waived, critical (board), open since 2026-11-19"),
    ],
)
def test_a_place_has_its_reason(connection: Connection, row: Row, severity: str | None, reason: str | None) -> None:
    (found,) = prioritised(connection, row)
    assert (severity, reason) == (found["severity"], found["reason"])
    assert ("board" if severity else None, 1 if reason else None) == (found["rated_by"], found["priority"])


def expected(row: Row, of_policy: Counter[str]) -> tuple[Any, ...]:
    """Return what an order is made of, in Python. ``of_policy`` counts the findings without waivers of each policy."""
    levels = {"/critical": 5, "/low": 2, "/info": 1}
    is_open, rank = row["life"] in ("open", "unconfirmed"), levels.get(row["policy_id"])
    if rank is not None:
        moved = 2 * (row["object_name"] == "prod-1") - (row["account"] == "2")
        rank = min(max(rank + moved, 1), 5)
    due = is_open and row["policy_id"] in ("/critical", "/info") and row["open_since"] + timedelta(days=2) < NOW
    return (
        row["life"] == "resolved",
        row["waiver"] is not None,
        not due,
        -(rank or 0),
        -of_policy[row["policy_id"]],
        row["policy_id"],
        row["life"] != "open",
        not (is_open and row["episodes"] > 1),
        not (is_open and row["open_since"] >= NOW),
        row["open_since"] is None,
        row["open_since"] or NOW,
        row["incarnation"],
    )


ROWS = st.lists(
    st.builds(
        finding,
        st.sampled_from(["/critical", "/low", "/info", "/none"]),
        st.sampled_from(["open", "unconfirmed", "unknown", "resolved"]),
        st.integers(0, 4),
        episodes=st.integers(1, 2),
        waiver=st.sampled_from([None, None, "w"]),
        object_name=st.sampled_from([None, "prod-1", "x"]),
        account=st.sampled_from([None, "1", "2"]),
    ),
    min_size=8,
    max_size=40,
)


@settings(max_examples=7, deadline=None)
@given(rows=ROWS)
def test_the_order_is_the_one_that_is_written_down(connection: Connection, rows: list[Row]) -> None:
    named = [{**row, "finding_id": f"f{number:02}", "key": number, "incarnation": number} for number, row in enumerate(rows)]
    found = prioritised(connection, *named)
    of_policy = Counter(row["policy_id"] for row in named if row["life"] != "resolved" and row["waiver"] is None)
    here = [row["finding_id"] for row in sorted(named, key=lambda row: expected(row, of_policy)) if row["life"] != "resolved"]
    assert here == [row["finding_id"] for row in found if row["priority"] is not None]
    assert [*range(1, len(here) + 1)] == [row["priority"] for row in found[: len(here)]]
    for first in (1, 5, len(named)):
        some = f"FROM ({with_priority(RATED_ROWS, NOW, first=first)}) ORDER BY {BY_PRIORITY}"
        assert found[:first] == shown(connection.execute(some))
    for unrated in (True, False):
        for level in SeverityLevel:
            counted = at_least(connection, (RATED_ROWS, []), level, unrated=unrated)
            severe = [
                row
                for row in named
                if (-expected(row, of_policy)[3] >= level.rank or (unrated and row["policy_id"] == "/none"))
            ]
            assert counted == (
                sum(row["life"] == "open" and row["waiver"] is None for row in severe),
                sum(row["life"] in ("unconfirmed", "unknown") for row in severe),
            )
