"""How operations are planned: a module per family, called as in ``language.operations``, a function per operation or a few.

Each turns a use of its operation into a scalar over columns, and guards for the ways in which it can stop.
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
"""How each operation but EXTRACT is planned; EXTRACT is the planner's own, because its value is shared."""
