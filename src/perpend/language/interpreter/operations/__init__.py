"""Evaluate operations: one module per family, named as in ``language.operations``, with one function per operation or group.

Each function compiles a use of its operation to a closure over the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.language.interpreter.operations import (
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
    from perpend.language.interpreter.use import Compilers

COMPILERS: Final[Compilers] = {
    **fields.COMPILERS,
    **constants.COMPILERS,
    **conversions.COMPILERS,
    **json_queries.COMPILERS,
    **comparison.COMPILERS,
    **search.COMPILERS,
    **logic.COMPILERS,
    **dates.COMPILERS,
    **related.COMPILERS,
    **special.COMPILERS,
    **development.COMPILERS,
}
"""The compile function of each operation except EXTRACT. The interpreter compiles EXTRACT itself, because it shares the value.
"""
