"""The rows of a configuration in: a table for people out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from perpend.cli.config.table import Row


def print_configuration(rows: Sequence[Row], console: Console, *, about: str) -> None:
    """Print which file holds, and a line per setting: key, value, and where the value comes from."""
    console.print(Text(about, "bold"))
    grid = Table(box=None, pad_edge=False, show_header=False)
    for style in ("", "", "dim"):
        grid.add_column(style=style, overflow="fold")
    for row in rows:
        grid.add_row(row.key, Text(_shown(row), "" if row.value is not None else "dim"), row.place or row.source)
    console.print(grid)


def _shown(row: Row) -> str:
    value: Any = row.value
    if value is None:
        return "the library" if row.key == "repository" else "–"
    if isinstance(value, bool):
        return str(value).lower()
    return visible(", ".join(value) if isinstance(value, list) else str(value))
