"""Tasks done side by side: few of one key at once, all of them, and what fails is heard of."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from perpend.collectors.protocol import StoppedEarly
from perpend.collectors.workers import Workers


def test_all_is_done_and_of_one_key_no_more_at_once_than_allowed() -> None:
    workers, running, most, done = Workers(8, 2), Counter[str](), Counter[str](), Counter[str]()
    lock, meet = threading.Lock(), threading.Barrier(2)

    def task(key: str) -> Any:
        def do() -> None:
            with lock:
                running[key] += 1
                most[key] = max(most[key], running[key])
            meet.wait(60)
            with lock:
                running[key] -= 1
                done[key] += 1

        return do

    workers.do_all([(key, task(key)) for key in "ab" for _ in range(10)])
    workers.stop()
    assert ({"a": 10, "b": 10}, True) == (done, max(most.values()) <= 2)


def test_values_come_back_in_their_order_and_others_help() -> None:
    workers, meet = Workers(4, 4), threading.Barrier(4)

    def do(number: int) -> int:
        meet.wait(60)
        return number * number

    assert [number * number for number in range(8)] == workers.map_all("k", do, range(8))
    assert [] == workers.map_all("k", do, [])
    workers.stop()


def test_a_task_within_a_task_is_no_deadlock() -> None:
    workers, found = Workers(1, 4), []
    workers.do_all([("k", lambda: found.extend(workers.map_all("k", str, range(5))))])
    assert ["0", "1", "2", "3", "4"] == found


def test_what_fails_is_raised_where_it_is_waited_for_and_ends_the_rest() -> None:
    workers = Workers(2, 2)

    def fail() -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        workers.do_all([("k", fail), ("k", lambda: None)])
    with pytest.raises(OSError, match="no space"):
        workers.check()


def test_nothing_is_waited_for_once_it_is_stopped() -> None:
    workers = Workers(1, 1)
    workers.stop()
    with pytest.raises(StoppedEarly):
        workers.do_all([("k", lambda: None)])
