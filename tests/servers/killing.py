"""Collections in processes of their own, which are killed at random points and gone on with. Each cloud's long run uses them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from perpend.inventory.snapshots.store import Store

Cell = tuple[str, str, str]
"""A unit of work of a collection: account, region and call."""


class Counted(Protocol):
    """A server of the tests. ``answered`` are the requests, ``after_each`` is called after each of them."""

    answered: list[Any]
    after_each: Callable[[], object]


class Process:
    """A process that collects from a server. ``memory`` is its peak in MB, ``seconds`` those of its processors."""

    def __init__(self, server: Counted, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env={**environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[2],
        )
        self._server = server
        self._began = time.monotonic()
        self.output, self.code, self.memory, self.seconds, self.wall = b"", 0, 0.0, 0.0, 0.0

    def kill_after(self, requests: int) -> None:
        """End the process at once, wherever it is, when so many requests were answered."""
        once = threading.Lock()

        def kill() -> None:
            if len(self._server.answered) >= requests and once.acquire(blocking=False):
                # Not by Popen, which looks first whether the process has ended, and takes its end away from `wait`.
                os.kill(self._process.pid, signal.SIGKILL)

        self._server.after_each = kill

    def wait(self) -> Process:
        """Wait for the end."""
        assert self._process.stdout is not None
        self.output = self._process.stdout.read()
        _, status, used = os.wait4(self._process.pid, 0)
        self.wall = time.monotonic() - self._began
        self.code, self.memory = os.waitstatus_to_exitcode(status), used.ru_maxrss / 1024
        self.seconds = used.ru_utime + used.ru_stime
        self._process.returncode = self.code
        return self


def killed(
    server: Counted,
    started: Callable[..., Process],
    store: Path,
    kills: int,
    *,
    requests: int,
    asked_again: Callable[[set[Cell]], Sequence[object]],
    drawn: random.Random,
) -> tuple[int, int]:
    """Collect with so many kills, each behind a random number of requests; return kills that struck, and requests made twice.

    ``started`` begins a collection into the store, with further options. ``asked_again`` returns the answered requests that
    only cells needed which were done before.
    """
    done: set[Cell] = set()
    struck = twice = 0
    while True:
        server.answered.clear()
        process = started(store, *(["--resume"] if done else []))
        if struck < kills:
            process.kill_after(drawn.randint(1, max(2, 3 * requests // (2 * kills + 2))))
        process.wait()
        server.after_each = lambda: None
        twice += len(asked_again(done))
        if process.code == -signal.SIGKILL:
            struck += 1
            done |= done_in(store)
            continue
        assert process.code == 0, process.output.decode()
        return struck, twice


def done_in(store: Path) -> set[Cell]:
    """Return the cells that the journal of an unfinished collection has ended."""
    done: set[Cell] = set()
    for journal in store.glob("unfinished/*/journal.ndjson"):
        lines = [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]
        done |= {tuple(line["cell"]["cell"]) for line in lines if "cell" in line}
    return done


def tables(store: Path) -> dict[str, list[str]]:
    """Return the hashes of a store's tables, and its claims."""
    snapshot = Store(store).snapshot()
    files = {name: [one.sha256 for one in files] for name, files in Store(store).snapshots()[-1].files.items()}
    return {**files, "claims": [str(claim) for source in snapshot.sources for claim in source.coverage]}
