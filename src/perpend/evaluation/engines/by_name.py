"""Open an engine by its name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.evaluation.engines.protocol import Engine

LOCAL: Final = "local[*]"
"""Spark's master that is this machine, with all of its processors."""


@contextmanager
def engine_named(name: str, master: str = LOCAL, settings: Mapping[str, str] | None = None) -> Iterator[Engine | None]:
    """Yield the engine ``duckdb`` or ``spark``, and None for every other name: the caller's default.

    ``master`` and ``settings`` are Spark's.
    """
    if name == "duckdb":
        from perpend.evaluation.engines.duckdb.engine import duck_db

        with duck_db() as duckdb:
            yield duckdb
    elif name == "spark":
        from perpend.evaluation.engines.spark.engine import spark

        with spark(master, settings) as session:
            yield session
    else:
        yield None
