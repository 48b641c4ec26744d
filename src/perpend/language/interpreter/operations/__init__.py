"""How operations are evaluated: a module per family, called as in ``language.operations``, a function per operation or a few.

Each compiles a use of its operation to a closure over the object at hand.
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
"""How each operation but EXTRACT is compiled; EXTRACT is the compiler's own, because its value is shared."""
