"""An input of an import, with its options."""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING, Any

from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import is_account
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import reject_other_scopes
from perpend.core.values.values import in_utc
from perpend.inventory.importers.tables.table_bytes import head_of, holds_table
from perpend.inventory.readers.formats import kind_of
from perpend.inventory.readers.tools.registry import READERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from perpend.core.objects.claims import Scope


@dataclass(frozen=True, slots=True)
class Input:
    """A file to import, ``-`` for standard input.

    ``type_name`` is the object type, for formats that do not state it. ``columns`` maps a table's columns to API names, None
    if they are API names; ``constants`` are fields with one value for all rows. ``observed_at`` is the time of observation, if
    the input does not state it. ``complete`` lists the scopes of which the input has every object of its type; without it,
    missing objects are unknown. ``new_fields`` allows fields that the type does not declare. ``blank_is_none``: blank cells of
    CSV or TSV are null, in all columns or in the given ones; without it, they are unknown.
    ``planned_account`` is the account of a Terraform plan that does not state one.
    Raises ValueError for a time without a zone, or an account that is none, TypeError for a claim that is not a Scope.
    """

    path: str
    type_name: str | None = None
    columns: Mapping[str, str] | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    observed_at: datetime | None = None
    complete: tuple[Scope, ...] = ()
    new_fields: bool = True
    blank_is_none: bool | tuple[str, ...] = False
    planned_account: str = ""

    def __post_init__(self) -> None:
        reject_other_scopes(self.complete)
        if self.planned_account and not is_account(self.planned_account, AWS):
            raise ValueError(f"`{self.planned_account}` is no AWS account: it has twelve digits")
        if self.observed_at is not None:
            object.__setattr__(self, "observed_at", in_utc(self.observed_at))

    @property
    def is_mapped(self) -> bool:
        """Whether the options map a table's columns."""
        return self.columns is not None or bool(self.constants or self.blank_is_none)

    @property
    def is_table(self) -> bool:
        """Whether the input is a table of one object type, not a format that readers recognise."""
        readable = self.path != "-" and os.path.isfile(self.path)
        return readable and holds_table(self.path, self.type_name, mapped=self.is_mapped)


def is_of_tool(given: Input) -> bool:
    """Whether another tool wrote the input, in a format that states its object types."""
    return given.path != "-" and os.path.isfile(given.path) and kind_of(head_of(given.path)) in READERS
