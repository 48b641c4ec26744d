"""Declarations of all operations of the language, by family. Nothing is computed here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.language.operations import (
    comparison,
    constants,
    conversions,
    dates,
    development,
    fields,
    json_queries,
    logic,
    related,
    search,
    special,
)

if TYPE_CHECKING:
    from perpend.language.operations.operation import Operation

DATES: Final = "Dates"
"""The family of operations relative to the snapshot's day."""

_FAMILIES = {
    "Data access": fields.OPERATIONS,
    "Constants": constants.OPERATIONS,
    "Conversions": conversions.OPERATIONS,
    "JSON queries": json_queries.OPERATIONS,
    "Comparison": comparison.OPERATIONS,
    "Search": search.OPERATIONS,
    "Logic": logic.OPERATIONS,
    DATES: dates.OPERATIONS,
    "Related lists": related.OPERATIONS,
    "Special": special.OPERATIONS,
    "Development": development.OPERATIONS,
}

OPERATIONS: dict[str, Operation] = {
    operation.name: replace(operation, family=family) for family, operations in _FAMILIES.items() for operation in operations
}
"""All operations by their unique name, in the order of the reference."""

BY_KEY: dict[str, tuple[Operation, ...]] = {}
"""Operations by their YAML key, the newest form first."""

for _operation in OPERATIONS.values():
    BY_KEY[_operation.key] = (*BY_KEY.get(_operation.key, ()), _operation)
