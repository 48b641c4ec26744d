"""Work spread over processes: answers in order, nothing of the work pickled, errors told, a lost process noticed, none left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from mmap import mmap

import pytest

from perpend.core import parallel as processes
from perpend.core.errors import PerpendError
from perpend.core.parallel import ProcessLost, TookTooLong, _Slot, _work, apart, can_fork, dealt, spread
from tests.processes import are_gone

pytestmark = [pytest.mark.skipif(not can_fork(), reason="this machine forks no processes"), pytest.mark.medium]


class Odd(PerpendError):
    """An error that is not made of its text."""

    def __init__(self, place: int, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place = place


@pytest.mark.parametrize("count", [0, 1, 2, 23])
def test_answers_come_in_the_order_of_the_work(count: int) -> None:
    unpicklable = {"factor": lambda number: number * 10}
    assert [number * 10 for number in range(count)] == list(spread(lambda one: unpicklable["factor"](one), range(count)))


def test_several_processes_share_the_work_and_this_one_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 3)
    found = list(spread(lambda _: os.getpid(), range(6)))
    assert found[:3] == found[3:]
    assert (3, os.getpid()) == (len({*found}), found[0])


@pytest.mark.parametrize("lengths", [(2, 1, 1), (2, 2, 1), (2, 2, 2), (0, 0, 0), (1, 0, 0), (3, 1, 3), (2, 3, 3)])
def test_each_has_its_turn_until_one_has_no_more(lengths: tuple[int, ...]) -> None:
    turns = ((turn, place) for turn in range(9) for place in range(len(lengths)))
    assert [*takewhile(lambda each: each[0] < lengths[each[1]], turns)] == list(
        dealt(lambda place: ((turn, place) for turn in range(lengths[place])), len(lengths))
    )


def test_answers_of_any_size_are_taken_as_they_were_laid_down_however_late() -> None:
    def answers(place: int) -> Iterator[tuple[int, int, str]]:
        for turn, length in enumerate((9, 20_000_000, 0, 300_000, 17_000_000, 5)):
            yield place, turn, f"{turn}" * length

    of_all = dealt(answers, 3)
    for answer in zip(answers(0), answers(1), answers(2), strict=True):
        time.sleep(0.02)  # the others are ahead
        assert answer == (next(of_all), next(of_all), next(of_all))
    assert [] == list(of_all)


def test_a_process_that_ends_before_its_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 2)

    def work(number: int) -> bytes:
        if number == 3:
            os._exit(1)
        return bytes(3_000_000)  # more than a pipe takes at once: nobody may wait for who waits

    answers = spread(work, range(8))
    assert 3 == len([next(answers) for _ in range(3)])
    with pytest.raises(ProcessLost, match="ended before its time"):
        next(answers)


def test_an_answer_counts_although_its_process_has_ended_since() -> None:
    def answers(place: int) -> Iterator[str]:
        yield f"from {place}"
        if place:
            os._exit(1)
        yield "more"

    of_all = dealt(answers, 2)
    assert "from 0" == next(of_all)
    time.sleep(0.3)
    assert ["from 1", "more"] == [next(of_all), next(of_all)]
    with pytest.raises(ProcessLost):
        next(of_all)


def test_a_process_that_ends_amid_an_answer_is_an_error() -> None:
    def answers(place: int) -> Iterator[bytes]:
        if place:
            yield os.getpid().to_bytes(4, "big")
            yield bytes(50_000_000)
        yield b""
        yield b""

    of_all = dealt(answers, 2)
    assert b"" == next(of_all)
    other = int.from_bytes(next(of_all), "big")
    time.sleep(0.2)  # the second answer fills the pipe
    os.kill(other, 9)
    assert b"" == next(of_all)
    with pytest.raises(ProcessLost):
        next(of_all)


def test_what_a_user_can_do_wrong_is_raised_as_it_is() -> None:
    def answers(place: int) -> Iterator[int]:
        yield place
        if place:
            raise Odd(7, "is odd")
        yield place

    of_all = dealt(answers, 2)
    assert [0, 1, 0] == [next(of_all) for _ in range(3)]
    with pytest.raises(Odd, match=r"^7: is odd$") as raised:
        next(of_all)
    assert 7 == raised.value.place


def test_what_the_system_refuses_is_told_by_its_reason() -> None:
    def answers(place: int) -> Iterator[int]:
        yield place
        if place:
            raise OSError(5, "Input/output error")
        yield place

    of_all = dealt(answers, 2)
    assert [0, 1, 0] == [next(of_all) for _ in range(3)]
    with pytest.raises(ProcessLost, match=r"^a part of the work cannot be done: input/output error$"):
        next(of_all)


def test_an_interruption_is_for_the_process_that_asked_to_hear() -> None:
    def answers(place: int) -> Iterator[int]:
        yield os.getpid()
        time.sleep(0.2)
        yield os.getpid()

    of_all = dealt(answers, 2)
    _, other = next(of_all), next(of_all)
    os.kill(other, signal.SIGINT)
    assert [os.getpid(), other] == [next(of_all), next(of_all)]


def test_no_process_is_left_where_nobody_wants_more() -> None:
    def answers(place: int) -> Iterator[int]:
        while True:
            yield os.getpid()

    of_all = dealt(answers, 3)
    ids = {next(of_all) for _ in range(3)} - {os.getpid()}
    assert 2 == len(ids)
    of_all.close()  # type: ignore[attr-defined]
    assert are_gone(ids)


def test_no_process_is_left_where_who_asked_is_killed() -> None:
    reader, writer = os.pipe()
    if not (asked := os.fork()):
        for answer in dealt(lambda _: iter([f"{os.getpid()} ", *[""] * 100_000, "x" * 50_000_000]), 3):
            os.write(writer, answer.encode()[:20])
            if not answer:
                time.sleep(60)
    os.close(writer)
    told = b""
    while told.count(b" ") < 3:
        told += os.read(reader, 100)
    ids = {int(word) for word in told.split()}
    assert asked in ids and 3 == len(ids)
    os.kill(asked, 9)
    os.waitpid(asked, 0)
    assert are_gone(ids)
    os.close(reader)


def test_where_no_process_can_be_made_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    with pytest.raises(ProcessLost, match=r"^no further process can be made: resource temporarily unavailable$"):
        list(spread(str, range(3), jobs=2))


@pytest.fixture
def slots() -> Iterator[tuple[_Slot, _Slot]]:
    """Give the two ends of a small slot, in one process; what hears signals is afterwards as it was."""
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ours, theirs = multiprocessing.Pipe()
    shared = mmap(-1, 1_000)
    yield _Slot(ours, shared), _Slot(theirs, shared)
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("wrong", [None, Odd(3, "is odd")])
def test_what_lies_on_a_desk_is_taken_before_the_next_answer_is_laid_there(
    slots: tuple[_Slot, _Slot], wrong: Odd | None
) -> None:
    def answers(place: int) -> Iterator[object]:
        yield from ["a" * 900, bytes(5_000), place]
        if wrong:
            raise wrong

    taken: list[object] = []

    def take() -> None:
        for answer in slots[0].results():
            time.sleep(0.05)  # as long as it is looked at, the next may be made and no more
            taken.append(answer)

    other, others = multiprocessing.Pipe()
    with ThreadPoolExecutor(1) as threads:
        looked = threads.submit(take)
        _work(answers, 7, slots[1], [_Slot(other, slots[0].shared)])
        raised = looked.exception()
    assert ["a" * 900, bytes(5_000), 7] == taken
    assert str(wrong) == str(raised)
    assert other.closed and not others.closed
    assert (signal.SIG_IGN, signal.SIG_DFL) == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_who_lays_down_what_nobody_takes_ends_quietly(slots: tuple[_Slot, _Slot]) -> None:
    slots[0].pipe.close()
    made: list[int] = []
    _work(lambda _: map(made.append, range(9)), 1, slots[1], [])
    assert [0] == made


def test_where_no_threads_can_be_counted_there_may_be_any(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: str) -> list[str]:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "listdir", missing)
    assert not processes.has_only_python_threads()


def test_a_process_apart_answers_in_order_and_is_gone_behind_it() -> None:
    with apart(lambda: iter([os.getpid(), "a" * 20_000_000, None]), seconds=60, memory=2**31) as answered:
        process, *others = answered
    assert ["a" * 20_000_000, None] == others
    assert process != os.getpid() and are_gone([process])


def test_a_process_apart_that_takes_too_long_is_ended() -> None:
    with (
        pytest.raises(TookTooLong, match=r"not done within 0\.2 seconds"),
        apart(lambda: (time.sleep(each) for each in (0, 60)), seconds=0.2, memory=2**31) as answered,
    ):
        list(answered)


def test_a_process_apart_has_so_much_memory_and_tells_what_is_wrong() -> None:
    def answers() -> Iterator[bytearray]:
        try:
            yield bytearray(2**32)
        except MemoryError:
            raise Odd(1, "no memory") from None

    with pytest.raises(Odd, match="1: no memory"), apart(answers, seconds=None, memory=2**31) as answered:
        list(answered)
