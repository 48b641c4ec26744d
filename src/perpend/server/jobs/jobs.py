"""Start a configured run as a child process, one at a time per store.

The child is ``perpend`` with the arguments of the configuration; nothing of a request is among them. It commits by the
protocol of stores, so nothing is lost if it, or the server, dies at any point. The list of jobs is in memory.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from perpend.core.clouds.registry import collected_clouds
from perpend.core.commit import lock, make_directory
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.open_store import is_address
from perpend.server.answers import StartedRun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_MOST_JOBS: Final = 50
_MOST_LINES: Final = 1_000
_LONGEST_LINE: Final = 500
_GRACE: Final = 10.0
"""How long a run has to end by itself after it is cancelled, in seconds."""

_DONE: Final = (0, 1, 3)
"""The exit codes of a run that has checked the store. The others are failures."""

_OF_CLOUDS: Final = ("scan", "collect")
"""The commands that have one command for each cloud."""

LOCK: Final = "runs"
"""The name of the lock that a started run holds, among the locks of its store."""


class UnknownJob(PerpendError):
    """A name under which no run is configured."""


class RunInProgress(PerpendError):
    """Another run of the same store that was started by a server is not over."""


@dataclass(slots=True, eq=False)
class Job:
    """A run that was started, with the last lines that it has printed. ``changed`` is set and replaced at each change."""

    id: str
    run: str
    started_by: str | None
    process: asyncio.subprocess.Process
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    state: str = "running"
    number: int = 0
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_LINES))
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self.ended_at is None

    def answer(self) -> StartedRun:
        """Return the state of this job."""
        code = self.process.returncode if not self.is_running else None
        return StartedRun(self.id, self.run, self.state, code, self.started_by, self.started_at, self.ended_at, self.number)

    def lines_from(self, number: int) -> tuple[int, list[str]]:
        """Return the lines behind the first ``number`` ones that are still kept, and the number of the first of them."""
        first = max(number, self.number - len(self.lines))
        return first, list(self.lines)[first - self.number :] if first < self.number else []

    def add(self, line: str) -> None:
        """Add a line, and wake those who follow."""
        self.lines.append(visible(line)[:_LONGEST_LINE])
        self.number += 1
        self.wake()

    def wake(self) -> None:
        """Wake those who follow."""
        self.changed.set()
        self.changed = asyncio.Event()


class Jobs:
    """The runs that were started, the newest last. All methods are called in the server's event loop."""

    def __init__(self, place: str, runs: Mapping[str, tuple[str, ...]]) -> None:
        self.runs = runs
        self._place = place
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._followers: set[asyncio.Task[None]] = set()

    def all(self) -> list[Job]:
        """Return the jobs, the newest first."""
        return list(reversed(self._jobs.values()))

    def job(self, job_id: str) -> Job | None:
        """Return a job by its id."""
        return self._jobs.get(job_id)

    async def start(self, name: str, reader: str | None) -> Job:
        """Start a configured run. Raises UnknownJob, and RunInProgress if another one holds the lock of the store."""
        if name not in self.runs:
            known = ", ".join(map(visible, self.runs))
            raise UnknownJob(f"There is no run of this name. There are: {known}." if known else "No run may be started here.")
        locked = self._lock()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "perpend", *_with_store(self.runs[name], self._place)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=os.environ | {"NO_COLOR": "1", "COLUMNS": "120", "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C is for the server, which ends the run
                pass_fds=(locked.fileno(),),  # the run keeps the lock if the server is killed
            )
        finally:
            locked.close()
        job = Job(secrets.token_urlsafe(9), name, reader, process)
        self._jobs[job.id] = job
        while len(self._jobs) > _MOST_JOBS:
            del self._jobs[next(iter(self._jobs))]
        follower = asyncio.create_task(_follow(job))
        self._followers.add(follower)
        follower.add_done_callback(self._followers.discard)
        return job

    async def cancel(self, job: Job) -> None:
        """End a run. The store stays as its last commit left it."""
        if job.is_running:
            job.state = "cancelled"
            _signal(job, signal.SIGTERM)
            asyncio.get_running_loop().call_later(_GRACE, _signal, job, signal.SIGKILL)

    async def close(self) -> None:
        """End all runs, and wait for their end."""
        for job in self._jobs.values():
            await self.cancel(job)
        if self._followers:
            await asyncio.wait(self._followers, timeout=_GRACE + 2)

    def end_at_exit(self) -> None:
        """Have all runs end, after an event loop that was stopped without :meth:`close`."""
        for job in self._jobs.values():
            if job.is_running:
                with suppress(ProcessLookupError):
                    os.kill(job.process.pid, signal.SIGTERM)

    def _lock(self) -> IO[bytes]:
        try:
            directory = Path(self._place) / "locks"
            return lock(make_directory(directory) / LOCK, wait=False)
        except BlockingIOError:
            raise RunInProgress("A run of this store is in progress. Follow it or cancel it, then start another.") from None
        except OSError as error:
            raise PerpendError(f"The run cannot be started: {(error.strerror or str(error)).lower()}.") from None


def _startable(command: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the words at the beginning of a command that name it, None if it is not one that a server starts."""
    return next((words for words in _commands() if command[: len(words)] == words), None)


def _commands() -> list[tuple[str, ...]]:
    """Return the commands that a server starts, by their words."""
    return [("check",), ("import",), *((name, cloud.name) for cloud in collected_clouds() for name in _OF_CLOUDS)]


def _with_store(command: tuple[str, ...], place: str) -> tuple[str, ...]:
    """Return a command with its store, before its own words: after `--`, the option would be an input."""
    words = _startable(command) or ()
    return (*words, "--store", place, *command[len(words) :])


def why_not_startable(place: str, command: tuple[str, ...]) -> str | None:
    """Return the reason why a configured command cannot be a run of this store, None if it can."""
    if is_address(place):
        return "a store on object storage has no history"
    if _startable(command) is None:
        *others, last = (f"`{' '.join(words)}`" for words in _commands())
        return f"a run is {', '.join(others)} or {last}"
    if any(word == "--store" or word.startswith(("--store=", "--no-store")) for word in command):
        return "the store is that of the server, and not named here"
    return None


async def events(job: Job, first: int, quiet: float = 15.0) -> AsyncIterator[tuple[int, str] | StartedRun | None]:
    """Yield the lines of a job with their numbers, its state whenever it changes, and None after each quiet time."""
    state = ""
    while True:
        changed = job.changed
        number, lines = job.lines_from(first)
        for offset, line in enumerate(lines):
            yield number + offset + 1, line
        first = number + len(lines)
        if job.state != state or not job.is_running:
            state = job.state
            yield job.answer()
        if not job.is_running:
            return
        if changed is job.changed:
            try:
                await asyncio.wait_for(changed.wait(), quiet)
            except TimeoutError:
                yield None


async def _follow(job: Job) -> None:
    """Read what a run prints until it ends, and then set its state."""
    assert job.process.stdout is not None
    rest = b""
    while part := await job.process.stdout.read(8_192):
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            job.add(line.decode("utf-8", "replace"))
        if len(rest) > _LONGEST_LINE:
            job.add(rest.decode("utf-8", "replace"))
            rest = b""
    if rest:
        job.add(rest.decode("utf-8", "replace"))
    code = await job.process.wait()
    job.ended_at = datetime.now(UTC)
    if job.state == "running":
        job.state = "done" if code in _DONE else "failed"
    job.wake()


def _signal(job: Job, number: signal.Signals) -> None:
    """Send a signal to a run; SIGKILL to all of its processes."""
    if job.process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        if number is signal.SIGKILL:
            os.killpg(job.process.pid, number)
        else:
            job.process.send_signal(number)
