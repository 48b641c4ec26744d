"""Register Python functions in a DuckDB.

DuckDB 2.0 loads numpy whenever a function is created, and fails without it, although functions of plain values never use
it (https://github.com/duckdb/duckdb/issues/17052). If numpy is not installed, an empty module replaces it during that
call. The same happens in a process of Perpend's own, because numpy costs a tenth of a second and 17 MB. If DuckDB needs more
of numpy, it gets the real one, or the user is told to install it.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import PerpendError
from perpend.core.process import is_alone
from perpend.inventory.snapshots.driver import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perpend.inventory.snapshots.database import Connection

_NUMPY: Final = "numpy"


def add_function(
    connection: Connection,
    name: str,
    function: Callable[..., Any],
    arguments: Sequence[str],
    result: str,
    *,
    of_nulls: bool = False,
) -> None:
    """Create an SQL function from a function of plain values. ``of_nulls``: it is called for nulls, which otherwise give null.

    Raises PerpendError if DuckDB needs numpy itself and it is not installed.
    """
    types: list[Any] = list(arguments)
    nulls: Any = "special" if of_nulls else "default"

    def create() -> None:
        connection.create_function(name, function, types, result, null_handling=nulls)

    installed = _NUMPY in sys.modules or find_spec(_NUMPY) is not None
    if _NUMPY in sys.modules or (installed and not is_alone()):
        create()
        return
    try:
        with _numpy_answered():
            create()
    except (AttributeError, duckdb.InvalidInputException) as error:
        if not installed:
            raise PerpendError(
                f"DuckDB {duckdb.__version__} needs the package `numpy`: install it beside Perpend ({error})"
            ) from error
        create()


@contextmanager
def _numpy_answered() -> Iterator[None]:
    """Let an empty module be imported as numpy."""
    sys.modules[_NUMPY] = _empty_numpy()
    try:
        yield
    finally:
        del sys.modules[_NUMPY]


def _empty_numpy() -> ModuleType:
    """Return a module with only the attributes that DuckDB reads before it creates a function."""
    numpy, core = ModuleType(_NUMPY), ModuleType("numpy._core")
    vars(core)["multiarray"] = ModuleType("numpy._core.multiarray")
    vars(numpy).update(__version__="2", _core=core)
    return numpy
