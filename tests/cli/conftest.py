"""Running the command line as a user does: in this process for the many tests, in a new one for the few that need it."""

from __future__ import annotations

import base64
import io
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from perpend.cli.app import group, main

ROOT = Path(__file__).parents[2]
EXAMPLE = str(ROOT / "examples" / "credential-report.csv")
TIME = ("--snapshot-time", "2026-11-20T00:00:00Z")
KEY_POLICY = "user-has-more-than-one-active-access-key"


class Run(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str


RunWriter = Callable[..., Run]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> RunWriter:
    """Run a command in this process."""
    for name in ("PERPEND_CONFIG", "PERPEND_DEBUG", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")

    def command(*arguments: Any) -> Run:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Run(ended.value.code, output.out, output.err)

    return command


class Listener:
    """What a command has printed so far, to a thread beside it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._unread = ["", ""]

    def until(self, wanted: str, *, seconds: int = 60) -> str:
        """Return what either stream holds up to and with what is waited for, and was not returned yet."""
        end = time.monotonic() + seconds
        while True:
            self._unread = [unread + new for unread, new in zip(self._unread, self._capsys.readouterr(), strict=True)]
            for number, unread in enumerate(self._unread):
                before, found, self._unread[number] = unread.partition(wanted)
                if found:
                    return before + found
                self._unread[number] = unread
            if time.monotonic() > end:
                raise AssertionError(f"`{wanted}` is not printed within {seconds} s: {self._unread}")
            time.sleep(0.01)


Offered = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def offered(run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> Offered:
    """Return what is offered for the last word: the kind of each thing, and how it is written."""

    def asked(*words: str) -> list[tuple[str, str]]:
        line = " ".join(["perpend", *(f'"{word}"' if " " in word else word for word in words)])
        with monkeypatch.context() as shell:
            for name, value in {
                "_PERPEND_COMPLETE": "bash_complete",
                "COMP_WORDS": line,
                "COMP_CWORD": str(len(words)),
            }.items():
                shell.setenv(name, value)
            ran = run()
        assert (0, "") == (ran.code, ran.err)
        found = (found.partition(",") for found in ran.out.splitlines() if found)
        return [(kind, word) for kind, _, word in found]

    return asked


Interrupted = Callable[..., int]


@pytest.fixture
def interrupted(run: RunWriter, capsys: pytest.CaptureFixture[str]) -> Interrupted:
    """Run a command in this process until what is done beside it is through, as if Ctrl-C were pressed then; return its code.

    Pressed again where nothing has come of it: what is raised in a callback of the garbage collector, as Hypothesis has one, is lost.
    """

    def command(beside: Callable[[Listener], object], *arguments: Any) -> int:
        ended = threading.Event()

        def body() -> None:
            try:
                beside(Listener(capsys))
            finally:
                while not ended.is_set():
                    os.kill(os.getpid(), signal.SIGINT)
                    ended.wait(15)

        former = signal.signal(signal.SIGINT, signal.default_int_handler)
        with ThreadPoolExecutor(1) as threads:
            done = threads.submit(body)
            try:
                code = run(*arguments).code
            finally:
                ended.set()
                with suppress(KeyboardInterrupt):  # comes here where the command ended by itself
                    done.exception()
                signal.signal(signal.SIGINT, former)
        done.result()
        return code

    return command


def spawn(*arguments: Any, input: bytes | None = None, cwd: Path | None = None, seconds: int = 60, **environment: str) -> Run:
    """Run a command in a process of its own, which keeps nothing in the user's cache.

    As the console script, it imports nothing from the working directory.
    """
    known = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "PERPEND_CONFIG", "PERPEND_DEBUG")}
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "perpend", *map(str, arguments)],
        input=input,
        capture_output=True,
        cwd=cwd or ROOT,
        env={**known, "XDG_CACHE_HOME": os.devnull, **environment},
        timeout=seconds,
        check=False,
    )
    return Run(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def forked(*arguments: Any, output: int | None = None) -> int:
    """Begin a command in a process of its own that need not start first; return its id. It writes to a descriptor or nowhere."""
    if child := os.fork():
        return child
    try:
        output = os.open(os.devnull, os.O_WRONLY) if output is None else output
        os.dup2(output, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w")
        main([str(argument) for argument in arguments])
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(int(ended.code or 0))
    finally:
        os._exit(70)


def report(directory: Path, time: str, *edits: tuple[str, str], without: str = "no such user") -> Path:
    """Write the example as it looked at a time, with some edits, without the rows of a user."""
    lines = [line for line in Path(EXAMPLE).read_text().splitlines() if not line.startswith(f"{without},")]
    text = "\n".join(lines)
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    path = directory / f"{time[:10]}.json"
    content = base64.b64encode(text.encode()).decode()
    path.write_text(json.dumps({"Content": content, "ReportFormat": "text/csv", "GeneratedTime": time}))
    return path


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[Any], *, seconds: int = 60) -> None:
    """Wait until something has happened, or a process has ended. A time alone says nothing of how far a process is."""
    end = time.monotonic() + seconds
    while process.poll() is None and not happened():
        if time.monotonic() > end:
            raise AssertionError(f"has not happened within {seconds} s")
        time.sleep(0.005)


def heard() -> None:
    """Let a new process hear SIGINT again, which a shell that runs tests in the background has it ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end_by(process: subprocess.Popen[Any], number: int, *, seconds: int = 60) -> int:
    """Send a signal until the process has ended; return its exit code.

    One that comes just before a blocking call is lost; one that comes while the first is obeyed would cut that short.
    """
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < seconds:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                return process.wait(15)
        raise AssertionError(f"still running after {seconds} s")
    finally:
        process.kill()


def two_days(run: RunWriter, directory: Path, store: Path, *policies: str) -> Path:
    """Return a store of two days, both judged, made where it is not yet; on the second one user more has two keys."""
    if not store.exists():
        asked = [word for policy in policies for word in ("--policy", policy)]
        for path in (
            report(directory, "2026-11-20T00:00:00Z", without="build-runner"),
            report(directory, "2026-11-21T00:00:00Z"),
        ):
            run("import", path, "--store", store)
            run("check", "--store", store, "-q", *asked)
    return store


def done(*arguments: Any, code: int = 0) -> None:
    """Run a command where several tests look at what comes of it."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert code == ended.value.code


def answer(*arguments: Any) -> Run:
    """Run a command where several tests look at what it says."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    said = []
    for stream in (out, err):
        stream.seek(0)
        said.append(stream.read())
    assert isinstance(ended.value.code, int)
    return Run(ended.value.code, *said)


@contextmanager
def full(allowed: int) -> Iterator[None]:
    """No file that this process writes may be larger than some bytes, as on a disk that is nearly full."""
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the example that nobody has judged, to be copied."""
    directory = tmp_path_factory.mktemp("imported") / "store"
    done("import", EXAMPLE, "--store", directory)
    return directory


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three days, to be read only: alma.brekke is gone on the second, and back on the third."""
    directory = tmp_path_factory.mktemp("days")
    for day, without in ((20, ""), (21, "alma.brekke"), (22, "")):
        path = report(directory, f"2026-11-{day}T00:00:00Z", without=without or "no such user")
        done("import", path, "--store", directory / "store")
        done("check", "-q", "--store", directory / "store", code=1)
    return directory / "store"


def command_of(path: str) -> click.Command:
    """Return the command with this path, such as ``site build``."""
    command: click.Command = group
    for name in path.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name) or pytest.fail(f"no command {path}")
    return command


def leaves(command: click.Command, path: str = "") -> list[str]:
    """Return the paths of the commands in a group that are no groups."""
    if not isinstance(command, click.Group):
        return [path]
    names = command.list_commands(click.Context(command))
    return [leaf for name in names for leaf in leaves(command_of(f"{path} {name}"), f"{path} {name}".strip())]
