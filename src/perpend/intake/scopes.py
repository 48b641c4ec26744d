"""A stored table's file in, the accounts and regions that its rows are of out, by source: what a manifest says was covered.

They are read off ARNs (`arn:partition:service:region:account:…`), and off columns that are called for one or the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.store.database import name, rows_of, text
from perpend.store.rows import parquet
from perpend.tables.schema import SOURCE, Form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perpend.store.database import Connection
    from perpend.tables.schema import Table

_ACCOUNT: Final = "[0-9]{12}"
_REGION: Final = "[a-z]{2,3}(-[a-z]+)+-[0-9]+"
_ACCOUNT_IN_ARN, _REGION_IN_ARN = 5, 4


class SourceScope(NamedTuple):
    """One account or region that rows of a source are of."""

    source: int
    is_region: bool
    value: str


def scopes_of(connection: Connection, table: Table, path: Path) -> set[SourceScope]:
    """Return the accounts and regions of a stored table's rows."""
    asked = list(_asked(table))
    if not asked:
        return set()
    parts = (
        f"SELECT DISTINCT {name(SOURCE)}, {str(is_region).lower()}, {value} FROM {parquet(path)} "
        f"WHERE regexp_full_match({value}, {text(_REGION if is_region else _ACCOUNT)})"
        for is_region, value in asked
    )
    return {SourceScope(*row) for row in rows_of(connection, " UNION ".join(parts))}


def _asked(table: Table) -> Iterator[tuple[bool, str]]:
    """Yield expressions that may give a region (true) or an account (false)."""
    for column in table.columns.values():
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_+", " ", column.name).lower().split()
        if column.form is not Form.TEXT:
            continue
        if "arn" in words:
            yield True, f"split_part({name(column.name)}, ':', {_REGION_IN_ARN})"
            yield False, f"split_part({name(column.name)}, ':', {_ACCOUNT_IN_ARN})"
        if "region" in words:
            yield True, name(column.name)
        if "account" in words:
            yield False, name(column.name)
