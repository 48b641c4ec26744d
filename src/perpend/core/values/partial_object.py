"""Collected objects with unknown fields, and the reasons why they are unknown."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MISSING: Final = "is missing from the data: it was not collected"
"""The reason for a field that an object does not have."""

BLANK: Final = "is blank in its table, which does not say that there is none (`blank: none` in a mapping does)"
"""The reason for a blank cell in a table of texts."""

WITHHELD: Final = "is of another account"
"""The reason for an object that its reader may not see."""


class PartialObject(dict[str, Any]):
    """Fields by name, with the ``reasons`` of the unknown ones. ``doubt`` is the reason if no field can be trusted.

    ``incomplete`` maps child lists that may hold more objects to the known ones. Such a list is no field; it has a reason.
    """

    __slots__ = ("doubt", "incomplete", "reasons")

    def __init__(
        self,
        fields: Mapping[str, Any],
        reasons: Mapping[str, str],
        doubt: str | None = None,
        incomplete: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
    ) -> None:
        super().__init__(fields)
        self.reasons = dict(reasons)
        self.doubt = doubt
        self.incomplete = dict(incomplete)


def reason_of(fields: Mapping[str, Any], name: str) -> str:
    """Return the reason why a field is unknown."""
    return fields.reasons.get(name, MISSING) if isinstance(fields, PartialObject) else MISSING


def reasons_of(fields: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the stated reasons of unknown fields by name."""
    return fields.reasons if isinstance(fields, PartialObject) else {}


def incomplete_list(fields: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]] | None:
    """Return the known objects of a child list that may hold more, None for any other list."""
    return fields.incomplete.get(name) if isinstance(fields, PartialObject) else None


def with_value(fields: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Return a copy of an object with another value of one field."""
    changed = {**fields, name: value}
    if not isinstance(fields, PartialObject):
        return changed
    return PartialObject(changed, fields.reasons, fields.doubt, fields.incomplete)


def doubt_of(fields: Mapping[str, Any]) -> str | None:
    """Return the reason why no field of an object can be trusted, None if there is none."""
    return fields.doubt if isinstance(fields, PartialObject) else None
