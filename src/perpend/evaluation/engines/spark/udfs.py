"""Run Python functions on Spark's workers, over Arrow columns.

Only the name of a function and its constants are sent; the worker creates the function. Equal values in a batch are computed
once.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyspark import SparkFiles

from perpend.core.dataclass import dataclass
from perpend.evaluation.planner.scalar import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

BINARIES: Final = "perpend_binaries"
"""The directory on the workers for packages that cannot be imported from a zip file."""

_TYPES: Final = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.WHOLE: pa.int64(),
    Kind.TEXTS: pa.list_(pa.string()),
}


def arrow_type_of(kind: Kind) -> Any:
    """Return the Arrow type of a kind."""
    return _TYPES[kind]


@dataclass(frozen=True, slots=True)
class OnArrow:
    """A Python function over batches of its arguments. Nulls are passed to the function."""

    function: str
    constants: tuple[Any, ...]
    kind: Kind

    def __call__(self, *columns: Any) -> Any:
        """Return the results for a batch."""
        run = _udf(self.function, self.constants)
        rows = list(zip(*(column.to_pylist() for column in columns), strict=True))
        if any(pa.types.is_list(column.type) for column in columns):
            results = [run(*row) for row in rows]
        else:
            answers = {row: run(*row) for row in set(rows)}
            results = [answers[row] for row in rows]
        return pa.array(results, _TYPES[self.kind])


@lru_cache(maxsize=1024)
def _udf(function: str, constants: tuple[Any, ...]) -> Callable[..., Any]:
    binaries = str(Path(SparkFiles.getRootDirectory()) / BINARIES)
    if binaries not in sys.path:
        sys.path.append(binaries)
    function_: Callable[..., Any] = import_module("perpend.evaluation.planner.udfs").NATIVES[function](*constants)
    return function_
