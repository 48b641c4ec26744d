"""One input as somebody names it: a path and what is said of it. Refuses to know how any is read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perpend.core.objects.claims import refuse_other
from perpend.core.values.values import in_utc
from perpend.inventory.importers.tables.table_bytes import head_of, holds_table
from perpend.inventory.readers.formats import is_joined, kind_of
from perpend.inventory.readers.tools.registry import READERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from perpend.core.objects.claims import Scope
    from perpend.core.objects.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Input:
    """A file to import, ``-`` for standard input.

    ``type_name`` is the object type that it holds, for kinds that do not say so themselves. ``columns`` maps a table's
    columns to API names, None where they are API names; ``constants`` are fields that all its rows have alike.
    ``observed_at`` is when the estate looked like this, where the input does not state it. ``complete`` names scopes of
    which it holds every object of its type; without it, what it does not hold is not known. ``new_fields``: a table may have
    fields that its type does not declare. ``blank_is_none``: a blank cell of CSV or TSV is null, in all columns or in those
    named; without it, it is not known. Raises ValueError for a time without a zone, TypeError for a claim on no Scope.
    """

    path: str
    type_name: str | None = None
    columns: Mapping[str, str] | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    observed_at: datetime | None = None
    complete: tuple[Scope, ...] = ()
    new_fields: bool = True
    blank_is_none: bool | tuple[str, ...] = False

    def __post_init__(self) -> None:
        refuse_other(self.complete)
        if self.observed_at is not None:
            object.__setattr__(self, "observed_at", in_utc(self.observed_at))

    @property
    def is_mapped(self) -> bool:
        """Whether somebody says what a table's columns mean."""
        return self.columns is not None or bool(self.constants or self.blank_is_none)

    @property
    def is_table(self) -> bool:
        """Whether it is a table of one object type, and not something that collectors know by its content."""
        readable = self.path != "-" and os.path.isfile(self.path)
        return readable and holds_table(self.path, self.type_name, mapped=self.is_mapped)


def is_of_tool(given: Input) -> bool:
    """Whether another tool wrote an input, so that it says itself what it holds."""
    return given.path != "-" and os.path.isfile(given.path) and kind_of(head_of(given.path)) in READERS


def need_a_store(inputs: Sequence[Input]) -> bool:
    """Whether inputs are more than files of one type that collectors read: tables, several types, times of their own."""
    several = len({one.type_name for one in inputs}) > 1
    return several or any(one.is_table or one.is_mapped or one.observed_at for one in inputs)


def needs_joining(inventory: Inventory) -> bool:
    """Whether objects that were read name others that only a store finds."""
    return any(is_joined(source.kind) for source in inventory.sources)
