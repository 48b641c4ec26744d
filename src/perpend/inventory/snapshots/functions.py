"""Functions of Python, made known to a DuckDB.

DuckDB 2.0 loads numpy whenever a function is created, and refuses to create one without it, though functions of plain values
never use it (https://github.com/duckdb/duckdb/issues/17052). Where numpy is not installed, an empty module answers for it
during that one call, and in a process of Perpend's own, too: numpy costs a tenth of a second and 17 MB. A DuckDB that asks for
more says so; it gets numpy, or users are told what to install.
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
    """Create a function of SQL out of one of plain values. ``of_nulls``: it is called with nulls, which else give null.

    Raises PerpendError where DuckDB needs numpy itself and there is none.
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
    """Let an empty module be found as numpy."""
    sys.modules[_NUMPY] = _empty_numpy()
    try:
        yield
    finally:
        del sys.modules[_NUMPY]


def _empty_numpy() -> ModuleType:
    """Return a module with no more than DuckDB looks at before it creates a function: a version, and what it loads ahead."""
    numpy, core = ModuleType(_NUMPY), ModuleType("numpy._core")
    vars(core)["multiarray"] = ModuleType("numpy._core.multiarray")
    vars(numpy).update(__version__="2", _core=core)
    return numpy
