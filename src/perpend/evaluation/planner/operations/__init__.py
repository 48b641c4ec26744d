"""Plan operations: one module per family, named as in ``language.operations``, and a function per operation.

Each function turns a use of an operation into a scalar over columns, and into guards for the ways in which it can stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.evaluation.planner.operations import (
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
    from perpend.evaluation.planner.operations.use import Planners

PLANNERS: Final[Planners] = {
    **fields.PLANNERS,
    **constants.PLANNERS,
    **conversions.PLANNERS,
    **json_queries.PLANNERS,
    **comparison.PLANNERS,
    **search.PLANNERS,
    **logic.PLANNERS,
    **dates.PLANNERS,
    **related.PLANNERS,
    **special.PLANNERS,
    **development.PLANNERS,
}
"""The function that plans each operation. EXTRACT is missing: the planner handles it, because its value is shared."""
