"""The schema of an inventory's tables: columns with their forms, and joins between rows.

All engines share it. It holds the places of values and the reasons of unknown ones, not their meaning.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

ROW: Final = "perpend_row"
"""The column of row numbers in every table: unique, in the order of collection."""

OWNER: Final = "perpend_owner"
"""The column of a table without an object type that holds the row number of the owning row."""

SOURCE: Final = "perpend_source"
"""The column of every stored table with the index of the row's source in the manifest."""

CONTRADICTED: Final = "perpend_contradicted"
"""The column with the reason why a row is in doubt because its sources contradict each other. Null for all other rows."""

_UNREAD, _UNFOLLOWED, _PLAIN, _LISTED = "#unread", "#unfollowed", "#plain", "#listed"
_READINGS: Final = "#readings"
_MEMBER = re.compile(r".*#member[0-9]+", re.DOTALL)
_SYSTEM: Final = frozenset((ROW, OWNER, SOURCE, CONTRADICTED))


class Form(StrEnum):
    """The stored form of a column: text, an IEEE double, a Boolean, or the JSON text of each value."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``partial``: a companion column holds, per row, the reason why a value is unknown (null if it is known).

    ``plain``: a companion column marks texts that every engine parses alike: RFC 8259, no key twice in an object, no escapes in
    keys, no number beyond a double, at most 200 levels.

    ``members``: the column holds flat JSON objects of texts that are not stored as such. The stored columns hold the text under
    each key, null if the object lacks the key, in the order of the object. Such a column is always plain.
    """

    name: str
    form: Form
    partial: bool = False
    plain: bool = False
    members: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of another table that belong to a row: their column ``other`` equals the row's column ``own``.

    ``partial``: a companion column of the relation's name holds, per row, the reason why its rows are unknown. ``lacking`` is
    the reason if that is unknown for all rows; the other table may then be missing. ``scope`` names the account and region
    fields if claims of completeness were checked.
    """

    name: str
    table: str
    own: str
    other: str
    partial: bool = False
    lacking: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: one row per object. ``type_name`` is the API name of its object type, ``""`` if it is undeclared.

    ``contradicted``: it has the column :data:`CONTRADICTED`. ``deletion``: of several readings merged into one row, those
    without this field said that the object exists; None if nothing was merged.
    """

    name: str
    type_name: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    lookups: Mapping[str, Join] = field(default_factory=dict)
    children: Mapping[str, Join] = field(default_factory=dict)
    rows: int = 0
    contradicted: bool = False
    deletion: str | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of one inventory by name. ``complete``: a missing value is null (test data), otherwise it is unknown."""

    by_name: Mapping[str, Table]
    complete: bool = False

    def of_type(self, type_name: str) -> Table | None:
        """Return the table with the objects of a type."""
        table = self.by_name.get(type_name)
        return table if table and table.type_name == type_name else None


def unread(name: str) -> str:
    """Return the companion column with the reasons why values are unknown."""
    return name + _UNREAD


def unfollowed(name: str) -> str:
    """Return the companion column with the reasons why the target of a lookup or child list is unknown."""
    return name + _UNFOLLOWED


def is_unfollowed(name: str) -> bool:
    """Whether a column has the reasons why the target of a lookup or child list is unknown."""
    return name.endswith(_UNFOLLOWED)


def is_companion(name: str) -> bool:
    """Whether a column is a companion of another one."""
    return name.endswith((_UNREAD, _UNFOLLOWED, _PLAIN, _LISTED)) or _MEMBER.fullmatch(name) is not None


def is_reserved(name: str) -> bool:
    """Whether a name of the data could be taken for a column that Perpend adds, in any spelling.

    Engines ignore case, but not all of them for the same letters, so names that any engine could fold together count as equal.
    """
    folded = "".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
    return folded in _SYSTEM or is_companion(folded)


def listed(name: str) -> str:
    """Return the companion of a key that marks rows which the object of that key listed itself. No stored table has it."""
    return name + _LISTED


def plain(name: str) -> str:
    """Return the companion column that marks texts as JSON that every engine parses alike."""
    return name + _PLAIN


def readings(table: str) -> str:
    """Return the name of the table with all readings of the objects of a table whose sources contradict each other."""
    return table + _READINGS


def without_readings(table: str) -> str:
    """Return the name of the table whose objects a table holds or holds the readings of."""
    return table.removesuffix(_READINGS)


def holds_readings(table: str) -> bool:
    """Whether a table holds readings of another table's objects."""
    return table.endswith(_READINGS)


def member(name: str, number: int) -> str:
    """Return the stored column with the texts under one key of a column's JSON objects."""
    return f"{name}#member{number}"
