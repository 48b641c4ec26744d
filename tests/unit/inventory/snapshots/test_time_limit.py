"""Databases of a block end with its time, and only those."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.database import TimeIsUp, limited_to, opened, translate_errors

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10_000_000) AS a, range(10_000_000) AS b"


def in_thread(work: Callable[[], object]) -> BaseException | None:
    """Return the exception that ends work in another thread, None if it returns."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 of whatever kind
            raised.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    return raised[0] if raised else None


@pytest.mark.parametrize("statements", [1, 2])
def test_an_endless_statement_is_interrupted(statements: int) -> None:
    def work() -> None:
        with limited_to(0.05), opened() as connection, translate_errors(Path("x")):
            for _ in range(statements - 1):
                with pytest.raises(Exception, match=r"(?i)interrupt"):
                    connection.execute(ENDLESS)
            connection.execute(ENDLESS)

    assert isinstance(in_thread(work), TimeIsUp)


def test_nothing_is_interrupted_in_time_or_after_the_block() -> None:
    def work() -> None:
        with limited_to(60), opened() as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
        with opened() as connection:
            assert connection.execute("SELECT sum(range) FROM range(1_000)").fetchall() == [(499_500,)]

    assert in_thread(work) is None


def test_another_error_in_time_stays_what_it_is() -> None:
    def work() -> None:
        with limited_to(60):
            raise PerpendError("something else")

    error = in_thread(work)
    assert type(error) is PerpendError
