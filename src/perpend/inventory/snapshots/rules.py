"""The diagnostics of queries to a store. Each rule is a page of ``perpend explain-code``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity

SQL_ERROR: Final = Rule(
    "K310",
    "sql-error",
    Severity.ERROR,
    "A question in SQL to an inventory has no answer: it is not well-formed, names what is not there, wants to write, or takes "
    "too long.\n\n"
    "`perpend inventory show` lists tables and columns. One SELECT is allowed, over the snapshot's own tables.",
)

RULES: Final = (SQL_ERROR,)
"""All rules of the room."""
