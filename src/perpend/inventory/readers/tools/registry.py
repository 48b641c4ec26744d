"""The readers of formats with several types, or with rows of other tools. Each is imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from perpend.inventory.readers.formats import CLOUDQUERY, CONFIG, DETAILS, PLAN, PROWLER, STATE, STEAMPIPE, InputKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from perpend.inventory.readers.files import InputText
    from perpend.inventory.readers.tools.contents import Contents

READERS: Final[Mapping[InputKind, tuple[str, str]]] = {
    DETAILS: ("tools.authorization_details", "read_details"),
    CONFIG: ("tools.config_items", "read_config"),
    PROWLER: ("tools.prowler", "read_prowler"),
    STEAMPIPE: ("tools.tool_tables", "read_steampipe"),
    CLOUDQUERY: ("tools.tool_tables", "read_cloudquery"),
    PLAN: ("terraform.reader", "read_terraform"),
    STATE: ("terraform.reader", "read_terraform"),
}
"""The module of the package of readers and the function that read a kind."""


def reader_of(kind: InputKind) -> Callable[[InputText, str, Contents], Iterator[None]]:
    """Return the reader of a format: a function of the text, the input's name, and the contents to add to, step by step."""
    module, function = READERS[kind]
    there = import_module(f"perpend.inventory.readers.{module}")
    reader: Callable[[InputText, str, Contents], Iterator[None]] = getattr(there, function)
    return reader
