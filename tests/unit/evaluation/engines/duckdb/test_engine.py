"""An embedded DuckDB works for the thread that opened it, while it is open; other uses raise clear errors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from perpend.core.errors import PerpendError
from perpend.evaluation.engines.duckdb.engine import duck_db

pytestmark = pytest.mark.medium


def test_an_engine_is_used_within_its_block() -> None:
    with duck_db() as engine:
        assert [(1,)] == engine.run("SELECT 1")
    for use in (lambda: engine.run("SELECT 1"), lambda: engine.hold("t", {}, {}, rows=1)):
        with pytest.raises(PerpendError, match="used after its `with` block"):
            use()


def test_an_engine_is_used_in_one_thread() -> None:
    with duck_db() as engine, ThreadPoolExecutor(1) as others:
        with pytest.raises(PerpendError, match="in another thread: open one in each thread"):
            others.submit(engine.run, "SELECT 1").result()
        assert [(1,)] == engine.run("SELECT 1")


@pytest.mark.parametrize("limits", [{"memory_limit": "lots"}, {"memory_limit": ""}, {"threads": -3}])
def test_limits_that_duckdb_does_not_take_are_told(limits: Any) -> None:
    with pytest.raises(PerpendError, match="DuckDB cannot be started: "), duck_db(**limits):
        pass


def test_threads_are_as_asked_for() -> None:
    with duck_db(threads=1) as engine:
        assert [(1,)] == engine.run("SELECT current_setting('threads')")
