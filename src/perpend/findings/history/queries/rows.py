"""SQL statements that create views from values that no table of a history holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.inventory.snapshots.database import text
from perpend.language.program.parameters import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.findings.history.manifest import HistoryManifest


def view(name: str, query: str) -> str:
    """Return the statement that creates a view."""
    return f"CREATE VIEW IF NOT EXISTS {name} AS {query}"


def scorecard_statement(rows: Sequence[tuple[str, str, str, str, str, int, int, int, int]]) -> str:
    """Return the statement that creates the view ``scorecard``: framework, requirement, status and counts."""
    columns = "framework, requirement, number, name, standing, compliant, incompliant, inapplicable, undetermined"
    return rows_statement("scorecard", columns, rows or [("", "", "", "", "", 0, 0, 0, 0)], is_row="framework <> ''")


def rows_statement(name: str, columns: str, rows: Sequence[Sequence[str | int | None]], *, is_row: str) -> str:
    """Return the statement that creates a view of rows, at least one. ``is_row`` is the condition for real rows."""
    values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
    return view(name, f"SELECT * FROM (VALUES {values}) AS s({columns}) WHERE {is_row}")


def ratings_query(head: HistoryManifest, table: str) -> str:
    """Return the query of the view ``rating``: the severities in force in each run of ``table``."""
    policy_ratings = [(place, rated) for place, ratings in enumerate(head.ratings) for rated in ratings.policies]
    rows = ", ".join(
        f"({place}, {', '.join(map(text, (rated.policy_id, rated.severity, rated.source, rated.because)))}, "
        f"{text(rated.within) if rated.within else 'NULL'})"
        for place, rated in policy_ratings
    )
    runs = ", ".join(f"({run.number}, {-1 if run.rated is None else run.rated})" for run in head.runs)
    nothing = "(-2, '', '', '', '', NULL)"
    return (
        "SELECT n.run, r.time, s.policy_id, s.severity, s.rated_by, s.because, "
        "CAST(s.resolve_within AS VARCHAR) AS resolve_within "
        f"FROM (VALUES {runs}) AS n(run, place) JOIN {table} AS r ON r.number = n.run JOIN (VALUES {rows or nothing}) "
        "AS s(place, policy_id, severity, rated_by, because, resolve_within) ON s.place = n.place"
    )


def parameters_statement(head: HistoryManifest, time_of: str) -> str:
    """Return the statement that creates the view ``parameter``: the values of policies since a run. ``time_of`` is a macro."""
    policies = {policy.number: policy for policy in head.policies}
    rows: list[tuple[str | int, ...]] = [
        (since.run, policy.policy_id, policy.type_name, value.name, value_text(value.value), value_text(value.default))
        for recorded, policy in ((recorded, policies[recorded.policy]) for recorded in head.parameters)
        for since in recorded.values
        for value in since.values
    ]
    values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows or [(0, "", "", "", "", "")])
    return view(
        "parameter",
        f"SELECT since_run, {time_of}(since_run) AS since, policy_id, type, name, value, default_value "
        f"FROM (VALUES {values}) AS s(since_run, policy_id, type, name, value, default_value) WHERE since_run > 0",
    )


def _literal(value: str | int | None) -> str:
    return "NULL" if value is None else text(value.replace("\0", "")) if isinstance(value, str) else str(value)
