"""The fields of a collected object of which not everything is known: what stands in for a key that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING: Final = "is missing from the data: it was not collected"
"""Why a value is not known that an object does not have."""

BLANK: Final = "is blank in its table, which does not say that there is none (`blank: none` in a mapping does)"
"""Why a value is not known of which a table of texts has a blank cell."""


class PartialObject(dict[str, Any]):
    """Fields by name, with the ``reasons`` why others are not known, and the ``doubt`` that keeps all from being believed."""

    __slots__ = ("doubt", "reasons")

    def __init__(self, fields: Mapping[str, Any], reasons: Mapping[str, str], doubt: str | None = None) -> None:
        super().__init__(fields)
        self.reasons = dict(reasons)
        self.doubt = doubt


def reason_of(fields: Mapping[str, Any], name: str) -> str:
    """Return why it is not known what is under a name."""
    return fields.reasons.get(name, MISSING) if isinstance(fields, PartialObject) else MISSING


def reasons_of(fields: Mapping[str, Any]) -> Mapping[str, str]:
    """Return why fields are not known that an object does not have, by name, as far as it says."""
    return fields.reasons if isinstance(fields, PartialObject) else {}


def doubt_of(fields: Mapping[str, Any]) -> str | None:
    """Return why nothing that an object says is to be believed, None where there is no reason."""
    return fields.doubt if isinstance(fields, PartialObject) else None
