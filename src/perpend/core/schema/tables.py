"""What the tables of an inventory look like: columns by form, how rows of one table belong to rows of another.

One description for every engine. It says where values are and what is not known about them; never what they mean.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROW: Final = "perpend_row"
"""Every table's column of row numbers: unique, in the order of collection."""

OWNER: Final = "perpend_owner"
"""In a table that no object type declares: the row number of the row that its own rows belong to."""

SOURCE: Final = "perpend_source"
"""Every stored table's column that says which source of the manifest a row came from, counted from 0."""

CONTRADICTED: Final = "perpend_contradicted"
"""The column that says why a row is not to be believed: its sources contradict each other. Null for all other rows."""

_UNREAD, _UNFOLLOWED, _PLAIN, _LISTED = "#unread", "#unfollowed", "#plain", "#listed"
_SYSTEM: Final = frozenset((ROW, OWNER, SOURCE, CONTRADICTED))


class Form(StrEnum):
    """How a column's values are kept: as text, as an IEEE double, as a Boolean, or each as the JSON text of a value."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``partial``: a companion says, row by row, why a value is not known (null where it is).

    ``plain``: a companion says which texts are JSON that every engine reads alike: RFC 8259, no key twice in an object, no
    escapes in keys, no number beyond a double, at most 200 levels.
    """

    name: str
    form: Form
    partial: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of another table that belong to a row: those whose column ``other`` equals the row's column ``own``.

    ``partial``: a companion of the relation's name says, row by row, why it is not known what belongs to the row.
    ``lacking`` says why that is not known of any row; the other table may not be there at all then. ``scope``: the fields
    that told whose a row is, where claims of what was read in full were asked for it.
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
    """A table: one row per object. ``type_name`` is its object type's API name, ``""`` where nothing declares one.

    ``contradicted``: it has the column :data:`CONTRADICTED`. ``deletion``: of readings that were united into one row, those
    without this field said that the object is there; None where nothing was united.
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
    """All tables of one estate by name. ``complete``: what they do not have is null (test data), else it is unknown."""

    by_name: Mapping[str, Table]
    complete: bool = False

    def of_type(self, type_name: str) -> Table | None:
        """Return the table that holds the objects of a type."""
        table = self.by_name.get(type_name)
        return table if table and table.type_name == type_name else None


def unread(name: str) -> str:
    """Return the companion column that holds why a value is not known."""
    return name + _UNREAD


def unfollowed(name: str) -> str:
    """Return the companion column that holds why it is not known what a lookup or child list leads to."""
    return name + _UNFOLLOWED


def is_companion(name: str) -> bool:
    """Whether a column accompanies another one."""
    return name.endswith((_UNREAD, _UNFOLLOWED, _PLAIN, _LISTED))


def is_reserved(name: str) -> bool:
    """Whether a name of the data means, or could be taken for, a column of the tables' own: however it is spelt.

    Engines do not tell case apart, and not all of them the same letters: what any of them could fold together is one.
    """
    folded = "".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
    return folded in _SYSTEM or is_companion(folded)


def listed(name: str) -> str:
    """Return the companion of a key that marks rows which the object of that key listed itself. No stored table has it."""
    return name + _LISTED


def plain(name: str) -> str:
    """Return the companion column that marks texts as JSON that every engine reads alike."""
    return name + _PLAIN
