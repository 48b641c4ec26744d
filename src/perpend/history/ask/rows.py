"""Values in, statements out that make views of them: what a history does not keep itself, beside its own views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.store.database import text

if TYPE_CHECKING:
    from collections.abc import Sequence


def view(name: str, query: str) -> str:
    """Return the statement that makes a view."""
    return f"CREATE VIEW IF NOT EXISTS {name} AS {query}"


def scorecard_statement(rows: Sequence[tuple[str, str, str, str, str, int, int, int, int]]) -> str:
    """Return the statement that makes the view ``scorecard``: framework, requirement, number, name, standing, counts."""
    columns = "framework, requirement, number, name, standing, compliant, incompliant, inapplicable, undetermined"
    return rows_statement("scorecard", columns, rows or [("", "", "", "", "", 0, 0, 0, 0)], is_row="framework <> ''")


def rows_statement(name: str, columns: str, rows: Sequence[Sequence[str | int | None]], *, is_row: str) -> str:
    """Return the statement that makes a view of rows, at least one; ``is_row`` tells those that are meant."""
    values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
    return view(name, f"SELECT * FROM (VALUES {values}) AS s({columns}) WHERE {is_row}")


def _literal(value: str | int | None) -> str:
    return "NULL" if value is None else text(value.replace("\0", "")) if isinstance(value, str) else str(value)
