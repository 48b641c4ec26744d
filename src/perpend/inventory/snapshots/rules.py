"""The diagnostics of queries to a store. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity

SQL_ERROR: Final = Rule(
    "K310",
    "sql-error",
    Severity.ERROR,
    "An SQL query of an inventory failed: it is invalid, names an unknown table or column, tries to write, or takes too "
    "long.\n\n"
    "`perpend inventory show` lists tables and columns. One SELECT is allowed, over the snapshot's own tables.",
)

RULES: Final = (SQL_ERROR,)
"""All rules of queries."""
