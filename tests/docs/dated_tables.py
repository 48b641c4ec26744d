"""``python -m tests.docs.dated_tables``: warns of tables of the library that were long not compared with their source.

Its exit code is 0 whatever it warns of: that time passes breaks nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import yaml

LISTED: Final = Path(__file__).with_name("dated_tables.yaml")
MOST_DAYS: Final = 90
"""How old a table may be without a warning."""


@dataclass(frozen=True, slots=True)
class DatedTable:
    """A table that was right on the day on which it was read from its source; ``where`` is a path in the library."""

    what: str
    where: str
    read: date
    source: str


def dated_tables() -> list[DatedTable]:
    """Return the tables that are declared."""
    return [DatedTable(**row) for row in yaml.safe_load(LISTED.read_text("utf-8"))]


def warnings(tables: Iterable[DatedTable], today: date) -> Iterator[str]:
    """Yield a line for each table that is older than ``MOST_DAYS``."""
    for table in tables:
        if (days := (today - table.read).days) > MOST_DAYS:
            yield f"warning: {table.where} was read {days} days ago, on {table.read}; compare it with {table.source}"


if __name__ == "__main__":
    for line in warnings(dated_tables(), datetime.now(UTC).date()):
        sys.stderr.write(f"{line}\n")
