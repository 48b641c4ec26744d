"""Kinds of files that hold several types, or rows of another tool, and what reads each: imported when one is met."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from perpend.inventory.readers.formats import CLOUDQUERY, CONFIG, DETAILS, PROWLER, STEAMPIPE, InputKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.inventory.readers.tools.contents import Contents

READERS: Final[Mapping[InputKind, tuple[str, str]]] = {
    DETAILS: ("authorization_details", "read_details"),
    CONFIG: ("config_items", "read_config"),
    PROWLER: ("prowler", "read_prowler"),
    STEAMPIPE: ("tool_tables", "read_steampipe"),
    CLOUDQUERY: ("tool_tables", "read_cloudquery"),
}
"""The module of this room and the function that read a kind."""


def reader_of(kind: InputKind) -> Callable[[bytes, str], Contents]:
    """Return what reads files of a kind: it is told the content and the input's name."""
    module, function = READERS[kind]
    reader: Callable[[bytes, str], Contents] = getattr(import_module(f"perpend.inventory.readers.tools.{module}"), function)
    return reader
