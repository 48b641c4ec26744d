"""Work spread over processes: answers in order, nothing of the work pickled, a lost process noticed."""

from __future__ import annotations

import os

import pytest

from perpend.policy_tests.processes import ProcessLost, can_fork, spread

pytestmark = pytest.mark.skipif(not can_fork(), reason="this machine forks no processes")


@pytest.mark.parametrize("count", [0, 1, 2, 23])
def test_answers_come_in_the_order_of_the_work(count: int) -> None:
    unpicklable = {"factor": lambda number: number * 10}
    assert [number * 10 for number in range(count)] == list(spread(lambda one: unpicklable["factor"](one), range(count)))


def test_several_processes_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    found = list(spread(lambda _: os.getpid(), range(6)))
    assert found[:3] == found[3:]
    assert 3 == len({*found} - {os.getpid()})


def test_a_process_that_ends_before_its_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    def work(number: int) -> bytes:
        if number == 3:
            os._exit(1)
        return bytes(1_000_000)  # more than a pipe takes at once: nobody may wait for who waits

    answers = spread(work, range(8))
    assert 3 == len([next(answers) for _ in range(3)])
    with pytest.raises(ProcessLost, match="ended before its time"):
        next(answers)
